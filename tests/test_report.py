"""The report: what it counts, what it lets nobody inject, and that a browser shows it."""

from __future__ import annotations

import csv
import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("plotly", reason="the report needs plotly and jinja2")
pytest.importorskip("jinja2", reason="the report needs plotly and jinja2")

from collarclass.api import default_model
from collarclass.errors import DataError
from collarclass.files.label import label_file
from collarclass.model.model import Model
from collarclass.report.report import wilson, write_report
from collarclass.tables.schema import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from browser import Page, find_browser  # noqa: E402

EXAMPLES = ROOT / "examples" / "job_ads.csv"
HOSTILE = '</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1">{{7*7}}'


def labelled_row(title: str, collar: str = "gray", **changes: str) -> dict[str, str]:
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "collar": collar,
        "collar_confidence": "0.8",
        "academic_score": "0.6",
        "hands_on_score": "0.7",
        "p_white": "0.1",
        "p_blue": "0.1",
        "p_gray": "0.8",
        "schooling_status": "unstated",
        "collar_evidence": "repair; wiring",
        "collar_model": "small 0",
    }
    if collar == "unclear":
        row |= dict.fromkeys(("collar_confidence", "academic_score", "hands_on_score"), "")
    return {"title": title, "text": "…", **row, **changes}


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def page_of(source: Path, model: Model, **options: Any) -> str:
    target = source.with_suffix(".html")
    write_report(source, target, model=model, **options)
    return target.read_text("utf-8")


def without_library(page: str) -> str:
    """A page without the charting library in its head."""
    return re.sub(r"(?s)<script>.*?</script>\s*</head>", "</head>", page, count=1)


def figures(page: str) -> dict[str, Any]:
    found = re.search(r'(?s)<script type="application/json" id="figures">(.*?)</script>', page)
    assert found is not None
    return dict(json.loads(found[1]))


def table_after(page: str, heading: str) -> list[list[str]]:
    section = page.split(f'id="{heading}"', 1)[1].split("</table>", 1)[0]
    rows = re.findall(r"(?s)<tr[^>]*>(.*?)</tr>", section)
    return [[html.unescape(c) for c in re.findall(r"(?s)<td[^>]*>(.*?)</td>", row)] for row in rows[1:]]


@pytest.fixture(scope="module")
def shipped() -> Model:
    return default_model()


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory, shipped: Model) -> Path:
    target = tmp_path_factory.mktemp("report") / "labelled.csv"
    label_file(EXAMPLES, target, model=shipped)
    return target


def test_shares_add_up(labelled: Path, shipped: Model) -> None:
    page = page_of(labelled, shipped)
    rows = table_after(page, "shares")
    assert [row[0] for row in rows] == ["White", "Blue", "Gray", "Unclear"]
    with labelled.open(encoding="utf-8", newline="") as file:
        collars = [row["collar"] for row in csv.DictReader(file)]
    assert [int(row[1]) for row in rows] == [collars.count(c) for c in ("white", "blue", "gray", "unclear")]
    assert sum(int(row[1]) for row in rows) == 40
    share, low, high = ([float(row[i].split()[0]) for row in rows] for i in (2, 3, 4))
    assert sum(share) == pytest.approx(100, abs=0.3)
    assert all(a <= s <= b for a, s, b in zip(low, share, high, strict=True))
    assert "Collars of 40 job ads" in page
    drawn = figures(page)
    points = sum(len(t["x"]) for t in drawn["plane"]["data"] if t.get("meta") == "points")
    assert points == 40 - collars.count("unclear")
    assert sum(sum(t["y"]) for t in drawn["schooling"]["data"]) == 40
    for row in table_after(page, "sens"):
        assert sum(float(cell.split()[0]) for cell in row[1:]) == pytest.approx(100, abs=0.3)


def test_wilson_against_values_by_hand() -> None:
    assert list(wilson(0, 10)) == pytest.approx([0.0, 0.2775], abs=1e-4)
    assert list(wilson(10, 10)) == pytest.approx([0.7225, 1.0], abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_text_from_ads_stays_text(tmp_path: Path, small_model: Model) -> None:
    rows = [
        labelled_row(HOSTILE, "gray", collar_evidence=HOSTILE, collar_model=HOSTILE, region=HOSTILE)
        for _ in range(5)
    ]
    source = write_rows(tmp_path / "labelled.csv", rows)
    page = without_library(page_of(source, small_model, by=["region"]))
    assert "<img" not in page
    assert "window.hacked=1</script>" not in page
    assert "&lt;/script&gt;" in page
    assert "{{7*7}}" in page
    assert page.count("<script") == page.count("</script") == 2


def test_a_hostile_column_name(tmp_path: Path, small_model: Model) -> None:
    rows = [labelled_row("Welder", **{HOSTILE: "x"})]
    source = write_rows(tmp_path / "labelled.csv", rows)
    page = without_library(page_of(source, small_model, by=[HOSTILE]))
    assert "<img" not in page
    assert page.count("<script") == 2


def test_by_date_is_by_month(labelled: Path, shipped: Model) -> None:
    drawn = figures(page_of(labelled, shipped, by=["posted", "region"]))
    for trace in drawn["by0"]["data"]:
        assert trace["type"] == "scatter"
        assert trace["x"] == ["2025-01", "2025-02", "2025-03"]
    assert drawn["by0"]["layout"]["xaxis"]["type"] == "date"
    shares = [sum(values) for values in zip(*(t["y"] for t in drawn["by0"]["data"]), strict=True)]
    assert all(0 <= share <= 100.1 for share in shares)
    assert {t["type"] for t in drawn["by1"]["data"]} == {"bar"}
    assert len(drawn["by1"]["data"][0]["x"]) == 20


@pytest.mark.parametrize("date", ["2025/3/7", "2025年3月7日", "2025-03-07T10:00:00Z", "2025.3"])
def test_dates_as_they_come(tmp_path: Path, small_model: Model, date: str) -> None:
    rows = [labelled_row("A", day=date)] * 3
    drawn = figures(page_of(write_rows(tmp_path / "l.csv", rows), small_model, by=["day"]))
    assert drawn["by0"]["data"][2]["x"] == ["2025-03"]
    assert drawn["by0"]["data"][2]["y"] == [100]


def test_the_page_in_chinese(labelled: Path, shipped: Model) -> None:
    page = without_library(page_of(labelled, shipped, lang="zh"))
    assert '<html lang="zh-CN">' in page
    assert [row[0] for row in table_after(page, "shares")] == ["白领", "蓝领", "灰领", "无法判断"]
    english = without_library(page_of(labelled, shipped))
    for phrase in ("How many ads", "least certain", "academic score", "Show <select"):
        assert phrase in english
        assert phrase not in page


def test_both_languages_have_the_same_words() -> None:
    words = json.loads((ROOT / "src/collarclass/report/words.json").read_text("utf-8"))
    assert {lang: set(w) for lang, w in words.items()} == {"en": set(words["en"]), "zh": set(words["en"])}
    for key, value in words["en"].items():
        if isinstance(value, str):
            assert set(re.findall(r"{\w+}", value)) == set(re.findall(r"{\w+}", words["zh"][key])), key
        else:
            assert len(value) == len(words["zh"][key])


def test_many_ads_are_sampled_and_the_page_says_so(tmp_path: Path, small_model: Model) -> None:
    collars = ("gray", "blue", "white", "unclear")

    def numbers(i: int) -> dict[str, str]:
        return {"academic_score": f"{i % 97 / 97:.4f}", "collar_confidence": f"{0.4 + i % 59 / 100:.2f}"}

    rows = [
        labelled_row(f"Job {i}", collars[i % 4], **(numbers(i) if i % 4 < 3 else {})) for i in range(12_000)
    ]
    source = write_rows(tmp_path / "labelled.csv", rows)
    page = page_of(source, small_model)
    assert "2,000 of 9,000 ads are drawn" in page
    drawn = figures(page)
    traces = drawn["plane"]["data"]
    assert sum(len(t["x"]) for t in traces if t.get("meta") == "points") == 2000
    assert any(t["type"] == "contour" for t in traces)
    assert [row[1] for row in table_after(page, "shares")] == ["3,000"] * 4
    least = table_after(page, "least")
    assert len(least) == 25
    assert {row[3] for row in least} == {"0.40"}
    assert [int(row[0]) for row in least] == sorted(int(row[0]) for row in least)
    assert len(page) < 8_000_000


def test_same_bytes_twice(labelled: Path, tmp_path: Path, shipped: Model) -> None:
    for name in ("a.html", "b.html"):
        write_report(labelled, tmp_path / name, model=shipped, by=["region"])
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {"a.html", "b.html"}


@pytest.mark.parametrize("name", ["l.tsv", "l.jsonl", "l.parquet", "l.csv.gz"])
def test_every_format(tmp_path: Path, labelled: Path, shipped: Model, name: str) -> None:
    label_file(EXAMPLES, tmp_path / name, model=shipped)
    write_report(tmp_path / name, tmp_path / "r.html", model=shipped, by=["posted"])
    page = (tmp_path / "r.html").read_text("utf-8")
    assert table_after(page, "shares") == table_after(page_of(labelled, shipped), "shares")


def test_prefix_and_title(tmp_path: Path, shipped: Model) -> None:
    label_file(EXAMPLES, tmp_path / "l.csv", model=shipped, prefix="x_")
    write_report(tmp_path / "l.csv", tmp_path / "r.html", model=shipped, prefix="x_", title="region")
    titles = {row[1] for row in table_after((tmp_path / "r.html").read_text("utf-8"), "least")}
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        assert titles <= {row["region"] for row in csv.DictReader(file)}
    assert len(titles) > 10


def test_only_unclear_ads(tmp_path: Path, small_model: Model) -> None:
    source = write_rows(tmp_path / "l.csv", [labelled_row("??", "unclear")] * 3)
    page = page_of(source, small_model, by=["title"])
    assert table_after(page, "shares")[3][:3] == ["Unclear", "3", "100.0 %"]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("title,text\nA,b\n", {}, r"No column 'collar' in l\.csv; its columns are: title, text\. Label the file"),
        (None, {"by": ["shire"]}, r"No column 'shire' in l\.csv; its columns are: title, text, collar"),
        (None, {"lang": "fr"}, "No language 'fr' for the report: choose en or zh"),
        (",".join(("title", "text", *COLUMNS)) + "\n", {}, r"l\.csv has no rows to report on"),
        ("", {}, r"l\.csv"),
    ],
)
def test_errors(
    tmp_path: Path, small_model: Model, content: str | None, options: dict[str, Any], message: str
) -> None:
    source = tmp_path / "l.csv"
    if content is None:
        write_rows(source, [labelled_row("A")])
    else:
        source.write_text(content, "utf-8")
    with pytest.raises(DataError, match=message):
        write_report(source, tmp_path / "r.html", model=small_model, **options)
    assert not (tmp_path / "r.html").exists()
    with pytest.raises(DataError, match="No file"):
        write_report(tmp_path / "nowhere.csv", tmp_path / "r.html", model=small_model)


# -- in a browser --------------------------------------------------------------------------------

BROWSER = find_browser()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if BROWSER is None:
        pytest.skip("no Chromium or Chrome is on the path")
    pytest.importorskip("websocket", reason="websocket-client is not installed")
    page = Page(BROWSER, tmp_path_factory.mktemp("browser"))
    yield page
    page.close()


@pytest.fixture(scope="module")
def report(labelled: Path, shipped: Model) -> Path:
    target = labelled.with_name("shown.html")
    write_report(labelled, target, model=shipped, by=["region", "posted"])
    return target


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_loads_without_complaint(tab: Page, labelled: Path, shipped: Model, lang: str) -> None:
    target = labelled.with_name(f"{lang}.html")
    write_report(labelled, target, model=shipped, by=["region", "posted"], lang=lang)
    tab.size(1100, 900)
    tab.open(target)
    assert tab.complaints() == []
    assert tab.run("document.querySelectorAll('.chart').length") == 5
    assert tab.run("[...document.querySelectorAll('.chart')].every(c => c.querySelector('svg.main-svg'))")


def test_filters(tab: Page, report: Path) -> None:
    tab.size(1100, 900)
    tab.open(report)
    everything = int(tab.run("document.getElementById('found').textContent").split()[0])
    drawn = "plane.data.filter(t => t.meta === 'points').map(t => t.x.length)"
    before = tab.run(drawn)
    assert sum(before) == everything
    tab.run("collar.value = 'gray'; collar.dispatchEvent(new Event('change'))")
    white, blue, gray = tab.run(drawn)
    assert (white, blue, gray) == (0, 0, before[2])
    shown = "[...document.querySelectorAll('#least-table tbody tr')].filter(r => !r.hidden)"
    assert tab.run(f"{shown}.every(r => r.dataset.collar === 'gray')")
    tab.run("collar.value = ''; search.value = 'welder'; search.dispatchEvent(new Event('input'))")
    assert 0 < sum(tab.run(drawn)) < everything
    assert tab.run(f"{shown}.every(r => r.textContent.toLowerCase().includes('welder'))")
    assert tab.run("document.getElementById('found').textContent").split()[0] == str(sum(tab.run(drawn)))
    tab.run("search.value = 'nothing has this'; search.dispatchEvent(new Event('input'))")
    assert tab.run(drawn) == [0, 0, 0]
    tab.run("search.value = ''; search.dispatchEvent(new Event('input'))")
    assert tab.run(drawn) == before
    assert tab.complaints() == []


def test_pointing_at_an_ad_shows_what_it_is(tab: Page, report: Path) -> None:
    tab.size(1100, 900)
    tab.open(report)
    tab.run("plane.scrollIntoView({block: 'center'})")
    place = tab.run(
        """(() => { const t = plane.data.find(t => t.meta === 'points' && t.x.length), l = plane._fullLayout;
        const box = plane.getBoundingClientRect();
        return {x: box.left + l._size.l + l.xaxis.l2p(t.x[0]), y: box.top + l._size.t + l.yaxis.l2p(t.y[0])}; })()"""
    )
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=place["x"] - 3, y=place["y"])
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", **place)
    shown = tab.wait("(document.querySelector('#plane .hoverlayer .hovertext') || {}).textContent")
    assert "academic score" in shown
    assert re.search(r"hands-on score \d\.\d\d", shown)


def test_keyboard(tab: Page, report: Path) -> None:
    tab.size(1100, 900)
    tab.open(report)
    reached = []
    for _ in range(12):
        tab.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        tab.call("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(tab.run("document.activeElement.id"))
    assert {"collar", "search"} <= set(reached)
    assert tab.run("[...document.querySelectorAll('.chart')].every(c => c.getAttribute('aria-label').length > 5)")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [360, 412])
def test_nothing_overflows_on_a_phone(
    tab: Page, labelled: Path, shipped: Model, width: int, lang: str
) -> None:
    target = labelled.with_name(f"phone_{lang}.html")
    write_report(labelled, target, model=shipped, by=["region", "posted"], lang=lang)
    tab.size(width, 780)
    tab.open(target)
    assert tab.run("document.documentElement.scrollWidth") <= width
    wide = """[...document.querySelectorAll('main *')].filter(e => !e.closest('.wide') && !e.closest('svg'))
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"""
    assert tab.run(wide) == []
    assert tab.run("document.querySelectorAll('.modebar-btn').length") == 0  # they would cover the legends


def test_hostile_ads_do_nothing_in_a_browser(tab: Page, tmp_path: Path, small_model: Model) -> None:
    rows = [labelled_row(HOSTILE, collar_evidence=HOSTILE, **{HOSTILE: HOSTILE}) for _ in range(4)]
    source = write_rows(tmp_path / "labelled.csv", rows)
    write_report(source, tmp_path / "r.html", model=small_model, by=[HOSTILE])
    tab.size(1100, 900)
    tab.open(tmp_path / "r.html")
    assert tab.run("typeof window.hacked") == "undefined"
    assert tab.run("document.querySelectorAll('img').length") == 0
    assert tab.run("document.querySelector('#least-table td:nth-child(2)').textContent") == HOSTILE
    assert tab.complaints() == []
