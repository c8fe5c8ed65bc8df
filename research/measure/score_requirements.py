"""Precision and recall of the requirement reader against careful readings of real ads.

    python -m research.measure.score_requirements FILE [FILE ...] [--show]
    python -m research.measure.score_requirements --held-out-sources [--without FAMILY] [--folds N] [--write]

The files hold the ads, with the columns id and text. The reading, which has ids and expected values
only, is data/requirements/readings.csv; a cell with * is not compared.

With --held-out-sources the ads of data/requirements/real_ads are read instead, which need no text: the reader is
fitted four times, each time without a quarter of the sources, and reads the ads of these. Only the choice of the
features that are kept has seen them. --write writes data/requirements/confidence.csv: how far confidences can be
trusted, by language and status, and keeps the shares right in data/figures/requirements.json and in the pages.
--without leaves out a family of features, to see what it is worth.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from collarclass.api import requirements
from collarclass.definitions.labels import LEVELS, NOT_NEEDED, STATUSES, UNSTATED
from collarclass.evaluation.metrics import expected_calibration_error
from collarclass.requirement_reader.constants import FIELD
from collarclass.requirement_reader.credential_names import UNNAMED
from collarclass.requirement_reader.outcomes import FREE, N_LEVEL_STATUSES, level_and_status
from collarclass.requirement_reader.requirement import Requirement
from collarclass.training.mentions import join, judge
from collarclass.training.real_ads import learnable, read_mentions
from collarclass.training.train_reader import TEMPERATURE, decided_examples, fit_reader, own_texts
from research.docs.figures import keep
from research.measure.score_challenge_set import read_many

ROOT = Path(__file__).resolve().parents[2]
CURVE = ROOT / "data" / "requirements" / "confidence.csv"
READING = ROOT / "data" / "requirements" / "readings.csv"
CERTIFICATES = ROOT / "data" / "requirements" / "certificate_readings.csv"
_QUARTERS = 4  # into which sources are divided
# Kinds of fact by family, by their numbers in `collarclass.requirement_reader.constants`.
FAMILIES = {
    "mention": (0, 1, 2, 3, 8),
    "signs": (4, 5, 6, 7),
    "words": (10,),
    "cues": (20, 21, 22),
    "section": (40, 41, 42, 43),
    "neighbours": (46, 47, 48, 49, 50),
    "scope": (9, 11, 16, 17, 18),
    "choices": (25, 26, 28, 29, 39, 44, 59),
}
MOST_ERRORS, SURE = 20, 0.95  # kinds of error that are listed; a confidence
NOTHING = {"level": "", "status": "unstated", "preferred_level": "", "certificates": "", "years": ""}

Row = dict[str, str]


def read(text: str) -> Row:
    """What the reader finds in one ad, in the columns of the reading."""
    return read_many([text])[0]


def soften(probabilities: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Probabilities made less sure, or surer, in the same order."""
    powers = probabilities ** (1.0 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def score(pairs: list[tuple[str, str]], nothing: str) -> str:
    """Precision, recall and agreement of pairs (expected, found)."""
    right = sum(e == f != nothing for e, f in pairs)
    found = sum(f != nothing for _, f in pairs)
    stated = sum(e != nothing for e, _ in pairs)
    same = sum(e == f for e, f in pairs)
    return (
        f"precision {right / max(found, 1):.3f} ({right}/{found})  "
        f"recall {right / max(stated, 1):.3f} ({right}/{stated})  "
        f"agreement {same / max(len(pairs), 1):.3f} ({same}/{len(pairs)})"
    )


def differences(expected: Row, found: Row) -> list[str]:
    """The columns that are read otherwise than by the annotator."""
    return [column for column in NOTHING if expected[column] not in ("*", found[column])]


def score_certificates(text: Row, title: Row, show: bool) -> None:
    """Precision and recall of certificates by id, in the ads of which they were read."""
    table = pd.read_csv(CERTIFICATES, dtype=str, keep_default_na=False)
    table = table[table["id"].isin(text) & (table["certificates"] != "*")]
    for (half, language), part in table.groupby(["half", "lang"]):
        right, n_found, n_expected = 0, 0, 0
        for ad, cell in zip(part["id"], part["certificates"], strict=True):
            asked = [one for one in requirements(text[ad], title[ad]) if one.kind in UNNAMED and not is_driving(one)]
            found = {one.credential or UNNAMED[one.kind][0] for one in asked if one.status != "not_needed"}
            expected = set(cell.split(";")) - {""}
            right, n_found, n_expected = right + len(found & expected), n_found + len(found), n_expected + len(expected)
            if show and found != expected:
                print(f"    {ad}: {sorted(expected)} read as {sorted(found)}")
        shares = f"precision {right}/{n_found}, recall {right}/{n_expected}"
        print(f"certificates, half {half} {language}: {len(part)} ads, {shares}")


def is_driving(one: Requirement) -> bool:
    """Whether a licence is one to drive a car, which is no certificate."""
    return one.kind == "licence" and one.credential is None and bool(re.search("driv|驾", one.text, re.IGNORECASE))


def held_out_sources(folds: int, without: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How the ads and the decided mentions of each source are read by a reader that has seen no ad of that source."""
    data = ROOT / "data"
    real = read_mentions(data)
    both = join([learnable(real), decided_examples(*own_texts(data), real.vocabulary)])
    if without is not None:
        kept = ~both.vocabulary["kind"].isin(FAMILIES[without]).to_numpy()
        both = replace(both, facts=both.facts[:, kept].tocsr(), vocabulary=both.vocabulary[kept])
    source = both.ads["source"].tolist()
    sources = sorted({*source} - {""})
    np.random.default_rng(1).shuffle(sources)
    fold = np.array([sources.index(one) % _QUARTERS if one else -1 for one in source])
    out, mentions = [], []
    for k in range(folds):
        with threadpool_limits(limits=1):
            reader = fit_reader(both.take(fold != k))
        test = both.take(fold == k)
        judged = judge(replace(reader, temperature=np.ones(2, np.float32)), test)
        level, status = np.where(judged.status == NOT_NEEDED, -1, judged.level), judged.status
        true_level, true_status = test.ads["level"].to_numpy(), test.ads["status"].to_numpy()
        right = {"level": level == true_level, "status": status == true_status}
        ads = pd.DataFrame({"source": test.ads["source"], **right})
        with_level = np.where(true_level < 0, FIELD, true_level) * N_LEVEL_STATUSES + true_status
        no_level = np.where(true_status == NOT_NEEDED, FREE, FREE + 1)  # or nothing stated
        ads["truth"] = np.where((true_status == UNSTATED) | (true_status == NOT_NEEDED), no_level, with_level)
        ads["likely"] = list(judged.likely)
        out.append(ads)
        outcome = test.mentions["outcome"].to_numpy()
        known = np.flatnonzero(outcome >= 0)
        mentions.append(pd.DataFrame({"truth": outcome[known], "likely": list(judged.outcome[known])}))
        print(f"fold {k + 1}: {len(ads):,} ads, {len(known):,} decided mentions", flush=True)
    return pd.concat(out, ignore_index=True), pd.concat(mentions, ignore_index=True)


def report_held_out(ads: pd.DataFrame, mentions: pd.DataFrame) -> dict[str, str]:
    """Print shares right with intervals by language, the worst sources, and how sure to be; give back the first."""
    shown = {}
    ads["language"] = ads["source"].str[:2]
    ads["right"] = ads["level"] & ads["status"]
    for language, part in ads.groupby("language"):
        columns = (f"{name} {interval(int(part[name].sum()), len(part))}" for name in ("right", "level", "status"))
        print(f"{language} n {len(part):,}: {'  '.join(columns)}")
        low, high = interval_of(int(part["right"].sum()), len(part))
        share = f"{100 * part['right'].mean():.1f} % ({100 * low:.1f}–{100 * high:.1f}, n {len(part):,})"
        shown[str(language)] = share
        print("    read otherwise:", "; ".join(f"{n} {pair}" for pair, n in errors(part).most_common(MOST_ERRORS)))
        sure = soften(np.stack(part["likely"].to_list()), float(TEMPERATURE[1])).max(axis=1) >= SURE
        print(f"    said to be {SURE:.0%} sure or surer: {interval(int(part['right'][sure].sum()), int(sure.sum()))}")
        worst = part.groupby("source")["right"].agg(["mean", "size"]).sort_values("mean").head(5)
        print("   ", ", ".join(f"{name} {row['mean']:.3f} ({row['size']:.0f})" for name, row in worst.iterrows()))
    for name, table in (("ads", ads), ("mentions", mentions)):
        likely, truth = np.stack(table["likely"].to_list()), table["truth"].to_numpy()
        right = likely.argmax(axis=1) == truth
        print(f"{name} right {interval(int(right.sum()), len(right))}")
        for temperature in (1.0, 1.15, 1.25, 1.35, 1.5, 1.75, 2.0):
            soft = soften(likely, temperature)
            loss = -np.log(np.maximum(soft[np.arange(len(soft)), truth], 1e-9)).mean()
            error = expected_calibration_error(right, soft.max(axis=1))
            print(f"    temperature {temperature}: log-loss {loss:.4f}, calibration error {error:.4f}")
        order = np.argsort(-likely.max(axis=1), kind="stable")[: len(right) // 2]
        print(f"    the surest half is right in {right[order].mean():.3f}")
        shown[f"surest_half_of_{name}"] = f"{100 * right[order].mean():.1f} %"
    return shown


def errors(ads: pd.DataFrame) -> Counter[str]:
    """How many ads are read otherwise, by what was to be found and what was read."""
    wrong = ads[~ads["right"]]
    read = np.stack(wrong["likely"].to_list()).argmax(axis=1)
    pairs = zip(map(name_of_answer, wrong["truth"]), map(name_of_answer, read), strict=True)
    return Counter(f"{truth} as {found}" for truth, found in pairs)


def name_of_answer(answer: int) -> str:
    """An answer as level and status."""
    level, status = level_and_status(np.array([answer]))
    named = LEVELS[level[0]] if level[0] >= 0 and status[0] != NOT_NEEDED else "-"
    return f"{named}/{STATUSES[status[0]]}"


def confidence_curve(ads: pd.DataFrame) -> pd.DataFrame:
    """By language and status read: how many ads are read with at least a confidence, and the share of them right."""
    likely = soften(np.stack(ads["likely"].to_list()), float(TEMPERATURE[1]))
    _, status = level_and_status(likely.argmax(axis=1))
    right, sure = (ads["level"] & ads["status"]).to_numpy(), likely.max(axis=1)
    rows = [
        {
            "language": language,
            "status": name,
            "least_confidence": least,
            "ads": int((chosen := (ads["source"].str[:2] == language) & (status == number) & (sure >= least)).sum()),
            "right": round(float(right[chosen].mean()), 4) if chosen.any() else "",
        }
        for language in ("en", "zh")
        for number, name in enumerate(STATUSES)
        for least in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
    ]
    return pd.DataFrame(rows)


def interval(right: int, n: int) -> str:
    """A share with its Wilson interval."""
    low, high = interval_of(right, n)
    return f"{right / n:.3f} ({low:.3f}-{high:.3f})"


def interval_of(right: int, n: int) -> tuple[float, float]:
    """Wilson's interval of a share."""
    around = binomtest(right, n).proportion_ci(method="wilson")
    return float(around.low), float(around.high)


def main() -> None:
    """Read the ads, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("ads", type=Path, nargs="*")
    parser.add_argument("--held-out-sources", action="store_true", help="read hashed ads, their sources held out")
    parser.add_argument("--write", action="store_true", help="with --held-out-sources, keep what was found")
    parser.add_argument("--show", action="store_true", help="list the ads read differently")
    parser.add_argument("--folds", type=int, default=_QUARTERS, help="how many of the four quarters of sources to read")
    parser.add_argument("--without", choices=FAMILIES, help="family of features to leave out with --held-out-sources")
    arguments = parser.parse_args()
    if arguments.held_out_sources:
        judged, mentions = held_out_sources(arguments.folds, arguments.without)
        shown = report_held_out(judged, mentions)
        if arguments.write:
            keep("requirements", shown, ["data/requirements/real_ads", "data/requirements/real_mentions.csv"])
            confidence_curve(judged).to_csv(CURVE, index=False, lineterminator="\n")
    csv.field_size_limit(1 << 30)
    text: Row = {}
    title: Row = {}
    for path in arguments.ads:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for ad in csv.DictReader(file):
                text[ad["id"]], title[ad["id"]] = ad["text"], ad.get("title", "")
    if text:
        score_certificates(text, title, arguments.show)
    drawn: dict[tuple[str, str], list[tuple[Row, Row]]] = defaultdict(list)
    with READING.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["id"] in text:
                drawn[row["draw"], row["lang"]].append((row, read(text[row["id"]])))
    for (draw, language), ads in drawn.items():
        print(f"{draw} {language}: {len(ads)} ads")
        for column, nothing in NOTHING.items():
            pairs = [(e[column], f[column]) for e, f in ads if e[column] != "*"]
            if pairs:
                print(f"  {column:15s} {score(pairs, nothing)}")
        wrong = [differences(e, f) for e, f in ads]
        both = sum(not {"level", "status"} & set(columns) for columns in wrong)
        print(f"  level and status right {both}/{len(ads)}, every column right {wrong.count([])}/{len(ads)}")
        for (e, f), columns in zip(ads, wrong, strict=True):
            if arguments.show and columns:
                print(f"    {e['id']}: " + ", ".join(f"{c} {e[c]!r} read as {f[c]!r}" for c in columns))


if __name__ == "__main__":
    main()
