"""Run the benchmark; write its results, its datasheet's numbers, docs/research/benchmark.md and the model card.

    python -m research.measure.benchmark_page [--keep]

--keep leaves data/benchmark/results.json as it is and writes the pages from it.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from collarclass.annotation.agreement import kappa
from collarclass.api import default_model
from collarclass.corpus.read import read_ads, read_csv, read_occupations
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.evaluation.metrics import accuracy
from research.data.benchmark_annotations import annotator_agreement, overlap, read_annotations, read_pointing
from research.docs.figures import between, interval, markdown
from research.measure.benchmark import (
    HARD_HEADINGS,
    HEADINGS,
    REQUIREMENT_HEADINGS,
    benchmark,
    hard_rows,
    requirement_rows,
    rows,
)
from research.measure.benchmark_data import read_hard, read_items
from research.measure.cards import FIGURES, write_cards
from research.measure.faithfulness import faithfulness

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
BENCHMARK = DATA / "benchmark"
RESULTS = BENCHMARK / "results.json"
DATASHEET = BENCHMARK / "README.md"
PAGE = ROOT / "docs" / "research" / "benchmark.md"
COMPARISON = ROOT / "docs" / "research" / "comparison.md"
BASIS_NAMES = {"real": "real ads", "ad": "written ads", "title": "bare titles"}
KIND_NAMES = {"ad": "ads", "title": "bare titles", "passage": "passages"}
LANGUAGE_NAMES = {"en": "English", "zh": "Chinese"}
_RANGE = re.compile(r"(?<![-\d.])(\d[\d.]*) to (?=\d)")


def measure() -> dict[str, Any]:
    """Run everything that takes time, as plain JSON."""
    model = default_model()
    started = time.perf_counter()
    submitted = sorted((BENCHMARK / "submissions").glob("*.csv"))
    entries = benchmark(BENCHMARK, model=model, predictions=submitted, data=DATA)
    seconds = time.perf_counter() - started
    items = read_items(BENCHMARK)
    pointing = read_pointing(BENCHMARK, items) if (BENCHMARK / "pointing.csv").is_file() else None
    return {
        "model": model.identity,
        "python": platform.python_version(),
        "seconds": round(seconds),
        "hard": hard_rows(entries, read_hard(BENCHMARK)),
        "labels": rows(entries, items),
        "requirements": requirement_rows(entries, items),
        "faithfulness": faithfulness(items, pointing, model),
    }


def narrow(head: Sequence[str], body: Iterable[list[str]], left: int = 1) -> str:
    """A Markdown table, ranges above 0 with a dash, so that it is narrow."""
    return markdown(head, ([_RANGE.sub(r"\1–", cell) for cell in row] for row in body), left)


def leaderboard(results: dict[str, Any]) -> str:
    """The tables of docs/research/benchmark.md, best first in each language."""
    lines = [f"Measured with {results['model']}; the whole run took {results['seconds']} s.", ""]
    for language, name in LANGUAGE_NAMES.items():
        body = [[_called(r[0], results), *r[2:]] for r in results["hard"] if r[1] == language]
        body.sort(key=lambda r: -float(r[2].split()[0]))
        head = ("", *HARD_HEADINGS[2:4], "collarclass is ahead by", *HARD_HEADINGS[5:])
        lines += [f"### Hard: minimal pairs and titles, {name}", "", narrow(head, body), ""]
    for basis, heading in (("ad", "Plain: ads"), ("title", "Plain: bare titles")):
        for language, name in LANGUAGE_NAMES.items():
            body = [r[:1] + r[3:] for r in results["labels"] if r[1] == basis and r[2] == language and r[8] != "100.0%"]
            body = [[_called(r[0], results), *r[1:]] for r in sorted(body, key=lambda r: -float(r[2].split()[0]))]
            if body:
                title = [f"### {heading}, {name}", ""]
                lines += [*title, narrow((HEADINGS[0], *HEADINGS[3:]), body), ""]
    names = [[_called(r[0], results), LANGUAGE_NAMES[r[1]], *r[2:]] for r in results["requirements"]]
    lines += ["### Plain: stated schooling, ads and passages", "", narrow(REQUIREMENT_HEADINGS, names, 2), ""]
    lines += ["### Explanations", "", explanations(results["faithfulness"])]
    return "\n".join(lines)


def _called(name: str, results: dict[str, Any]) -> str:
    """An entry's name in a table: the shipped model stands out."""
    return "**collarclass**" if name == results["model"] else name


def side_by_side(results: dict[str, Any]) -> str:
    """The short table of the comparison page: macro-F1 alone, best in the first column first."""
    real = json.loads(FIGURES.read_text("utf-8"))
    columns = [(basis, language) for basis in ("real", "ad", "title") for language in LANGUAGE_NAMES]
    cells: dict[str, dict[tuple[str, str], str]] = {}
    for name, basis, language, _, f1, *rest in results["labels"]:
        cells.setdefault(name, {})[basis, language] = "–" if rest[-2] == "100.0%" else f1
    for language in LANGUAGE_NAMES:
        figures = real[language]
        cells[results["model"]]["real", language] = interval(figures["macro_f1"], to=" to ")
        for name, found in figures["baselines"].items():
            cells.setdefault(name, {})["real", language] = f"{found['macro_f1']:.3f}"
    columns = [column for column in columns if any(column in own for own in cells.values())]
    head = ["", *(f"{LANGUAGE_NAMES[la]} {BASIS_NAMES[basis]}" for basis, la in columns)]
    body = [[_called(name, results), *(own.get(column, "–") for column in columns)] for name, own in cells.items()]
    body.sort(key=lambda row: [cell.replace("–", "") for cell in row[1:]], reverse=True)
    return narrow(head, body)


def explanations(found: dict[str, dict[str, Any]]) -> str:
    """The table of faithfulness measures."""
    body = []
    for name in dict.fromkeys(key for figures in found.values() for key in figures):
        values = [figures.get(name, "–") for figures in found.values()]
        body.append([name, *(interval(v, to=" to ") if isinstance(v, list) else str(v) for v in values)])
    return narrow(("", *(LANGUAGE_NAMES[language] for language in found)), body)


def datasheet(folder: Path = BENCHMARK, data: Path = DATA) -> str:
    """The numbers of the datasheet, as Markdown."""
    items = read_items(folder)
    lines = ["### Items of the hard part", "", _hard_counts(read_hard(folder), folder), ""]
    lines += ["### Items of the plain part", "", _counts(items), ""]
    lines += ["### Agreement of the two annotators", "", *_kappas(folder, items), ""]
    lines += ["### Distance from other data", "", *_distance(items, data)]
    return "\n".join(lines)


def _hard_counts(items: pd.DataFrame, folder: Path) -> str:
    sealed = items["id"].isin(read_csv(folder / "hard" / "sealed.csv")["id"])
    body = []
    for family, part in items.groupby("family", sort=False):
        cells = []
        for language in LANGUAGE_NAMES:
            here = part[part["language"] == language]
            unit = here["pair"].where(here["kind"] == "ad", here["id"])
            cells += [str(unit.nunique()), str(unit[sealed[here.index]].nunique())]
        body.append([str(family), *cells])
    ads = items[items["kind"] == "ad"]
    whole = [ads[ads["language"] == language] for language in LANGUAGE_NAMES]
    cells = [str(n) for part in whole for n in (part["pair"].nunique(), part["pair"][sealed[part.index]].nunique())]
    body.append(["all pairs", *cells])
    return narrow(("pairs that differ in", "English", "of these sealed", "Chinese", "of these sealed"), body)


def _counts(items: pd.DataFrame) -> str:
    groups = [
        (f"{called} {kinds}", items[(items["kind"] == kind) & (items["language"] == language)])
        for kind, kinds in KIND_NAMES.items()
        for language, called in LANGUAGE_NAMES.items()
    ]
    groups = [(name, part) for name, part in groups if len(part)]
    body = [["items", *(str(len(part)) for _, part in groups)]]
    for label in COLLARS:
        body.append([f"settled {label}", *(str(int((part["label"] == label).sum())) for _, part in groups)])
    near = items[["academic_rating", "hands_on_rating"]].apply(lambda rating: rating.between(1.5, 2.5)).any(axis=1)
    shares = []
    for _, part in groups:
        rated = part["label"].isin(LABELS)
        shares.append(f"{near[part.index][rated].mean():.0%}" if rated.any() else "–")
    body.append(["a rating from 1.5 to 2.5", *shares])
    body.append(["families", *(str(part["family"].nunique()) for _, part in groups)])
    for share in (5, 50, 95):
        cells = []
        for name, part in groups:
            size = [len(text.split()) if name.startswith("English") else len(text) for text in part["text"]]
            cells.append(str(int(np.percentile(size, share))))
        body.append([f"length, {share}th percentile (words; characters)", *cells])
    return narrow(["", *(name for name, _ in groups)], body)


def _kappas(folder: Path, items: pd.DataFrame) -> list[str]:
    table = annotator_agreement(read_annotations(folder, items), items)
    body = []
    for row in table.reset_index().to_dict("records"):
        kind, language, found = str(row["kind"]), str(row["language"]), row.get("label")
        rated = isinstance(found, tuple)
        label = interval(found, 2, " to ") if isinstance(found, tuple) else "–"
        cells = [f"{row[c]:.2f}" if pd.notna(row.get(c)) else "–" for c in ("academic", "hands_on", "level", "status")]
        same = f"{row['same_label']:.1%}" if rated else "–"
        body.append([f"{LANGUAGE_NAMES[language]} {KIND_NAMES[kind]}", str(row["n"]), same, label, *cells])
    head = ("", "n", "same label", "label, kappa (95 %)", "academic", "hands-on", "level", "status")
    lines = [narrow(head, body)]
    intended = folder / "intended.csv"
    if intended.is_file():
        meant = items.merge(read_csv(intended), on="id", suffixes=("", "_meant"))
        meant = meant[meant["label"].isin(LABELS) & meant["label_meant"].isin(LABELS)]
        share, chance = accuracy(meant["label"], meant["label_meant"]), kappa(meant["label"], meant["label_meant"])
        same = f"in {share:.1%} of {len(meant)} items (kappa {chance:.2f})"
        lines += ["", f"The settled label is the one that the writer meant {same}."]
    return lines


def _distance(items: pd.DataFrame, data: Path) -> list[str]:
    lines = ["| | most overlap with a written ad's runs of words | over 5 % |", "|---|---:|---:|"]
    occupations = read_occupations(data / "occupations.csv")
    for language, name in LANGUAGE_NAMES.items():
        ads = items[(items["kind"] == "ad") & (items["language"] == language)]
        shares = overlap(ads["text"], read_ads(data / "ads" / f"{language}.csv")["text"], language)
        if shares:
            lines.append(f"| {name} ads | {max(shares):.1%} | {sum(s > 0.05 for s in shares)} |")
    for language, name in LANGUAGE_NAMES.items():
        titles = items.loc[(items["kind"] == "title") & (items["language"] == language), "title"].str.casefold()
        known = set(occupations[f"titles_{language}"].str.casefold().str.split("; ").explode())
        if len(titles):
            share = titles.isin(known).mean()
            lines += ["", f"Of the {name} bare titles {share:.0%} are also working titles in `occupations.csv`."]
    return lines


def write_comparison() -> None:
    """Write the table of the comparison page, which has figures on real ads too."""
    table = side_by_side(json.loads(RESULTS.read_text("utf-8")))
    between(COMPARISON, "<!-- measured -->", "<!-- end of measured -->", table)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the benchmark and write its pages.")
    parser.add_argument("--keep", action="store_true", help="keep the measured results")
    if not parser.parse_args().keep:
        RESULTS.write_text(json.dumps(measure(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    results = json.loads(RESULTS.read_text("utf-8"))
    between(DATASHEET, "<!-- numbers -->", "<!-- end of numbers -->", datasheet())
    between(PAGE, "<!-- results -->", "<!-- end of results -->", leaderboard(results))
    write_comparison()
    write_cards(default_model())
    return 0


if __name__ == "__main__":
    sys.exit(main())
