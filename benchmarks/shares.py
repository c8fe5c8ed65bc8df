"""Estimate known shares in several ways, and write SHARES.md: how far off each is, and how often its interval holds.

    python benchmarks/shares.py [--runs 150] [--out benchmarks/SHARES.md]

Streams are drawn, with replacement, from held_out.csv: true labels and predicted probabilities, without text, of real
ads of sources that the model did not learn from (`python -m research.measure.held_out` makes it). Bias and half-width
are in points; coverage is how often a 95 % interval holds the share that the stream was drawn with.
"""

from __future__ import annotations

import argparse
import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS
from collarclass.model.stream import expected_right
from collarclass.shares.estimate import drawn_errors, range_by_sources, wilson
from collarclass.shares.sample import draw_sample, planned_size
from collarclass.shares.shares import estimate_shares
from collarclass.training.facts import reliability

HERE = Path(__file__).resolve().parent
GUESSES = [f"p_{label}" for label in LABELS]
LEAST_ADS, LEAST_LABEL, LEAST_RATED = 40, 10, 30  # of a source: to stand for a stream; of a label; to be expected of
REGIONS = 8
NARROW = 0.30  # of a range that is of use
POOR = 0.80  # share of right labels below which somebody should be warned
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


def symmetric(error: float) -> Floats:
    """Rates of an annotator who takes one label for another now and then."""
    return np.asarray(np.full((3, 3), error / 2) + (1 - 1.5 * error) * np.eye(3))


def annotated(
    ads: pd.DataFrame, sample: pd.DataFrame, rng: np.random.Generator, rates: Floats | None = None, name: str = ""
) -> pd.DataFrame:
    """A sample with labels, by an annotator who errs at given rates."""
    truth = ads["truth"].to_numpy()[sample["sample_row"] - 1]
    if rates is not None:
        truth = (rng.random(len(truth))[:, None] > rates.cumsum(axis=1)[truth]).sum(axis=1)
    return sample.assign(label=np.array(LABELS)[truth], annotator=name)


# -- settings ------------------------------------------------------------------------------------


def with_annotations(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """All ads of a language, a sample annotated."""
    for language, gray, n in itertools.product(("en", "zh"), (0.05, 0.10, 0.30), (100, 300)):
        some, truth = ads[ads["language"] == language], shares_of(gray)
        ours, labels, counted = Tally.empty(), Tally.empty(), []
        for run in range(runs):
            rng = np.random.default_rng([run, n, int(1000 * gray)])
            table = stream(some, truth, 10_000, rng)
            found = estimate_shares(table, annotated(table, draw_sample(table, n, random_state=run), rng))
            ours.add(found, truth)
            counted.append(found["plain"].to_numpy()[2])
            simple = np.bincount(rng.choice(table["truth"], n, replace=False), minlength=3) / n
            low, high = wilson(simple, n)
            labels.add(pd.DataFrame({"share": simple, "low": low, "high": high}), truth)
        off = f"{100 * (np.mean(counted) - gray):+.1f}"
        yield [language, f"{gray:.0%}", str(n), off, labels.cell(), ours.cell()]


def half_of(source: str) -> str:
    """Methods were chosen on one half of the sources; the other was looked at in the end."""
    return ("chosen on", "blind")[zlib.crc32(source.encode()) % 2]


def confusions_of(ads: pd.DataFrame) -> dict[str, dict[str, Floats]]:
    """By language and source of the ads held out: true labels in rows, found ones in columns."""
    ads = ads[ads["part"] == "held out"]
    return {
        str(language): {
            str(source): np.array(
                [[((part["truth"] == t) & (part["collar"] == f)).sum() for f in LABELS] for t in range(3)]
            )
            for source, part in some.groupby("source")
        }
        for language, some in ads.groupby("language")
    }  # fmt: skip


def without_annotations(ads: pd.DataFrame, each: int) -> pd.DataFrame:
    """Streams of one to five sources of a half, with their own labels or shifted ones, by the errors on all others."""
    tables, rows, rng = confusions_of(ads), [], np.random.default_rng(7)
    for (language, sources), half, m in itertools.product(tables.items(), ("chosen on", "blind"), (1, 2, 3, 5)):
        names = [name for name, t in sources.items() if half_of(name) == half and t.sum() >= LEAST_ADS]
        for kind in ("natural", "shifted", "nearly pure") if len(names) >= m else ():
            for _ in range(each):
                chosen = rng.choice(names, m, replace=False)
                shift = None if kind == "natural" else rng.dirichlet(np.full(3, 1.0 if kind == "shifted" else 0.15))
                truth, found = np.zeros(3), np.zeros(3)
                for counts in (sources[name].astype(float) for name in chosen):
                    own = counts.sum(axis=1)
                    known = own >= LEAST_LABEL
                    part = own if shift is None or not (shift * known).sum() > 0 else shift * known
                    truth += part / part.sum() / m
                    found += part / part.sum() @ (counts / np.maximum(own, 1)[:, None]) / m
                n = int(rng.choice([25, 60, 300, 5000]))
                others = {
                    name: {s: t for s, t in some.items() if name != language or s not in chosen}
                    for name, some in tables.items()
                }
                counted = np.append(rng.multinomial(n, found / found.sum()) / n, 0.0)
                range_ = range_by_sources(counted, n, drawn_errors(others)[0])
                for k, label in enumerate(LABELS):
                    rows.append(
                        {
                            "half": half, "language": language, "sources": m, "kind": kind, "label": label, "ads": n,
                            "held": range_.low[k] - _ROUNDED <= truth[k] <= range_.high[k] + _ROUNDED,
                            "width": range_.high[k] - range_.low[k], "off": abs(counted[k] - truth[k]),
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)


def of_ranges(found: pd.DataFrame, by: list[str]) -> Iterator[list[str]]:
    """How often ranges hold."""
    for names, part in found.groupby(by, sort=False):
        narrow = part[part["width"] <= NARROW]
        yield [
            *(str(name) for name in np.atleast_1d(np.array(names, object))),
            str(len(part)), f"{part['held'].mean():.3f}", f"{100 * part['width'].median():.0f}",
            f"{len(narrow) / len(part):.0%}", f"{narrow['held'].mean():.3f}" if len(narrow) else "",
            f"{100 * part['width'].min():.1f}", f"{100 * part['off'].mean():.1f}",
        ]  # fmt: skip


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
            found = estimate_shares(table, annotated(table, sample, rng), by="source")
            for name, tally in tallies.items():
                truth = np.bincount(some.loc[some["source"] == name, "truth"], minlength=3)
                tally.add(found[found["source"] == name], truth / truth.sum())
        coverage = np.array([tally.coverage() for tally in tallies.values()])
        width = np.mean([tally.half_width() for tally in tallies.values()], axis=0)
        cells = [f"{c.mean():.3f} / {c.min():.3f} / {w:.1f}" for c, w in zip(coverage.T, width, strict=True)]
        yield [str(n), *cells]


def of_annotators(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """300 annotated ads, some wrong; read once, 100 of them by two, or 100 by an expert."""
    some = ads[ads["language"] == "en"]
    one_way = np.eye(3)
    one_way[2] = [0.2, 0, 0.8]
    kinds = {f"{error:.0%} either way": symmetric(error) for error in (0.0, 0.01, 0.03, 0.05)}
    for (name, rates), gray in itertools.product(
        {**kinds, "20% of gray is called white": one_way}.items(), (0.05, 0.30)
    ):
        once, twice, checked = Tally.empty(), Tally.empty(), Tally.empty()
        for run in range(runs):
            rng = np.random.default_rng([run, len(name)])
            table = stream(some, shares_of(gray), 5000, rng)
            sample = draw_sample(table, 300, random_state=run)
            first = annotated(table, sample, rng, rates, "first")
            once.add(estimate_shares(table, first), shares_of(gray))
            both = pd.concat([first, annotated(table, sample.iloc[:100], rng, rates, "second")])
            twice.add(estimate_shares(table, both), shares_of(gray))
            expert = annotated(table, sample.iloc[100:200], rng)
            checked.add(estimate_shares(table, first, expert=expert), shares_of(gray))
        yield [name, f"{gray:.0%}", once.cell(), twice.cell(), checked.cell()]


def of_repeats(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """Ads that are repeated, and employers whose ads are alike: what is to be held is the share of the stream."""
    some, truth = ads[ads["language"] == "en"], shares_of(0.3)
    for what, n, copies in (("400 ads 10 times", 400, 10), ("100 ads 40 times", 100, 40), ("200 employers", 200, 20)):
        tallies = [Tally.empty() for _ in range(3)]
        for run in range(runs):
            rng = np.random.default_rng([run, n])
            few = stream(some, truth, n, rng)
            of = np.repeat(np.arange(n), copies)
            if "employers" in what:  # four in five ads of an employer have one label
                kind = np.where(rng.random(len(of)) < 0.8, few["truth"].to_numpy()[of], rng.choice(3, len(of), p=truth))
                rows = [np.flatnonzero(some["truth"] == k) for k in range(3)]
                table = some.iloc[[rng.choice(rows[k]) for k in kind]].reset_index(drop=True)
            else:
                table = few.loc[of].reset_index(drop=True)
            table["of"] = of
            drawn = draw_sample(table, 300, random_state=run)
            tallies[0].add(estimate_shares(table, annotated(table, drawn, rng)), truth)
            tallies[1].add(estimate_shares(table, annotated(table, drawn, rng), cluster="of"), truth)
            if "employers" not in what:
                drawn = draw_sample(table, min(n, 300), unique=of.tolist(), random_state=run)
                tallies[2].add(estimate_shares(table, annotated(table, drawn, rng), unique="of"), truth)
        yield [what, *(tally.cell() if tally.truth else "" for tally in tallies)]


def of_missing(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """Answers that are missing: how far off the share of gray is, and how often that is spoken of."""
    some, truth = ads[ads["language"] == "en"], shares_of(0.3)
    for what in (
        "none",
        "a third, in the end",
        "a third, at random",
        "all white, blank",
        "all white, deleted",
        "half of gray",
    ):
        tally, warned = Tally.empty(), 0
        for run in range(runs):
            rng = np.random.default_rng([run, len(what)])
            table = stream(some, truth, 5000, rng)
            sample = annotated(table, draw_sample(table, 300, random_state=run), rng).assign(sample_source="drawn here")
            white = (sample["label"] == "white").to_numpy(bool)
            gone = {
                "none": np.zeros(300, bool), "a third, in the end": np.arange(300) >= 200,
                "a third, at random": rng.random(300) < 1 / 3,
                "half of gray": (sample["label"] == "gray").to_numpy(bool) & (rng.random(300) < 0.5),
            }.get(what, white)  # fmt: skip
            kept = sample[~gone] if "deleted" in what else sample.assign(label=sample["label"].mask(gone, ""))
            found = estimate_shares(table, kept)
            tally.add(found, truth)
            warned += int(found["warning"].str.contains("missing more for some labels").any())
        yield [what, tally.cell(), f"{warned / runs:.0%}"]


def of_plans(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """The width that was wanted, the ads that this takes, and the width that comes out."""
    for language, gray, wanted in itertools.product(("en", "zh"), (0.10, 0.30), (0.02, 0.03)):
        some, sizes, widths = ads[ads["language"] == language], [], []
        for run in range(runs):
            rng = np.random.default_rng([run, int(1000 * gray)])
            table = stream(some, shares_of(gray), 10_000, rng)
            sizes.append(planned_size(table, wanted))
            found = estimate_shares(table, annotated(table, draw_sample(table, sizes[-1], random_state=run), rng))
            widths.append((found["high"] - found["low"]).max() / 2)
        got = f"{100 * np.mean(widths):.2f} ({100 * min(widths):.2f} to {100 * max(widths):.2f})"
        yield [language, f"{gray:.0%}", f"{100 * wanted:.0f}", f"{np.mean(sizes):.0f}", got]


def of_whole_files(ads: pd.DataFrame, runs: int) -> Iterator[list[str]]:
    """The file is all there is: the share to be held is that of the file."""
    some = ads[ads["language"] == "en"]
    for size, n in ((500, 100), (500, 300), (2000, 300)):
        drawn, finite = Tally.empty(), Tally.empty()
        for run in range(runs):
            rng = np.random.default_rng([run, size, n])
            table = stream(some, shares_of(0.2), size, rng)
            truth = np.bincount(table["truth"], minlength=3) / size
            sample = annotated(table, draw_sample(table, n, random_state=run), rng)
            drawn.add(estimate_shares(table, sample), truth)
            finite.add(estimate_shares(table, sample, finite_population=True), truth)
        yield [str(size), str(n), drawn.cell(), finite.cell()]


# -- what to expect --------------------------------------------------------------------------------


def expectations(ads: pd.DataFrame) -> pd.DataFrame:
    """Each source, by what all others say of it: the share of right labels that is expected, and the one that is."""
    ads = ads[ads["part"] == "held out"]
    ads = ads.assign(collar_confidence=ads[GUESSES].max(axis=1))
    rows = []
    for (language, source), part in ads.groupby(["language", "source"]):
        if len(part) < LEAST_RATED:
            continue
        facts = {"sources": reliability(ads[ads["source"] != source])}
        alone = np.array([language == "en", language == "zh"])
        found = expected_right(np.outer([len(part), part["collar_confidence"].sum()], alone), facts)
        if found is not None:
            right = (part["collar"] == part["label"]).mean()
            rows.append((half_of(str(source)), language, source, len(part), right, found.share, found.low, found.high))
    return pd.DataFrame(rows, columns=["half", "language", "source", "n", "right", "share", "low", "high"])


def of_warnings(found: pd.DataFrame) -> Iterator[list[str]]:
    """The curve of a warning that few labels may be right, by where it begins."""
    poor = found["right"] < POOR
    for least in (0.75, 0.80, 0.82, 0.84, 0.86, 0.88, 0.90):
        warned = found["share"] < least
        yield [
            f"{least:.0%}", str(int(warned.sum())), f"{int((warned & poor).sum())} of {int(poor.sum())}",
            f"{found.loc[warned, 'right'].mean():.1%}" if warned.any() else "",
            f"{found.loc[~warned, 'right'].mean():.1%}",
        ]  # fmt: skip


def of_confidence(ads: pd.DataFrame) -> Iterator[list[str]]:
    """What confidence says and how many are right, by language; sources are drawn anew for the interval."""
    ads = ads[ads["part"] == "held out"]
    ads = ads.assign(said=ads[GUESSES].max(axis=1), right=(ads["collar"] == ads["label"]).astype(float))
    ads["bin"] = pd.cut(ads["said"], [0, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0], include_lowest=True)
    rng = np.random.default_rng(0)
    for (language, bin_), part in ads.groupby(["language", "bin"], observed=True):
        by = part.groupby("source").agg(n=("right", "size"), right=("right", "sum"))
        drawn = rng.integers(len(by), size=(2000, len(by)))
        shares = by["right"].to_numpy()[drawn].sum(axis=1) / by["n"].to_numpy()[drawn].sum(axis=1)
        low, high = np.quantile(shares, [0.025, 0.975])
        yield [
            str(language),
            str(bin_),
            f"{len(part):,}",
            f"{part['said'].mean():.1%}",
            f"{part['right'].mean():.1%}",
            f"{low:.1%} to {high:.1%}",
        ]


# -- page ----------------------------------------------------------------------------------------


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, ["---:"] * len(head), *rows]]
    return "\n".join(lines)


def page(ads: pd.DataFrame, runs: int) -> str:
    """The results as Markdown."""
    few = max(40, runs // 4)
    ranges, expected = without_annotations(ads, max(10, runs // 8)), expectations(ads)
    cells = ranges.groupby(["half", "language", "kind", "label"])["held"].mean()
    worst = [str(name) for name in cells.index[int(cells.to_numpy().argmin())]]
    head = ["settings", "held", "median width", "30 points or less", "of these held", "least width", "counting off by"]
    rank = expected["share"].corr(expected["right"], method="spearman")
    inside = ((expected["low"] <= expected["right"]) & (expected["right"] <= expected["high"])).mean()
    annotated_head = ["bias / half-width / coverage of gray", "with `cluster`", "sampled and counted by `unique`"]
    sections = [
        (
            "With an annotated sample",
            f"Streams of 10,000 ads, {runs} runs a row. How far off counting predicted labels is; the annotated labels "
            "of a simple random sample alone; and `estimate_shares`. Share of gray, bias / half-width / coverage.",
            markdown(
                ["ads", "gray", "annotated", "counted", "labels alone", "estimate_shares"],
                [*with_annotations(ads, runs)],
            ),
        ),
        (
            "Without annotations",
            "Streams of 25 to 5,000 ads of one to five sources, with their own labels, with shifted ones, "
            "and nearly pure; by the errors on all other sources. How often the range holds the true share, how "
            "wide it is in points, and how far off counting is. The method was chosen on one half of the sources; the "
            f"other half was looked at in the end. Worst cell of half, language, kind and label: {cells.min():.3f} "
            f"({', '.join(worst)}); {(cells < 0.95).mean():.0%} of the cells lie below 0.95.",
            markdown(["half", "ads", "kind", *head], [*of_ranges(ranges, ["half", "language", "kind"])])
            + "\n\n"
            + markdown(["half", "label", *head], [*of_ranges(ranges, ["half", "label"])])
            + "\n\n"
            + markdown(["half", "ads in all", *head], [*of_ranges(ranges, ["half", "ads"])]),
        ),
        (
            "Small groups",
            f"The {REGIONS} largest English sources as regions of 1,000 ads, {few} runs. Mean coverage / worst region "
            "/ half-width, by label.",
            markdown(["annotated in each", *LABELS], [*of_regions(ads, few)]),
        ),
        (
            "Ads that repeat or come in bundles",
            f"300 annotated ads (100 where there are no more), 30 % gray, {few} runs. Employers have 20 ads each, four "
            "in five of one label.",
            markdown(["ads", *annotated_head], [*of_repeats(ads, few)]),
        ),
        (
            "Missing answers",
            f"300 drawn ads, 30 % gray, {few} runs. Bias / half-width / coverage of gray, and how often it is said "
            "that answers are missing more for some labels than for others.",
            markdown(["missing", "estimate_shares", "said"], [*of_missing(ads, few)]),
        ),
        (
            "Annotators who err",
            f"300 annotated ads, {few} runs. Share of gray, bias / half-width / coverage.",
            markdown(
                ["wrong", "gray", "annotated once", "100 of them by two", "100 of them by an expert"],
                [*of_annotators(ads, few)],
            ),
        ),
        (
            "Files that hold all there is",
            f"20 % gray, {few} runs; what is to be held is the share in the file itself.",
            markdown(["ads", "annotated", "as a draw from a stream", "finite population"], [*of_whole_files(ads, few)]),
        ),
        (
            "Plans",
            "`sample --half-width`: the half-width that is wanted in points, the ads that are drawn for it, and the "
            "widest of the three labels that comes out: mean and range of 20 runs.",
            markdown(["ads", "gray", "wanted", "drawn", "widest"], [*of_plans(ads, 20)]),
        ),
        (
            "What to expect of a file",
            f"{len(expected)} sources of {LEAST_RATED} ads or more, each by what the others say: the share of labels "
            f"that is expected to be right. Its rank correlation with the share that is right is {rank:.2f}; the range "
            f"for nine files in ten holds {inside:.0%}. A warning where less than so many are expected, how many "
            f"sources it marks, how many of those where less than {POOR:.0%} are right, and how many labels are "
            "right in marked and other sources:",
            markdown(["expected below", "marked", "found", "right there", "right elsewhere"], [*of_warnings(expected)]),
        ),
        (
            "Reliability by language",
            "Labels of ads held out, by confidence: the mean that it says, the share that is right, and its 95 % "
            "interval by drawing sources anew.",
            markdown(["ads", "confidence", "n", "said", "right", "interval"], [*of_confidence(ads)]),
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
        out += ["", f"## {heading}", "", text, "", table]
    return "\n".join(out) + "\n"


def main() -> None:
    """Run the simulation and write the page."""
    parser = argparse.ArgumentParser(description="Simulate the estimators of shares.")
    parser.add_argument("--runs", type=int, default=150)
    parser.add_argument("--out", type=Path, default=HERE / "SHARES.md")
    given = parser.parse_args()
    given.out.write_text(page(population(), given.runs), "utf-8")
    print(f"-> {given.out}")


if __name__ == "__main__":
    main()
