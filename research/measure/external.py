"""Labels of occupations against published lists: what the world says of the same occupations.

    python -m research.measure.external [--ads FILE] [--write]

Prints how the table of occupations and the model agree with each list of data/external. The model's labels by
occupation, data/external/model_labels.csv, are made by `research.measure.held_out`; with FILE, ads with a column
onet_code that are labelled first unless they are, its labels are compared. --write keeps the tables in data/figures
and names the occupations that differ in data/external/differences.csv.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from collarclass.annotation.agreement import bootstrap, kappa
from collarclass.corpus.read import read_csv, read_occupations
from collarclass.definitions.labels import LABELS, THRESHOLD
from collarclass.errors import require_columns
from collarclass.evaluation.metrics import accuracy
from collarclass.files.table import read_table
from collarclass.tables.dataframe import label_table
from research.docs.figures import ROOT, interval, keep, markdown

EXTERNAL = ROOT / "data" / "external"
MODEL_LABELS = EXTERNAL / "model_labels.csv"
UNANIMOUS = 0.8
# BLS entry education from two years of college up. "Some college, no degree" and short postsecondary
# awards lie below an associate degree, as the codebook has it.
_BLS_HIGH = ("Associate's degree", "Bachelor's degree", "Master's degree", "Doctoral or professional degree")
_TEER_HIGH = 2  # 0 management, 1 university, 2 college of two years or an apprenticeship as long
TABLE, MODEL = "The table", "The model, by occupation"
SIDES = {
    "label": "label",
    "academic": "academic ≥ 2",
    "hands_on": "hands-on ≥ 2",
    "gray": "gray or not",
    "blue": "blue or not",
}


@dataclass(frozen=True)
class PublishedList:
    """A list's name, the one of our `SIDES` that it is compared with, and by code what it says: a label, or yes or no.

    A list whose entries are all True names members only: it says nothing of occupations that it leaves out, so that
    only recall can be measured. Two of its names may have the same code.
    """

    name: str
    side: str
    says: pd.Series[Any]


@dataclass(frozen=True)
class Agreement:
    """How labels of `n` occupations agree with one published list.

    Agreement and kappa have a 95 % bootstrap interval over occupations. Precision and recall are of gray for lists of
    labels, else of the list's own side; a list of members has recall alone. `differ` has the codes that differ.
    """

    name: str
    side: str
    n: int
    differ: tuple[str, ...]
    recall: float | None
    precision: float | None = None
    agreement: tuple[float, float, float] | None = None
    kappa: tuple[float, float, float] | None = None

    def row(self) -> list[str]:
        """As a row of the page's tables."""
        agreement, precision, recall = (
            "–" if share is None else f"{share:.3f}"
            for share in (self.agreement[0] if self.agreement else None, self.precision, self.recall)
        )
        chance = "–" if self.kappa is None else interval(self.kappa, 2)
        return [self.name, SIDES[self.side], str(self.n), agreement, chance, precision, recall]


def our_sides(table: pd.DataFrame) -> pd.DataFrame:
    """What lists are compared with, by code: a column for each of `SIDES`."""
    table = table.set_index("onet_code")
    return pd.DataFrame(
        {
            "label": table["label"],
            "academic": table["academic_rating"] >= THRESHOLD,
            "hands_on": table["hands_on_rating"] >= THRESHOLD,
            "gray": table["label"] == "gray",
            "blue": table["label"] == "blue",
        }
    )


def _mostly(yes: pd.Series[bool], code: pd.Series[str]) -> pd.Series[Any]:
    """Whether at least half of an occupation's entries say yes."""
    return (yes.groupby(code).mean() >= 0.5).astype(object)


def _composite(folder: Path) -> list[PublishedList]:
    table = read_csv(folder / "composite.csv").set_index("onet_code")
    shares = table[["academic_share", "handson_share"]].astype(float)
    agreed = shares.where(shares >= 0.5, 1 - shares).min(axis=1).round(2)
    label = table["external_quadrant"].astype(object)
    return [
        PublishedList("Composite of ten lists", "label", label),
        PublishedList(f"Composite where {UNANIMOUS:.0%} of lists agree", "label", label[agreed >= UNANIMOUS]),
        PublishedList("Composite, schooling", "academic", (shares["academic_share"] >= 0.5).astype(object)),
        PublishedList("Composite, technical or manual", "hands_on", (shares["handson_share"] >= 0.5).astype(object)),
    ]


def _bls(folder: Path) -> list[PublishedList]:
    table = read_csv(folder / "bls_entry_education_2024.csv").set_index("onet_code")
    return [PublishedList("BLS entry education", "academic", table["bls_ed"].isin(_BLS_HIGH).astype(object))]


def _teer(folder: Path) -> list[PublishedList]:
    table = read_csv(folder / "canada_noc2021_teer.csv")
    high = table["teer"].astype(int) <= _TEER_HIGH
    return [PublishedList("Canada, TEER 0 to 2", "academic", _mostly(high, table["onet"]))]


def _manual(folder: Path, occupations: pd.DataFrame) -> list[PublishedList]:
    manual = read_csv(folder / "eurostat_isco08_manual.csv").set_index("code")["eurostat"] == "manual"
    groups = occupations[["onet_code", "isco08"]].assign(isco08=occupations["isco08"].str.split("; ")).explode("isco08")
    groups = groups[groups["isco08"].isin(manual.index)]
    yes = pd.Series(manual.loc[groups["isco08"]].to_numpy(bool), groups.index)
    return [PublishedList("Eurostat, manual", "blue", _mostly(yes, groups["onet_code"]))]


def _technical(folder: Path, occupations: pd.DataFrame) -> list[PublishedList]:
    codes = occupations["onet_code"]
    ncses = read_csv(folder / "ncses_stem_2019.csv").set_index("soc2018")["ncses_category"]
    category = pd.Series(ncses.reindex(codes.str[:7]).to_numpy(object), codes).dropna()
    stem = read_csv(folder / "onet_stem_2022.csv").set_index("onet_code")["stem_type"]
    technicians = stem.index[stem.str.contains("Technologists and Technicians")]
    members = pd.Series(codes.isin(technicians).to_numpy(object), codes)
    return [
        PublishedList("NCSES, any STEM", "gray", (category != "Non-STEM").astype(object)),
        PublishedList("O*NET STEM, technologists and technicians", "gray", members),
    ]


def _digital(folder: Path, occupations: pd.DataFrame) -> list[PublishedList]:
    digital = set(read_csv(folder / "csco2022_digital_S.csv")["csco_code"])
    chinese = occupations[occupations["csco22"] != ""].set_index("onet_code")["csco22"].str.split("; ")
    members = chinese[chinese.map(lambda codes: sum(c in digital for c in codes) * 2 >= len(codes))]
    return [PublishedList("China 2022, digital occupations", "gray", pd.Series(True, members.index, dtype=object))]


def _named_gray(folder: Path) -> list[PublishedList]:
    shanghai = read_csv(folder / "shanghai_2003_gray.csv")["onet_code_nearest"]
    english = read_csv(folder / "english_gray_collar_web.csv")["onet_code"]
    named = {
        "Shanghai 2003, gray-collar occupations": shanghai.tolist(),
        "English web pages, gray-collar jobs": english.unique().tolist(),
    }
    return [
        PublishedList(name, "gray", pd.Series(True, [code for code in codes if code], dtype=object))
        for name, codes in named.items()
    ]


def published_lists(folder: Path, occupations: pd.DataFrame) -> list[PublishedList]:
    """Read the published lists; codes of other classifications in `occupations` lead from a list to an occupation."""
    return [
        *_composite(folder),
        *_bls(folder),
        *_teer(folder),
        *_manual(folder, occupations),
        *_technical(folder, occupations),
        *_digital(folder, occupations),
        *_named_gray(folder),
    ]


def agreement_with(ours: pd.DataFrame, published: PublishedList) -> Agreement:
    """Compare labels of occupations, as `our_sides` gives them, with a list.

    Examples
    --------
    >>> table = pd.DataFrame({"onet_code": ["a", "b", "c"], "label": ["gray", "blue", "white"],
    ...                       "academic_rating": [3, 1, 3], "hands_on_rating": [3, 4, 0]})
    >>> found = agreement_with(our_sides(table), PublishedList("x", "academic", pd.Series({"a": True, "b": True})))
    >>> found.n, found.recall, found.differ
    (2, 0.5, ('b',))
    """
    says = published.says[published.says.index.isin(ours.index)]
    own, theirs = ours.loc[says.index, published.side].to_numpy(object), says.to_numpy(object)
    differ = tuple(sorted({str(code) for code in says.index[own != theirs]}))
    wanted = "gray" if published.side == "label" else True
    hit = float(((own == wanted) & (theirs == wanted)).sum())
    recall = hit / float((theirs == wanted).sum()) if (theirs == wanted).any() else None
    if all(value is True for value in theirs):
        return Agreement(published.name, published.side, len(says), differ, recall)
    codes, _ = pd.factorize(np.concatenate((theirs, own)))  # the bootstrap counts whole numbers faster
    pair = codes[: len(says)], codes[len(says) :]
    precision = hit / float((own == wanted).sum()) if (own == wanted).any() else None
    measured = bootstrap(accuracy, *pair), bootstrap(kappa, *pair)
    return Agreement(published.name, published.side, len(says), differ, recall, precision, *measured)


def by_occupation(ads: pd.DataFrame) -> pd.DataFrame:
    """Labels of ads → one label and two ratings per occupation.

    `ads` has `onet_code` and the columns that `label_table` adds. A row has `onet_code`, `n` (ads), `academic_rating`
    and `hands_on_rating` (mean score, times 4) and `label`, the one with the highest mean probability. Ads labelled
    "unclear" are left out.
    """
    clear = ads[ads["collar"].isin(LABELS) & (ads["onet_code"] != "")]
    columns = ["academic_score", "hands_on_score", *(f"p_{label}" for label in LABELS)]
    grouped = clear[columns].apply(pd.to_numeric).groupby(clear["onet_code"])
    means = grouped.mean()
    return pd.DataFrame(
        {
            "onet_code": means.index,
            "n": grouped.size().to_numpy(),
            "academic_rating": 4 * means[columns[0]].to_numpy(),
            "hands_on_rating": 4 * means[columns[1]].to_numpy(),
            "label": [LABELS[k] for k in means[columns[2:]].to_numpy().argmax(axis=1)],
        }
    )


def label_occupations(path: Path) -> pd.DataFrame:
    """Label a file of ads that carry an occupation's code, unless it is labelled, and average by occupation."""
    ads = read_table(path)
    require_columns(("onet_code",), ads.columns, path.name)
    return by_occupation(ads if "collar" in ads else label_table(ads))


def compare(labelled: pd.DataFrame | None = None) -> dict[str, list[Agreement]]:
    """Agreement of the occupation table, and of a model's labels by occupation, with each published list.

    If none are given, the model's labels are those on the written ads, each by a model that saw no ad of the
    occupation.
    """
    occupations = read_occupations(ROOT / "data" / "occupations.csv")
    lists = published_lists(EXTERNAL, occupations)
    tables = {TABLE: occupations, MODEL: pd.read_csv(MODEL_LABELS) if labelled is None else labelled}
    return {name: [agreement_with(our_sides(table), each) for each in lists] for name, table in tables.items()}


@cache
def as_kept() -> dict[str, list[Agreement]]:
    """Compared once, with the model's own labels."""
    return compare()


def tables(found: dict[str, list[Agreement]]) -> str:
    """All tables of the page, as Markdown."""
    head = ("list", "compared", "n", "agreement", "kappa (95 %)", "precision", "recall")
    shown = {name: markdown(head, (row.row() for row in rows), 2) for name, rows in found.items()}
    return "\n\n".join(f"## {name}\n\n{rows}" for name, rows in shown.items())


def differences(found: dict[str, list[Agreement]]) -> pd.DataFrame:
    """The occupations on which the table and a published list disagree, one row for each pair."""
    known = read_occupations(ROOT / "data" / "occupations.csv").set_index("onet_code")
    rows = [
        (row.name, SIDES[row.side], code, known["title"][code], known["label"][code])
        for row in found[TABLE]
        for code in row.differ
    ]
    return pd.DataFrame(rows, columns=["list", "compared", "onet_code", "title", "label"])


def main() -> None:
    """Print how labels agree with the published lists, and keep it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ads", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = as_kept() if options.ads is None else compare(label_occupations(options.ads))
    print(tables(found))
    if options.write:
        differences(found).to_csv(EXTERNAL / "differences.csv", index=False, lineterminator="\n")
        keep("external", {"tables": tables(found)}, ["data/external", "data/occupations.csv"])


if __name__ == "__main__":
    main()
