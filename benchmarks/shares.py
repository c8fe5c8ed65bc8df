"""Estimate known shares in several ways, and write SHARES.md: how far off each is, and how often its interval holds.

    python benchmarks/shares.py [--runs 400] [--out benchmarks/SHARES.md]

Streams are drawn, with replacement, from held_out.csv: true labels and predicted probabilities, without text, of real
ads of sources that the model did not learn from (`python -m research.measure.held_out` makes it). Bias and half-width
are in points; coverage is how often a 95 % interval holds the share that the stream was drawn with.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS
from collarclass.shares.estimate import wilson
from collarclass.shares.sample import draw_sample
from collarclass.shares.shares import estimate_shares
from collarclass.shares.sources import adjusted_by_sources, concentration

HERE = Path(__file__).resolve().parent
GUESSES = [f"p_{label}" for label in LABELS]
PREVALENCES = (0.05, 0.10, 0.20, 0.30, 0.50)
LEAST_ADS, LEAST_GRAY, LEAST_OTHER = 100, 20, 10  # of a source that stands for a stream
REGIONS = 8
_ROUNDED = 0.0005  # shares are printed in tenths of a point
Floats = NDArray[np.float64]


def population() -> pd.DataFrame:
    """Real ads with true and predicted labels as numbers."""
    table = pd.read_csv(HERE / "held_out.csv")
    table[GUESSES] = table[GUESSES] / table[GUESSES].sum(axis=1).to_numpy()[:, None]
    truth = table["label"].map({label: k for k, label in enumerate(LABELS)})
    return table.assign(truth=truth, collar=np.array(LABELS)[table[GUESSES].to_numpy().argmax(axis=1)])


@dataclass
class Tally:
    """Intervals of white, blue and gray against the truth, run by run."""

    share: list[Floats]
    low: list[Floats]
    high: list[Floats]
    truth: list[Floats]

    @classmethod
    def empty(cls) -> Tally:
        return cls([], [], [], [])

    def add(self, found: pd.DataFrame, truth: Floats) -> None:
        for name in ("share", "low", "high"):
            getattr(self, name).append(found[name].to_numpy(float)[:3])
        self.truth.append(truth)

    def coverage(self) -> Floats:
        """By label."""
        low, high, truth = (np.array(values) for values in (self.low, self.high, self.truth))
        return np.asarray(((low - _ROUNDED <= truth) & (truth <= high + _ROUNDED)).mean(axis=0))

    def bias(self) -> Floats:
        return np.asarray(100 * (np.array(self.share) - np.array(self.truth)).mean(axis=0))

    def half_width(self) -> Floats:
        return np.asarray(50 * (np.array(self.high) - np.array(self.low)).mean(axis=0))

    def cell(self) -> str:
        """Bias, half-width and coverage of gray."""
        return f"{self.bias()[2]:+.2f} / {self.half_width()[2]:.2f} / {self.coverage()[2]:.3f}"


def shares_of(gray: float) -> Floats:
    """White and blue share what is not gray as 3 to 2."""
    return np.array([0.6 * (1 - gray), 0.4 * (1 - gray), gray])


def stream(ads: pd.DataFrame, share: Floats, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """A stream of n ads with given shares of labels."""
    rows = [np.flatnonzero(ads["truth"] == k) for k in range(3)]
    drawn = [rng.choice(rows[k], size) for k, size in enumerate(rng.multinomial(n, share)) if size]
    return ads.iloc[rng.permutation(np.concatenate(drawn))].reset_index(drop=True)


def annotated(ads: pd.DataFrame, sample: pd.DataFrame, error: float, rng: np.random.Generator) -> pd.DataFrame:
    """A sample with labels by an annotator who takes one label for another now and then."""
    truth = ads["truth"].to_numpy()[sample["sample_row"] - 1]
    wrong = rng.random(len(truth)) < error
    return sample.assign(label=np.array(LABELS)[np.where(wrong, (truth + rng.integers(1, 3, len(truth))) % 3, truth)])


# -- settings ------------------------------------------------------------------------------------


def with_annotations(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """All ads of a language, a sample annotated."""
    for language, gray, n in itertools.product(("en", "zh"), (0.05, 0.10, 0.30), (100, 300)):
        some, truth = ads[ads["language"] == language], shares_of(gray)
        ours, labels, counted = Tally.empty(), Tally.empty(), []
        for run in range(runs):
            rng = np.random.default_rng([run, n, int(1000 * gray)])
            table = stream(some, truth, 10_000, rng)
            found = estimate_shares(table, annotated(table, draw_sample(table, n, random_state=run), 0, rng))
            ours.add(found, truth)
            counted.append(found["plain"].to_numpy()[2])
            simple = np.bincount(rng.choice(table["truth"], n, replace=False), minlength=3) / n
            low, high = wilson(simple, n)
            labels.add(pd.DataFrame({"share": simple, "low": low, "high": high}), truth)
        off = f"{100 * (np.mean(counted) - gray):+.1f}"
        yield [language, f"{gray:.0%}", str(n), off, labels.cell(), ours.cell()]


def without_annotations(ads: pd.DataFrame) -> pd.DataFrame:
    """Each source held out in turn, given with more or less gray, and estimated by the others."""
    tables = {
        language: {
            source: np.array([[((part["truth"] == t) & (part["collar"] == found)).sum() for found in LABELS]
                              for t in range(3)], dtype=float)
            for source, part in some.groupby("source")
        }
        for language, some in ads.groupby("language")
    }  # fmt: skip
    learnt = set(ads.loc[ads["part"] == "held out", "source"])
    rows = []
    for language, sources in tables.items():
        for source, counts in sources.items():
            others = counts.sum(axis=1)[:2] * (counts.sum(axis=1)[:2] >= LEAST_OTHER)
            if counts.sum() < LEAST_ADS or counts[2].sum() < LEAST_GRAY or not others.sum():
                continue
            known = {
                name: np.array([t for other, t in some.items() if other != source and other in learnt])
                for name, some in tables.items()
            }
            size, rates = concentration(list(known.values())), counts / np.maximum(counts.sum(axis=1), 1)[:, None]
            for gray in PREVALENCES:
                truth = np.array([*(others / others.sum() * (1 - gray)), gray])
                found = adjusted_by_sources(
                    np.append(truth @ rates, 0.0), 10_000, [(1.0, known[language])], size, 0, 1.0
                )
                held = (found.low[:3] <= truth) & (truth <= found.high[:3])
                rows.append(
                    {
                        "language": language, "source": source, "gray": gray, "counted": float((truth @ rates)[2]),
                        "held": bool(held[2]), "all_held": float(held[truth > 0].mean()),
                        "width": float((found.high - found.low)[:3].max()), "off": float(found.share[2] - gray),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def of_regions(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """Eight real sources as regions, few annotated ads in each."""
    some = ads[(ads["language"] == "en") & (ads["part"] == "held out")]
    names = some["source"].value_counts().index[:REGIONS]
    for n in (8, 18, 37):
        tallies = {name: Tally.empty() for name in names}
        for run in range(runs):
            rng = np.random.default_rng([run, n])
            table = pd.concat(
                [some[some["source"] == name].sample(1000, replace=True, random_state=run) for name in names]
            )
            table = table.reset_index(drop=True)
            sample = draw_sample(table, n * REGIONS, groups=table["source"].tolist(), random_state=run)
            found = estimate_shares(table, annotated(table, sample, 0, rng), by="source")
            for name, tally in tallies.items():
                truth = np.bincount(some.loc[some["source"] == name, "truth"], minlength=3)
                tally.add(found[found["source"] == name], truth / truth.sum())
        coverage = np.array([tally.coverage() for tally in tallies.values()])
        width = np.mean([tally.half_width() for tally in tallies.values()], axis=0)
        cells = [f"{c.mean():.3f} / {c.min():.3f} / {w:.1f}" for c, w in zip(coverage.T, width, strict=True)]
        yield [str(n), *cells]


def of_annotators(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """300 annotated ads, some wrong; a hundred of them annotated twice, or none."""
    some = ads[ads["language"] == "en"]
    for error, gray in itertools.product((0.0, 0.01, 0.03, 0.05), (0.05, 0.30)):
        once, twice = Tally.empty(), Tally.empty()
        for run in range(runs):
            rng = np.random.default_rng([run, int(1000 * error)])
            table = stream(some, shares_of(gray), 5000, rng)
            sample = draw_sample(table, 300, random_state=run)
            first = annotated(table, sample, error, rng)
            once.add(estimate_shares(table, first), shares_of(gray))
            both = pd.concat([first, annotated(table, sample.iloc[:100], error, rng)])
            twice.add(estimate_shares(table, both), shares_of(gray))
        yield [f"{error:.0%}", f"{gray:.0%}", once.cell(), twice.cell()]


def of_whole_files(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """The file is all there is: the share to be held is that of the file."""
    some = ads[ads["language"] == "en"]
    for size, n in ((500, 100), (500, 300), (2000, 300)):
        drawn, finite = Tally.empty(), Tally.empty()
        for run in range(runs):
            rng = np.random.default_rng([run, size, n])
            table = stream(some, shares_of(0.2), size, rng)
            truth = np.bincount(table["truth"], minlength=3) / size
            sample = annotated(table, draw_sample(table, n, random_state=run), 0, rng)
            drawn.add(estimate_shares(table, sample), truth)
            finite.add(estimate_shares(table, sample, finite_population=True), truth)
        yield [str(size), str(n), drawn.cell(), finite.cell()]


# -- page ----------------------------------------------------------------------------------------


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, ["---:"] * len(head), *rows]]
    return "\n".join(lines)


def page(ads: pd.DataFrame, runs: int) -> str:
    """The results as Markdown."""
    unannotated = without_annotations(ads)
    few = max(40, runs // 4)
    narrow = unannotated["width"] <= 0.30
    by = [
        [language, f"{gray:.0%}", str(len(part)), f"{part['counted'].mean():.0%}", f"{part['held'].mean():.2f}",
         f"{part['all_held'].mean():.2f}", f"{100 * part['width'].mean():.0f}", f"{(part['width'] <= 0.3).mean():.0%}"]
        for (language, gray), part in unannotated.groupby(["language", "gray"])
    ]  # fmt: skip
    sections: list[tuple[str, str, Callable[[], str]]] = [
        (
            "With an annotated sample",
            f"Streams of 10,000 ads, {runs} runs a row. How far off counting predicted labels is; the annotated labels "
            "of a simple random sample alone; and `estimate_shares`. Share of gray, bias / half-width / coverage.",
            lambda: markdown(
                ["ads", "gray", "annotated", "counted", "labels alone", "estimate_shares"],
                [*with_annotations(ads, runs)],
            ),
        ),
        (
            "Without annotations",
            f"Every source with {LEAST_ADS} ads or more held out and estimated by the errors on the others, at several "
            f"shares of gray. The interval holds the share of gray in {unannotated['held'].mean():.1%} of "
            f"{len(unannotated)} settings, and a share of any label in {unannotated['all_held'].mean():.1%}. It is "
            f"printed where it is no wider than 30 points for any label, in {narrow.mean():.0%} of them; there it "
            f"holds the share of gray in {unannotated.loc[narrow, 'held'].mean():.0%}.",
            lambda: markdown(
                ["ads", "gray", "sources", "counted", "gray held", "any label held", "width", "printed"], by
            ),
        ),
        (
            "Small groups",
            f"The {REGIONS} largest English sources as regions of 1,000 ads, {few} runs. Mean coverage / worst region "
            "/ half-width, by label.",
            lambda: markdown(["annotated in each", *LABELS], [*of_regions(ads, few)]),
        ),
        (
            "Annotators who err",
            f"300 annotated ads, {few} runs; the given share of labels is wrong. Share of gray, bias / half-width / "
            "coverage.",
            lambda: markdown(["wrong", "gray", "annotated once", "100 of them twice"], [*of_annotators(ads, few)]),
        ),
        (
            "Files that hold all there is",
            f"20 % gray, {few} runs; what is to be held is the share in the file itself.",
            lambda: markdown(
                ["ads", "annotated", "as a draw from a stream", "finite population"], [*of_whole_files(ads, few)]
            ),
        ),
    ]
    out = [
        "# Shares of labels: which intervals hold",
        "",
        f"*Model {ads['model'].iloc[0]}; made by `python benchmarks/shares.py --runs {runs}` from held_out.csv, "
        f"{len(ads):,} ads of {ads['source'].nunique()} sources.*",
        "",
        " ".join((__doc__ or "").split("\n\n")[2].split()),
    ]
    for heading, text, table in sections:
        out += ["", f"## {heading}", "", text, "", table()]
    return "\n".join(out) + "\n"


def main() -> None:
    """Run the simulation and write the page."""
    parser = argparse.ArgumentParser(description="Simulate the estimators of shares.")
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--out", type=Path, default=HERE / "SHARES.md")
    given = parser.parse_args()
    given.out.write_text(page(population(), given.runs), "utf-8")
    print(f"-> {given.out}")


if __name__ == "__main__":
    main()
