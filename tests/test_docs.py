"""The README and the documentation: snippets run and show what comes out, links lead somewhere."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from collarclass.tables.schema import COLUMNS
from research.docs.refresh_docs import pages, play, with_tables, workplace

ROOT = Path(__file__).resolve().parents[1]
PAGES = [str(page.relative_to(ROOT)) for page in pages()]
QUICK = {"README.md", "README.zh-CN.md"}  # which everybody reads first


@pytest.mark.skipif(os.name == "nt", reason="the console snippets are for a POSIX shell")
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=() if page in QUICK else pytest.mark.slow) for page in PAGES]
)
def test_snippets(page: str, tmp_path: Path) -> None:
    pytest.importorskip("jinja2", reason="some snippets make a report")
    workplace(tmp_path)
    outcomes, _ = play((ROOT / page).read_text("utf-8"), tmp_path)
    wrong = [o for o in outcomes if not o.right]
    listing = "\n".join(
        f"line {o.line}, exit code {o.code}: {o.source}\nshown: {o.want}\nfound: {o.got}" for o in wrong
    )
    assert not wrong, f"not as shown; if the output is right, run research/docs/refresh_docs.py {page}:\n{listing}"


def test_code_without_a_prompt_is_left_as_it_stands(tmp_path: Path) -> None:
    workplace(tmp_path)
    text = "```python\nimport ray\n```\n```python\n>>> 1 + 1\n3\n```\n"
    outcomes, fresh = play(text, tmp_path)
    assert len(outcomes) == 1
    assert fresh == text.replace("3", "2")


@pytest.mark.parametrize(
    ("page", "table"),
    [
        ("docs/how_to/label_a_file.md", "columns"),
        ("docs/reference/options.md", "options"),
        ("docs/reference/options.md", "formats"),
        ("docs/reference/commands.md", "commands"),
        ("docs/how_to/install.md", "extras"),
        ("docs/how_to/install.zh.md", "extras in Chinese"),
        ("README.md", "three ads"),
        ("README.zh-CN.md", "three ads in Chinese"),
    ],
)
def test_tables_made_from_the_code_are_as_the_code_is(page: str, table: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert f"<!-- {table} -->" in text
    assert with_tables(text) == text, "run research/docs/refresh_docs.py"


@pytest.mark.parametrize("page", ["docs/how_to/label_a_file.zh.md"])
def test_the_chinese_pages_name_every_column(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert not [name for name in COLUMNS if f"`{name}`" not in text]


def test_there_are_snippets_and_they_can_fail(tmp_path: Path) -> None:
    assert set(PAGES) >= QUICK
    workplace(tmp_path)
    text = "```python\n>>> 1 + 1\n3\n>>> 1 / 0\n```\n```console\n$ echo hello\nhello\n$ exit 3\n```\n"
    outcomes, fresh = play(text, tmp_path)
    assert [o.right for o in outcomes] == [False, False, True, False]
    assert "2" in fresh
    assert "ZeroDivisionError" in fresh
    text = "<!-- not run: no network -->\n```console\n$ exit 3\n```\n"
    assert play(text, tmp_path) == ([], text)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"])
def test_links_of_the_pages_outside_the_site(page: str) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", (ROOT / page).read_text("utf-8"))
    missing = [t for t in targets if "://" not in t and not (ROOT / t).exists()]
    assert not missing


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("mkdocs", "material", "mkdocstrings_handlers", "jieba")),
    reason="mkdocs, mkdocs-material, mkdocstrings and jieba are not installed (dependency group docs)",
)
def test_the_site_builds_and_its_links_lead_somewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "fonts.googleapis.com" not in index
    assert (tmp_path / "site" / "reference" / "api" / "index.html").exists()
    chinese = (tmp_path / "site" / "zh" / "understanding" / "definition" / "index.html").read_text("utf-8")
    assert "学历要求" in chinese
    assert '<a href="../../../understanding/definition/#definitions-as-configuration" hreflang="en">' in chinese
    assert "本页只有英文" in (tmp_path / "site" / "zh" / "research" / "external" / "index.html").read_text("utf-8")
    found = json.loads((tmp_path / "site" / "search" / "search_index.json").read_text("utf-8"))["docs"]
    words = {word for part in found for word in re.split(r"[\s\u200b，。：、]+", part["text"])}
    assert {"置信度", "confidence"} <= words  # Chinese is split into words, so that one can be searched for
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        page = (tmp_path / "site" / "notebooks" / notebook.stem / "index.html").read_text("utf-8")
        assert "<pre>" in page, "code and outputs of the notebook are on its page"


def test_the_bias_table_is_that_of_the_figures() -> None:
    from research.measure.bias_table import END, PAGES, START, bias_table, counted

    figures = json.loads((ROOT / "data" / "figures_on_real_ads.json").read_text("utf-8"))
    for language, page in PAGES.items():
        assert f"{START}\n{bias_table(figures, language)}\n{END}" in page.read_text("utf-8")
    true, found = counted(figures["en"]["confusion"], (0.0, 1.0, 0.0))
    assert true.tolist() == [0.0, 1.0, 0.0]
    assert found.sum() == pytest.approx(1.0)


def test_every_chinese_page_has_an_english_one() -> None:
    for page in (ROOT / "docs").rglob("*.zh.md"):
        assert page.with_name(page.name.replace(".zh.md", ".md")).is_file(), page


def test_the_paper_cites_what_its_references_hold() -> None:
    cited = set(re.findall(r"@([a-z]+\w*)", (ROOT / "paper" / "paper.md").read_text("utf-8")))
    held = re.findall(r"^@\w+\{(\w+),$", (ROOT / "paper" / "paper.bib").read_text("utf-8"), re.MULTILINE)
    assert len(held) == len(set(held))
    assert cited == set(held)


def test_one_version_everywhere() -> None:
    from collarclass import __version__

    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    last = next(heading for heading in headings if heading != "Unreleased")
    assert f"\nversion: {last}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    if ".dev" in __version__:  # between two releases
        assert headings[0] == "Unreleased"
    else:
        assert __version__ == last


def test_no_box_of_code_is_empty() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert pages
    for page in pages:
        for box in re.finditer(r"^```\S*\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE):
            assert box[1].strip(), f"{page}: an empty box of code"


def test_no_line_of_a_paragraph_begins_with_a_figure() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "paper" / "paper.md"]
    breaks = re.compile(r"[^\s>|] *\n *<!-- figure [^\n]*<!-- end of figure -->")
    assert breaks.search("Right in\n<!-- figure a/b -->1 %<!-- end of figure -->.\n")
    wrong = [page for page in pages if breaks.search(page.read_text("utf-8"))]
    assert not wrong, "a comment at the beginning of a line ends the paragraph"


def _named_tests(page: str) -> list[str]:
    return re.findall(r"`(tests/[a-z_]+\.py(?:::[a-z_0-9]+)?)`", (ROOT / page).read_text("utf-8"))


@pytest.mark.parametrize("page", ["docs/contributors/promises.md", "SECURITY.md"])
def test_every_test_that_is_named_exists(page: str) -> None:
    named = _named_tests(page)
    assert named
    for name in named:
        path, _, function = name.partition("::")
        source = (ROOT / path).read_text("utf-8")
        assert not function or re.search(rf"^def {function}\(", source, re.MULTILINE), name
    for path in re.findall(r"`((?:research/\w+|benchmarks)/\w+\.(?:py|sh|md))", (ROOT / page).read_text("utf-8")):
        assert (ROOT / path).is_file(), path
    for target in re.findall(r"`make (\w+)`", (ROOT / page).read_text("utf-8")):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), target


def test_every_promise_names_what_holds_it() -> None:
    page = (ROOT / "docs" / "contributors" / "promises.md").read_text("utf-8")
    page = re.sub(r"(?s)### Tried by hand.*?(?=\n## )", "", page)
    rows = re.findall(r"^\| (?!promise)(.+?) \| (.+) \|$", page, re.MULTILINE)
    promises = [(promise, held) for promise, held in rows if "|" not in held]  # the other tables have three columns
    assert len(promises) > 25
    for promise, held in promises:
        assert re.search(r"`(tests/\w+\.py::\w+|make \w+|research/\w+/\w+\.(py|sh))`", held), promise


def test_everything_bundled_has_its_licence() -> None:
    words = (ROOT / "LICENSES.md").read_text("utf-8")
    for part in (ROOT / "data").iterdir():
        assert part.name == "README.md" or f"data/{part.name}" in words, part
    texts = {path.name for path in (ROOT / "LICENSES").iterdir()}
    assert texts == set(re.findall(r"`LICENSES/([^`]+)`", words))
    for name, opening in (("CC-BY-4.0", "Attribution 4.0 International"), ("Unicode-3.0", "UNICODE LICENSE V3")):
        assert (ROOT / "LICENSES" / f"{name}.txt").read_text("utf-8").startswith(opening)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {"LICENSE", "LICENSES.md", "LICENSES/*.txt"} == set(project["license-files"])
