"""One labelled file: every number that page, report, CSV, `collarclass shares` and Python say of it is the same."""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pytest
from app_server import Address
from command import run

from collarclass import classify_many, label_file, label_table
from collarclass.corpus.read import data_path
from collarclass.definitions.labels import COLLARS
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.report.words import NAMES
from collarclass.requirement_reader.credential_names import in_language
from collarclass.shares.differences import share_differences
from collarclass.shares.files import sample_file, shares_of_file

DEFINITIONS = ("article", "middle", "dual-certificate")
Counts = dict[str, list[int]]  # ads of each label, by a value


@dataclass
class Labelled:
    """A file that was labelled on the page and by the command, perhaps with annotated ads."""

    server: Address
    file: str  # its id on the page
    csv: Path  # what the command wrote
    truth: Path | None
    table: pd.DataFrame
    got: dict[str, str]

    def page(self, **view: Any) -> str:
        return self._get(f"/p/{self.file}", all=1, **view)

    def report(self, **view: Any) -> str:
        return self._get(f"/v1/files/{self.file}/report", **view)

    def json(self, what: str, **view: Any) -> Any:
        return self.server.ask("GET", f"/v1/files/{self.file}/{what}?{urlencode(view, doseq=True)}").json

    def _get(self, path: str, **view: Any) -> str:
        address = f"{path}?{urlencode({'lang': 'en', **view}, doseq=True)}"
        if address not in self.got:
            reply = self.server.ask("GET", address)
            assert reply.status == 200, reply.body
            self.got[address] = reply.body.decode()
        return self.got[address]

    def shares(self, *by: str) -> pd.DataFrame:
        return shares_of_file(self.csv, self.truth, by=by, date="posted")

    def command(self, *options: str) -> pd.DataFrame:
        """What `collarclass shares` writes."""
        truth = ["--truth", str(self.truth)] if self.truth else []
        out = run("shares", self.csv, *truth, "--date", "posted", *options, "--format", "csv", "-q").stdout
        return pd.read_csv(io.StringIO(out), dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def ads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ads in both languages, with regions, months and pay, one empty and one said twice; and a sample."""
    folder = tmp_path_factory.mktemp("numbers")
    some = [pd.read_csv(data_path() / "ads" / f"{lang}.csv", dtype=str, keep_default_na=False).iloc[::step].head(80)
            for lang, step in (("en", 131), ("zh", 53))]  # fmt: skip
    table = pd.concat(some, ignore_index=True)[["title", "text"]]
    table.iloc[7], table.iloc[9] = ("", ""), table.iloc[8]
    n = range(len(table))
    table["region"] = [("north", "south", "east", "west", "湖区")[i * i % 11 % 5] for i in n]
    table["pay"] = [str(900 + 37 * (7 * i % 40)) for i in n]
    table["posted"] = [f"2026-0{1 + i * i % 13 % 4}-1{i % 10}" for i in n]
    table.to_csv(folder / "ads.csv", index=False)
    label_file(folder / "ads.csv", folder / "labelled.csv")
    sample_file(folder / "labelled.csv", folder / "sample.csv", 60)
    sample = pd.read_csv(folder / "sample.csv", dtype=str, keep_default_na=False)
    own = pd.read_csv(folder / "labelled.csv")["collar"].tolist()
    rows = (sample["sample_row"].astype(int) - 1).tolist()
    sample["label"] = [own[row] if i % 5 else ("white", "blue", "gray")[i % 3] for i, row in enumerate(rows)]
    sample.to_csv(folder / "annotated.csv", index=False)
    return folder


@pytest.fixture(scope="module", params=["counted", "annotated"])
def labelled(request: pytest.FixtureRequest, server: Address, ads: Path) -> Labelled:
    file = server.labelled((ads / "ads.csv").read_bytes())
    truth = ads / "annotated.csv" if request.param == "annotated" else None
    if truth is not None:
        reply = server.upload(f"/v1/files/{file}/annotations?name=annotated.csv", truth.read_bytes())
        assert reply.status == 200, reply.body
    table = pd.read_csv(ads / "labelled.csv", dtype=str, keep_default_na=False)
    return Labelled(server, file, ads / "labelled.csv", truth, table, {})


def text_of(source: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", source)).strip()


def lines_in(source: str, look: str) -> dict[str, list[str]]:
    """The lines of a page's table: names and what the further cells show, without drawings."""
    found = re.search(rf'(?s)<table class="{look}">.*?</table>', source)
    assert found is not None, look
    lines = re.findall(r"(?s)<tr[^>]*>(.*?)</tr>", re.sub("(?s)<svg.*?</svg>", "", found[0]).partition("<tbody>")[2])
    cells = [[text_of(cell) for cell in re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", line)] for line in lines]
    return {row[0]: row[1:] for row in cells}


def saved_in(source: str, name: str) -> list[list[str]]:
    """A report's table as it is saved."""
    found = re.search(rf'(?s)<table id="{name}">.*?</table>', source)
    assert found is not None, name
    lines = re.findall(r"(?s)<tr>(.*?)</tr>", found[0].partition("<tbody>")[2])
    cells = r'<td(?: class="text")?(?: data-value="([^"]*)")?>(.*?)</td>'
    return [[html.unescape(value or shown) for value, shown in re.findall(cells, line)] for line in lines]


def numbers(table: pd.DataFrame, *names: str) -> list[list[str]]:
    """Shares as a report saves them; nothing where there is none."""
    shares = table[["share", "low", "high", "plain"]].astype(float)
    shown = [["" if cell != cell else f"{cell:.6f}" for cell in row] for row in shares.to_numpy().tolist()]
    rest = table[["n_ads", "n_annotated", "method"]].astype(str).to_numpy().tolist()
    return [[*map(str, own), *a, *b]
            for own, a, b in zip(table[[*names, "label"]].to_numpy().tolist(), shown, rest, strict=True)]  # fmt: skip


def counted(table: pd.DataFrame, values: pd.Series[str]) -> Counts:
    """Ads of each label by a value; of a cell that names several by each."""
    rows = pd.DataFrame({"value": values.str.split("; "), "collar": table["collar"]}).explode("value")
    found = pd.crosstab(rows["value"], rows["collar"]).reindex(columns=list(COLLARS), fill_value=0)
    return {str(name): row for name, row in zip(found.index, found.to_numpy().tolist(), strict=True) if name}


def rows_of(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


def percent(part: float, digits: int = 1) -> str:
    return f"{100 * part:.{digits}f}%"


def test_python_and_the_command_and_the_page_give_the_same_labels(labelled: Labelled, ads: Path) -> None:
    raw, table = pd.read_csv(ads / "ads.csv", dtype=str, keep_default_na=False), labelled.table
    found = classify_many(raw["text"].tolist(), raw["title"].tolist())
    assert [one.label for one in found] == table["collar"].tolist()
    assert ["" if one.confidence is None else round(one.confidence, 4) for one in found] == [
        float(cell) if cell else "" for cell in table["collar_confidence"]
    ]
    assert label_table(raw)["collar"].tolist() == table["collar"].tolist()
    for what in ("result", "rows.csv"):
        reply = labelled.server.ask("GET", f"/v1/files/{labelled.file}/{what}").body.decode("utf-8-sig")
        assert pd.read_csv(io.StringIO(reply), dtype=str, keep_default_na=False).equals(table)
    rows = labelled.json("rows", limit=500)["rows"]
    assert [row["label"] for row in rows] == table["collar"].tolist()
    shown = lines_in(labelled.page(), "found")
    for number in ("1", "3", "25"):
        assert shown[number][2] == percent(float(table["collar_confidence"][int(number) - 1]), 0)


def test_shares_are_the_same_everywhere(labelled: Labelled) -> None:
    table, report = labelled.table, labelled.report(by="region")
    whole = labelled.shares()
    assert numbers(labelled.command()) == numbers(whole) == saved_in(report, "shares")
    n = len(table)
    ads = [int(sum(table["collar"] == label)) for label in COLLARS]
    assert whole["plain"].tolist() == pytest.approx([count / n for count in ads])
    page = labelled.page()
    beside = [f"{percent(row['low'])} to {percent(row['high'])}" if labelled.truth else f"{count} ads"
              for row, count in zip(rows_of(whole), ads, strict=True)]  # fmt: skip
    shares = [percent(share) for share in whole["share"]]
    legend = re.findall(r"<strong>([\d.]+%)</strong> <span class=\"soft\">([^<]*)</span>", page)
    assert legend == list(zip(shares, beside, strict=True))
    figures = re.findall(r'<span class="figure">([\d.]+ %)', report)
    assert [one.replace(" ", "") for one in figures] == shares
    assert f"{n} of {n} ads" in page
    assert f"Collars of {n} job ads" in report
    for by, place in (("region", "by-1"), ("month", "by-2")):
        found = labelled.shares(by)
        groups = found[found[by] != "(all)"]
        assert numbers(labelled.command("--by", by), by) == numbers(found, by)
        assert sorted(numbers(groups, by)) == sorted(saved_in(report, place))
        api = pd.DataFrame(labelled.json("shares", by=by)["shares"])
        assert numbers(api, by) == numbers(found, by)
        lines = lines_in(labelled.page(by=by), "counts")
        for name, rows in groups.groupby(by, observed=True):
            assert lines[str(name)][:2] == [str(rows["n_ads"].iloc[0]), ""]
            if labelled.truth:
                cells = [f"{percent(row['share'], 0)} {100 * row['low']:.0f}–{100 * row['high']:.0f}"
                         for row in rows_of(rows)]  # fmt: skip
            else:
                cells = [percent(row["plain"], 0) for row in rows_of(rows)]
            assert lines[str(name)][2:] == cells


def test_two_regions_differ_by_the_same_everywhere(labelled: Labelled) -> None:
    differences = share_differences(labelled.shares("region"), "north", "south")
    pair = {"by": "region", "pair": ["region:north", "region:south"]}
    assert pd.DataFrame(labelled.json("shares", **pair)["differences"])[["first", "second", "difference"]].equals(
        differences[["first", "second", "difference"]]
    )
    saved = saved_in(labelled.report(**pair), "differences")
    assert [row[1:4] for row in saved] == [
        [f"{cell:.6f}" for cell in row] for row in differences[["first", "second", "difference"]].to_numpy().tolist()
    ]
    lines = lines_in(labelled.page(**pair), "counts differences")
    for row in rows_of(differences):
        cells = lines[NAMES[row["label"]]]
        assert cells[:2] == [percent(row["first"]), percent(row["second"])]
        assert cells[2].split(" ")[0] == f"{100 * row['difference']:+.1f}"
    command = labelled.command("--by", "region", "--difference", "north", "south")
    assert command["difference"].astype(float).tolist() == pytest.approx(differences["difference"].tolist(), abs=1e-6)


def test_gray_by_two_columns_is_that_of_the_command(labelled: Labelled) -> None:
    found = labelled.command("--by", "region", "--by", "month")
    gray = found[(found["label"] == "gray") & ~found["region"].eq("(all)") & ~found["month"].eq("(all)")]
    expected = {(row["region"], row["month"]): f"{float(row['share']):.6f}"
                for row in rows_of(gray) if int(row["n_ads"]) >= 5}  # fmt: skip
    heat = labelled.report(by="region").partition('<table id="crossed">')[2].partition("</table>")[0]
    months = re.findall(r'<th scope="col">(2026-\d\d)</th>', heat)
    shown = {
        (name, month): value
        for name, line in re.findall(r'<th scope="row">([^<]*)</th>(.*)', heat)
        for month, value in zip(months, re.findall(r'data-value="([^"]*)"', line), strict=True) if value
    }  # fmt: skip
    assert shown == expected


@pytest.mark.parametrize(
    ("by", "of"),
    [
        ("schooling", lambda table: table["schooling_level"]),
        ("certificates", lambda table: table["certificates"].map(
            lambda cell: "; ".join(in_language(name, "en") for name in filter(None, cell.split("; "))))),
        ("confidence", lambda table: pd.cut(
            pd.to_numeric(table["collar_confidence"]), [0, 0.6, 0.8, 0.95, 2], right=False,
            labels=["0.0", "0.6", "0.8", "0.95"]).astype(object).fillna("")),
    ],
)  # fmt: skip
def test_what_ads_ask_for_is_counted_the_same_everywhere(labelled: Labelled, by: str, of: Any) -> None:
    expected = counted(labelled.table, of(labelled.table))
    lines = lines_in(labelled.page(by=by), "counts")
    lines.pop("(none)", None)
    said = {NAMES.get(name, name) if by != "certificates" else name: row for name, row in expected.items()}
    assert {name: cells[0] for name, cells in lines.items()} == {name: str(sum(row)) for name, row in said.items()}
    assert {name: cells[2:] for name, cells in lines.items()} == {
        name: [percent(row[i] / sum(row), 0) for i in range(len(COLLARS))] for name, row in said.items()
    }
    if by == "confidence":
        return
    page, report = labelled.page(picture=by), labelled.report()
    picture = page.partition('<section id="pictures">')[2].partition("</figure>")[0]
    totals = re.findall(r'class="tick end"[^>]*>(\d+) \((\d+)%\)</text>', picture)
    n = len(labelled.table)
    rows = saved_in(report, by)
    drawn = [sum(map(int, row[1:])) if by == "schooling" else int(row[1]) for row in rows]
    assert [(str(count), f"{100 * count / n:.0f}") for count in drawn][: len(totals)] == totals
    kept = [(row[0], list(map(int, row[-4:]))) for row in rows if row[0] != "none stated"]
    assert len(kept) == min(20, len(expected))
    named = {level.names["en"]: level.name for level in SCHOOLING_LEVELS}
    assert all(row == expected[named.get(name, name)] for name, row in kept)


def test_every_definition_counts_the_same_everywhere(labelled: Labelled, ads: Path) -> None:
    lines = lines_in(labelled.page().partition('<section id="definitions">')[2], "counts")
    saved = {(row[0], row[1]): row[2] for row in saved_in(labelled.report(), "by-definition")}
    for name in DEFINITIONS:
        label_file(ads / "ads.csv", ads / f"{name}.csv", definition=name, force=True)
        found = pd.read_csv(ads / f"{name}.csv", dtype=str, keep_default_na=False)["collar"]
        shares = {label: float((found == label).mean()) for label in COLLARS}
        assert lines[NAMES[name]][1:] == [percent(share) for share in shares.values()]
        assert {label: saved[name, label] for label in COLLARS} == {k: f"{v:.6f}" for k, v in shares.items()}


def test_what_is_expected_to_be_right_is_the_same_everywhere(labelled: Labelled, ads: Path) -> None:
    done = label_file(ads / "ads.csv", ads / "again.csv", force=True)
    sentence = re.findall(r"About (\d+)% of the (\d+) labels of ads are expected to be right, (\d+)% to (\d+)%.*?"
                          r"measured on (\d+) sources", labelled.page())  # fmt: skip
    report = re.findall(r"Expect about (\d+)% of the (\d+) labels of ads to be right, (\d+)% to (\d+)%.*?"
                        r"measured on (\d+) sources", labelled.report())  # fmt: skip
    right = done.expected
    assert right is not None
    assert sentence == report == [
        (f"{100 * right.share:.0f}", str(right.n), f"{100 * right.low:.0f}", f"{100 * right.high:.0f}",
         str(right.sources))
    ]  # fmt: skip
    bases = [str(done.bases.get(basis, 0)) for basis in ("ad", "title", "occupation")]
    assert f"Judged from: {bases[0]} ads, {bases[1]} titles, {bases[2]} occupation codes." in labelled.page()
    assert f"{bases[0]} from ads" in labelled.report()
