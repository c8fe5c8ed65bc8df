"""Write the workbook of the notebook "From a messy file to a printed share", and its annotations.

    python -m research.docs.board_export

The ads are English ones of the open benchmark, which the model has not learnt from, with their settled labels. Regions,
dates and faults are made up: a cover sheet, lines above the header, a line of totals, repeated ads, empty texts,
regions spelt in several ways, and dates as text. So is the second annotator, who differs from the settled label in
every second ad near the line between white and gray.

Writes examples/board_export.xlsx and examples/board_annotations.csv.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import xlsxwriter  # type: ignore[import-untyped]

from collarclass.corpus.read import read_csv

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK, EXAMPLES = ROOT / "data" / "benchmark", ROOT / "examples"
REGIONS = ("North", "North", "Coast", "Coast", "Coast", "Lakes", "Lakes", "Capital", "Capital", "Capital", "Capital")
SPELT = {"North": "north ", "Coast": "COAST", "Lakes": "Lakes  ", "Capital": "capital"}
START = datetime.datetime(2026, 1, 2)
NO_TEXT = ("Crane operator", "Payroll clerk", "Graphic designer", "Staff nurse", "Team member", "")
COVER = (
    "Vacancies Harbour County, first quarter of 2026",
    "Export of the job board, 2 April 2026. All vacancies, including those posted again.",
    "Sheet Vacancies: one row for each posting.",
)


def ads() -> pd.DataFrame:
    """The rows of the workbook, with the settled label of each."""
    items = read_csv(BENCHMARK / "items.csv")
    items = items[(items["kind"] == "ad") & (items["language"] == "en")]
    known = items.merge(read_csv(BENCHMARK / "settled.csv"), on="id")
    known["second"] = known["label"]
    near = known["label"].isin(["white", "gray"]) & known["hands_on_rating"].astype(float).isin([1.0, 2.5])
    other = known.index[near][::2]
    known.loc[other, "second"] = known["label"].map({"white": "gray", "gray": "white"})
    known = known[["title", "text", "label", "second"]]
    again = known.iloc[::9].assign(text=lambda ad: ad["text"] + " Posted again on request of the employer.")
    known["text"] = [f"<p>{text}</p>" if k % 5 == 0 else text for k, text in enumerate(known["text"])]
    bare = pd.DataFrame(
        {"title": NO_TEXT, "text": "", "label": ["blue", "white", "gray", "gray", "unclear", "unclear"]}
    )
    rows = (
        pd.concat([known, again, bare.assign(second=bare["label"])])
        .sample(frac=1, random_state=4)
        .reset_index(drop=True)
    )
    rows.insert(0, "number", [f"HC-{1000 + k}" for k in rows.index])
    return rows


def write(rows: pd.DataFrame) -> None:
    """The workbook, and the annotations of all its ads by number."""
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(EXAMPLES / "board_export.xlsx", options) as book:
        book.set_properties({"created": datetime.datetime(2026, 4, 2)})
        cover, sheet = book.add_worksheet("Read me"), book.add_worksheet("Vacancies")
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for k, line in enumerate(COVER):
            cover.write(k, 0, line)
        sheet.write(0, 0, COVER[0])
        sheet.write_row(2, 0, ["No.", "Posted", "Region", "Position", "Text of the advertisement"])
        for k, (number, title, text) in enumerate(rows[["number", "title", "text"]].to_numpy(str).tolist()):
            region, posted = REGIONS[k * 7 % len(REGIONS)], START + datetime.timedelta(days=k * 31 % 89)
            sheet.write_row(k + 3, 2, [SPELT[region] if k % 13 == 0 else region, title, text])
            sheet.write(k + 3, 0, number)
            if k % 4:
                sheet.write_datetime(k + 3, 1, posted, day)
            else:
                sheet.write(k + 3, 1, f"{posted:%d.%m.%Y}")
        sheet.write_row(len(rows) + 3, 0, ["Total", "", "", len(rows)])
    rows[["number", "label", "second"]].to_csv(EXAMPLES / "board_annotations.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    write(ads())
