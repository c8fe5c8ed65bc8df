"""The report: what it counts, what it lets nobody inject, and how a browser lays it out."""

from __future__ import annotations

import csv
import html
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from collarclass import classify
from collarclass.errors import DataError
from collarclass.files.label import label_file
from collarclass.messages import Language
from collarclass.model.model import Model
from collarclass.report.charts import hexagons
from collarclass.report.marks import passages, pieces
from collarclass.report.report import write_report
from collarclass.report.words import words_of
from collarclass.shares.files import sample_file, shares_of_file
from collarclass.tables.schema import COLUMNS
from research.docs.browser import Page, find_browser

pytest.importorskip("jinja2", reason="the report needs jinja2")


ROOT = Path(__file__).resolve().parents[1]


EXAMPLES = ROOT / "examples" / "job_ads.csv"
HOSTILE = '</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1">{{7*7}}'
COLLARS = ("white", "blue", "gray", "unclear")


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
        row |= dict.fromkeys(
            ("collar_confidence", "academic_score", "hands_on_score", "p_white", "p_blue", "p_gray"), ""
        )
    return {"title": title, "text": "…", **row, **changes}


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def page_of(source: Path, **options: Any) -> str:
    target = source.with_suffix(".html")
    write_report(source, target, force=True, **options)
    return target.read_text("utf-8")


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'(?s)<script type="application/json" id="data">(.*?)</script>', page)
    assert found is not None
    return dict(json.loads(found[1]))


def ads_of(page: str) -> list[tuple[str, str]]:
    """Labels and titles of the ads that are shown."""
    found = re.findall(r'(?s)<li data-collar="(\w+)"><details><summary><b>(.*?)</b>', page)
    return [(label, html.unescape(title)) for label, title in found]


def table_of(page: str, name: str) -> list[list[str]]:
    """Values of a table's cells: the plain ones where the shown ones are rounded."""
    body = page.split(f'<table id="{name}">', 1)[1].split("</table>", 1)[0].split("<tbody>", 1)[1]
    rows = []
    for row in re.findall(r"(?s)<tr>(.*?)</tr>", body):
        cells = re.findall(r'(?s)<(?:td|th)[^>]*?(?:data-value="([^"]*)")?(?: style="[^"]*")?>(.*?)</(?:td|th)>', row)
        rows.append([html.unescape(value or re.sub("<[^>]*>", " ", shown)) for value, shown in cells])
    return rows


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, labelled: Path) -> Path:
    """Five thousand labelled ads, long ones among them, in regions and months."""
    table = pd.read_csv(labelled, dtype=str, keep_default_na=False)
    rng = np.random.default_rng(0)
    ads = table.iloc[rng.integers(0, len(table), 5000)].reset_index(drop=True)
    filler = " We are a friendly team in a green valley, and the canteen is good." * 30
    ads["description"] = [f"{text} {i}{filler}" for i, text in enumerate(ads["description"])]
    ads["region"] = rng.choice(["North Yorkshire", "Greater Manchester", "Wales", "Western Isles of Scotland"], 5000)
    ads["posted"] = [f"2026-{m:02d}-03" for m in rng.integers(1, 13, 5000)]
    path = labelled.with_name("many.csv")
    ads.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def pages(labelled: Path, many: Path) -> dict[tuple[str, str], Path]:
    """The page of few ads in both languages, and of many."""
    out: dict[tuple[str, str], Path] = {}
    few_and_many: tuple[tuple[str, Path, Language], ...] = (
        ("few", labelled, "en"), ("few", labelled, "zh"), ("many", many, "en"),
    )  # fmt: skip
    for name, source, lang in few_and_many:
        out[name, lang] = labelled.with_name(f"{name}_{lang}.html")
        write_report(source, out[name, lang], by=["region", "posted"], lang=lang)
    return out


def test_the_page_says_how_many_labels_to_expect_right(labelled: Path) -> None:
    assert "Expect about " in html.unescape(page_of(labelled))
    assert re.search(r"预计约有 \d+% 正确", page_of(labelled, lang="zh"))


def test_shares_are_those_of_the_command(labelled: Path) -> None:
    page = page_of(labelled)
    expected = shares_of_file(labelled)
    rows = table_of(page, "shares")
    assert [row[0] for row in rows] == list(COLLARS)
    for i, name in enumerate(("share", "low", "high", "plain", "n_ads"), start=1):
        found = [float(row[i]) if row[i] != "–" else np.nan for row in rows]  # no interval without annotations
        assert found == pytest.approx(expected[name].tolist(), abs=1e-6, nan_ok=True)
    words = words_of("en")
    assert words[f"{expected['method'].iloc[0]}_note"] in page
    assert words["no_interval_note"] not in page
    assert "Collars of 40 job ads" in page
    counts = [[int(cell) for cell in row[1:]] for row in table_of(page, "schooling")]
    assert sum(map(sum, counts)) == 40


def test_annotated_ads_correct_the_page(labelled: Path, tmp_path: Path) -> None:
    sample_file(labelled, tmp_path / "s.csv", 36)
    sample = pd.read_csv(tmp_path / "s.csv", dtype=str)
    sample["label"] = ["gray", "blue", "white"] * 12
    sample.to_csv(tmp_path / "a.csv", index=False)
    page = page_of(labelled, truth=tmp_path / "a.csv", by=["month"])
    expected = shares_of_file(labelled, tmp_path / "a.csv", by="month")
    assert "Corrected by 36 annotated ads" in page
    rows = table_of(page, "shares")
    assert [float(row[1]) for row in rows] == pytest.approx(expected["share"][:4].tolist(), abs=1e-6)
    by_month = table_of(page, "by-1")
    assert [float(row[2]) for row in by_month] == pytest.approx(expected["share"][4:].tolist(), abs=1e-6)
    assert by_month[0][:2] == ["2025-01", "white"]
    foreign = sample.drop(columns=["sample_row", "sample_source"])
    foreign.to_csv(tmp_path / "f.csv", index=False)
    assert "样本并非从本文件抽取：36 条中按文字找到 36 条" in page_of(labelled, truth=tmp_path / "f.csv", lang="zh")


def test_regions_by_months(many: Path, pages: dict[tuple[str, str], Path]) -> None:
    page = pages["many", "en"].read_text("utf-8")
    rows = table_of(page, "crossed")
    assert [row[0] for row in rows] == sorted(
        [row[0] for row in rows], key=lambda name: -pd.read_csv(many)["region"].value_counts()[name]
    )
    assert all(len(row) == 13 for row in rows)
    alone = shares_of_file(many, by=["region", "posted"])
    one = alone[(alone["region"] == "Wales") & (alone["posted"] == "2026-07") & (alone["label"] == "gray")]
    assert float({row[0]: row for row in rows}["Wales"][7]) == pytest.approx(one["share"].tolist()[0], abs=1e-6)


def test_other_definitions_stand_beside(labelled: Path) -> None:
    rows = table_of(page_of(labelled), "by-definition")
    names = list(dict.fromkeys(row[0] for row in rows))
    assert names[:3] == ["article", "dual-certificate", "middle"]
    assert names[-4:] == ["a_strict", "a_loose", "h_strict", "h_loose"]
    for name in names:
        assert sum(float(row[2]) for row in rows if row[0] == name) == pytest.approx(1, abs=1e-5)
    page = page_of(labelled, definition="middle")
    assert "definition: Broad: between white and blue (“middle”: " in page
    assert {label for label, _ in ads_of(page)} == set(COLLARS)


def test_text_from_ads_stays_text(tmp_path: Path, small_model: Model) -> None:
    rows = [
        labelled_row(HOSTILE, text=HOSTILE + str(i), collar_evidence=HOSTILE, collar_model=HOSTILE, region=HOSTILE)
        for i in range(5)
    ]
    page = page_of(write_rows(tmp_path / "labelled.csv", rows), model=small_model, by=["region"])
    assert "<img" not in page
    assert page.count("<script") == page.count("</script") == 2
    assert "&lt;/script&gt;" in page
    assert ads_of(page)[0][1] == "window.hacked=1{{7*7}}"  # without its markup
    rows = [labelled_row("Welder", **{HOSTILE: "x"})] * 2
    page = page_of(write_rows(tmp_path / "column.csv", rows), model=small_model, by=[HOSTILE])
    assert "<img" not in page


def test_the_page_in_chinese(pages: dict[tuple[str, str], Path]) -> None:
    page = pages["few", "zh"].read_text("utf-8")
    assert '<html lang="zh-CN">' in page
    assert "灰领" in page
    visible = re.sub(r"(?s)<script.*?</script>|<style>.*?</style>", "", page)
    for phrase in ("Share of each", "annotat", "certain", "academic score", "Table"):
        assert phrase not in visible


def test_pictures_are_drawn_from_the_tables_and_complete_in_themselves(pages: dict[tuple[str, str], Path]) -> None:
    page = pages["few", "zh"].read_text("utf-8")
    pictures = data_of(page)["pictures"]
    names = {"shares", "by-1", "by-2", "plane", "schooling", "certificates"}
    assert set(pictures) == {f"{name}-picture" for name in names}
    assert {*re.findall(r'data-picture="([^"]+)"', page)} == set(pictures)
    for svg in pictures.values():
        root = ET.fromstring(svg)
        assert not [e for e in root.iter() if {"class", "style", "href"} & set(e.attrib)]
        assert "招聘广告" in "".join(root.itertext())
    for row in table_of(page, "by-1")[1:]:
        assert f"{100 * float(row[2]):.1f}%" in pictures["by-1-picture"]  # the share
        assert f"; {100 * float(row[5]):.1f}%" in pictures["by-1-picture"]  # the share as counted
    for name in ("schooling", "certificates"):
        for row in table_of(page, name)[1:]:
            assert f">{sum(map(int, row[-4:])):,} (" in pictures[f"{name}-picture"]


def test_of_a_long_ad_the_passages_with_its_deciding_words_are_shown() -> None:
    text = "We are a friendly team. " * 40 + "Welder wanted: MIG welding of steel frames. " + "Good canteen. " * 250
    shown = passages(whole := pieces(text, "text", classify(text)))
    words = "".join(piece.text for piece in shown)
    assert len(words) < 2000
    assert "MIG welding of steel frames" in words
    assert " […] " in words
    assert [piece for piece in shown if piece.dimension] == [piece for piece in whole if piece.dimension]
    assert any(piece.dimension for piece in shown)
    assert passages(short := pieces("Weld frames.", "text", classify("Weld frames."))) == short


def test_hexagons_count_every_ad() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.random((5000, 2)), rng.integers(0, 3, 5000)
    centre, count, _ = hexagons(scores, labels)
    assert count.sum() == 5000
    nearest = np.argmin(((scores[:50, None] - centre[None]) ** 2).sum(axis=2), axis=1)
    alone = hexagons(scores[:50], labels[:50])
    assert {tuple(c) for c in alone[0]} == {tuple(c) for c in centre[nearest]}
    assert count.max() < 80  # evenly spread


def test_a_page_has_a_bound(many: Path, pages: dict[tuple[str, str], Path], tmp_path: Path, small_model: Model) -> None:
    page = pages["many", "en"].read_text("utf-8")
    assert len(page.encode()) < 1_500_000
    ads = ads_of(page)
    assert 100 < len(ads) <= 400
    assert f"{len(ads)} of 5,000 ads: the least certain ones" in page
    first = page.partition('<li data-collar="gray">')[0]  # the unclear ones, and then the least certain
    assert first
    rows = [labelled_row(f"Job {i}", city=f"City {i % 700}", text=f"ad {i}") for i in range(3000)]
    page = page_of(write_rows(tmp_path / "cities.csv", rows), model=small_model, by=["city"])
    assert "The 20 commonest of 700 values" in page
    assert len(table_of(page, "by-1")) == 4 * 61  # and the others together
    assert "(others)" in page


def test_a_repeated_ad_is_shown_once(tmp_path: Path, small_model: Model) -> None:
    rows = [labelled_row("Same", text="the same words")] * 900 + [labelled_row("Other", text="other words")]
    ads = ads_of(page_of(write_rows(tmp_path / "l.csv", rows), model=small_model))
    assert sorted(title for _, title in ads) == ["Other", "Same"]


def test_same_bytes_twice(labelled: Path, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_report(labelled, tmp_path / name, by=["region"])
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {"a.html", "b.html"}


@pytest.mark.parametrize("name", ["l.jsonl", "l.parquet"])
def test_every_format_and_prefix(tmp_path: Path, labelled: Path, name: str) -> None:
    label_file(EXAMPLES, tmp_path / name, prefix="x_")
    page = page_of(tmp_path / name, by=["posted"], prefix="x_")
    assert table_of(page, "shares") == table_of(page_of(labelled, by=["posted"]), "shares")


def test_only_unclear_ads(tmp_path: Path, small_model: Model) -> None:
    source = write_rows(tmp_path / "l.csv", [labelled_row("??", "unclear")] * 3)
    page = page_of(source, by=["title"], model=small_model)
    assert table_of(page, "shares")[3][:2] == ["unclear", "1.000000"]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("title,text\nA,b\n", {}, r"No column 'collar' in l\.csv; its columns are: title, text\. Label the file"),
        (None, {"by": ["shire"]}, r"No column 'shire' in l\.csv; its columns are: title, text, collar"),
        (None, {"by": ["month"]}, r"No column holds dates: name the one that counts"),
        (None, {"lang": "fr"}, "No language 'fr' for the report: choose en, zh"),
        (None, {"definition": "pink"}, "No definition 'pink': choose one of article, "),
        (",".join(("title", "text", *COLUMNS)) + "\n", {}, r"l\.csv has no rows to report on"),
        ("", {}, r"l\.csv"),
    ],
)
def test_errors(tmp_path: Path, small_model: Model, content: str | None, options: dict[str, Any], message: str) -> None:
    source = tmp_path / "l.csv"
    if content is None:
        write_rows(source, [labelled_row("A")])
    else:
        source.write_text(content, "utf-8")
    with pytest.raises(DataError, match=message):
        write_report(source, tmp_path / "r.html", model=small_model, **options)
    assert not (tmp_path / "r.html").exists()


# -- in a browser --------------------------------------------------------------------------------

BROWSER = find_browser()
TOO_NARROW = """(() => {
    const shown = 'p, li, td.text, h1, h2, h3, .ad, .group b, #ads summary b, .heat tbody th';
    const long = [...document.querySelectorAll(shown)]
        .filter(e => e.offsetParent && e.textContent.trim().length > 24);
    const probes = long.map(e => {
        const probe = document.createElement('span');
        probe.textContent = '0'.repeat(12); probe.style.position = 'absolute'; e.append(probe);
        return probe; });
    const narrow = long.filter((e, i) => e.getBoundingClientRect().width < probes[i].getBoundingClientRect().width);
    probes.forEach(probe => probe.remove());
    return narrow.map(e => e.outerHTML.slice(0, 90)); })()"""
OUTSIDE = """[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll') && !e.closest('svg'))
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if BROWSER is None:
        pytest.skip("no Chromium or Chrome is on the path")
    pytest.importorskip("websocket", reason="websocket-client is not installed")
    page = Page(BROWSER, tmp_path_factory.mktemp("browser"))
    yield page
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, pytest.param(800, marks=pytest.mark.slow), 1400])
@pytest.mark.parametrize(("name", "lang"), [("few", "zh"), ("many", "en")])
def test_the_layout(
    tab: Page, pages: dict[tuple[str, str], Path], name: str, lang: str, width: int, scheme: str
) -> None:
    tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    tab.size(width, 900)
    tab.open(pages[name, lang])
    assert tab.complaints() == []
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run(OUTSIDE) == []
    assert tab.run(TOO_NARROW) == []
    assert tab.run("document.documentElement.scrollHeight") < (13_000 if width == 360 else 11_000)
    tab.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    tab.wait("document.querySelectorAll('.ad').length >= 20")
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run(TOO_NARROW) == []
    paper = tab.run("getComputedStyle(document.documentElement).backgroundColor")
    assert (paper == "rgb(20, 23, 27)") == (scheme == "dark")


def test_words_and_figures_can_be_read_on_their_ground(tab: Page, pages: dict[tuple[str, str], Path]) -> None:
    contrast = """(() => {
        const channel = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
        const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number);
            return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b); };
        const paper = light(getComputedStyle(document.documentElement).backgroundColor);
        const shown = 'h1, p, .note, .legend span, summary, td, .figure small, footer';
        return [...document.querySelectorAll(shown)].map(e => {
            const ink = light(getComputedStyle(e).color);
            return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05); })
            .reduce((a, b) => Math.min(a, b)); })()"""
    for scheme in ("light", "dark"):
        tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        tab.open(pages["many", "en"])
        assert tab.run(contrast) >= 4.5


def test_the_list_can_be_narrowed_to_a_label_without_a_script(tab: Page, pages: dict[tuple[str, str], Path]) -> None:
    tab.size(800, 900)
    tab.open(pages["few", "en"])
    shown = "[...document.querySelectorAll('#ads li')].filter(e => e.offsetParent)"
    assert tab.run(f"{shown}.length") == 40
    tab.run("document.querySelector('[value=gray]').click()")
    assert 0 < tab.run(f"{shown}.length") < 40
    assert tab.run(f"{shown}.every(e => e.dataset.collar === 'gray')")
    tab.run("document.querySelector('#ads li[data-collar=gray] details').open = true")
    assert tab.run("document.querySelectorAll('#ads li[data-collar=gray] .ad mark').length") > 0
    assert tab.complaints() == []


def test_the_keyboard_reaches_everything_and_charts_have_words(tab: Page, pages: dict[tuple[str, str], Path]) -> None:
    tab.size(800, 900)
    tab.open(pages["many", "en"])
    reached = set()
    for _ in range(60):
        tab.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        tab.call("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.add(tab.run("(e => e.id || e.tagName + e.className)(document.activeElement)"))
    assert {"INPUT", "SUMMARY", "ads", "DIVscroll heat"} <= reached
    assert tab.run("[...document.querySelectorAll('[role=img]')].every(e => e.getAttribute('aria-label').length > 5)")
    assert tab.run("[...document.querySelectorAll('th')].every(e => e.scope)")


def test_a_table_is_saved_as_csv(tab: Page, pages: dict[tuple[str, str], Path]) -> None:
    tab.size(800, 900)
    tab.open(pages["few", "en"])
    tab.run("""window.saved = [];
        URL.createObjectURL = blob => { blob.text().then(t => saved.push(t)); return 'blob:x'; };
        HTMLAnchorElement.prototype.click = function () { saved.push(this.download); };""")
    tab.run("document.querySelector('#shares').closest('details').querySelector('button.csv').click()")
    tab.wait("saved.length === 2")
    name, text = sorted(tab.run("saved"), key=len)
    assert name == "shares.csv"
    lines = list(csv.reader(text.lstrip("\ufeff").splitlines()))
    assert lines[0][0] == "label"
    assert lines[3][0] == "gray"
    assert 0 < float(lines[3][1]) < 1


def test_printed_it_is_light_and_whole(tab: Page, pages: dict[tuple[str, str], Path]) -> None:
    tab.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    tab.open(pages["few", "en"])
    assert tab.run("getComputedStyle(document.documentElement).backgroundColor") == "rgb(251, 250, 246)"
    tab.run("dispatchEvent(new Event('beforeprint'))")
    assert tab.run("[...document.querySelectorAll('details.table')].every(d => d.open)")
    assert tab.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
    tab.call("Emulation.setEmulatedMedia", media="", features=[])


def test_hostile_ads_do_nothing_in_a_browser(tab: Page, tmp_path: Path, small_model: Model) -> None:
    rows = [
        labelled_row(HOSTILE, text=HOSTILE + str(i), collar_evidence=HOSTILE, **{HOSTILE: HOSTILE}) for i in range(4)
    ]
    source = write_rows(tmp_path / "labelled.csv", rows)
    write_report(source, tmp_path / "r.html", model=small_model, by=[HOSTILE])
    tab.size(800, 900)
    tab.open(tmp_path / "r.html")
    tab.run("document.querySelectorAll('#ads details').forEach(d => { d.open = true; })")
    tab.wait("document.querySelectorAll('.ad').length === 4")
    assert tab.run("typeof window.hacked") == "undefined"
    assert tab.run("document.querySelectorAll('img').length") == 0
    assert "{{7*7}}" in tab.run("document.querySelector('#ads summary b').textContent")
    assert tab.complaints() == []


def test_half_characters_make_a_page(tmp_path: Path, small_model: Model) -> None:
    source, labelled = tmp_path / "ads.jsonl", tmp_path / "labelled.jsonl"
    ad = {"title": "Wel\ud83dder", "text": "MIG welding \ud800 of steel\udc80 frames, days.", "town\ud800": "K\udfff"}
    source.write_text("".join(json.dumps(ad | {"id": i}) + "\n" for i in range(3)), "ascii")
    label_file(source, labelled, model=small_model)
    page = page_of(labelled, by=["town\ufffd"], model=small_model)
    assert "Wel\ufffdder" in page
    assert "K\ufffd" in page
    assert data_of(page)
