"""The page in a real browser: what a person does there, in both languages, at every width."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("websocket", reason="the browser is driven over a websocket")

from app_server import Address, running

from collarclass import label_file
from collarclass.app.guard import Access
from collarclass.app.server import create_app
from collarclass.messages import Message
from research.docs.browser import Page, find_browser

ROOT = Path(__file__).resolve().parents[1]
BROWSER = find_browser()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome")]
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
HOSTILE = '<img src=x onerror="window.hacked=1"></textarea><script>window.hacked=1</script>{{7*7}} 🔧'


class Web:
    """A tab that shows the page of a server."""

    def __init__(self, page: Page, server: Address) -> None:
        self.page, self.server = page, server
        self.run, self.call = page.run, page.call

    def open(self, path: str, width: int = 1280) -> None:
        """Load a page anew."""
        self.page.size(width, 900)
        self.page.events.clear()
        self.call("Page.navigate", url=f"{self.server.url}{path}")
        self.wait("!!document.documentElement.dataset.ready")

    def wait(self, script: str) -> None:
        """Wait for something on the page, which may be another document meanwhile."""
        self.page.wait(f"document.documentElement !== null && ({script})")

    def arrive(self, before: str) -> None:
        """Wait until another page than before is there."""
        other = f"document.documentElement.dataset.ready !== '{before}'"
        self.wait(f"{other} && !document.querySelector('main[aria-busy]')")

    def then(self, script: str) -> None:
        """Do something that leads to another page, and wait until that is there."""
        before = self.run("document.documentElement.dataset.ready")
        self.run(f"{script};0")
        self.arrive(before)

    def click(self, selector: str) -> None:
        """Follow a link or press a button."""
        self.then(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, selector: str, value: str) -> None:
        """Choose from a list."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.then(f"{place}.value = {json.dumps(value)}; {place}.dispatchEvent(new Event('change', {{bubbles: true}}))")

    def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.run(f"(e => {{ e.focus(); e.select(); }})(document.querySelector({json.dumps(selector)}))")
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key and wait for what it leads to."""
        before = self.run("document.documentElement.dataset.ready")
        self.run("document.activeElement?.blur()")
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" else "")
        self.arrive(before)

    def give(self, *paths: Path) -> None:
        """Drop files."""
        before = self.run("document.documentElement.dataset.ready")
        document = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=document, selector=".drop input")["nodeId"]
        self.call("DOM.setFileInputFiles", files=[str(path) for path in paths], nodeId=node)
        self.arrive(before)

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.textContent.trim() ?? ''"))

    def all(self, selector: str) -> list[str]:
        found = self.run(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent.trim())")
        return list(found)

    def looks(self) -> list[str]:
        """What is wrong with a page: wider than the window, complaints, and what axe finds."""
        width = self.run("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        found = [] if width[0] <= width[1] else [f"{width[0]} wide in a window of {width[1]}"]
        own = f"request to {self.server.url}/"
        found += [c for c in self.page.complaints() if not c.startswith(own)]
        if AXE is not None:
            self.run(AXE.read_text("utf-8") + ";0")
            tags = json.dumps({"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
            every = self.run(f"axe.run(document, {tags}).then(r => r.violations)")
            found += [f"{v['id']}: {n['html'][:200]} {n['failureSummary'][:200]}" for v in every for n in v["nodes"]]
        return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    assert BROWSER is not None
    page = Page(BROWSER, tmp_path_factory.mktemp("browser"))
    try:
        yield page
    finally:
        page.close()


@pytest.fixture(scope="module")
def web(page: Page) -> Iterator[Web]:
    with running(create_app()) as server:
        yield Web(page, server)


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook as people send them: a cover, odd names of columns, names of regions in two spellings, dates."""
    ads = pd.read_csv(EXAMPLES)
    ads = pd.concat([ads] * 2, ignore_index=True)
    path = tmp_path_factory.mktemp("book") / "vacancies.xlsx"
    table = pd.DataFrame({
        "No.": range(1, len(ads) + 1), "Job Ttl": ads.iloc[:, 1], "Descr.": ads.iloc[:, 2],
        "Region": ["Capital", "capital ", "North", "Capital"] * (len(ads) // 4),
        "Posted": ["2026-01-05", "2026-02-06"] * (len(ads) // 2), "Wage": [10 + 7 * i % 90 for i in range(len(ads))],
    })  # fmt: skip
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Vacancies": ["made in March"]}).to_excel(book, sheet_name="Cover", index=False)
        table.to_excel(book, sheet_name="Ads", index=False)
    return path


@pytest.mark.parametrize(("lang", "width"), [("en", 1280), ("zh", 360)])
def test_the_whole_way(page: Page, workbook: Path, tmp_path: Path, lang: str, width: int) -> None:
    def say(template: str) -> str:
        return Message(template).said("zh" if lang == "zh" else "en")

    wrong: dict[str, list[str]] = {}
    with running(create_app(kept=tmp_path / "kept")) as server:
        web = Web(page, server)
        web.open(f"/?lang={lang}", width)
        assert web.text("h1") == say("What kind of work do these ads offer?")
        assert len(web.all(".cards li")) == 4
        wrong["home"] = web.looks()

        # A messy workbook: its columns are known by what they hold, and can be chosen otherwise.
        web.give(workbook)
        web.choose("select[data-field=sheet]", "Ads")
        roles = dict(zip(web.all(".preview thead th"), web.run(
            "[...document.querySelectorAll('.preview select')].map(e => e.value)"), strict=True))  # fmt: skip
        assert (roles["Job Ttl"], roles["Descr."], roles["Posted"], roles["No."]) == ("title", "text", "date", "")
        web.choose("[name=c1]", "")
        chosen = web.run("location.search")
        web.click(".lang")  # and back: what was chosen stays
        web.click(".lang")
        assert web.run("document.querySelector('[name=c1]').value") == ""
        assert chosen in web.run("location.search")
        web.choose("[name=c1]", "title")
        wrong["import"] = web.looks()
        web.click("button.main")
        web.wait("!!document.querySelector('.answer')")

        # The result is that of the command, with the columns that were chosen.
        label_file(workbook, tmp_path / "direct.csv", title="Job Ttl", text="Descr.", sheet="Ads")
        direct = pd.read_csv(tmp_path / "direct.csv", keep_default_na=False)
        shares = direct["collar"].value_counts(normalize=True)
        assert web.text(".legend li:nth-child(3) strong") == f"{100 * shares.get('gray', 0):.1f}%"
        project = web.run("location.pathname")
        assert not web.all(".notice[role=alert]")
        assert "No." not in web.all("[name=by] option")
        assert {"Region", "Wage"} <= set(web.all("[name=by] option"))
        web.choose("[name=by]", "Region")
        regions = dict(zip(web.all(".counts th[scope=row]"), web.all(".counts td:nth-child(2)"), strict=False))
        assert regions["Capital"] == str(len(direct) // 2)
        web.click(".notice button")  # names that look alike become one
        assert web.text(".counts tbody td:nth-child(2)") == str(3 * len(direct) // 4)
        wrong["result"] = web.looks()

        # A bar leads to the ads that it stands for, in the table and in a picture.
        for place, label in ((".counts", "blue"), ("#pictures", "gray")):
            bar = f"document.querySelector('{place} a:has(.bar.{label})')"
            n = web.run(f"Number({bar}.textContent.match(/[0-9]+$/)[0])")
            web.then(f"{bar}.dispatchEvent(new MouseEvent('click', {{bubbles: true, cancelable: true}}))")
            assert f"label%3A{label}" in web.run("location.search")
            assert web.text("#ads [role=status]").startswith(f"{n} " if lang == "en" else f"{len(direct)} 条中的 {n} ")
            web.then("history.back()")

        # Every number leads to its ads; the address holds what is shown, and Back goes back.
        web.click(".counts tbody tr:nth-child(2) th a")
        assert "f=Region%3ANorth" in web.run("location.search")
        assert str(len(direct) // 4) in web.text("#ads [role=status]")
        web.then("history.back()")
        assert "f=" not in web.run("location.search")
        web.choose("[name=across]", "schooling")
        wrong["crosstab"] = web.looks()
        web.choose("[name=across]", "label")

        # A range of a column of numbers; and two regions beside each other.
        web.run("document.querySelector('select[name=range]').value = 'Wage'")
        web.fill("input[name=from]", "20")
        web.then("document.querySelector('select[name=range]').form.requestSubmit()")
        assert "f=Wage%3A20.." in web.run("location.search")
        n = int(sum(direct["Wage"] >= 20))
        assert f"{n:,}" in web.text("#ads [role=status]")
        web.click(".chips a")
        web.run("document.querySelector('select[name=from]').value = '2026-02'")  # months are offered
        web.then("document.querySelector('select[name=from]').form.requestSubmit()")
        assert f"{len(direct) // 2:,}" in web.text("#ads [role=status]")
        web.click(".chips a")
        web.then("document.querySelector('select[name=pair]').form.requestSubmit()")
        assert len(web.all(".differences tbody tr")) == 4
        assert len(web.all("#by table")) == len(web.all("#pictures figure")) == 2
        wrong["two parts"] = web.looks()
        web.click("#compare p a")
        web.click("header a[href*='ask=name']")
        web.fill("[name=project]", "Vacancies of March.xlsx")
        web.then("document.querySelector('[name=project]').form.requestSubmit()")
        assert web.text("h1") == "Vacancies of March.xlsx"
        assert "ask" not in web.run("location.search")

        # One label is corrected, and stands in what is downloaded.
        web.click(".found tbody tr:nth-child(2) th a")
        wrong["row"] = web.looks()
        web.click(".answers button:nth-child(4)")
        assert web.run("document.querySelector('.answers button:nth-child(4)').ariaPressed") == "true"
        result = server.ask("GET", project.replace("/p/", "/v1/files/") + "/result?x").body
        assert result[:2] == b"PK"
        (tmp_path / "result.xlsx").write_bytes(result)
        own = pd.read_excel(tmp_path / "result.xlsx", keep_default_na=False)["own_label"].tolist()
        assert own[1] == "unclear"
        assert set(own[:1] + own[2:]) == {""}
        web.click(".pager a")

        # Thirty ads are labelled by single keys; then the shares have an interval.
        web.fill("[name=annotator]", "ann")
        web.fill("[name=n]", "34")
        web.then("document.querySelector('form[data-send]').requestSubmit()")
        wrong["review"] = web.looks()
        assert not web.all(".verdict")  # the program's label stays hidden
        n = int(web.run("document.querySelector('progress').max"))
        assert n >= 30  # an ad without words is none to label
        for i in range(n):
            web.press("wbg"[i % 3])
            if i == 4:
                web.press("z")
                assert web.run("document.querySelectorAll('.answers [aria-pressed=true]').length") == 1
                web.press("b")
        wrong["review done"] = web.looks()
        web.click("button.main")
        to = " 至 " if lang == "zh" else " to "
        assert [to in text for text in web.all(".legend .soft")] == [True] * 4
        wrong["corrected"] = web.looks()

        # Beside another file; the report is that file's.
        web.click(".wordmark")
        web.give(EXAMPLES)
        web.click("button.main")
        web.wait("!!document.querySelector('.answer')")
        web.choose("[name=with]", project.rpartition("/")[2])
        assert len(web.all(".differences tbody tr")) == 4
        wrong["compare"] = web.looks()
        reply = server.ask("GET", f"{project.replace('/p/', '/v1/files/')}/report?lang={lang}")
        assert reply.status == 200
        (tmp_path / "report.html").write_bytes(reply.body)
        web.call("Page.navigate", url=(tmp_path / "report.html").as_uri())
        web.wait("document.readyState === 'complete'")
        assert "Vacancies of March" in web.text("main")
        wrong["report"] = [one for one in web.looks() if not one.startswith("request to file")]

    # Next day: the bookmark leads to the same result.
    with running(create_app(kept=tmp_path / "kept")) as server:
        web = Web(page, server)
        web.open(f"{project}?by=Region", width)
        assert all(to in text for text in web.all(".legend .soft"))
        web.click("header a[href*='columns=1']")
        assert web.run("document.querySelector('[name=c2]').value") == "text"
        web.open("/", width)
        assert "Vacancies of March.xlsx" in " ".join(web.all(".list th"))
    assert {place: found for place, found in wrong.items() if found} == {}


@pytest.mark.parametrize(("lang", "width"), [("en", 1280), ("zh", 360)])
def test_one_ad_is_read_with_its_deciding_words(web: Web, lang: str, width: int) -> None:
    web.open(f"/ad?lang={lang}", width)
    web.fill("[name=title]", "Mechatronics technician")
    web.fill("[name=text]", "<p>Repair and program packaging machines.</p> Associate degree required.")
    web.then("document.querySelector('form').requestSubmit()")
    assert web.all(".adtext mark.academic, .adtext mark.hands_on")
    assert "<p>" not in web.text(".adtext")
    assert len(web.all(".near li")) == 5
    assert web.looks() == []
    web.click(".near a")
    assert web.all(".card h2")
    assert web.looks() == []


def test_an_ad_too_long_for_an_address_is_read_as_well(web: Web) -> None:
    web.open("/ad?lang=en")
    web.run("document.querySelector('[name=text]').value = 'Weld steel frames by hand. '.repeat(4000)")
    web.then("document.querySelector('form').requestSubmit()")
    assert web.text(".verdict .label") == "Blue collar"
    assert "frames" not in web.run("location.href")


def test_hostile_names_and_cells_are_text(web: Web, tmp_path: Path) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["title", "text", HOSTILE], *[[HOSTILE, HOSTILE + " weld frames by hand", HOSTILE]] * 8])
    path = tmp_path / "{{7*7}}<b>.csv"
    path.write_text(out.getvalue(), "utf-8")
    web.open("/?lang=en")
    web.give(path)
    web.choose("[name=c2]", "group")
    web.click("button.main")
    web.wait("!!document.querySelector('.answer')")
    web.click(".found tbody th a")
    web.open(f"/ad?text={HOSTILE.replace('#', '')}&title={HOSTILE}".replace('"', "%22").replace("<", "%3C"))
    assert web.run("window.hacked") is None
    assert "49" not in web.text("main")


def test_what_does_not_work_is_said_on_the_page(web: Web, tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 broken")
    web.open("/?lang=zh")
    document = web.call("DOM.getDocument")["root"]["nodeId"]
    node = web.call("DOM.querySelector", nodeId=document, selector=".drop input")["nodeId"]
    web.call("DOM.setFileInputFiles", files=[str(tmp_path / "broken.xlsx")], nodeId=node)
    web.wait("!!document.querySelector('[data-said]')")
    assert web.text("[data-said]").startswith("broken.xlsx")
    web.open("/p/0123456789abcdef?lang=en")
    assert "no file of that id" in web.text(".notice")


def test_the_page_works_below_the_path_of_a_proxy_and_behind_a_token(page: Page) -> None:
    app = create_app(access=Access(token="key"), root_path="/tools/collar")
    with running(app, root="/tools/collar") as server:
        web = Web(page, server)
        web.open("/?token=key&lang=en")
        assert web.run("location.pathname") == "/tools/collar/"
        assert "key" not in web.run("location.href")
        web.give(EXAMPLES)
        web.click("button.main")
        web.wait("!!document.querySelector('.answer')")
        web.click(".counts tbody th a")
        assert web.looks() == []


def test_an_old_address_says_to_start_again(page: Page) -> None:
    with running(create_app(access=Access(token="today"))) as server:
        reply = server.ask("GET", "/?token=yesterday", headers={"Accept": "text/html"})
        assert reply.status == 401
        assert b"start it again as you did before" in reply.body


def test_a_file_that_only_its_owner_reads_leads_to_the_page(page: Page, tmp_path: Path) -> None:
    with running(create_app(access=Access(token="a-token"))) as server:
        web = Web(page, server)
        (tmp_path / "open.html").write_text(f'<meta http-equiv="refresh" content="0; url={server.url}/?token=a-token">')
        web.call("Page.navigate", url=(tmp_path / "open.html").as_uri())
        web.wait(f"location.href.startsWith('{server.url}') && !!document.documentElement.dataset.ready")
        assert "token" not in web.run("location.href")
        web.give(EXAMPLES)
        web.click("button.main")
        web.wait("!!document.querySelector('.answer')")
