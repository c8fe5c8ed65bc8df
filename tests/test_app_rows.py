"""From a messy file to rows that are chosen, counted and corrected, over the interface: as the commands count them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("fastapi", reason="the page needs the extra app")
pytest.importorskip("uvicorn", reason="the page needs the extra app")

from app_server import Address, running

from collarclass import classify, label_file
from collarclass.app.server import create_app

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "job_ads.csv"


@pytest.fixture(scope="module")
def server() -> Iterator[Address]:
    with running(create_app()) as address:
        yield address


def hand_in(server: Address, content: bytes, name: str = "ads.csv") -> dict[str, Any]:
    reply = server.upload(f"/v1/files?name={quote(name, safe='')}", content)
    assert reply.status == 201, reply.body
    return dict(reply.json)


def label(server: Address, file: str, **wanted: Any) -> dict[str, Any]:
    assert server.ask("POST", f"/v1/files/{file}/label", wanted).status == 202
    until = time.monotonic() + 60
    while (job := server.ask("GET", f"/v1/files/{file}").json)["state"] in ("waiting", "running"):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert job["state"] == "done", job
    return dict(job)


@pytest.fixture(scope="module")
def ads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ads") / "ads.csv"
    pd.read_csv(EXAMPLES).assign(region=["north", "south"] * 20).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def done(server: Address, ads: Path) -> str:
    job = hand_in(server, ads.read_bytes())
    assert (job["date"], job["groups"]) == ("posted", ["region"])
    label(server, job["id"])
    return str(job["id"])


@pytest.fixture(scope="module")
def table(ads: Path) -> pd.DataFrame:
    label_file(ads, ads.with_name("labelled.csv"))
    return pd.read_csv(ads.with_name("labelled.csv"), keep_default_na=False)


def ask(server: Address, file: str, what: str, view: dict[str, Any] | None = None, more: str = "") -> Any:
    reply = server.ask("GET", f"/v1/files/{file}/{what}?view={quote(json.dumps(view or {}))}{more}")
    assert reply.status == 200, reply.body
    return reply.json


def counts(facets: dict[str, Any], name: str) -> dict[str, int]:
    [facet] = [facet for facet in facets["facets"] if facet["name"] == name] or [{"values": []}]
    return {value["value"]: value["n"] for value in facet["values"]}


def test_facets_count_what_the_command_writes(server: Address, done: str, table: pd.DataFrame) -> None:
    facets = ask(server, done, "facets")
    assert (facets["n"], facets["total"]) == (len(table), len(table))
    for name, column in (("collar", "collar"), ("schooling_level", "schooling_level"), ("=region", "region")):
        expected = table[column][table[column] != ""].value_counts().to_dict()
        assert counts(facets, name) == expected
    certificates = table["certificates"].str.split("; ").explode()
    assert counts(facets, "certificates") == certificates[certificates != ""].value_counts().to_dict()
    assert counts(facets, "month") == table["posted"].str[:7].value_counts().to_dict()
    assert sum(counts(facets, "confidence").values()) == (table["collar"] != "unclear").sum()


def test_views_are_filtered_searched_and_sorted(server: Address, done: str, table: pd.DataFrame) -> None:
    view = {"where": {"collar": ["blue", "gray"], "=region": ["north"]}, "sort": "collar_confidence"}
    found = ask(server, done, "rows", view)
    expected = table[table["collar"].isin(["blue", "gray"]) & (table["region"] == "north")]
    assert found["total"] == len(expected) == len(found["rows"])
    assert [row["row"] - 1 for row in found["rows"]] == (
        pd.to_numeric(expected["collar_confidence"]).sort_values(kind="stable").index.tolist()
    )
    assert {row["groups"]["region"] for row in found["rows"]} <= {"north"}
    # A facet in use shows what its other values would have; others count the view.
    facets = ask(server, done, "facets", view)
    assert facets["total"] == len(expected)
    assert counts(facets, "collar") == table[table["region"] == "north"]["collar"].value_counts().to_dict()
    words = ask(server, done, "rows", {"q": "DEGREE"})
    has = table["job_title"].str.contains("degree", case=False) | table["description"].str.contains(
        "degree", case=False
    )
    assert [row["row"] - 1 for row in words["rows"]] == table.index[has].tolist()
    some = ask(server, done, "rows", {"sort": "title", "descending": True}, "&offset=3&limit=4")
    titles = sorted(table["job_title"], reverse=True)
    assert [row["title"] for row in some["rows"]] == titles[3:7]
    assert (
        ask(server, done, "rows", {"low": 0.9, "high": 1})["total"]
        == (pd.to_numeric(table["collar_confidence"]) >= 0.9).sum()
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    labels=st.lists(st.sampled_from(["white", "blue", "gray", "unclear"]), unique=True),
    low=st.floats(0, 1),
    q=st.sampled_from(["", "weld", "证", "\\", ".*", "%"]),
)
def test_rows_of_any_view_are_as_many_as_it_counts(
    server: Address, done: str, labels: list[str], low: float, q: str
) -> None:
    view = {"where": {"collar": labels}, "low": low, "q": q}
    found = ask(server, done, "rows", view, "&limit=500")
    assert found["total"] == len(found["rows"]) == ask(server, done, "facets", view)["total"]
    assert {row["label"] for row in found["rows"]} <= set(labels)


def test_a_correction_stands_beside_the_models_label(server: Address, done: str, table: pd.DataFrame) -> None:
    row = server.ask("PUT", f"/v1/files/{done}/rows/2", {"label": "gray"}).json
    assert (row["corrected_label"], row["label"]) == ("gray", table["collar"][1])
    assert row["text"] == table["description"][1]
    assert row["cells"]["region"] == table["region"][1]
    assert counts(ask(server, done, "facets"), "corrected_label") == {"gray": 1}
    view = {"where": {"corrected_label": ["gray"]}}
    assert [one["row"] for one in ask(server, done, "rows", view)["rows"]] == [2]
    part = server.ask("GET", f"/v1/files/{done}/rows.csv?view={quote(json.dumps(view))}")
    frame = pd.read_csv(io.BytesIO(part.body))
    assert frame[["job_title", "collar", "corrected_label"]].to_numpy().tolist() == [
        [table["job_title"][1], table["collar"][1], "gray"]
    ]
    assert "ads-part.csv" in part.headers["content-disposition"]
    assert server.ask("PUT", f"/v1/files/{done}/rows/2", {"label": None}).json["corrected_label"] is None
    whole = server.ask("GET", f"/v1/files/{done}/rows.csv").body.decode("utf-8-sig")
    assert pd.read_csv(io.StringIO(whole), keep_default_na=False).equals(table)


def test_what_is_no_view_is_said_to_be_none(server: Address, done: str) -> None:
    for view, said in (
        ("{", "cannot be read"),
        ('{"where": {"colour": ["x"]}}', "no facet 'colour'"),
        ('{"sort": "colour"}', "no column 'colour'"),
        ('{"low": 2}', "low: input should be less than"),
    ):
        reply = server.ask("GET", f"/v1/files/{done}/rows?view={quote(view)}")
        assert reply.status == 400
        assert said in reply.json["detail"]
    assert server.ask("GET", f"/v1/files/{done}/rows/9999").status == 400
    assert server.ask("PUT", f"/v1/files/{done}/rows/0", {"label": "blue"}).status == 400


def test_a_second_label_is_named_where_it_is_close(server: Address, done: str, table: pd.DataFrame) -> None:
    for row in ask(server, done, "rows")["rows"]:
        own = table.iloc[row["row"] - 1]
        found = classify(own["description"], own["job_title"])
        assert row["second_label"] == (found.second_label if found.label != "unclear" else None)


def test_a_workbook_with_a_cover_is_read_where_its_ads_are(server: Address) -> None:
    content = io.BytesIO()
    with pd.ExcelWriter(content) as book:
        pd.DataFrame({"Vacancies": ["made in March", "by the job centre"]}).to_excel(
            book, sheet_name="Cover", index=False
        )
        rows = [["Export of March", None, None], ["Job title", "Description", "Region"], ["(text)", "(text)", "(code)"],
                ["Welder", "Weld frames.", "north"]]  # fmt: skip
        pd.DataFrame(rows).to_excel(book, sheet_name="Ads", index=False, header=False)
    job = hand_in(server, content.getvalue(), "vacancies.xlsx")
    assert (job["sheets"], job["sheet"], job["header_row"]) == (["Cover", "Ads"], "Ads", 2)
    assert (job["title"], job["text"]) == ("Job title", ["Description"])
    cover = server.ask("POST", f"/v1/files/{job['id']}/layout", {"sheet": "Cover"}).json
    assert (cover["columns"], cover["title"], cover["text"]) == (["Vacancies"], None, [])
    ads = server.ask("POST", f"/v1/files/{job['id']}/layout", {"sheet": "Ads", "header_row": 2, "skip_rows": 1}).json
    assert ads["preview"] == [{"Job title": "Welder", "Description": "Weld frames.", "Region": "north"}]
    assert label(server, job["id"])["rows"] == 1
    wrong = server.ask("POST", f"/v1/files/{job['id']}/layout", {"sheet": "Ads", "header_row": 99})
    assert wrong.status == 400
    assert "has no row 99" in wrong.json["detail"]


def test_a_profile_says_what_is_in_a_file(server: Address) -> None:
    rows = [
        "title,description,posted", *(f"Welder,Weld frames in our shop.,2026-{month}-01" for month in ("03", "04")),
        "电焊工,负责钢结构焊接。,2026-05-01", "Cook,,soon", "Cook,Cook,2026-05-02,surplus",
    ]  # fmt: skip
    job = hand_in(server, "\n".join(rows).encode())
    found = server.ask(
        "POST", f"/v1/files/{job['id']}/profile", {"title": "title", "text": "description", "date": "posted"}
    )
    assert {k: v for k, v in found.json.items() if k != "model"} == {
        "rows": 5, "whole": True, "empty": 1, "untitled": 0, "languages": {"en": 3, "zh": 1}, "repeated": 1,
        "first": "2026-03", "last": "2026-05", "undated": 1, "n_odd": 1,
        "odd": [{"row": 5, "note": "row has 4 cells, the header 3"}],
    }  # fmt: skip
    nothing = server.ask("POST", f"/v1/files/{job['id']}/profile", {})
    assert nothing.json["detail"] == "Choose the column that holds the ads."


def test_messages_speak_of_the_page(server: Address) -> None:
    job = hand_in(server, b"a,b\n1,2\n")
    server.ask("POST", f"/v1/files/{job['id']}/label", {})
    until = time.monotonic() + 30
    while (state := server.ask("GET", f"/v1/files/{job['id']}").json)["state"] in ("waiting", "running"):
        assert time.monotonic() < until
    assert state["error"].endswith("its columns are: a, b. Choose the column that holds the ads.")


def test_the_list_of_ads_in_a_json_object_is_found_and_can_be_chosen(server: Address) -> None:
    jobs = [{"title": "Welder", "description": "Weld frames."}, {"title": "Lawyer", "description": "Law degree."}]
    old = [{"title": "Smith", "description": "Forge and weld."}]
    body = {"data": {"firms": [{"city": "Ulm"}], "jobs": jobs, "old": old}}
    file = hand_in(server, json.dumps(body).encode(), "ads.json")
    assert (file["lists"], file["records"]) == (["data.firms", "data.jobs", "data.old"], "data.jobs")
    assert (file["header_row"], file["text"]) == (None, ["description"])
    assert label(server, file["id"])["rows"] == 2
    chosen = server.ask("POST", f"/v1/files/{file['id']}/layout", {"records": "data.old"}).json
    assert chosen["preview"] == old
    assert label(server, file["id"])["rows"] == 1
    wrong = server.ask("POST", f"/v1/files/{file['id']}/layout", {"records": "data.none"})
    assert (wrong.status, "data.jobs" in wrong.json["detail"]) == (400, True)
