r"""Make data/occupations.csv: ratings and working titles beside the figures from O*NET.

    python -m research.data.build_occupations --rated FOLDER --onet FOLDER --activities FILE --isco FILE \
        --csco FILE --external data/external/composite.csv --fill FILE -o data/occupations.csv

--rated: folder of occ_*.tsv without header: code, English titles, Chinese titles, academic rating,
hands-on rating, label, why. --onet and --activities: as in check_occupation_figures.py. --isco: CSV of
pairs, columns `onet19` and `isco08`. --csco: CSV of `onet_code` and `csco22`. --external: the
composite of official lists. --fill: CSV with `soc`, `edu_years_filled` and `edu_source` for
occupations without a Required Level of Education of their own.

Then lists the strong disagreements between rating and figures whose `why` does not name them, so
that they can be looked at again. Writes the file, and its numbers into the data card beside it, only
when every occupation is rated.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.corpus.read import ONET_FIGURES, read_occupations
from collarclass.definitions.labels import LABELS, allowed_labels
from collarclass.errors import DataError
from research.data.check_occupation_figures import DECIMALS, MEASURED, data_level_figures

ROOT = Path(__file__).resolve().parents[2]



OCCUPATION_COLUMNS = (
    "onet_code",
    "title",
    "isco08",
    "csco22",
    ONET_FIGURES[0],
    "schooling_source",  # of the figure before it
    *ONET_FIGURES[1:],
    "titles_en",
    "titles_zh",
    "academic_rating",
    "hands_on_rating",
    "label",
    "why",
    "external_label",
    "external_agreement",
)
RATED = ["onet_code", "titles_en", "titles_zh", "academic_rating", "hands_on_rating", "label", "why"]
SOURCES = {"RL_29.0": MEASURED, "RL_18.1_mapped": "RL 18.1", "jobzone_mean": "job zone"}
# Where each rating lies on the figures' scales: schooling years, and the higher of the two indices.
YEARS = ([10, 12, 14, 16, 18], [0, 1, 2, 3, 4])
INDEX = ([-1.5, 1.5], [0, 4])
ACADEMIC_GAP, HANDS_ON_GAP = 1.2, 1.5
CARD_START, CARD_END = "<!-- numbers: occupations.csv -->", "<!-- end of numbers -->"
MENTIONS = r"(?i)O\*NET|\bind(?:ex|ices)\b|\bthe figures?\b|\b(?:by|the) survey\b"


def read_rated(folder: Path) -> pd.DataFrame:
    """Read and check the rated tables."""
    files = sorted(folder.glob("occ_*.tsv"))
    if not files:
        raise DataError(f"{folder} has no occ_*.tsv: give the folder of the rated tables.")
    rows = []
    for file in files:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            cells = [cell.strip() for cell in line.split("\t")]
            where = f"{file.name}, line {number}"
            if len(cells) != len(RATED):
                raise DataError(f"{where}: {len(cells)} cells instead of {len(RATED)}, separated by tabs.")
            rows.append([*cells, where])
    table = pd.DataFrame(rows, columns=[*RATED, "where"])
    for column in ("academic_rating", "hands_on_rating"):
        table[column] = pd.to_numeric(table[column], errors="coerce")
    academic, hands_on = table["academic_rating"], table["hands_on_rating"]
    halves = pd.Series(np.arange(0, 4.5, 0.5))
    for good, wanted in (
        (~table["onet_code"].duplicated(), "the code may be rated once"),
        (academic.isin(halves) & hands_on.isin(halves), "ratings must be 0 to 4 in halves"),
        (table["label"].isin(LABELS), f"the label must be one of {', '.join(LABELS)}"),
        ((table[["titles_en", "titles_zh", "why"]] != "").all(axis=1), "titles and why may not be empty"),
        (label_fits(academic, hands_on, table["label"]), "the label contradicts the ratings"),
    ):
        if not good.all():
            row = table[~good].iloc[0]
            raise DataError(f"{row['where']}, {row['onet_code']}: {wanted}.")
    return table.drop(columns="where")


def label_fits(
    academic: pd.Series[float], hands_on: pd.Series[float], label: pd.Series[str]
) -> pd.Series[bool]:
    """Whether labels are those of the codebook's table; a rating from 1.5 to 2.5 leaves them open."""
    fits = [
        given in allowed_labels(a, h) if 0 <= a <= 4 and 0 <= h <= 4 else False
        for a, h, given in zip(academic, hands_on, label, strict=True)
    ]
    return pd.Series(fits, index=label.index)


def schooling(table: pd.DataFrame, fill: Path) -> pd.DataFrame:
    """Fill the schooling years that the database has not, and say where each comes from."""
    other = pd.read_csv(fill).set_index("soc")
    years = table["onet_code"].map(other["edu_years_filled"])
    source = table["onet_code"].map(other["edu_source"]).map(SOURCES)
    own = table["schooling_years"].notna()
    lacking = ~own & (years.isna() | ~source.isin(("RL 18.1", "job zone")))
    if lacking.any():
        raise DataError(f"{fill.name} has no schooling years for {table.loc[lacking, 'onet_code'].iloc[0]}.")
    return table.assign(
        schooling_years=table["schooling_years"].where(own, years),
        schooling_source=source.mask(own, MEASURED),
    )


def isco_codes(file: Path) -> pd.Series[str]:
    """ISCO-08 codes of each O*NET-SOC code, distinct, joined by "; "."""
    pairs = pd.read_csv(file, dtype=str)[["onet19", "isco08"]].drop_duplicates().sort_values("isco08")
    return pairs.groupby("onet19")["isco08"].agg("; ".join)


def external(file: Path) -> pd.DataFrame:
    """The composite's label of each code, and the share of sources that agree with its weaker side.

    Each side of the composite is a majority of up to five official lists. A share of sources that say
    "high" of 0.2 is an agreement of 0.8 with "low".
    """
    composite = pd.read_csv(file, dtype={"onet_code": str}).set_index("onet_code")
    shares = composite[["academic_share", "handson_share"]]
    agreement = shares.where(shares >= 0.5, 1 - shares).min(axis=1).round(2)
    return pd.DataFrame({"external_label": composite["external_quadrant"], "external_agreement": agreement})


def disagreements(table: pd.DataFrame) -> pd.DataFrame:
    """Rows whose rating lies far from where their figures lie."""
    index = table[["physical_index", "technical_index"]].max(axis=1)
    by_years = pd.Series(np.interp(table["schooling_years"], *YEARS), index=table.index)
    by_index = pd.Series(np.interp(index, *INDEX), index=table.index).where(index.notna())
    gaps = table.assign(
        academic_gap=table["academic_rating"] - by_years,
        hands_on_gap=table["hands_on_rating"] - by_index,
        mentioned=table["why"].str.contains(MENTIONS),
    )
    return gaps[(gaps["academic_gap"].abs() > ACADEMIC_GAP) | (gaps["hands_on_gap"].abs() > HANDS_ON_GAP)]


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they stand in the file."""
    table = table.copy()
    for column in ("academic_rating", "hands_on_rating", "job_zone"):
        table[column] = table[column].map("{:g}".format)
    for column in ONET_FIGURES:
        if column != "job_zone":
            table[column] = table[column].map(lambda x: "" if pd.isna(x) else f"{x:.{DECIMALS}f}")
    table["external_agreement"] = table["external_agreement"].map(lambda x: "" if pd.isna(x) else f"{x:.2f}")
    return table[list(OCCUPATION_COLUMNS)]


def summary(table: pd.DataFrame) -> str:
    """Correlations of ratings with figures, and the disagreements."""
    found = disagreements(table)
    silent = found[~found["mentioned"]]
    lines = [
        "labels: " + ", ".join(f"{k} {v}" for k, v in table["label"].value_counts().items()),
        *(f"{name}: r {r:.3f}" for name, r in correlations(table).items()),
        f"{len(found)} strong disagreements; {len(silent)} of them not spoken of in `why`:",
    ]
    for row in silent.to_dict("records"):
        told = [
            f"{letter} {row[f'{name}_rating']:g} ({row[f'{name}_gap']:+.1f})"
            for letter, name, limit in (("A", "academic", ACADEMIC_GAP), ("H", "hands_on", HANDS_ON_GAP))
            if abs(row[f"{name}_gap"]) > limit
        ]
        if pd.isna(row["technical_index"]) or pd.isna(row["physical_index"]):
            told.append("one index missing")
        lines.append(f"  {row['onet_code']} {row['title']}: {', '.join(told)}, {row['label']}. {row['why']}")
    return "\n".join(lines)


def correlations(table: pd.DataFrame) -> dict[str, float]:
    """How the ratings go with the figures."""
    indices = table[["physical_index", "technical_index"]]
    hands_on = table["hands_on_rating"]
    return {
        "academic rating with schooling years": table["academic_rating"].corr(table["schooling_years"]),
        "hands-on rating with the physical index": hands_on.corr(indices["physical_index"]),
        "hands-on rating with the technical index": hands_on.corr(indices["technical_index"]),
        "hands-on rating with the higher of the two": hands_on.corr(indices.max(axis=1)),
    }


def card_numbers(table: pd.DataFrame) -> str:
    """The numbers that data/README.md gives of the file, as Markdown."""
    found = disagreements(table)
    rows = [
        ("occupations", str(len(table))),
        *((f"labelled {label}", str(int((table["label"] == label).sum()))) for label in LABELS),
        *((f"with {column}", str(int(table[column].notna().sum()))) for column in ONET_FIGURES),
        *(
            (f"schooling_source `{source}`", str(int((table["schooling_source"] == source).sum())))
            for source in SOURCES.values()
        ),
        ("with an ISCO-08 code", str(int((table["isco08"] != "").sum()))),
        ("with a CSCO-2022 code", str(int((table["csco22"] != "").sum()))),
        ("with an external label", str(int((table["external_label"] != "").sum()))),
        ("English working titles", str(int(table["titles_en"].str.count("; ").add(1).sum()))),
        ("Chinese working titles", str(int(table["titles_zh"].str.count("; ").add(1).sum()))),
        *((f"correlation of {name}", f"{r:.3f}") for name, r in correlations(table).items()),
        ("strong disagreements of rating and figures", str(len(found))),
        ("of these spoken of in `why`", str(int(found["mentioned"].sum()))),
    ]
    return "\n".join(["| | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows)])


def write_card(table: pd.DataFrame, card: Path) -> None:
    """Put the numbers into the data card, between its marks."""
    text = card.read_text("utf-8")
    if text.count(CARD_START) != 1 or text.count(CARD_END) != 1:
        raise DataError(f"{card} has no place for the numbers: put {CARD_START} and {CARD_END} into it.")
    head, rest = text.split(CARD_START)
    tail = rest.split(CARD_END)[1]
    card.write_text(f"{head}{CARD_START}\n{card_numbers(table)}\n{CARD_END}{tail}", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="Make data/occupations.csv.")
    for option in ("rated", "onet", "activities", "isco", "csco", "external", "fill"):
        parser.add_argument(f"--{option}", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "data" / "occupations.csv")
    args = parser.parse_args()
    try:
        rated = read_rated(args.rated)
        every = schooling(data_level_figures(args.onet, args.activities), args.fill)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    unknown = set(rated["onet_code"]) - set(every["onet_code"])
    if unknown:
        print(f"{min(unknown)} is rated but is no data-level occupation of {args.onet}.", file=sys.stderr)
        return 1
    every["isco08"] = every["onet_code"].map(isco_codes(args.isco)).fillna("")
    chinese = pd.read_csv(args.csco, dtype=str).set_index("onet_code")["csco22"]
    every["csco22"] = every["onet_code"].map(chinese).fillna("")
    every = every.merge(external(args.external), how="left", left_on="onet_code", right_index=True)
    every["external_label"] = every["external_label"].fillna("")
    table = every.merge(rated, on="onet_code")
    print(summary(table))
    if len(table) < len(every):
        print(f"\n{len(every) - len(table)} of {len(every)} occupations are not rated: nothing is written.")
        return 1
    as_text(table).to_csv(args.output, index=False, lineterminator="\n")
    card = args.output.with_name("README.md")
    if card.is_file():
        write_card(read_occupations(args.output), card)
    print(f"\n{len(table)} occupations written to {args.output}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
