"""From a messy file to rows that are chosen, counted and corrected, over the interface: as the commands count them."""

from __future__ import annotations

import html
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import pandas as pd
import pytest
from app_server import Address
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collarclass import classify, label_file
from collarclass.app.results import Results, View
from collarclass.app.rows import rows_writer
from collarclass.requirement_reader.credential_names import in_language

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "job_ads.csv"


@pytest.fixture(scope="module")
def done(server: Address, regions: Path) -> str:
    job = server.hand_in(regions.read_bytes())
    assert (job["date"], job["groups"]) == ("posted", ["region"])
    server.label(job["id"])
    return str(job["id"])


@pytest.fixture(scope="module")
def table(regions: Path) -> pd.DataFrame:
    return pd.read_csv(regions.with_name("labelled.csv"), keep_default_na=False)


def ask(server: Address, file: str, **view: Any) -> Any:
    reply = server.ask("GET", f"/v1/files/{file}/rows?{urlencode(view, doseq=True)}")
    assert reply.status == 200, reply.body
    return reply.json


def counts(server: Address, file: str, by: str, **view: Any) -> dict[str, int]:
    """What the page counts by a column."""
    page = server.ask("GET", f"/p/{file}?{urlencode({'by': by, 'lang': 'en', **view}, doseq=True)}").body.decode()
    table = page[page.index('<table class="counts">') :].partition("</table>")[0]
    found = re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a></th><td>([\d,]+)</td>', table)
    return {html.unescape(name): int(n.replace(",", "")) for name, n in found if name != "(none)"}


def test_the_page_counts_what_the_command_writes(server: Address, done: str, table: pd.DataFrame) -> None:
    assert counts(server, done, "region") == table["region"].value_counts().to_dict()
    assert counts(server, done, "month") == table["posted"].str[:7].value_counts().to_dict()
    certificates = table["certificates"].str.split("; ").explode()
    expected = certificates[certificates != ""].map(lambda name: in_language(name, "en")).value_counts().to_dict()
    assert counts(server, done, "certificates", all=1) == expected
    assert sum(counts(server, done, "confidence").values()) == (table["collar"] != "unclear").sum()
    part = table[table["region"] == "north"]
    found = counts(server, done, "label", f="region:north")
    assert sum(found.values()) == len(part)


def test_two_columns_are_counted_across_each_other_as_pandas_does(tmp_path: Path) -> None:
    n = 400
    rng = np.random.default_rng(0)
    regions = [["Lakes", " Lakes ", "Coast", "湖区", ""][i] for i in rng.integers(0, 5, n)]
    wages = [str(w) for w in rng.integers(10, 900, n)]
    texts = ["Weld frames by hand."] * n
    path = tmp_path / "ads.csv"
    pd.DataFrame({"No": range(n), "text": texts, "region": regions, "wage": wages}).to_csv(path, index=False)
    with rows_writer(tmp_path / "rows.arrow", ["No", "text", "region", "wage"], "") as add:
        label_file(path, tmp_path / "out.csv", on_batch=add)
    found = Results(tmp_path / "rows.arrow", ["No", "text", "region", "wage"], "", [], None)
    assert "No" not in found.choices()  # a number for each row counts nothing
    assert "text" not in found.choices()
    by, across = found.coded("region"), found.coded("wage")
    assert len(across.values) == 5  # numbers are put together
    counted = by.table(np.ones(n, bool), across)
    tidy = pd.Series(regions).str.strip()
    assert (
        dict(zip(by.values, counted[:-1].sum(axis=1).tolist(), strict=True))
        == tidy[tidy != ""].value_counts().to_dict()
    )
    assert counted[-1].sum() == (tidy == "").sum()
    assert counted.sum() == n
    assert found.mask(View(f=("region:Lakes",))).sum() == (tidy == "Lakes").sum()
    # Shares are made of the same names.
    assert found.labelled(["region"], "").table["region"].value_counts()["Lakes"] == (tidy == "Lakes").sum()


@pytest.mark.parametrize(
    ("head", "names", "row"),
    [
        (b"Job,Job,Vacancy,Place\ntitle,description,date,region\n", ["title", "description", "date", "region"], 2),
        (b"Job,Text,Posted,Region\nas given,in full,day,\n", ["Job", "Text", "Posted", "Region"], 1),
        (b"Vacancies of March,,,\n,,,\nTitle,Text,Posted,Region\n", ["Title", "Text", "Posted", "Region"], 3),
        (b"", ["Column 1", "Column 2", "Column 3", "Column 4"], 1),
        (b"Occupation,Tasks,Since,Where\n", ["Occupation", "Tasks", "Since", "Where"], 1),
    ],
)
def test_column_names_are_found_where_they_stand(
    server: Address, regions: Path, head: bytes, names: list[str], row: int
) -> None:
    table = pd.read_csv(regions)[["job_title", "description", "posted", "region"]].dropna()
    job = server.hand_in(head + table.to_csv(index=False, header=False).encode())
    assert job["columns"] == names
    assert (job["title"], job["text"], job["date"], job["header_row"]) == (names[0], [names[1]], names[2], row)
    assert server.label(job["id"], title=job["title"], text=job["text"])["rows"] == len(table)
    again = server.ask("POST", f"/v1/files/{job['id']}/layout", {"header_row": row}).json
    assert again["header_row"] == row


def test_numbers_and_months_are_chosen_by_their_ends(server: Address) -> None:
    pays = ["900", "1,000", "¥1500", "2000", "2001", "by agreement"] * 12
    dates = [f"2026-{1 + i % 7:02d}-0{1 + i % 9}" for i in range(len(pays))]
    rows = "\n".join(f'Welder,Weld frames by hand in hall {i}.,"{pay}",{day}'
                     for i, (pay, day) in enumerate(zip(pays, dates, strict=True)))  # fmt: skip
    file = server.labelled(f"title,text,pay,date\n{rows}\n".encode())
    assert ask(server, file, f="pay:1000..2000")["total"] == 36
    assert ask(server, file, f="pay:..1500")["total"] == 36
    assert ask(server, file, f=["pay:..950", "pay:2001.."])["total"] == 24
    months = pd.Series(dates).str[:7].between("2026-02", "2026-03").sum()
    for column in ("month", "date"):  # the column of dates is known by its own name, too
        assert ask(server, file, f=f"{column}:2026-02..2026-03")["total"] == months
    assert ask(server, file, f="month:2026")["total"] == 0  # a value, and no range
    assert ask(server, file, f="month:2026..2026")["total"] == len(pays)
    for wrong in ("pay:much..more", "month:May..June"):
        assert server.ask("GET", f"/v1/files/{file}/rows?f={quote(wrong)}").status == 400
    assert ask(server, file, f="pay:1k..0.2万")["total"] == 36
    for exact in ("1500", "1.5k", "¥1500"):  # however the cells are written
        assert ask(server, file, f=f"pay:{exact}")["total"] == 12
    assert ask(server, file, f="pay:much")["total"] == 0
    assert ask(server, file, f="month:Feb 2026..2026年3月")["total"] == months
    # From the page's form to an address of its own.
    page = server.ask("GET", f"/p/{file}?range=pay&from=1000&to=2000&by=pay")
    assert page.status == 303
    assert "f=pay%3A1000..2000" in page.headers["location"]
    shown = server.ask("GET", page.headers["location"] + "&lang=en").body.decode()
    assert "from 1000 to 2000" in shown
    assert "36 of 72 ads" in shown
    assert "f=pay%3A1500.." in server.ask("GET", f"/p/{file}?range=pay&from=1.5k").headers["location"]
    again = server.ask("GET", f"/p/{file}?range=pay&to=1500&f=pay%3A1000..2000")  # another range is in place of it
    assert again.headers["location"].endswith("?f=pay%3A..1500")
    # What is not understood is said beside the form, which keeps what was typed.
    page = server.ask("GET", f"/p/{file}?range=month&from=spring&lang=en")
    assert page.status == 200
    assert "“spring” is no month: write it as 2026-02" in page.body.decode()
    assert 'name="from" size="9" value="spring"' in page.body.decode()
    assert "range=" not in re.sub("(?s)<form.*?</form>", "", page.body.decode())
    assert counts(server, file, "pay", f="pay:1000..2000")


def test_views_are_filtered_searched_and_sorted(server: Address, done: str, table: pd.DataFrame) -> None:
    found = ask(server, done, f=["label:blue", "label:gray", "region:north"], sort="confidence")
    expected = table[table["collar"].isin(["blue", "gray"]) & (table["region"] == "north")]
    assert found["total"] == len(expected) == len(found["rows"])
    assert [row["row"] - 1 for row in found["rows"]] == (
        pd.to_numeric(expected["collar_confidence"]).sort_values(kind="stable").index.tolist()
    )
    assert {row["groups"]["region"] for row in found["rows"]} <= {"north"}
    words = ask(server, done, q="DEGREE")
    has = table["job_title"].str.contains("degree", case=False) | table["description"].str.contains(
        "degree", case=False
    )
    assert [row["row"] - 1 for row in words["rows"]] == table.index[has].tolist()
    some = ask(server, done, sort="-title", offset=3, limit=4)
    titles = sorted(table["job_title"], reverse=True)
    assert [row["title"] for row in some["rows"]] == titles[3:7]
    sure = ask(server, done, f="confidence:0.95")
    assert sure["total"] == (pd.to_numeric(table["collar_confidence"]) >= 0.95).sum()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    labels=st.lists(st.sampled_from(["white", "blue", "gray", "unclear"]), unique=True, min_size=1),
    q=st.sampled_from(["", "weld", "证", "\\", ".*", "%"]),
)
def test_rows_of_any_view_are_as_many_as_it_counts(server: Address, done: str, labels: list[str], q: str) -> None:
    found = ask(server, done, f=[f"label:{label}" for label in labels], q=q, limit=500)
    assert found["total"] == len(found["rows"])
    assert {row["label"] for row in found["rows"]} <= set(labels)


def test_a_label_given_by_hand_is_the_label_of_the_row(server: Address, done: str, table: pd.DataFrame) -> None:
    assert table["collar"][1] != "gray"
    before = counts(server, done, "label")
    row = server.ask("PUT", f"/v1/files/{done}/rows/2", {"label": "gray"}).json
    assert (row["corrected_label"], row["label"]) == ("gray", table["collar"][1])
    assert row["text"] == table["description"][1]
    assert row["cells"]["region"] == table["region"][1]
    # Filters, counts and shares go by it, and say how many rows have one.
    assert counts(server, done, "label")["Gray collar"] == before["Gray collar"] + 1
    assert 2 in [one["row"] for one in ask(server, done, f="label:gray", limit=500)["rows"]]
    assert 2 not in [one["row"] for one in ask(server, done, f=f"label:{table['collar'][1]}", limit=500)["rows"]]
    shares = server.ask("GET", f"/v1/files/{done}/shares").json["shares"]
    assert shares[2]["plain"] == pytest.approx((before["Gray collar"] + 1) / len(table))
    assert "1 labelled by hand" in server.ask("GET", f"/p/{done}?lang=en").body.decode()
    assert counts(server, done, "yours") == {"Gray collar": 1}
    assert [one["row"] for one in ask(server, done, f="yours:gray")["rows"]] == [2]
    part = server.ask("GET", f"/v1/files/{done}/rows.csv?f=yours:gray")
    frame = pd.read_csv(io.BytesIO(part.body))
    assert frame[["job_title", "collar", "own_label"]].to_numpy().tolist() == [
        [table["job_title"][1], table["collar"][1], "gray"]
    ]
    assert "ads-part.csv" in part.headers["content-disposition"]
    # Also in the labelled file, whose other columns stay as they are.
    result = pd.read_csv(io.BytesIO(server.ask("GET", f"/v1/files/{done}/result").body), keep_default_na=False)
    assert result["own_label"].tolist() == ["", "gray", *[""] * (len(table) - 2)]
    assert result[list(table.columns)].equals(table)
    assert server.ask("PUT", f"/v1/files/{done}/rows/2", {"label": None}).json["corrected_label"] is None
    assert counts(server, done, "label") == before
    whole = server.ask("GET", f"/v1/files/{done}/rows.csv").body.decode("utf-8-sig")
    assert pd.read_csv(io.StringIO(whole), keep_default_na=False).equals(table)


def test_what_is_no_view_is_said_to_be_none(server: Address, done: str) -> None:
    for view, said in (("f=colour:x", "no column 'colour'"), ("sort=colour", "no column 'colour'")):
        reply = server.ask("GET", f"/v1/files/{done}/rows?{view}")
        assert reply.status == 400
        assert said in reply.json["detail"]
        page = server.ask("GET", f"/p/{done}?{view}")
        assert page.status == 400
        assert b"colour" in page.body
    assert server.ask("GET", f"/v1/files/{done}/rows/9999").status == 400
    assert server.ask("PUT", f"/v1/files/{done}/rows/0", {"label": "blue"}).status == 400


def test_merged_names_reach_list_shares_and_downloads_until_it_is_undone(server: Address) -> None:
    regions = ["Capital"] * 6 + ["capital"] * 4
    rows = "\n".join(["title,text,region", *(f"Welder,Weld frames by hand.,{name}" for name in regions)])
    file = server.labelled(rows.encode())
    assert counts(server, file, "region") == {"Capital": 6, "capital": 4}
    body = {"column": "region", "names": ["capital"], "kept": "Capital"}
    assert server.ask("PUT", f"/v1/files/{file}/names", body).status == 200
    assert counts(server, file, "region") == {"Capital": 10}
    shares = server.ask("GET", f"/v1/files/{file}/shares?by=region").json["shares"]
    assert {row["region"] for row in shares} == {"(all)", "Capital"}
    assert {row["groups"]["region"] for row in ask(server, file)["rows"]} == {"Capital"}
    for what in ("result", "rows.csv"):  # the cells themselves stay as they came
        found = pd.read_csv(io.BytesIO(server.ask("GET", f"/v1/files/{file}/{what}").body))
        assert found["region"].tolist() == regions
        assert found["region (merged)"].tolist() == ["Capital"] * 10
    page = server.ask("GET", f"/p/{file}?lang=en").body.decode()
    assert "In region, capital count as Capital." in page
    server.ask("PUT", f"/v1/files/{file}/names", {**body, "kept": None})
    assert counts(server, file, "region") == {"Capital": 6, "capital": 4}
    assert "look alike" in server.ask("GET", f"/p/{file}?lang=en&by=region").body.decode()
    server.ask("PUT", f"/v1/files/{file}/names", {**body, "kept": ""})  # they are two places
    assert "look alike" not in server.ask("GET", f"/p/{file}?lang=en&by=region").body.decode()
    assert "(merged)" not in server.ask("GET", f"/v1/files/{file}/result").body.decode()


def test_a_list_without_column_names_keeps_its_first_line(server: Address) -> None:
    lines = [f"Welder {i},Weld frames number {i} by hand in our shop." for i in range(8)]
    job = server.hand_in("\n".join(lines).encode())
    named = server.ask("POST", f"/v1/files/{job['id']}/layout", {"header_row": 0}).json
    assert named["columns"] == ["Column 1", "Column 2"]
    done = server.label(job["id"], title="Column 1", text="Column 2")
    assert done["rows"] == len(lines)
    assert ask(server, job["id"])["rows"][0]["title"] == "Welder 0"


def test_several_files_become_one_data_set(server: Address) -> None:
    job = server.hand_in(b"title,text\nWelder,Weld frames by hand.\n")
    more = server.upload(f"/v1/files/{job['id']}/more?name=b.csv", b"title,text\nLawyer,Law degree required.\n")
    assert more.json["name"] == "ads.csv + b.csv"
    assert server.label(job["id"])["rows"] == 2
    assert [row["title"] for row in ask(server, job["id"])["rows"]] == ["Welder", "Lawyer"]


def test_most_rows_without_a_text_are_asked_about(server: Address) -> None:
    rows = "\n".join(["Job title,Description", *[f"Clerk {i}," for i in range(9)], "Welder,Weld frames by hand."])
    job = server.hand_in(rows.encode())
    page = server.ask("GET", f"/p/{job['id']}?lang=en").body.decode()
    assert "9 of 10 rows have no text" in page
    assert "Label these ads anyway" in page


def test_a_second_label_is_named_where_it_is_close(server: Address, done: str, table: pd.DataFrame) -> None:
    for row in ask(server, done)["rows"]:
        own = table.iloc[row["row"] - 1]
        found = classify(own["description"], own["job_title"])
        assert row["second_label"] == found.second_label


def test_a_workbook_with_a_cover_is_read_where_its_ads_are(server: Address) -> None:
    content = io.BytesIO()
    with pd.ExcelWriter(content) as book:
        pd.DataFrame({"Vacancies": ["made in March", "by the job centre"]}).to_excel(
            book, sheet_name="Cover", index=False
        )
        rows = [["Export of March", None, None], ["Job title", "Description", "Region"], ["(text)", "(text)", "(code)"],
                ["Welder", "Weld frames.", "north"]]  # fmt: skip
        pd.DataFrame(rows).to_excel(book, sheet_name="Ads", index=False, header=False)
    job = server.hand_in(content.getvalue(), "vacancies.xlsx")
    assert (job["sheets"], job["sheet"], job["header_row"]) == (["Cover", "Ads"], "Ads", 2)
    assert (job["title"], job["text"]) == ("Job title", ["Description"])
    cover = server.ask("POST", f"/v1/files/{job['id']}/layout", {"sheet": "Cover"}).json
    assert (cover["columns"], cover["title"], cover["text"]) == (["Vacancies"], None, [])
    ads = server.ask("POST", f"/v1/files/{job['id']}/layout", {"sheet": "Ads", "header_row": 2, "skip_rows": 1}).json
    assert ads["preview"] == [{"Job title": "Welder", "Description": "Weld frames.", "Region": "north"}]
    assert server.label(job["id"])["rows"] == 1
    wrong = server.ask("POST", f"/v1/files/{job['id']}/layout", {"sheet": "Ads", "header_row": 99})
    assert wrong.status == 400
    assert "has no row 99" in wrong.json["detail"]


def test_the_sheet_that_holds_ads_is_opened_whatever_its_columns_are_called(server: Address) -> None:
    ads = pd.read_csv(EXAMPLES).iloc[:, 1:4].set_axis(["Wer", "Was", "Wo"], axis=1)
    content = io.BytesIO()
    with pd.ExcelWriter(content) as book:
        pd.DataFrame({"Title": ["Vacancies of March"], "Made by": ["the job centre"]}).to_excel(
            book, sheet_name="Cover", index=False
        )
        pd.DataFrame().to_excel(book, sheet_name="Empty", index=False)
        ads.to_excel(book, sheet_name="Ads", index=False)
        ads.to_excel(book, sheet_name="No names", index=False, header=False)
    job = server.hand_in(content.getvalue(), "vacancies.xlsx")
    assert (job["sheet"], job["title"], job["text"]) == ("Ads", "Wer", ["Was"])
    # A sheet without a row of names keeps its first ad.
    named = server.ask("POST", f"/v1/files/{job['id']}/layout", {"sheet": "No names", "header_row": 0}).json
    assert named["columns"] == ["Column 1", "Column 2", "Column 3"]
    assert named["preview"][0]["Column 1"] == ads["Wer"][0]
    assert server.label(job["id"], title="Column 1", text="Column 2")["rows"] == len(ads)


def test_ads_without_a_title_are_listed_by_whole_words(server: Address) -> None:
    text = "<p>Headquarters is looking for somebody who welds frames, grinds seams and</p> drives a forklift carefully "
    file = server.labelled(("text\n" + f'"{text * 3}"\n' * 2).encode())
    shown = "Headquarters is looking for somebody who welds frames, grinds seams and drives a forklift carefully…"
    assert f">{shown}</a>" in server.ask("GET", f"/p/{file}?lang=en").body.decode()
    assert f"<b>{shown}</b>" in server.ask("GET", f"/v1/files/{file}/report?lang=en").body.decode()


def test_members_of_nested_objects_are_columns(server: Address) -> None:
    rows = [{"id": i, "job": {"title": f"Welder {i}", "body": "Weld frames by hand. " * 8}, "place": {"city": "Ulm"}}
            for i in range(8)]  # fmt: skip
    job = server.hand_in(json.dumps(rows).encode(), "ads.json")
    assert job["columns"] == ["id", "job.title", "job.body", "place.city"]
    assert (job["title"], job["text"]) == ("job.title", ["job.body"])
    assert job["preview"][0]["place.city"] == "Ulm"
    server.label(job["id"], title="job.title", text="job.body")
    assert ask(server, job["id"])["rows"][3]["title"] == "Welder 3"
    assert server.ask("GET", f"/v1/files/{job['id']}/rows/1").json["cells"]["place.city"] == "Ulm"


def test_a_profile_says_what_is_in_a_file(server: Address) -> None:
    rows = [
        "title,description,posted", *(f"Welder,Weld frames in our shop.,2026-{month}-01" for month in ("03", "04")),
        "电焊工,负责钢结构焊接。,2026-05-01", "Cook,,soon", "Cook,Cook,2026-05-02,surplus",
    ]  # fmt: skip
    job = server.hand_in("\n".join(rows).encode())
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
    job = server.hand_in(b"a,b\n1,2\n")
    server.ask("POST", f"/v1/files/{job['id']}/label", {})
    state = server.finished(job["id"])
    assert state["error"].endswith("its columns are: a, b. Choose the column that holds the ads.")


def test_the_list_of_ads_in_a_json_object_is_found(server: Address) -> None:
    jobs = [{"title": "Welder", "description": "Weld frames."}, {"title": "Lawyer", "description": "Law degree."}]
    body = {"data": {"firms": [{"city": "Ulm"}], "jobs": jobs}}
    file = server.hand_in(json.dumps(body).encode(), "ads.json")
    assert (file["header_row"], file["text"]) == (None, ["description"])
    assert server.label(file["id"])["rows"] == 2
