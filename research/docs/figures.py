"""Renew every measured figure of the README, the documentation, the cards and the benchmarks' pages.

    python -m research.docs.figures [--texts FOLDER] [--only MODULE ...]
    python -m research.docs.figures --pages
    python -m research.docs.figures --check

A figure stands between two marks, `<!-- figure NAME/KEY -->` and `<!-- end of figure -->`, in a line or around a
table. A command of `STEPS` measures it and keeps it in data/figures/NAME.json, with the model and the data that it
was measured with. Without an option all of these run, one after the other, and the pages are written from the files;
--only runs some of them, by their names or the ends of these, such as benchmark_page.
--pages only writes the pages. --check changes nothing and names what is stale.

FOLDER holds the ads whose texts are not part of the project: the rated ones as dev_ads/en.csv, zh.csv, fresh_en.csv
and fresh_zh.csv, and those they were drawn from as ads/pool_en.csv, pool2_en.csv, pool_zh.csv and pool2_zh.csv.
Without it the steps that need them are left out, and named.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collarclass.api import default_model

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "data" / "figures"
# Files of figures that have a form of their own.
OTHERS = (ROOT / "data" / "figures_on_real_ads.json", ROOT / "data" / "benchmark" / "results.json")
_MARK = re.compile(r"<!-- figure (?P<name>[\w/]+)/(?P<key>\w+) -->.*?<!-- end of figure -->", re.DOTALL)
_GENERATED = re.compile(r"<!-- (?!end of)(?!not run).*? -->.*?<!-- end of .*? -->", re.DOTALL)
_MODEL = re.compile(r"\bstandard [0-9a-f]{10}\b")
# Pages about models before this one.
_HISTORY = ("CHANGELOG.md", "docs/contributors/experiments.md")


@dataclass(frozen=True)
class Step:
    """A module that measures, and its arguments; `{texts}` in these is the folder of the rated ads' texts."""

    module: str
    arguments: tuple[str, ...] = ()

    @property
    def needs_texts(self) -> bool:
        return any("{texts}" in argument for argument in self.arguments)

    def line(self, texts: Path | None) -> list[str]:
        return [sys.executable, "-m", self.module, *(argument.format(texts=texts) for argument in self.arguments)]


DEVELOPMENT = ("--en", "{texts}/dev_ads/en.csv", "--zh", "{texts}/dev_ads/zh.csv")
FRESH = ("--fresh-en", "{texts}/dev_ads/fresh_en.csv", "--fresh-zh", "{texts}/dev_ads/fresh_zh.csv")
POOLS = tuple(f"{{texts}}/ads/{name}.csv" for name in ("pool_en", "pool2_en", "pool_zh", "pool2_zh"))
# In this order: the benchmark's pages and the card take up what the first two have measured.
STEPS = (
    Step("research.measure.model_card", (*DEVELOPMENT, *FRESH)),
    Step("research.measure.measure_titles", DEVELOPMENT),
    Step("research.measure.score_requirements", ("--held-out-sources", "--write")),
    Step("research.measure.fresh_sources", FRESH),
    Step("research.measure.score_challenge_set", ("--write",)),
    Step("research.measure.silly_readings", (*POOLS, "--write")),
    Step("research.measure.occupation_accuracy"),
    Step("research.measure.held_out", DEVELOPMENT),
    Step("research.measure.external", ("--write",)),
    Step("research.measure.count_baselines"),
    Step("benchmarks.shares"),
    Step("research.data.data_card"),
    Step("research.measure.benchmark_page"),
    Step("research.measure.paper_figures"),
    Step("benchmarks.tables", ("--rows", "3000", "--rounds", "2")),
    Step("benchmarks.run"),
)


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]], left: int = 1) -> str:
    """A Markdown table whose first columns, so many, are flush left and the others flush right."""
    names = list(head)
    marks = "---|" * left + "---:|" * (len(names) - left)
    lines = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join(["|" + "".join(f" {name} |" if name else " |" for name in names), f"|{marks}", *lines])


def between(path: Path, start: str, end: str, content: str) -> None:
    """Put content between two marks of a page."""
    head, rest = path.read_text("utf-8").split(start)
    path.write_text(f"{head}{start}\n{content}\n{end}{rest.split(end)[1]}", "utf-8")


def interval(value: Sequence[float], digits: int = 3, to: str = "–") -> str:
    """A value with the bounds of its interval.

    Examples
    --------
    >>> interval((0.5, 0.4, 0.6))
    '0.500 (0.400–0.600)'
    """
    shown, low, high = (f"{number:.{digits}f}" for number in value)
    return f"{shown} ({low}{to}{high})"


def pages() -> list[Path]:
    """Every page that may hold figures."""
    folders = (ROOT / "docs", ROOT / "benchmarks", ROOT / "data", ROOT / "models", ROOT / "paper")
    return [*sorted(ROOT.glob("*.md")), *(page for folder in folders for page in sorted(folder.rglob("*.md")))]


def digest(path: Path) -> str:
    """One short digest of a file, or of all in a folder but its pages, by names and bytes."""
    found = hashlib.sha256()
    for file in sorted(file for file in (path, *path.rglob("*")) if file.is_file() and file.suffix != ".md"):
        found.update(file.relative_to(ROOT).as_posix().encode() + b"\n" + file.read_bytes())
    return found.hexdigest()[:10]


def keep(name: str, shown: Mapping[str, str], data: Iterable[str], figures: Any = None) -> None:
    """Keep what was measured with the shipped model in data/figures, and write it into the pages.

    Parameters
    ----------
    name : str
        Of the file, without its ending.
    shown : mapping of str to str
        Markdown for each key, as it stands on a page: a figure, or a whole table.
    data : iterable of str
        Files and folders of the project that were read, from the root of the checkout.
    figures : optional
        The same unrounded, as plain JSON.
    """
    used = {part: digest(ROOT / part) for part in data}
    content = {"model": default_model().identity, "data": used, "shown": dict(shown), "figures": figures}
    FIGURES.mkdir(exist_ok=True)
    (FIGURES / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    write_pages()


def known() -> dict[str, str]:
    """Every figure that is kept, by NAME/KEY."""
    found = {}
    for path in sorted(FIGURES.glob("*.json")):
        for key, text in json.loads(path.read_text("utf-8"))["shown"].items():
            found[f"{path.stem}/{key}"] = text
    return found


def filled(text: str, figures: Mapping[str, str]) -> str:
    """A page with its figures as they are kept; one that no file has stays as it is.

    Examples
    --------
    >>> filled("right in <!-- figure a/b -->1 %<!-- end of figure -->", {"a/b": "2 %"})
    'right in <!-- figure a/b -->2 %<!-- end of figure -->'
    """

    def content(mark: re.Match[str]) -> str:
        name = f"{mark['name']}/{mark['key']}"
        if name not in figures:
            return mark[0]
        around = "\n" if "\n" in figures[name] else ""
        return f"<!-- figure {name} -->{around}{figures[name]}{around}<!-- end of figure -->"

    return _MARK.sub(content, text)


def write_pages() -> None:
    """Write every figure that is kept into the pages."""
    figures = known()
    for page in pages():
        text = page.read_text("utf-8")
        fresh = filled(text, figures)
        if fresh != text:
            page.write_text(fresh, "utf-8")


def written(text: str) -> str:
    """What of a page was written by a person: no figures between marks, no code and no outputs of code.

    Examples
    --------
    >>> written("It is <!-- figure a/b -->0.9<!-- end of figure -->, or `0.8`.")
    'It is , or .'
    """
    without_code = re.sub(r"(?ms)^( *)(```+).*?^\1\2$", "", text)
    return re.sub(r"`[^`\n]*`", "", _GENERATED.sub("", without_code))


def stale() -> list[str]:
    """What does not belong to the shipped model or does not agree with the files, one sentence each."""
    model = default_model().identity
    found = []
    for path in (*sorted(FIGURES.glob("*.json")), *OTHERS):
        kept = json.loads(path.read_text("utf-8"))
        if kept["model"] != model:
            found.append(f"{path.relative_to(ROOT)} was measured with {kept['model']}; the shipped model is {model}.")
        for part, old in kept.get("data", {}).items():
            if digest(ROOT / part) != old:
                found.append(f"{path.relative_to(ROOT)} was measured before {part} changed.")
    figures = known()
    for page in pages():
        name, text = page.relative_to(ROOT).as_posix(), page.read_text("utf-8")
        if filled(text, figures) != text:
            found.append(f"{name} does not show the figures of data/figures: run research/docs/figures.py --pages.")
        marks = (f"{mark['name']}/{mark['key']}" for mark in _MARK.finditer(text))
        found += [f"{name} has a place for {mark}, which no file has." for mark in marks if mark not in figures]
        if name not in _HISTORY:
            others = sorted(set(_MODEL.findall(text)) - {model})
            found += [f"{name} names {other}; the shipped model is {model}." for other in others]
    return found


def run(texts: Path | None, only: list[str] | None = None) -> int:
    """Run the steps in their order, past one that fails; how many failed."""
    failed = 0
    for step in STEPS:
        if only and step.module not in only and step.module.split(".")[-1] not in only:
            continue
        if step.needs_texts and texts is None:
            print(f"left out, it needs --texts: {step.module}")
            continue
        started = time.perf_counter()
        print(f"{step.module} {' '.join(step.arguments)}", flush=True)
        code = subprocess.run(step.line(texts), cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode
        failed += bool(code)
        print(f"    {'failed' if code else 'done'} after {time.perf_counter() - started:.0f} s", flush=True)
    write_pages()
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, help="folder with the texts of rated ads")
    parser.add_argument("--only", nargs="*", metavar="MODULE", help="run these steps alone")
    parser.add_argument("--pages", action="store_true", help="only write the pages from the files")
    parser.add_argument("--check", action="store_true", help="name what is stale, change nothing")
    options = parser.parse_args()
    if options.pages:
        write_pages()
        return 0
    failed = 0 if options.check else run(options.texts, options.only)
    found = stale()
    print("\n".join(found) if found else "every figure belongs to the shipped model")
    return int(bool(failed or found))


if __name__ == "__main__":
    sys.exit(main())
