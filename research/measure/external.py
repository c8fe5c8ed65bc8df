"""Labels of occupations against published lists: what the world says of the same occupations.

    python -m research.measure.external [--ads FILE] [--model FOLDER] [--prefix P] [--differ] [FOLDER]

FOLDER holds the lists (data/external if not given). FILE has a column onet_code and is labelled first unless
it is labelled; without it the table of occupations and the shipped model are compared.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from collarclass.annotation.agreement import kappa
from collarclass.corpus.read import read_csv, read_occupations
from collarclass.definitions.labels import LABELS, THRESHOLD
from collarclass.errors import DataError, require_columns
from collarclass.evaluation.metrics import accuracy, bootstrap
from collarclass.files.table import read_table
from collarclass.model.persistence import load_model
from collarclass.tables.dataframe import label_table

if TYPE_CHECKING:
    from collarclass.model.model import Model

ROOT = Path(__file__).resolve().parents[2]
MODEL_LABELS = "model_labels.csv"
UNANIMOUS = 0.8
# BLS entry education from two years of college up. "Some college, no degree" and short postsecondary
# awards lie below an associate degree, as the codebook has it.
_BLS_HIGH = ("Associate's degree", "Bachelor's degree", "Master's degree", "Doctoral or professional degree")
_TEER_HIGH = 2  # 0 management, 1 university, 2 college of two years or an apprenticeship as long


@dataclass(frozen=True)
class PublishedList:
    """What a published list says of occupations.

    Attributes
    ----------
    name : str
    side : str
        Which of our columns it is compared with: `label`, or one of the yes-or-no columns `academic`
        (academic rating 2 or more), `hands_on`, `gray` and `blue`.
    says : Series
        By O*NET-SOC code: a label, or whether the list puts the occupation on that side.
    """

    name: str
    side: str
    says: pd.Series[Any]


@dataclass(frozen=True)
class Agreement:
    """How labels of occupations agree with one published list.

    Attributes
    ----------
    name, side : str
        As in `PublishedList`.
    n : int
        Occupations that both cover.
    agreement, kappa : (value, low, high) or None
        With a 95 % bootstrap interval over occupations; None for a list that names members only.
    precision, recall : float or None
        Of gray for lists of labels, else of the list's own side. No precision for lists of members.
    differ : tuple of str
        Codes on which the two disagree.
    """

    name: str
    side: str
    n: int
    agreement: tuple[float, float, float] | None
    kappa: tuple[float, float, float] | None
    precision: float | None
    recall: float | None
    differ: tuple[str, ...]


def our_sides(table: pd.DataFrame) -> pd.DataFrame:
    """Columns that lists are compared with, by code.

    Parameters
    ----------
    table : DataFrame
        Columns `onet_code`, `academic_rating` and `hands_on_rating` (0 to 4), `label`.
    """
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


def published_lists(folder: str | os.PathLike[str], occupations: pd.DataFrame) -> list[PublishedList]:
    """Read the published lists.

    Parameters
    ----------
    folder : path-like
        `data/external`.
    occupations : DataFrame
        As `read_occupations` gives it: its codes of other classifications lead from list to occupation.

    Raises
    ------
    DataError
        If a list is not in the folder.
    """
    home = Path(folder)
    return [
        *_composite(home),
        *_bls(home),
        *_teer(home),
        *_manual(home, occupations),
        *_technical(home, occupations),
        *_digital(home, occupations),
        *_named_gray(home),
    ]


def agreement_with(ours: pd.DataFrame, published: PublishedList) -> Agreement:
    """Compare labels of occupations with a list.

    Parameters
    ----------
    ours : DataFrame
        As `our_sides` gives it.
    published : PublishedList
        One whose entries are all True names members only: it says nothing of occupations that it
        leaves out, so that only recall can be measured. Two of its names may have the same code.

    Examples
    --------
    >>> table = pd.DataFrame({"onet_code": ["a", "b", "c"], "label": ["gray", "blue", "white"],
    ...                       "academic_rating": [3, 1, 3], "hands_on_rating": [3, 4, 0]})
    >>> found = agreement_with(our_sides(table), PublishedList("x", "academic", pd.Series({"a": True, "b": True})))
    >>> found.n, found.recall, found.differ
    (2, 0.5, ('b',))
    """
    says = published.says[published.says.index.isin(ours.index)]
    own = ours.loc[says.index, published.side].to_numpy(object)
    theirs = says.to_numpy(object)
    differ = tuple(sorted({str(code) for code, same in zip(says.index, own == theirs, strict=True) if not same}))
    wanted = "gray" if published.side == "label" else True
    hit = float(((own == wanted) & (theirs == wanted)).sum())
    recall = hit / float((theirs == wanted).sum()) if (theirs == wanted).any() else None
    if all(value is True for value in theirs):
        return Agreement(
            name=published.name,
            side=published.side,
            n=len(says),
            agreement=None,
            kappa=None,
            precision=None,
            recall=recall,
            differ=differ,
        )
    codes, _ = pd.factorize(np.concatenate((theirs, own)))  # the bootstrap counts whole numbers faster
    pair = codes[: len(says)], codes[len(says) :]
    return Agreement(
        name=published.name,
        side=published.side,
        n=len(says),
        agreement=bootstrap(accuracy, *pair),
        kappa=bootstrap(kappa, *pair),
        precision=hit / float((own == wanted).sum()) if (own == wanted).any() else None,
        recall=recall,
        differ=differ,
    )


def by_occupation(ads: pd.DataFrame, prefix: str = "") -> pd.DataFrame:
    """Labels of ads → one label and two ratings per occupation.

    Parameters
    ----------
    ads : DataFrame
        Labelled ads: `onet_code`, and the columns that `label_table` adds.
    prefix : str
        What was put before the names of the added columns.

    Returns
    -------
    DataFrame
        `onet_code`, `n` (ads), `academic_rating` and `hands_on_rating` (mean score, times 4) and
        `label`, the one with the highest mean probability. Ads labelled "unclear" are left out.
    """
    clear = ads[ads[prefix + "collar"].isin(LABELS) & (ads["onet_code"] != "")]
    columns = [f"{prefix}{c}" for c in ("academic_score", "hands_on_score", *(f"p_{label}" for label in LABELS))]
    grouped = clear[columns].apply(pd.to_numeric).groupby(clear["onet_code"])
    means = grouped.mean()
    chances = means[columns[2:]].to_numpy()
    return pd.DataFrame(
        {
            "onet_code": means.index,
            "n": grouped.size().to_numpy(),
            "academic_rating": 4 * means[columns[0]].to_numpy(),
            "hands_on_rating": 4 * means[columns[1]].to_numpy(),
            "label": [LABELS[k] for k in chances.argmax(axis=1)],
        }
    )


def label_occupations(
    path: str | os.PathLike[str],
    *,
    prefix: str = "",
    model: Model | None = None,
) -> pd.DataFrame:
    """Label a file of ads that carry an occupation's code, unless it is labelled, and average by occupation.

    Parameters
    ----------
    path : path-like
        A CSV with a column `onet_code`.
    prefix : str
        What was put before the names of the added columns.
    model : Model, optional

    Raises
    ------
    DataError
        If there is no column `onet_code`.
    """
    ads = read_table(path)
    if "onet_code" not in ads:
        raise DataError(
            f"{Path(path).name} has no column 'onet_code'; its columns are: {', '.join(ads.columns)}. "
            "Published lists are by O*NET-SOC code: add the code of each ad's occupation."
        )
    labelled = ads if prefix + "collar" in ads else label_table(ads, prefix=prefix, model=model)
    return by_occupation(labelled, prefix)


def read_model_labels(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a file of labels by occupation, as `by_occupation` makes them."""
    table = read_table(path)
    require_columns(("onet_code", "academic_rating", "hands_on_rating", "label"), table.columns, Path(path).name)
    return table.astype({"academic_rating": float, "hands_on_rating": float})


def compare(folder: str | os.PathLike[str], labelled: pd.DataFrame | None = None) -> dict[str, list[Agreement]]:
    """Agreement of the occupation table, and of a model's labels, with each published list.

    Parameters
    ----------
    folder : path-like
        `data/external`, with `occupations.csv` in the folder above it.
    labelled : DataFrame, optional
        Labels by occupation, as `by_occupation` gives them. If not given, those of the shipped model
        on the written ads, each by a model that saw no ad of the occupation, are taken if the folder
        has them.
    """
    home = Path(folder)
    if not home.is_dir():
        raise DataError(f"No folder {folder}: give data/external of the source distribution.")
    occupations = read_occupations(home.parent / "occupations.csv")
    lists = published_lists(home, occupations)
    tables = {"occupation table": occupations}
    if labelled is None and (home / MODEL_LABELS).is_file():
        labelled = read_model_labels(home / MODEL_LABELS)
    if labelled is not None:
        tables["model"] = labelled
    return {name: [agreement_with(our_sides(table), each) for each in lists] for name, table in tables.items()}


def as_text(found: dict[str, list[Agreement]], differ: bool = False) -> str:
    """Lay agreements out for reading on a terminal."""
    return "\n\n".join(f"{name}\n{_plain(rows, differ)}" for name, rows in found.items())


def _plain(rows: list[Agreement], differ: bool) -> str:
    named = f"  {'list':<44}{'compared':<10}{'n':>5}"
    head = f"{named}  {'agreement':>9}  {'kappa (95 %)':<20}{'precision':>9}{'recall':>8}"
    lines = [head]
    for row in rows:
        cells = cells_of(row)
        lines.append(
            f"  {row.name:<44}{row.side:<10}{row.n:>5}  {cells[0]:>9}  {cells[1]:<20}{cells[2]:>9}{cells[3]:>8}"
        )
        if differ and row.differ:
            lines.append(f"    differ: {', '.join(row.differ)}")
    return "\n".join(lines)


def cells_of(row: Agreement) -> tuple[str, str, str, str]:
    """Agreement, kappa with its interval, precision and recall, as text; a dash where there is none."""
    shares = (row.agreement[0] if row.agreement else None, row.precision, row.recall)
    agreement, precision, recall = ("–" if share is None else f"{share:.3f}" for share in shares)
    chance = "–" if row.kappa is None else "{:.2f} ({:.2f} to {:.2f})".format(*row.kappa)
    return agreement, chance, precision, recall


def main(arguments: Sequence[str] | None = None) -> None:
    """Print how labels agree with the published lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "data" / "external")
    parser.add_argument("--ads", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--prefix", default="")
    parser.add_argument("--differ", action="store_true", help="name the occupations that differ")
    options = parser.parse_args(arguments)
    labelled = None
    if options.ads is not None:
        model = None if options.model is None else load_model(options.model)
        labelled = label_occupations(options.ads, prefix=options.prefix, model=model)
    print(as_text(compare(options.folder, labelled), options.differ))


if __name__ == "__main__":
    main()
