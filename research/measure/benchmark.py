"""The open benchmark: score labels of its items, print the table, compare with plain baselines.

python -m research.measure.benchmark --predictions mine.csv
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.corpus.read import read_data
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.errors import require_columns
from collarclass.evaluation.metrics import accuracy, bootstrap, coverage, expected_calibration_error, macro_f1
from collarclass.files.table import read_table
from collarclass.labelling.options import Options
from collarclass.model.model import Model
from collarclass.model.persistence import default_model_path, load_model
from collarclass.tables.dataframe import label_columns
from research.docs.figures import interval
from research.measure.baselines import BASELINES
from research.measure.benchmark_data import check_rows, read_hard, read_items

ROOT = Path(__file__).resolve().parents[2]
HEADINGS = ("", "basis", "language", "n", "macro-F1 (95 %)", "accuracy", "ECE", "at 80 %", "unclear", "ads/s")
REQUIREMENT_HEADINGS = ("", "language", "n", "level precision", "level recall", "status accuracy (95 %)")
HARD_HEADINGS = ("", "language", "pairs", "pairs right (95 %)", "the first is ahead by", "ads right", "titles right")
Interval = tuple[float, float, float]  # a value with the bounds of its 95 % bootstrap interval
_BASES = ("ad", "title")
_COVERED = 0.8
# A file of predictions may use these names, or those of the columns that `collarclass label` adds.
_SYNONYMS = {
    "label": "collar",
    "confidence": "collar_confidence",
    "level": "schooling_level",
    "status": "schooling_status",
}


@dataclass(frozen=True)
class Entry:
    """What one way of labelling says of the benchmark's items, and how many ads a second of the processor it takes.

    `found` has, by item id, `label`, and `confidence` (0 to 1), `level` and `status` where the way gives them.
    """

    name: str
    found: pd.DataFrame
    ads_per_second: float | None = None


@dataclass(frozen=True)
class Score:
    """How an entry does on one language's ads with a text ("ad") or bare titles ("title").

    Counted are items whose settled label is white, blue or gray; "unclear" is wrong. Expected calibration error and the
    accuracy on the surest 80 % are None without confidences.
    """

    entry: str
    basis: str
    language: str
    n: int
    macro_f1: Interval
    accuracy: float
    calibration_error: float | None
    covered_accuracy: float | None
    unclear_share: float


@dataclass(frozen=True)
class RequirementScore:
    """How well an entry reads stated schooling, over ads and passages of one language."""

    entry: str
    language: str
    n: int
    level_precision: float
    level_recall: float
    status_accuracy: Interval


@dataclass(frozen=True)
class HardScore:
    """How an entry does on one language's minimal pairs and hard titles: shares of pairs, ads and bare titles right.

    A pair is right where all its ads are. `ahead` is how much larger that share is for the first entry on the same
    pairs, None for the first itself. Intervals draw pairs whole.
    """

    entry: str
    language: str
    n_pairs: int
    pairs: Interval
    ahead: Interval | None
    ads: Interval
    titles: Interval | None


def label_items(items: pd.DataFrame, model: Model, name: str = "collarclass") -> Entry:
    """Label the items with a model; the speed is that of the ads."""
    options, ads = Options.of(model, evidence=False), items[items["kind"] == "ad"]
    label_columns(ads["text"].tolist()[:2], ads["title"].tolist()[:2], options=options)  # what is loaded once
    started = time.process_time()
    label_columns(ads["text"].tolist(), ads["title"].tolist(), options=options)
    spent = time.process_time() - started
    table = label_columns(items["text"].tolist(), items["title"].tolist(), options=options).to_pandas()
    found = table[list(_SYNONYMS.values())].set_axis(list(_SYNONYMS), axis=1)
    return Entry(name, found.set_index(items["id"].to_numpy()), len(ads) / max(spent, 1e-9))


def read_predictions(path: str | os.PathLike[str], items: pd.DataFrame) -> Entry:
    """Read predictions of `items`: a CSV with `id` and `label` (or `collar`), also `confidence`, `level` and `status`.

    Items that it leaves out count as "unclear".
    """
    name = Path(path).name
    table = read_table(path)
    for ours, theirs in _SYNONYMS.items():
        if ours not in table and theirs in table:
            table = table.rename(columns={theirs: ours})
    require_columns(("id", "label"), table.columns, name)
    once = table["id"].isin(items["id"]) & ~table["id"].duplicated()
    check_rows(table, once, "id", "the id of a benchmark item, once", name)
    check_rows(table, table["label"].isin(COLLARS), "label", "white, blue, gray or unclear", name)
    if "confidence" in table:
        number = pd.to_numeric(table["confidence"], errors="coerce")
        empty = (table["confidence"] == "") & (table["label"] == "unclear")
        check_rows(table, number.between(0, 1) | empty, "confidence", "a number from 0 to 1", name)
        table = table.assign(confidence=number)
    wanted_columns = [c for c in _SYNONYMS if c in table]
    found = table.set_index("id")[wanted_columns].reindex(items["id"])
    return Entry(Path(path).stem, found.assign(label=found["label"].fillna("unclear")))


def run_baselines(items: pd.DataFrame, data: str | os.PathLike[str]) -> list[Entry]:
    """Train the plain baselines on the written ads and let them label the items, as far as they are installed."""
    train, occupations = read_data(data)
    judged = items[items["kind"] != "passage"].reset_index(drop=True)
    ads = judged[["title", "text"]]
    n_ads = int((judged["kind"] == "ad").sum())
    entries = []
    for name, baseline in BASELINES.items():
        fitted = baseline(train, occupations)
        if fitted is None:
            continue
        started = time.process_time()
        fitted(ads[(judged["kind"] == "ad").to_numpy()])
        spent = time.process_time() - started
        labels, confidence = fitted(ads)
        found = pd.DataFrame({"label": labels}, index=judged["id"].to_numpy())
        if confidence is not None:
            found["confidence"] = confidence
        entries.append(Entry(name, found, n_ads / max(spent, 1e-9)))
    return entries


def score(entry: Entry, items: pd.DataFrame) -> list[Score]:
    """Score an entry on ads and on bare titles of each language.

    Examples
    --------
    >>> items = pd.DataFrame({"id": ["1", "2"], "kind": "ad", "language": "en", "label": ["gray", "blue"]})
    >>> entry = Entry("x", pd.DataFrame({"label": ["gray", "white"]}, index=["1", "2"]))
    >>> [(s.basis, s.n, s.accuracy, s.macro_f1[0]) for s in score(entry, items)]
    [('ad', 2, 0.5, 0.5)]
    """
    scores = []
    for basis in _BASES:
        for language in items["language"].unique():
            here = items[(items["kind"] == basis) & (items["language"] == language) & items["label"].isin(LABELS)]
            if len(here):
                found = entry.found.reindex(here["id"])
                scores.append(_score(entry.name, basis, language, here["label"].to_numpy(object), found))
    return scores


def _score(name: str, basis: str, language: str, truth: NDArray[Any], found: pd.DataFrame) -> Score:
    labels = found["label"].fillna("unclear").to_numpy(object)
    right = truth == labels
    error = covered = None
    if "confidence" in found and found["confidence"].notna().any():
        confidence = found["confidence"].fillna(0.0).to_numpy(float)
        error = expected_calibration_error(right, confidence)
        covered = coverage(right, confidence, _COVERED)
    return Score(
        entry=name,
        basis=basis,
        language=language,
        n=len(truth),
        macro_f1=bootstrap(macro_f1, truth, labels),
        accuracy=accuracy(truth, labels),
        calibration_error=error,
        covered_accuracy=covered,
        unclear_share=float((labels == "unclear").mean()),
    )


def score_requirements(entry: Entry, items: pd.DataFrame) -> list[RequirementScore]:
    """Score what an entry reads of stated schooling; nothing where it has no such columns."""
    if not {"level", "status"} <= set(entry.found.columns):
        return []
    scores = []
    for language in items["language"].unique():
        here = items[(items["kind"] != "title") & (items["language"] == language)]
        found = entry.found.reindex(here["id"])
        # "No schooling needed" states no level, whatever level it names.
        level = found["level"].fillna("").mask(found["status"] == "not_needed", "").to_numpy(object)
        stated = here["level"].to_numpy(object)
        hit = float(((level == stated) & (stated != "")).sum())
        scores.append(
            RequirementScore(
                entry.name,
                language,
                len(here),
                hit / max(int((level != "").sum()), 1),
                hit / max(int((stated != "").sum()), 1),
                bootstrap(accuracy, here["status"].to_numpy(object), found["status"].fillna("").to_numpy(object)),
            )
        )
    return scores


def score_hard(entries: Sequence[Entry], items: pd.DataFrame) -> list[HardScore]:
    """Score entries on the hard part, each beside the first; one that labels nothing of it is left out.

    Items whose label is sealed do not count.

    Examples
    --------
    >>> items = pd.DataFrame({"id": ["1", "2"], "label": ["gray", "white"]})
    >>> items = items.assign(pair="p", kind="ad", language="en")
    >>> entry = Entry("x", pd.DataFrame({"label": ["gray", "gray"]}, index=["1", "2"]))
    >>> [(s.n_pairs, s.pairs[0], s.ads[0]) for s in score_hard([entry], items)]
    [(1, 0.0, 0.5)]
    """
    known = items[items["label"] != ""]
    scores = []
    for language, here in known.groupby("language"):
        first: NDArray[np.float64] | None = None
        for entry in entries:
            found = entry.found["label"].reindex(here["id"]).fillna("unclear").to_numpy(object)
            if (found == "unclear").all():
                continue
            right = pd.Series(found == here["label"].to_numpy(object), here.index)
            of_pair = right[here["kind"] == "ad"].groupby(here["pair"]).agg(["all", "sum", "size"]).to_numpy(float)
            whole, n_right, size = of_pair.T
            titles = right[here["kind"] == "title"].to_numpy(float)
            scores.append(
                HardScore(
                    entry=entry.name,
                    language=str(language),
                    n_pairs=len(whole),
                    pairs=bootstrap(_mean, whole),
                    ahead=None if first is None else bootstrap(_mean, first - whole),
                    ads=bootstrap(_ratio, n_right, size),
                    titles=bootstrap(_mean, titles) if len(titles) else None,
                )
            )
            first = whole if first is None else first
    return scores


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean())


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> float:
    return float(part.sum() / whole.sum())


def _shown(value: Interval | float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else interval(value, to=" to ")


def hard_rows(entries: Sequence[Entry], items: pd.DataFrame) -> list[tuple[str, ...]]:
    """Rows of the table of the hard part."""
    return [
        (s.entry, s.language, str(s.n_pairs), _shown(s.pairs), _shown(s.ahead), _shown(s.ads), _shown(s.titles))
        for s in score_hard(entries, items)
    ]


def rows(entries: Sequence[Entry], items: pd.DataFrame) -> list[tuple[str, ...]]:
    """Rows of the table of labels: basis and language first, then one row per entry."""
    scored = {entry.name: score(entry, items) for entry in entries}
    speed = {e.name: "–" if e.ads_per_second is None else f"{e.ads_per_second:,.0f}" for e in entries}
    lines: list[tuple[str, ...]] = []
    for k in range(len(next(iter(scored.values()), []))):
        for name, scores in scored.items():
            s = scores[k]
            rest = s.accuracy, s.calibration_error, s.covered_accuracy
            numbers = _shown(s.macro_f1), *map(_shown, rest)
            lines.append((name, s.basis, s.language, str(s.n), *numbers, f"{s.unclear_share:.1%}", speed[name]))
    return lines


def requirement_rows(entries: Sequence[Entry], items: pd.DataFrame) -> list[tuple[str, ...]]:
    """Rows of the table of stated schooling."""
    return [
        (s.entry, s.language, str(s.n), _shown(s.level_precision), _shown(s.level_recall), _shown(s.status_accuracy))
        for entry in entries
        for s in score_requirements(entry, items)
    ]


def as_text(table: Sequence[Sequence[str]]) -> str:
    """Lay rows out in columns; the first is flush left."""
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]

    def line(row: Sequence[str]) -> str:
        cells = enumerate(zip(row, widths, strict=True))
        return "  ".join(cell.ljust(w) if k < 3 else cell.rjust(w) for k, (cell, w) in cells).rstrip()

    return "\n".join(line(row) for row in table)


def benchmark(
    folder: str | os.PathLike[str],
    *,
    model: Model,
    predictions: Sequence[str | os.PathLike[str]] = (),
    data: str | os.PathLike[str] | None = None,
) -> list[Entry]:
    """Label the benchmark with a model, files of predictions, and baselines that learn from a data folder, if given."""
    items = pd.concat([read_items(folder), read_hard(folder)], ignore_index=True)
    entries = [label_items(items, model, model.identity), *(read_predictions(path, items) for path in predictions)]
    return entries + (run_baselines(items, data) if data is not None else [])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables of the open benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "data" / "benchmark")
    parser.add_argument("--model", "-m", type=Path, default=default_model_path(), help="model folder")
    parser.add_argument("--predictions", "-p", type=Path, action="append", default=[], help="labels by item id, as CSV")
    parser.add_argument("--sealed", type=Path, help="CSV with the sealed labels of the hard part (id, label, salt)")
    parser.add_argument("--no-baselines", action="store_true", help="leave out the plain baselines: minutes of work")
    options = parser.parse_args(arguments)
    entries = benchmark(
        options.folder,
        model=load_model(options.model),
        predictions=options.predictions,
        data=None if options.no_baselines else ROOT / "data",
    )
    items, hard = read_items(options.folder), read_hard(options.folder, options.sealed)
    if len(hard):
        print(as_text([HARD_HEADINGS, *hard_rows(entries, hard)]), end="\n\n")
    print(as_text([HEADINGS, *rows(entries, items)]), end="\n\n")
    print(as_text([REQUIREMENT_HEADINGS, *requirement_rows(entries, items)]))


if __name__ == "__main__":
    main()
