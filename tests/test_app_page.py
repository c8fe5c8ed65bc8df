"""The page in a real browser: what a person does there, in both languages, at every width."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("fastapi", reason="the page needs the extra app")
pytest.importorskip("uvicorn", reason="the page needs the extra app")
pytest.importorskip("websocket", reason="the browser is driven over a websocket")

from app_server import Address, running

from collarclass import classify, label_file, lookup_occupation
from collarclass.app.guard import Access
from collarclass.app.server import create_app
from collarclass.shares.files import sample_file, shares_of_file
from research.docs.browser import Page, find_browser

ROOT = Path(__file__).resolve().parents[1]
BROWSER = find_browser()
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome")
# npm install axe-core, here or in a folder that AXE names.
AXE = next(
    (
        path
        for folder in (os.environ.get("AXE", ""), str(ROOT))
        if (path := Path(folder, "node_modules", "axe-core", "axe.min.js")).exists()
    ),
    None,
)
EXAMPLES = ROOT / "examples" / "job_ads.csv"
VIEWS = ("ad", "file", "review", "occupations")
AD = "Repair and program packaging machines. Associate degree required. Licence preferred."
HOSTILE = '<img src=x onerror="window.hacked=1"></textarea><script>window.hacked=1</script>{{7*7}} 🔧'


class Web:
    """A tab that shows the page of a server."""

    def __init__(self, page: Page, server: Address) -> None:
        self.page, self.server = page, server
        self.run, self.wait, self.call = page.run, page.wait, page.call

    def open(self, view: str = "ad", query: str = "", *, lang: str = "en", width: int = 1400) -> None:
        """Load a view anew, in a tab that remembers nothing."""
        self.run("try { sessionStorage.clear(); } catch { /* a blank page has none */ }")
        self.page.size(width, 900)
        self.call("Page.navigate", url="about:blank")
        self.wait("location.href === 'about:blank'")
        self.page.events.clear()
        self.call("Page.navigate", url=f"{self.server.url}/?lang={lang}#/{view}{query}")
        self.wait(f"document.documentElement?.dataset.ready === '{view}'")

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''"))

    def click(self, selector: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def type(self, selector: str, text: str) -> None:
        """Put the keyboard into a field, empty it, and type."""
        self.run(f"(e => {{ e.focus(); e.select(); }})(document.querySelector({json.dumps(selector)}))")
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        code = {"Tab": 9, "Enter": 13}.get(key, ord(key.upper()[0]))
        text = {} if key == "Tab" else {"text": "\r" if key == "Enter" else key}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def label(self) -> str:
        """The label once the page has one for what was typed."""
        self.wait("!!document.querySelector('.verdict') && !document.querySelector('main[aria-busy]')")
        return self.text(".verdict .label")

    def complaints(self) -> list[str]:
        """Errors, warnings and requests to anywhere else."""
        own = f"request to {self.server.url}/"
        return [c for c in self.page.complaints() if not c.startswith(own)]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    assert BROWSER is not None
    with running(create_app()) as server:
        page = Page(BROWSER, tmp_path_factory.mktemp("browser"))
        try:
            yield Web(page, server)
        finally:
            page.close()


# -- one ad --------------------------------------------------------------------------------------


def test_a_pasted_ad_gets_the_label_that_the_library_gives(web: Web) -> None:
    web.open()
    web.type("#title", "Technician")
    web.type("#text", AD)
    web.wait(f"document.querySelector('.adtext')?.textContent.trim() === {json.dumps(AD)}")
    found = classify(AD, "Technician")
    assert web.label().lower() == f"{found.label} collar"
    assert web.text(".why") == found.explain("en")
    assert web.run("document.querySelectorAll('.adtext .tint').length") > 0
    asked = web.run("[...document.querySelectorAll('.adtext .asked')].map(e => [e.textContent, e.className])")
    assert asked == [[r.text, f"asked {r.status}"] for r in found.requirements]
    assert web.run("document.querySelectorAll('.asks li').length") == len(found.requirements)
    assert web.run("document.querySelector('.here').style.transform").startswith("translate(")
    assert web.complaints() == []


def test_a_title_alone_and_an_example_are_enough(web: Web) -> None:
    web.open()
    assert not web.run("!!document.querySelector('.verdict')")
    web.click(".examples .chip:nth-of-type(2)")
    assert web.label() == "Blue collar"
    web.click("#clear")
    web.wait("!document.querySelector('.verdict')")
    web.type("#title", "Forklift driver")
    web.wait("document.querySelector('.adtitle')?.textContent === 'Forklift driver'")
    assert web.label()
    assert web.text(".basis") == "Judged from the title"
    assert web.run("document.querySelectorAll('.definitions dd').length") >= 3
    near = web.run("[...document.querySelectorAll('.near li small')].map(e => e.textContent.split(' ')[0])")
    assert near == [match.onet_code for match in lookup_occupation("Forklift driver", n=5)]
    assert web.run("document.querySelectorAll('.numbered').length") == len(near)


def test_hostile_text_is_shown_as_text(web: Web) -> None:
    web.open()
    web.type("#title", HOSTILE)
    web.type("#text", HOSTILE + " " + AD)
    web.wait(f"document.querySelector('.adtext')?.textContent.startsWith({json.dumps(HOSTILE)})")
    assert web.text(".adtitle") == HOSTILE
    # Offsets count code points, so that what is underlined is right behind an emoji, too.
    assert "Associate degree" in web.run("[...document.querySelectorAll('.adtext .asked')].map(e => e.textContent)")
    assert web.run("document.querySelectorAll('main img, main script').length") == 0
    assert not web.run("window.hacked === 1")
    assert web.complaints() == []


def test_the_language_switches_and_the_ad_stays(web: Web) -> None:
    web.open()
    web.type("#text", AD)
    web.label()
    web.click("#language")
    web.wait("document.documentElement.lang === 'zh-CN'")
    assert web.label() in ("白领", "蓝领", "灰领")
    assert web.run("document.querySelector('#text').value") == AD
    assert web.text(".why") == classify(AD).explain("zh")
    web.click("#language")
    web.wait("document.documentElement.lang === 'en'")


def test_the_browser_chooses_the_language_at_first(web: Web) -> None:
    web.open()
    web.run("localStorage.clear()")
    agent = web.run("navigator.userAgent")
    for accepted, lang in (("zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"), ("de,en;q=0.5", "en"), ("fr", "en")):
        web.call("Network.setUserAgentOverride", userAgent=agent, acceptLanguage=accepted)
        web.call("Page.navigate", url="about:blank")
        web.wait("location.href === 'about:blank'")
        web.call("Page.navigate", url=web.server.url + "/")
        web.wait("document.documentElement?.dataset.ready === 'ad'")
        assert web.run("document.documentElement.lang") == lang
    web.call("Network.setUserAgentOverride", userAgent=agent, acceptLanguage="en")


def test_a_link_brings_the_ad_back(web: Web) -> None:
    web.open()
    web.run("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    web.type("#title", "数控编程员 🔧")
    web.type("#text", AD)
    web.label()
    web.click("#copyLink")
    link = web.page.until(lambda: web.run("window.copied"))
    web.click("#copyJson")
    web.wait("window.copied.startsWith('{')")
    assert json.loads(web.run("window.copied"))["results"][0]["label"] == classify(AD, "数控编程员 🔧").label
    web.call("Page.navigate", url="about:blank")
    web.wait("location.href === 'about:blank'")
    web.call("Page.navigate", url=link)
    web.wait(f"document.querySelector('#text')?.value === {json.dumps(AD)}")
    assert web.run("document.querySelector('#title').value") == "数控编程员 🔧"


def test_a_typed_ad_survives_a_reload_and_no_result_belongs_to_another_input(web: Web) -> None:
    web.open()
    web.type("#text", AD)
    assert web.run("!!document.querySelector('main[aria-busy] .reading')")  # at once, before the reply
    web.label()
    web.call("Page.reload")
    web.wait(f"document.querySelector('#text')?.value === {json.dumps(AD)} && !!document.querySelector('.verdict')")
    web.click("#clear")
    web.wait("!document.querySelector('.verdict')")
    web.call("Page.reload")
    web.wait("document.querySelector('#text')?.value === '' && document.documentElement.dataset.ready === 'ad'")


@pytest.mark.parametrize(("lang", "width"), [("en", 1280), ("zh", 360)])
def test_an_ad_and_an_occupation_stand_beside_each_other(web: Web, lang: str, width: int) -> None:
    web.open(lang=lang, width=width)
    web.type("#title", "Technician")
    web.type("#text", AD)
    web.label()
    web.click("#compare")
    assert web.run("document.querySelectorAll('.compared thead th').length") == 1
    web.click("#clear")
    web.wait("!document.querySelector('.verdict')")
    web.run("location.hash = '#/occupations?code=17-3024.00'")
    web.wait("document.getElementById('o17-3024.00')?.open && !!document.querySelector('.card button')")
    web.click(".card button")
    found = classify(AD, "Technician")
    cells = web.run("[...document.querySelectorAll('.compared tbody tr')].map(r => r.cells[1].textContent)")
    assert cells[2:4] == [f"{found.academic_score:.2f}", f"{found.hands_on_score:.2f}"]
    assert web.run("document.querySelectorAll('.compared thead th').length") == 2
    assert web.run("document.documentElement.scrollWidth") <= width
    if AXE is not None:
        assert violations(web) == []
    # The ad is there again from the tray; and from the list of those looked at before, after it was cleared.
    web.click(".compared thead button")
    web.wait(f"document.querySelector('#text')?.value === {json.dumps(AD)}")
    web.click("#clear")
    web.wait("!document.querySelector('.verdict') && !!document.querySelector('.seen button')")
    web.click(".seen button")
    web.wait(f"document.querySelector('#text').value === {json.dumps(AD)}")
    assert web.label()
    assert web.complaints() == []


def test_a_server_that_is_gone_is_said_to_be(web: Web) -> None:
    web.open()
    web.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    web.type("#text", AD)
    web.wait("document.querySelector('.error')?.textContent.includes('collarclass app')")
    web.call("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)


# -- occupations ---------------------------------------------------------------------------------


def test_occupations_are_found_by_title_and_code_in_both_languages(web: Web) -> None:
    web.open("occupations")
    everything = web.run("document.querySelectorAll('.dots .dot').length")
    assert everything > 900
    for wanted in ("mechatronics technician", "17-3024", "机电技术员"):
        web.type("#search", wanted)
        web.wait("document.querySelectorAll('.dots .dim').length > 0")
        assert web.run("!!document.getElementById('o17-3024.00')"), wanted
    web.type("#search", "robot welder wizard")  # no title has these words, some are near
    web.wait("document.querySelectorAll('#occlist details').length > 1")
    web.type("#search", "qqqq")
    web.wait("document.querySelectorAll('.dots .dim').length === document.querySelectorAll('.dots .dot').length")
    assert web.run("document.querySelectorAll('#occlist details').length") == 0
    web.type("#search", " ")
    web.click(".filters .chip:nth-child(3)")
    web.wait("document.querySelectorAll('#occlist .dot.blue').length > 0")
    assert web.run("document.querySelectorAll('#occlist .dot.white').length") == 0
    web.click(".filters .chip:nth-child(1)")


def test_an_occupation_opens_from_a_link_and_shows_its_place(web: Web) -> None:
    web.open("occupations", "?code=17-3024.00", lang="zh")
    web.wait("document.getElementById('o17-3024.00')?.open")
    assert "17-3024.00" in web.text("[id='o17-3024.00'] .card")
    assert web.run("document.querySelectorAll('.ring').length") == 1
    assert web.complaints() == []


# -- a file --------------------------------------------------------------------------------------


def give(web: Web, selector: str, path: Path) -> None:
    """Choose a file, as its owner would in the system's dialog."""
    root = web.call("DOM.getDocument")["root"]["nodeId"]
    field = web.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
    web.call("DOM.setFileInputFiles", nodeId=field, files=[str(path)])


def test_the_page_works_below_the_path_of_a_proxy(web: Web, tmp_path: Path) -> None:
    app = create_app(access=Access(token="key"), root_path="/tools/collar")
    with running(app, root="/tools/collar") as server:
        below = Web(web.page, server)
        below.call("Page.navigate", url=f"{server.url}/?token=key")
        below.wait("document.documentElement?.dataset.ready === 'ad'")
        assert below.run("location.pathname + location.search") == "/tools/collar/"
        below.open()
        below.type("#text", AD)
        assert below.label()
        below.open("file")
        give(below, "#file", EXAMPLES)
        below.wait("!!document.querySelector('#start')")
        below.click("#start")
        below.wait("!!document.querySelector('#download')")
        rows = below.run("fetch(document.querySelector('#download').href).then(r => r.text())").splitlines()
        label_file(EXAMPLES, tmp_path / "direct.csv")
        assert rows == (tmp_path / "direct.csv").read_text("utf-8-sig").splitlines()
        assert below.complaints() == []  # no request went elsewhere


def choose(web: Web, selector: str, value: str) -> None:
    """Choose from a list as a person does."""
    web.run(
        f"(e => {{ e.value = '{value}'; e.dispatchEvent(new Event('change')); }})(document.querySelector('{selector}'))"
    )


def test_a_file_is_labelled_and_taken_away(web: Web) -> None:
    web.open("file")
    give(web, "#file", EXAMPLES)
    web.wait("!!document.querySelector('#start')")
    roles = web.run("[...document.querySelectorAll('.role')].map(e => e.value)")
    assert roles == ["", "title", "text", "", "date"]
    assert "Journeyman Electrician" in web.text("#preview")
    web.click("#start")
    web.wait("!!document.querySelector('#download')")
    counts = web.run("[...document.querySelectorAll('#shares td small')].map(e => Number(e.textContent))")
    assert sum(counts) == 40
    web.wait(f"document.querySelectorAll('.cloud .dot').length === {40 - int(counts[3])}")
    href = web.run("document.querySelector('#download').getAttribute('href')")
    lines = web.run(f"fetch('{href}').then(r => r.text())").splitlines()
    assert lines[0].startswith("id,job_title,description,region,posted,collar,")
    # Another language, and another view and back, keep the file.
    web.click("#language")
    web.wait("document.querySelector('#download')?.textContent === '下载结果'")
    web.click("#language")
    web.wait("document.documentElement.lang === 'en' && !!document.querySelector('#download')")
    assert web.complaints() == []


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("annotated") / "annotated.csv"
    ads = pd.read_csv(EXAMPLES)
    ads["label"] = "gray"
    ads.to_csv(path, index=False)
    return path


def test_annotated_ads_correct_the_shares_and_their_picture(web: Web, annotated: Path) -> None:
    pixels = (
        "(i => { if (!i?.naturalWidth) return ''; const c = document.createElement('canvas'); [c.width, c.height] = "
        "[300, 300]; c.getContext('2d').drawImage(i, 0, 0, 300, 300); return c.toDataURL(); })"
        "(document.querySelector('#picture'))"
    )
    web.run("(e => { e.value = ''; e.dispatchEvent(new Event('change')); })(document.querySelector('#by'))")
    web.wait("!!document.querySelector('#picture') && !document.querySelector('.pictures[aria-busy]')")
    before = web.run(pixels)
    give(web, "#annotations", annotated)
    web.wait("document.querySelectorAll('.track').length === 4")
    web.wait("!!document.querySelector('#picture') && !document.querySelector('.pictures[aria-busy]')")
    web.run("(e => { e.value = ''; e.dispatchEvent(new Event('change')); })(document.querySelector('#by'))")
    web.wait("!!document.querySelector('#picture') && !document.querySelector('.pictures[aria-busy]')")
    assert web.run(pixels) != before
    web.click("#remove")
    web.wait("!!document.querySelector('#file')")


@pytest.mark.parametrize(("lang", "width"), [("en", 1280), ("zh", 360)])
def test_a_workbook_with_a_cover_goes_from_import_to_one_corrected_ad(
    web: Web, tmp_path: Path, lang: str, width: int
) -> None:
    ads = pd.read_csv(EXAMPLES).assign(region=["north", "south"] * 20)
    with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
        pd.DataFrame({"Vacancies": ["made in March"]}).to_excel(book, sheet_name="Cover", index=False)
        ads.to_excel(book, sheet_name="Ads", index=False)
    web.open("file", lang=lang, width=width)
    give(web, "#file", tmp_path / "book.xlsx")
    web.wait(
        "document.querySelector('#sheet')?.value === 'Ads' && document.querySelectorAll('#profile dd').length === 7"
    )
    assert web.run("[...document.querySelectorAll('.role')].map(e => e.value)") == [
        "",
        "title",
        "text",
        "group",
        "date",
    ]
    web.run("(e => { e.value = 'Cover'; e.dispatchEvent(new Event('change')); })(document.querySelector('#sheet'))")
    web.wait("!!document.querySelector('#profile .error')")
    web.run("(e => { e.value = 'Ads'; e.dispatchEvent(new Event('change')); })(document.querySelector('#sheet'))")
    web.wait("document.querySelectorAll('#profile dd').length === 7")
    assert web.run("document.documentElement.scrollWidth") <= width
    web.run("(e => { e.value = 'csv'; })(document.querySelector('#format'))")
    web.click("#start")
    web.wait("document.querySelectorAll('.found tbody tr').length > 3 && !document.querySelector('.found .waiting')")
    label_file(tmp_path / "book.xlsx", tmp_path / "labelled.csv")
    table = pd.read_csv(tmp_path / "labelled.csv", keep_default_na=False)
    # A facet, a search and an order: each number is that of the command's file.
    web.run("document.querySelector('.facetpanel').open = true")
    web.click("[data-facet='=region'][data-value='north']")
    expected = table[table["region"] == "north"]
    web.wait(f"document.querySelector('.found').getAttribute('aria-rowcount') === '{len(expected) + 1}'")
    web.wait("!!document.querySelector('[data-facet=collar][data-value=blue]')")
    shown = web.run(
        "Object.fromEntries([...document.querySelectorAll('[data-facet=collar]')].map("
        "e => [e.dataset.value, Number(e.parentElement.querySelector('.n').textContent)]))"
    )
    assert shown == expected["collar"].value_counts().to_dict()
    web.click(".found th.c-title .sort")
    web.wait("document.querySelector('.found th.c-title').getAttribute('aria-sort') === 'ascending'")
    web.wait(f"document.querySelector('.found tbody button').title === {json.dumps(min(expected['job_title']))}")
    # The address holds the view.
    web.run("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    web.click("#copyView")
    link = web.page.until(lambda: web.run("window.copied"))
    web.call("Page.navigate", url="about:blank")
    web.wait("location.href === 'about:blank'")
    web.call("Page.navigate", url=link)
    web.wait(f"document.querySelector('.found')?.getAttribute('aria-rowcount') === '{len(expected) + 1}'")
    # One ad, its tinted words, and a label of one's own.
    web.wait(f"document.querySelector('.found tbody button')?.title === {json.dumps(min(expected['job_title']))}")
    web.click(".found tbody button")
    web.wait(
        "!!document.querySelector('.adwindow[open] #right-gray') && !document.querySelector('.adwindow[aria-busy]')"
    )
    web.click("#right-gray")
    web.wait("document.querySelector('#right-gray')?.getAttribute('aria-pressed') === 'true'")
    assert web.complaints() == []
    if AXE is not None:
        assert violations(web) == []
    web.click("#closeAd")
    web.wait("!!document.querySelector('.found ins') && !!document.querySelector('[data-facet=corrected_label]')")
    part = web.run("fetch(document.querySelector('#downloadPart').href).then(r => r.text())")
    found = pd.read_csv(io.StringIO(part), keep_default_na=False)
    assert (found["corrected_label"] == "gray").sum() == 1
    assert sorted(found["job_title"]) == sorted(expected["job_title"])
    assert web.run("document.documentElement.scrollWidth") <= width
    if AXE is not None:
        assert violations(web) == []
    # A picture for each column, and for two of its groups.
    web.run("(e => { e.value = 'region'; e.dispatchEvent(new Event('change')); })(document.querySelector('#by'))")
    web.wait(
        "document.querySelector('#picture')?.src.includes('by=region') && document.querySelector('#first').length === 3"
    )
    web.run("['first', 'second'].forEach((id, i) => { document.getElementById(id).value = ['north', 'south'][i]; })")
    web.run("document.querySelector('#second').dispatchEvent(new Event('change'))")
    web.wait("document.querySelectorAll('.differences li').length === 4")
    shares = shares_of_file(tmp_path / "labelled.csv", by=["region"])
    shown = web.run("[...document.querySelectorAll('.numbers tbody tr')].map(r => r.cells[5].textContent)")
    assert [float(cell.rstrip("%")) for cell in shown] == [round(100 * plain, 1) for plain in shares["plain"]]
    for what in ("plane", "schooling", "certificates"):
        web.run(
            f"(e => {{ e.value = '{what}'; e.dispatchEvent(new Event('change')); }})(document.querySelector('#what'))"
        )
        web.wait(f"document.querySelector('#picture')?.src.includes('what={what}')")
    web.run("HTMLAnchorElement.prototype.click = function () { window.saved = this.href.slice(0, 22); }")
    web.run("document.querySelector('#savePng').click()")
    assert web.run("window.saved") == "data:image/png;base64,"
    web.run("delete HTMLAnchorElement.prototype.click")
    assert web.complaints() == []
    web.open("file", lang=lang, width=width)
    web.wait("!!document.querySelector('.earlier button')")
    web.click(".earlier button")
    web.wait("!!document.querySelector('#remove')")
    web.click("#remove")
    web.wait("!!document.querySelector('#file')")


def test_a_hundred_thousand_rows_show_progress_and_can_be_cancelled(web: Web, tmp_path: Path) -> None:
    row = "Welder,Weld steel frames in our workshop and grind the seams. No degree needed.\n"
    (tmp_path / "many.csv").write_text("title,text\n" + row * 100_000)
    web.open("file")
    give(web, "#file", tmp_path / "many.csv")
    web.wait("!!document.querySelector('#start')")
    web.click("#start")
    web.wait("document.querySelector('#bar')?.value > 0")
    assert web.run("document.querySelector('#bar').value") < 1
    web.click("#cancel")
    web.wait("document.documentElement.dataset.job === 'cancelled'")
    web.click("#start")  # and once more from the beginning
    web.wait("document.documentElement.dataset.job === 'running'")
    web.click("#remove")
    web.wait("!!document.querySelector('#file')")
    assert web.complaints() == []


def test_hostile_names_columns_and_cells_are_shown_as_text(web: Web, tmp_path: Path) -> None:
    name = "<img src=x onerror=window.hacked=1>.csv"
    cell = HOSTILE.replace('"', "'")
    (tmp_path / name).write_text(f'"<b>title</b>",text\n"{cell}","{cell}"\n', encoding="utf-8")
    web.open("file")
    give(web, "#file", tmp_path / name)
    web.wait("!!document.querySelector('#start')")
    assert "<b>title</b>" in web.text("#preview")
    assert cell in web.text("#preview")
    web.click("#start")
    web.wait("!!document.querySelector('#download')")
    assert web.run("document.querySelectorAll('main img[onerror], main b').length") == 0
    assert not web.run("window.hacked === 1")
    assert web.complaints() == []
    web.click("#remove")
    web.wait("!!document.querySelector('#file')")


def test_what_is_no_table_is_said_to_be_none(web: Web, tmp_path: Path) -> None:
    (tmp_path / "picture.parquet").write_bytes(b"no such thing")
    web.open("file")
    give(web, "#file", tmp_path / "picture.parquet")
    web.wait("document.querySelector('.error')?.textContent.includes('picture.parquet')")
    assert web.run("!!document.querySelector('#file')")


# -- a review ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    label_file(EXAMPLES, folder / "labelled.csv", evidence=False)
    sample_file(folder / "labelled.csv", folder / "sample.csv", 8)
    return folder / "sample.csv"


def at(web: Web, place: int | str) -> None:
    web.wait(f"document.documentElement.dataset.review === '{place}'")


def test_a_review_goes_by_single_keys_with_undo_and_resume(web: Web, sample: Path, tmp_path: Path) -> None:
    web.open("review")
    web.type("#annotator", "ann")
    give(web, "#reviewfile", sample)
    at(web, 0)
    assert "Gray" not in web.text("#ad")
    first = web.text("#ad")
    web.press("g")
    at(web, 1)
    web.press("t")
    web.wait("document.querySelector('#tint').getAttribute('aria-pressed') === 'true'")
    web.press("z")
    at(web, 0)
    assert web.text("#ad") == first
    assert web.run("document.querySelector('#key-gray').getAttribute('aria-pressed')") == "false"
    web.press("b")
    at(web, 1)
    web.press("s")
    at(web, 2)
    # Saved, and given in again later: the label is there, and the review goes on with the ad that was skipped.
    content = web.run("fetch(document.querySelector('#save').getAttribute('href')).then(r => r.text())")
    (tmp_path / "saved.csv").write_text(content, encoding="utf-8")
    web.open("review")
    web.type("#annotator", "ann")
    give(web, "#reviewfile", tmp_path / "saved.csv")
    at(web, 1)
    n = int(web.text("#place").split()[-1])
    for i in range(1, n):
        web.press("wbgu"[i % 4])
        at(web, i + 1 if i + 1 < n else "done")
    give(web, "#second", tmp_path / "saved.csv")
    web.wait("document.querySelectorAll('#agreement dd').length === 3")
    shown = web.run("[...document.querySelectorAll('#agreement dd')].map(dd => dd.textContent)")
    assert shown == ["–", "100%", "1"]  # one ad has no kappa
    assert web.complaints() == []


@pytest.mark.parametrize(("lang", "width"), [("en", 1280), ("zh", 360)])
def test_two_annotators_correct_the_shares_of_a_file(web: Web, lang: str, width: int) -> None:
    web.open("file", lang=lang, width=width)
    give(web, "#file", EXAMPLES)
    web.wait("!!document.querySelector('#start')")
    web.click("#start")
    web.wait("!!document.querySelector('#download') && !!document.querySelector('#picture')")
    for annotator in ("ann", "ben"):
        web.click("a[href^='#/review?file=']")
        web.wait("document.documentElement.dataset.ready === 'review' && !!document.querySelector('#begin')")
        web.type("#annotator", annotator)
        web.type("#n", "12")
        web.click("#begin")
        at(web, 0)
        n = int(web.run("document.querySelector('#reviewbar').max"))
        for i in range(n):
            at(web, i)
            web.press("wbgg"[i % 4])
        at(web, "done")
        web.wait("!!document.querySelector('#useLabels a')")
        if annotator == "ben":
            web.click(".colleague")
            web.wait("document.querySelectorAll('#agreement dd').length === 3")
            assert web.run("document.querySelectorAll('#agreement dd')[1].textContent") == "100%"
            if AXE is not None:
                assert violations(web) == []
        web.click("#useLabels a")
        web.wait("!!document.querySelector('#useReviews')")
    web.click("#useReviews")
    web.wait("document.querySelectorAll('.track').length === 4")
    assert web.complaints() == []
    assert web.run("document.documentElement.scrollWidth") <= width
    web.click("#remove")
    web.wait("!!document.querySelector('#file')")
    for review in web.run("fetch('/v1/reviews').then(r => r.json())")["reviews"]:
        web.server.ask("DELETE", f"/v1/reviews/{review['id']}")


def test_an_annotator_without_a_name_is_asked_for_one(web: Web, sample: Path) -> None:
    web.open("review")
    web.type("#annotator", " ")
    give(web, "#reviewfile", sample)
    web.wait("document.querySelector('.error')?.textContent.includes('name or initials')")
    assert web.run("document.activeElement.id") == "annotator"


def test_keys_do_nothing_while_one_types(web: Web) -> None:
    web.open("review")
    web.run("document.querySelector('#annotator').focus()")
    for key in "wbgz":
        web.press(key)
    assert web.run("document.querySelector('#annotator').value") == "wbgz"


def test_hostile_ads_in_a_review_are_text(web: Web, tmp_path: Path) -> None:
    ads = pd.DataFrame({"title": [HOSTILE, HOSTILE], "text": [HOSTILE + AD, HOSTILE]})
    ads.to_csv(tmp_path / "ads.csv", index=False)
    web.open("review")
    web.type("#annotator", "ann")
    give(web, "#reviewfile", tmp_path / "ads.csv")
    at(web, 0)
    web.press("t")
    web.wait("document.querySelector('#tint').getAttribute('aria-pressed') === 'true'")
    assert HOSTILE in web.text("#ad .adtext")
    assert web.run("document.querySelectorAll('main img, main script').length") == 0
    assert not web.run("window.hacked === 1")
    assert web.complaints() == []


# -- every view ----------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_wider_than_the_window(web: Web, view: str) -> None:
    for width in (360, 800, 1400):
        for lang in ("en", "zh"):
            web.open(view, lang=lang, width=width)
            assert web.run("document.documentElement.scrollWidth") <= width
            assert web.complaints() == []


def test_both_languages_say_the_same_things(web: Web) -> None:
    web.open()
    kinds = "Object.entries(w).map(([name, word]) => [name, typeof word])"
    script = f"import('/static/words.js').then(m => Object.values(m.WORDS).map(w => {kinds}))"
    en, zh = web.run(script)
    assert sorted(en) == sorted(zh)


def test_the_keyboard_reaches_everything_in_order(web: Web) -> None:
    web.open()
    reached = []
    for _ in range(20):
        web.press("Tab")
        reached.append(web.run("document.activeElement.id || document.activeElement.textContent.trim()"))
    wanted = ["skip", "collarclass", "Ad", "File", "Review", "Occupations", "language", "theme", "title", "text"]
    places = [reached.index(name) for name in wanted]
    assert places == sorted(places)
    web.run("document.querySelector('#text').focus()")
    assert web.run("getComputedStyle(document.querySelector('#text')).outlineStyle") != "none"


def test_the_theme_follows_the_system_until_one_is_chosen(web: Web) -> None:
    web.open()
    web.run("localStorage.clear()")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    seen: dict[str, Any] = {}
    for scheme in ("light", "dark"):
        web.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        web.open()
        seen[scheme] = web.run(paper)
    assert seen["light"] != seen["dark"]
    web.click("#theme")
    web.wait("document.documentElement.dataset.theme === 'light'")
    assert web.run(paper) == seen["light"]
    web.click("#theme")
    web.click("#theme")
    assert web.run("document.documentElement.dataset.theme ?? 'auto'") == "auto"
    web.call("Emulation.setEmulatedMedia", features=[])


def violations(web: Web) -> list[str]:
    """What axe-core objects to in what is shown."""
    assert AXE is not None
    web.run(AXE.read_text("utf-8") + ";0")
    options = json.dumps({"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    found = web.run(f"axe.run({{exclude: ['.dots']}}, {options}).then(r => r.violations)")
    return [f"{v['id']}: {node['html'][:200]} {node['failureSummary'][:300]}" for v in found for node in v["nodes"]]


@pytest.mark.skipif(AXE is None, reason="axe-core is not installed (npm install axe-core)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to(web: Web, scheme: str, sample: Path, annotated: Path) -> None:
    web.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    lang, width = ("en", 1400) if scheme == "light" else ("zh", 360)
    found = {}
    for view in VIEWS:
        web.open(view, lang=lang, width=width)
        found[view] = violations(web)
    web.open(lang=lang, width=width)
    web.click(".examples .chip")
    web.label()
    found["verdict"] = violations(web)
    web.open("occupations", "?code=17-3024.00", lang=lang, width=width)
    found["occupation"] = violations(web)
    web.open("file", lang=lang, width=width)
    give(web, "#file", EXAMPLES)
    web.wait("!!document.querySelector('#start')")
    found["file ready"] = violations(web)
    web.click("#start")
    web.wait("!!document.querySelector('#download')")
    give(web, "#annotations", annotated)
    web.wait("document.querySelectorAll('.track').length === 4")
    found["file done"] = violations(web)
    web.click("#remove")
    web.wait("!!document.querySelector('#file')")
    web.open("review", lang=lang, width=width)
    web.type("#annotator", "ann")
    give(web, "#reviewfile", sample)
    at(web, 0)
    found["review"] = violations(web)
    for i in range(int(web.run("document.querySelector('#reviewbar').max"))):
        at(web, i)
        web.press("g")
    at(web, "done")
    found["review done"] = violations(web)
    web.call("Emulation.setEmulatedMedia", features=[])
    assert {view: what for view, what in found.items() if what} == {}


def test_a_file_that_only_its_owner_reads_leads_to_the_page(web: Web, tmp_path: Path) -> None:
    with running(create_app(access=Access(token="a-token"))) as server:
        (tmp_path / "open.html").write_text(f'<meta http-equiv="refresh" content="0; url={server.url}/?token=a-token">')
        web.call("Page.navigate", url=(tmp_path / "open.html").as_uri())
        web.wait(f"location.href.startsWith('{server.url}') && document.documentElement?.dataset.ready === 'ad'")
        web.type("#text", AD)
        assert web.label()
        assert "token" not in web.run("location.href")


@pytest.mark.parametrize(("lang", "width"), [("en", 1280), ("zh", 360)])
def test_labelled_files_stand_beside_each_other_and_are_forgotten_on_request(
    web: Web, lang: str, width: int, tmp_path: Path
) -> None:
    table = pd.read_csv(EXAMPLES)
    jobs = {"data": {"firms": [{"city": "Ulm"}], "jobs": json.loads(table.iloc[:20].to_json(orient="records"))}}
    (tmp_path / "nested.json").write_text(json.dumps(jobs))
    table.iloc[20:].to_csv(tmp_path / f"{lang}.csv", index=False)
    web.open("file", lang=lang, width=width)
    give(web, "#file", tmp_path / "nested.json")
    web.wait("!!document.querySelector('#start')")
    assert web.run("document.querySelector('#records').value") == "data.jobs"
    choose(web, "#records", "data.firms")
    web.wait("document.querySelector('#preview th')?.textContent.includes('city')")
    choose(web, "#records", "data.jobs")
    web.wait("document.querySelector('#preview th')?.textContent.includes('id')")
    web.click("#start")
    web.wait("!!document.querySelector('#picture')")
    give(web, "#otherfile", tmp_path / f"{lang}.csv")
    web.wait(f"document.querySelector('#other').selectedOptions[0].textContent === '{lang}.csv'")
    web.wait("document.querySelector('#picture')?.alt.includes('nested.json')")
    shares = web.run("[...document.querySelectorAll('.numbers tbody tr')].map(row => row.children[2].textContent)")
    expected = []
    for name in ("nested.json", f"{lang}.csv"):
        label_file(
            tmp_path / name, tmp_path / "labelled.csv", records="data.jobs" if name[0] == "n" else None, force=True
        )
        expected += [f"{100 * share:.1f}%" for share in shares_of_file(tmp_path / "labelled.csv")["share"]]
    assert shares == expected
    for what in ("plane", "certificates"):
        choose(web, "#what", what)
        web.wait(f"document.querySelector('#picture')?.src.includes('what={what}')")
        web.wait("!document.querySelector('.pictures[aria-busy]')")
    assert web.run("document.documentElement.scrollWidth") <= width
    assert violations(web) == [] if AXE is not None else True
    web.open("file", lang=lang, width=width)
    web.wait("document.querySelectorAll('.earlier li').length >= 2")
    assert violations(web) == [] if AXE is not None else True
    assert web.complaints() == []
    (tmp_path / "cut.csv.gz").write_bytes(b"\x1f\x8b\x08 cut off")
    give(web, "#file", tmp_path / "cut.csv.gz")
    web.wait("!!document.querySelector('.error')")
    assert web.text(".error").startswith("cut.csv.gz " + ("is damaged" if lang == "en" else "已损坏"))
    web.click("#forgetAll")
    web.wait("!document.querySelector('.earlier li')")
    assert web.server.ask("GET", "/v1/files").json["files"] == []
