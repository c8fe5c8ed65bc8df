"""Simulate streams of ads with a known share of gray, estimate it in several ways, and write SHARES.md.

    python benchmarks/shares.py [--runs 1000] [--out benchmarks/SHARES.md]

A stream is drawn, with replacement, from shares_population.csv: true label and predicted probabilities of 1,809 real
ads, without their text, that the model did not learn from. White and blue share what is not gray as 3 to 2. From each
stream a sample is annotated (its true labels looked up) and the shares are estimated. Bias and half-width are in
points; coverage is how often the 95 % interval holds the share that the stream was drawn with.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS
from collarclass.shares.estimate import (
    Annotated,
    Cells,
    Shares,
    adjusted_by_card,
    adjusted_by_sample,
    counted,
    stratified_ppi,
)
from collarclass.shares.sample import STRATA, allocate, strata

HERE = Path(__file__).resolve().parent
N_ADS = 20_000
PREVALENCES = (0.05, 0.10, 0.30)
SIZES = (100, 300, 1000)
GROUPS = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40)
ESTIMATORS = {
    "plain": "predicted labels counted, nothing corrected",
    "adjusted": "counts adjusted by the model's own confusion, counted anew on as many ads for each run",
    "labels": "a simple random sample, its true labels alone",
    "ppi": "a simple random sample, prediction-powered (PPI++)",
    "stratified": "a sample stratified by predicted label and confidence",
    "recommended": "the same sample, stratified and prediction-powered: what `shares` does",
}
Floats = NDArray[np.float64]


class Population:
    """Ads of one language: true labels and predicted probabilities."""

    def __init__(self, language: str) -> None:
        with (HERE / "shares_population.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["language"] == language]
        self.label = np.array([LABELS.index(row["label"]) for row in rows])  # type: ignore[arg-type]
        guess = np.array([[float(row[f"p_{label}"]) for label in LABELS] for row in rows])
        self.guess = np.column_stack([guess / guess.sum(axis=1, keepdims=True), np.zeros(len(rows))])
        self.rows = [np.flatnonzero(self.label == k) for k in range(3)]

    def stream(self, share: Floats, n: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], Floats]:
        """True labels and predicted probabilities of n ads with given shares of labels."""
        label = rng.choice(3, n, p=share[:3])
        at = np.empty(n, np.intp)
        for k in range(3):
            here = label == k
            at[here] = rng.choice(self.rows[k], int(here.sum()))
        return label, self.guess[at]

    def card(self, rng: np.random.Generator) -> Floats:
        """A confusion table counted on as many ads, drawn anew."""
        at = rng.integers(0, len(self.label), len(self.label))
        table = np.zeros((3, 3))
        np.add.at(table, (self.label[at], self.guess[at].argmax(axis=1)), 1)
        return table


def cells(stratum: NDArray[np.int64], guess: Floats) -> Cells:
    """A stream summed up by stratum."""
    n = np.bincount(stratum, minlength=STRATA).astype(float)

    def mean(values: Floats) -> Floats:
        sums = np.column_stack([np.bincount(stratum, v, STRATA) for v in values.T])
        return np.asarray(sums / np.maximum(n, 1)[:, None])

    return Cells(n, mean(guess), mean(guess * (1 - guess)), float(len(stratum)))


def stratified_sample(
    stratum: NDArray[np.int64], of: Cells, label: NDArray[np.intp], guess: Floats, n: int, rng: np.random.Generator
) -> Annotated:
    """What `draw_sample` draws, annotated without error."""
    size = of.weight.astype(np.int64)
    each = allocate(size, np.sqrt(of.doubt[:, :3].mean(axis=1)), n)
    rows = np.concatenate(
        [rng.choice(np.flatnonzero(stratum == h), each[h], replace=False) for h in np.flatnonzero(each)]
    )
    weight = (size / np.maximum(each, 1))[stratum[rows]]
    return Annotated(stratum[rows], np.eye(4)[label[rows]], guess[rows], weight)


def one_run(population: Population, share: Floats, n: int, rng: np.random.Generator) -> dict[str, Callable[[], Shares]]:
    """Every estimator on one stream."""
    label, guess = population.stream(share, N_ADS, rng)
    found = guess.argmax(axis=1).astype(np.int8)
    plain = np.bincount(found, minlength=4) / N_ADS
    rows = rng.choice(N_ADS, n, replace=False)
    stratum = strata(found, guess.max(axis=1)).astype(np.int64)
    of = cells(stratum, guess)
    one = np.zeros(N_ADS, np.int64)
    simple = Annotated(one[rows], np.eye(4)[label[rows]], guess[rows], np.ones(n))
    sample = stratified_sample(stratum, of, label, guess, n, rng)
    whole = cells(one, guess)
    whole = Cells(whole.weight[:1], whole.guess[:1], whole.doubt[:1], whole.n_effective)
    return {
        "plain": lambda: counted(plain, N_ADS),
        "adjusted": lambda: adjusted_by_card(plain, N_ADS, population.card(rng)),
        "labels": lambda: counted(np.bincount(label[rows], minlength=4) / n, n),
        "ppi": lambda: stratified_ppi(whole, simple),
        "stratified": lambda: stratified_ppi(of, sample, power=0.0),
        "recommended": lambda: stratified_ppi(of, sample),
    }


def measure(shares: list[Shares], truth: Floats) -> Floats:
    """Bias, half-width and coverage of white, blue and gray; shape (3, 3)."""
    share, low, high = (np.array([getattr(s, name)[:3] for s in shares]) for name in ("share", "low", "high"))
    inside = (low <= truth[:3]) & (truth[:3] <= high)
    return np.stack([100 * (share - truth[:3]).mean(axis=0), 50 * (high - low).mean(axis=0), inside.mean(axis=0)])


def streams(runs: int) -> dict[tuple[str, float, int, str], Floats]:
    """Every estimator in every setting."""
    out = {}
    for language, gray, n in itertools.product(("en", "zh"), PREVALENCES, SIZES):
        population, rng = Population(language), np.random.default_rng([int(1000 * gray), n, language == "zh"])
        truth = np.array([0.6 * (1 - gray), 0.4 * (1 - gray), gray, 0.0])
        found: dict[str, list[Shares]] = {}
        for _ in range(runs):
            for name, estimate in one_run(population, truth, n, rng).items():
                if n == 300 or name not in ("plain", "adjusted"):  # these do not depend on the sample
                    found.setdefault(name, []).append(estimate())
        out |= {(language, gray, n, name): measure(shares, truth) for name, shares in found.items()}
    return out


def groups(runs: int) -> list[tuple[float, Floats, Floats]]:
    """Eight groups with gray from 5 to 40 %, 300 annotated ads in all: each by its own ads, and by the whole sample."""
    population, rng, n = Population("en"), np.random.default_rng(8), N_ADS // len(GROUPS)
    truth = [np.array([0.6 * (1 - gray), 0.4 * (1 - gray), gray, 0.0]) for gray in GROUPS]
    own: list[list[Shares]] = [[] for _ in GROUPS]
    pooled: list[list[Shares]] = [[] for _ in GROUPS]
    for _ in range(runs):
        drawn = [population.stream(share, n, rng) for share in truth]
        label, guess = (np.concatenate(part) for part in zip(*drawn, strict=True))
        stratum = strata(guess.argmax(axis=1).astype(np.int8), guess.max(axis=1)).astype(np.int64)
        parts = [slice(g * n, g * n + n) for g in range(len(GROUPS))]
        samples = []
        for g, part in enumerate(parts):
            of = cells(stratum[part], guess[part])
            samples.append(stratified_sample(stratum[part], of, label[part], guess[part], 300 // len(GROUPS), rng))
            own[g].append(stratified_ppi(of, samples[-1]))
        fields = ("stratum", "truth", "guess", "weight")
        every = Annotated(*(np.concatenate([getattr(s, field) for s in samples]) for field in fields))
        for g, part in enumerate(parts):
            pooled[g].append(adjusted_by_sample(cells(stratum[part], guess[part]), every))
    return [(GROUPS[g], measure(own[g], truth[g]), measure(pooled[g], truth[g])) for g in range(len(GROUPS))]


def page(
    found: dict[tuple[str, float, int, str], Floats], by_group: list[tuple[float, Floats, Floats]], runs: int
) -> str:
    """The results as Markdown."""
    lines = [
        "# Shares of labels: which estimator keeps what its interval promises",
        "",
        f"*Made by `python benchmarks/shares.py`: {runs:,} runs a setting, streams of {N_ADS:,} ads.*",
        "",
        *" ".join((__doc__ or "").split("\n\n")[2].split()).split("\n"),
        "",
        *(f"- **{name}**: {what}" for name, what in ESTIMATORS.items()),
        "",
        "## All settings together",
        "",
        "Over white, blue and gray in every setting; the Monte Carlo error of a single coverage of .95 is "
        f"±{1.96 * np.sqrt(0.95 * 0.05 / runs):.3f}.",
        "",
        "| estimator | largest bias | coverage, mean | lowest | highest |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in ESTIMATORS:
        some = np.stack([m for key, m in found.items() if key[3] == name])
        bias = np.abs(some[:, 0]).max()
        cover = some[:, 2]
        lines.append(f"| {name} | {bias:.2f} | {cover.mean():.3f} | {cover.min():.3f} | {cover.max():.3f} |")
    lines += ["", "## Share of gray", "", "Bias / half-width / coverage, in points and as a share.", ""]
    lines += [f"| ads | gray | annotated | {' | '.join(ESTIMATORS)} |", "|---|---:|---:|" + "---:|" * len(ESTIMATORS)]
    for language, gray, n in itertools.product(("en", "zh"), PREVALENCES, SIZES):
        cells_ = [
            "{:+.2f} / {:.2f} / {:.3f}".format(*found[language, gray, n, name][:, 2])
            if (language, gray, n, name) in found
            else ""
            for name in ESTIMATORS
        ]
        lines.append(f"| {language} | {gray:.0%} | {n:,} | {' | '.join(cells_)} |")
    lines += [
        "",
        "## Groups with few annotated ads",
        "",
        f"Eight groups of {N_ADS // len(GROUPS):,} English ads, 37 annotated ads in each. By a group's own ads, and by "
        "`pooled`: how often an ad of each true label falls into each stratum is taken from the whole sample. Share of "
        "gray, bias / half-width / coverage.",
        "",
        "| gray in the group | its own ads | pooled |",
        "|---:|---:|---:|",
    ]
    for gray, own, pooled in by_group:
        cells_ = ["{:+.2f} / {:.2f} / {:.3f}".format(*m[:, 2]) for m in (own, pooled)]
        lines.append(f"| {gray:.0%} | {cells_[0]} | {cells_[1]} |")
    lines += [
        "",
        "The groups here differ in how common the labels are, and not in how ads of one label are worded. Where "
        "wording differs as well, `pooled` is off by an amount that no interval shows: annotate 30 ads or more of each "
        "group that matters.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the simulation and write the page."""
    parser = argparse.ArgumentParser(description="Simulate the estimators of shares.")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=HERE / "SHARES.md")
    given = parser.parse_args()
    found = streams(given.runs)
    given.out.write_text(page(found, groups(max(1, given.runs // 2)), given.runs), "utf-8")
    print(f"-> {given.out}")


if __name__ == "__main__":
    main()
