"""Shares and pictures over the interface: the numbers are those of the commands, and the pictures are whole."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest
from app_server import Address

from collarclass import label_file
from collarclass.app.shares import WHATS
from collarclass.shares.differences import share_differences
from collarclass.shares.files import sample_file, shares_of_file

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "job_ads.csv"


@pytest.fixture(scope="module")
def labelled(regions: Path) -> Path:
    return regions.with_name("labelled.csv")


@pytest.fixture(scope="module")
def file(server: Address, regions: Path) -> str:
    return server.labelled(regions.read_bytes())


def as_shown(table: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(k): None if v != v else v for k, v in row.items()} for row in table.astype(object).to_dict("records")]


@pytest.mark.parametrize("by", ["", "region", "month"])
def test_shares_by_any_column_are_those_of_the_command(server: Address, file: str, labelled: Path, by: str) -> None:
    reply = server.ask("GET", f"/v1/files/{file}/shares?by={by}").json
    assert reply["shares"] == as_shown(shares_of_file(labelled, by=[by] if by else (), date="posted"))
    assert "40 job ads were labelled" in reply["methods"]


def test_annotations_are_kept(server: Address, file: str, regions: Path, labelled: Path) -> None:
    sample_file(labelled, regions.with_name("sample.csv"), 30)
    sample = pd.read_csv(regions.with_name("sample.csv"))
    sample["label"] = ["white", "blue", "gray"] * 10
    sample.to_csv(regions.with_name("annotated.csv"), index=False)
    given = server.upload(
        f"/v1/files/{file}/annotations?name=annotated.csv", regions.with_name("annotated.csv").read_bytes()
    )
    assert given.status == 200, given.body
    expected = shares_of_file(labelled, regions.with_name("annotated.csv"), by=["region"])
    found = server.ask("GET", f"/v1/files/{file}/shares?by=region").json
    assert found["shares"] == as_shown(expected)
    assert "30 of them" in found["methods"]


def test_shares_of_a_part_are_those_of_a_group(server: Address, file: str, regions: Path, labelled: Path) -> None:
    annotated = regions.with_name("annotated.csv")
    expected = shares_of_file(labelled, annotated if annotated.exists() else None, by=["region"])
    south = expected[expected["region"] == "south"].drop(columns="region")
    found = server.ask("GET", f"/v1/files/{file}/shares?f=region:south").json
    assert found["shares"] == as_shown(south)
    picture = server.ask("GET", f"/v1/files/{file}/picture.svg?what=schooling&f=region:south").body.decode()
    assert "20 job ads of ads.csv · region: south" in picture
    both = server.ask("GET", f"/v1/files/{file}/shares?pair=region:north&pair=region:south").json
    differences = share_differences(expected, "north", "south")
    for name in ("first", "second", "difference", "low", "high"):
        assert [row[name] for row in both["differences"]] == pytest.approx(differences[name].tolist())
    for wrong in ("f=region:nowhere", "f=label:pink", "pair=nope:a", "pair=region:north",
                  "pair=nope:a&pair=nope:a"):  # fmt: skip
        assert server.ask("GET", f"/v1/files/{file}/shares?{wrong}").status == 400, wrong


def test_a_region_has_one_share_wherever_it_is_asked_for(server: Address, regions: Path, tmp_path: Path) -> None:
    ads = pd.concat([pd.read_csv(regions)] * 3, ignore_index=True)
    ads["region"] = [("north", "south", "east", "west")[i * i % 7 % 4] for i in range(len(ads))]
    ads["kind"] = ["day", "night", "day"] * (len(ads) // 3)
    ads.to_csv(tmp_path / "ads.csv", index=False)
    file = server.labelled((tmp_path / "ads.csv").read_bytes())
    (tmp_path / "labelled.csv").write_bytes(server.ask("GET", f"/v1/files/{file}/result").body)
    sample_file(tmp_path / "labelled.csv", tmp_path / "sample.csv", 60)
    pd.read_csv(tmp_path / "sample.csv").assign(label=(["white", "blue", "gray"] * 20)[:60]).to_csv(
        tmp_path / "annotated.csv", index=False
    )
    body = (tmp_path / "annotated.csv").read_bytes()
    assert server.upload(f"/v1/files/{file}/annotations?name=annotated.csv", body).status == 200

    def shares(query: str) -> list[dict[str, Any]]:
        return list(server.ask("GET", f"/v1/files/{file}/shares?{query}").json["shares"])

    for inside in ("", "f=kind:day&"):
        table = {(row["region"], row["label"]): row["share"] for row in shares(f"{inside}by=region")}
        north = [table["north", row["label"]] for row in shares("")]
        assert [row["share"] for row in shares(f"{inside}f=region:north")] == north
        assert [row["share"] for row in shares(f"{inside}by=region&f=region:north")] == north
        assert [row["share"] for row in shares(f"{inside}pair=region:north&pair=region:east")][:4] == north
    assert {row["method"] for row in shares("f=region:north")} == {"composite"}
    # The same number stands in the page's table, in its headline and where two regions stand beside each other.
    shown = f"{100 * table['north', 'gray']:.1f}%"
    for query in ("f=region:north&f=kind:day", "f=kind:day&pair=region:north&pair=region:east"):
        assert shown in server.ask("GET", f"/p/{file}?lang=en&{query}").body.decode()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "what",
    [*(f"what={what}" for what in WHATS), *(f"what=shares&by={by}" for by in ("region", "month", "job_title"))],
)
def test_pictures_are_complete_in_themselves(server: Address, file: str, what: str, lang: str) -> None:
    reply = server.ask("GET", f"/v1/files/{file}/picture.svg?{what}&lang={lang}")
    assert reply.status == 200, reply.body
    root = ET.parse(io.BytesIO(reply.body)).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    for element in root.iter():
        assert not {"class", "style", "href"} & set(element.attrib)
        assert "nan" not in " ".join(element.attrib.values())
        assert element.tag.rpartition("}")[2] != "script"
    text = " ".join("".join(element.itertext()) for element in root if element.tag.endswith("text"))
    assert "ads.csv" in text
    assert ("招聘广告" if lang == "zh" else "job ads") in text


def test_the_report_follows_what_the_page_shows(server: Address, regions: Path) -> None:
    ads = pd.read_csv(regions).assign(pay=[900 + 37 * (7 * i % 40) for i in range(40)])
    file = server.labelled(ads.to_csv(index=False).encode())
    server.ask("PUT", f"/v1/files/{file}/rows/2", {"label": "unclear"})
    report = server.ask("GET", f"/v1/files/{file}/report?by=pay&f=region:south&lang=en").body.decode()
    assert "Collars of 20 job ads" in report
    assert "ads.csv · region: south" in report
    shares = server.ask("GET", f"/v1/files/{file}/shares?f=region:south").json["shares"]
    for row in shares:
        assert f'data-value="{row["share"]:.6f}"' in report
    assert "By pay" in report
    assert len(set(re.findall(r"[\d,]+\d – [\d,]+\d", report))) == 5  # numbers in bands, as on the page
    beside = server.ask("GET", f"/v1/files/{file}/report?pair=region:north&pair=region:south&lang=en").body.decode()
    assert "Collars of 40 job ads" in beside
    found = server.ask("GET", f"/v1/files/{file}/shares?pair=region:north&pair=region:south").json
    table = beside.partition('id="differences"')[2].partition("</table>")[0]
    assert [float(cell) for cell in re.findall(r'data-value="(-?[\d.]+)"', table)] == pytest.approx(
        [one[name] for one in found["differences"] for name in ("first", "second", "difference")], abs=1e-6
    )
    assert server.ask("GET", f"/v1/files/{file}/report?f=region:nowhere").status == 400


def test_two_files_stand_beside_each_other(server: Address, file: str, regions: Path, tmp_path: Path) -> None:
    half = pd.read_csv(regions).iloc[:17]
    half.to_csv(tmp_path / "half.csv", index=False)
    half_file = server.labelled((tmp_path / "half.csv").read_bytes())
    label_file(tmp_path / "half.csv", tmp_path / "labelled.csv")
    found = server.ask("GET", f"/v1/files/{half_file}/shares?other={file}").json
    first, second = shares_of_file(tmp_path / "labelled.csv"), server.ask("GET", f"/v1/files/{file}/shares").json
    rows = [{k: v for k, v in row.items() if k != "file"} for row in found["shares"]]
    # The second file may have been annotated; the first is not, and is counted.
    assert [row["share"] for row in rows[:4]] == [row["plain"] for row in as_shown(first)]
    assert [row["share"] for row in rows[4:]] == [row["plain"] for row in second["shares"]]
    assert {(row["method"], row["low"]) for row in rows} == {("counted", None)}
    assert "annotated" not in found["methods"]
    assert [row["file"] for row in found["shares"]] == ["ads.csv"] * 4 + ["ads.csv (2)"] * 4
    assert [row["difference"] for row in found["differences"]] == pytest.approx(
        [b["share"] - a["share"] for a, b in zip(rows[:4], rows[4:], strict=True)]
    )
    for what in ("shares", "plane", "schooling", "certificates"):
        root = ET.fromstring(server.ask("GET", f"/v1/files/{half_file}/picture.svg?what={what}&other={file}").body)
        text = "".join(root.itertext())
        assert "57 job ads" in text
        assert what == "shares" or ("ads.csv (17)" in text and "ads.csv (2) (40)" in text)
    missing = server.ask("GET", f"/v1/files/{half_file}/shares?other=none")
    assert missing.status == 404


def test_a_picture_shows_hostile_names_as_text(server: Address) -> None:
    name = '<script>alert("1")</script>&.csv'
    rows = 'title,text,<b>region</b>\nWelder,Weld frames in our shop.,"<i onload=x>"\n' * 1
    file = server.labelled(rows.encode(), name)
    reply = server.ask("GET", f"/v1/files/{file}/picture.svg?by={quote('<b>region</b>')}")
    root = ET.parse(io.BytesIO(reply.body)).getroot()
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg", "title", "text", "g", "line", "circle", "path", "rect", "polyline", "polygon"
    }  # fmt: skip
