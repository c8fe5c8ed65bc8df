"""Reviews over the interface: sampled, labelled, undone, resumed, compared, and read by the other commands."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from app_server import Address, running

from collarclass.annotation.annotated import read_annotated
from collarclass.app.reviews import MAX_REVIEW_ADS
from collarclass.app.server import create_app
from collarclass.shares.files import sample_file, shares_of_file

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "job_ads.csv"
CYCLE = ("white", "blue", "gray", "unclear")


@pytest.fixture(scope="module")
def sample(labelled: Path) -> bytes:
    sample_file(labelled, labelled.with_name("sample.csv"), 20)
    return labelled.with_name("sample.csv").read_bytes()


def test_a_sample_that_was_drawn_elsewhere_belongs_to_its_file(server: Address, sample: bytes) -> None:
    file = server.labelled(EXAMPLES.read_bytes())
    review = begin(server, sample, "&annotator=dora")
    answer(server, review["id"], 0, "unclear")
    assert server.ask("GET", f"/v1/files/{file}/rows?f=yours:unclear").json["total"] == 1


def begin(server: Address, content: bytes, more: str = "") -> dict[str, Any]:
    reply = server.upload(f"/v1/reviews?name=sample.csv{more}", content)
    assert reply.status == 201, reply.body
    return dict(reply.json)


def answer(server: Address, review: str, number: int, label: str | None) -> dict[str, Any]:
    reply = server.ask("PUT", f"/v1/reviews/{review}/ads/{number}", {"label": label})
    assert reply.status == 200, reply.body
    return dict(reply.json)


def saved(server: Address, review: str, whole: bool = False) -> bytes:
    reply = server.ask("GET", f"/v1/reviews/{review}/result?whole={str(whole).lower()}")
    assert reply.headers["content-disposition"] == 'attachment; filename="sample-annotated.csv"'
    return reply.body


def test_a_sample_is_labelled_ad_by_ad_without_the_models_label(server: Address, sample: bytes) -> None:
    review = begin(server, sample)
    assert (review["done"], review["labels"]) == (0, [None] * review["n"])
    first = server.ask("GET", f"/v1/reviews/{review['id']}/ads/0").json
    drawn = pd.read_csv(io.BytesIO(sample))
    assert first["title"] in set(drawn["job_title"])
    assert set(first) == {"model", "number", "row", "title", "text", "label"}
    assert answer(server, review["id"], 0, "gray")["done"] == 1
    assert answer(server, review["id"], 0, "blue")["labels"][0] == "blue"
    assert answer(server, review["id"], 0, None)["done"] == 0
    assert server.ask("PUT", f"/v1/reviews/{review['id']}/ads/0", {"label": "pink"}).status == 422
    assert server.ask("PUT", f"/v1/reviews/{review['id']}/ads/9999", {"label": "blue"}).status == 404


def test_the_result_is_what_shares_and_train_take(
    server: Address, sample: bytes, labelled: Path, tmp_path: Path
) -> None:
    review = begin(server, sample)
    for i in range(review["n"]):
        answer(server, review["id"], i, CYCLE[i % 4])
    (tmp_path / "annotated.csv").write_bytes(saved(server, review["id"]))
    found = shares_of_file(labelled, tmp_path / "annotated.csv")
    assert set(found["n_annotated"]) == {review["n"]}
    assert not found["warning"].str.contains("not drawn").any()
    usable = read_annotated(tmp_path / "annotated.csv").usable()
    assert len(usable) == sum(CYCLE[i % 4] != "unclear" for i in range(review["n"]))


def test_a_saved_review_is_resumed_by_its_annotator_and_hidden_from_another(server: Address, sample: bytes) -> None:
    review = begin(server, sample, "&annotator=ann")
    answer(server, review["id"], 2, "gray")
    whole = saved(server, review["id"], whole=True)
    assert len(pd.read_csv(io.BytesIO(saved(server, review["id"])))) == 1
    again = begin(server, whole, "&annotator=ann")
    assert (again["n"], again["done"], again["labels"][2]) == (review["n"], 1, "gray")
    second = begin(server, whole, "&annotator=ben")
    assert (second["n"], second["done"]) == (review["n"], 0)


def test_two_annotators_are_compared(server: Address, sample: bytes) -> None:
    first, second = begin(server, sample, "&annotator=ann"), begin(server, sample, "&annotator=ben")
    for i in range(12):
        answer(server, first["id"], i, CYCLE[i % 3])
        answer(server, second["id"], i, CYCLE[i % 3] if i < 9 else "unclear")
    page = server.ask("GET", f"/r/{first['id']}?lang=en").body.decode()
    assert "Agreement with ben" in page
    assert "75.0% of 12 labels are the same." in page
    assert [int(n) for n in re.findall(r"\?ad=(\d+)\">[^<]*</a> <span class=\"soft\">ann", page)] == [9, 10, 11]
    # A colleague's saved file, from another machine, is a second review of the same ads.
    other = server.upload("/v1/reviews?name=b.csv&annotator=cleo", saved(server, second["id"]))
    assert other.status == 201


def test_an_ad_that_another_window_labelled_is_not_overwritten(server: Address, sample: bytes) -> None:
    review = begin(server, sample, "&annotator=two-windows")
    path = f"/v1/reviews/{review['id']}/ads/0"
    assert server.ask("PUT", path, {"label": "gray", "was": "", "note": "asks for both"}).status == 200
    late = server.ask("PUT", path, {"label": "blue", "was": ""})
    assert (late.status, "another window" in late.json["detail"]) == (409, True)
    assert server.ask("GET", path).json["label"] == "gray"
    assert b"asks for both" in saved(server, review["id"])


def test_a_labelled_file_is_sampled_first(server: Address, labelled: Path) -> None:
    review = begin(server, labelled.read_bytes(), "&n=10")
    assert 5 <= review["n"] <= 10
    file = server.labelled(EXAMPLES.read_bytes())
    reply = server.ask("POST", f"/v1/files/{file}/review", {"n": 10, "annotator": "ann"})
    assert reply.status == 201
    assert reply.json["annotator"] == "ann"
    listed = server.ask("GET", "/v1/reviews").json["reviews"]
    assert {review["id"], reply.json["id"]} <= {one["id"] for one in listed}
    assert server.ask("DELETE", f"/v1/reviews/{review['id']}").status == 204
    assert server.ask("GET", f"/v1/reviews/{review['id']}").status == 404


def test_more_ads_than_a_person_reads_are_refused(server: Address) -> None:
    reply = server.upload("/v1/reviews?name=all.csv", b"title,text\n" + b"Welder,Weld.\n" * (MAX_REVIEW_ADS + 1))
    assert reply.status == 400
    assert "draw a sample" in reply.json["detail"]


def test_cells_of_a_saved_review_come_back_as_they_were(server: Address) -> None:
    text = 'He said "weld, then\nrest" 🔧 灰领'
    content = pd.DataFrame({"title": ["=1+1"], "text": [text]}).to_csv(index=False).encode()
    review = begin(server, content)
    answer(server, review["id"], 0, "blue")
    kept = saved(server, review["id"])
    found = pd.read_csv(io.BytesIO(kept))
    assert found[["title", "text", "label"]].to_numpy().tolist()[0] == ["'=1+1", text, "blue"]  # it starts no formula
    again = begin(server, kept)
    assert saved(server, again["id"]) == kept


def test_reviews_are_there_again_after_a_restart_and_correct_the_shares(tmp_path: Path, labelled: Path) -> None:
    with running(create_app(kept=tmp_path / "kept")) as server:
        job = server.ask("GET", f"/v1/files/{server.labelled(EXAMPLES.read_bytes())}").json
        for annotator in ("ann", "ben"):
            review = server.ask("POST", f"/v1/files/{job['id']}/review", {"n": 20, "annotator": annotator}).json
            assert review["source"] == job["digest"]
            for i in range(review["n"]):
                answer(server, review["id"], i, CYCLE[(i + (annotator == "ben" and i < 5)) % 4])
    (tmp_path / "kept" / "reviews" / "notes.json").write_text("{}")  # no review
    with running(create_app(kept=tmp_path / "kept")) as server:
        ann, ben = server.ask("GET", "/v1/reviews").json["reviews"]
        assert (ann["annotator"], ann["done"], ben["annotator"], ben["done"]) == ("ann", ann["n"], "ben", ben["n"])
        page = server.ask("GET", f"/r/{ann['id']}?lang=en").body.decode()
        assert f"of {ann['n']} labels are the same." in page
        assert page.count('<span class="soft">ann: ') == 5
        again = server.labelled(EXAMPLES.read_bytes())  # the same content is another file, without these labels
        assert server.ask("POST", f"/v1/files/{again}/reviewed").status == 409
        assert "own_label" not in server.ask("GET", f"/v1/files/{again}/result").body.decode("utf-8-sig")
        corrected = server.ask("POST", f"/v1/files/{job['id']}/reviewed")
        assert corrected.status == 200, corrected.body
        rows = [pd.read_csv(io.BytesIO(saved_of(server, one["id"]))) for one in (ann, ben)]
        pd.concat(rows).to_csv(tmp_path / "truth.csv", index=False)
        expected = shares_of_file(labelled, tmp_path / "truth.csv")
        assert [row["share"] for row in corrected.json["shares"]] == expected["share"].tolist()
        assert server.ask("GET", f"/v1/files/{job['id']}").json["annotated"]
        assert server.ask("DELETE", f"/v1/reviews/{ann['id']}").status == 204
    assert [path.stem for path in (tmp_path / "kept" / "reviews").glob("?" * 16 + ".json")] == [ben["id"]]


def saved_of(server: Address, review: str) -> bytes:
    return server.ask("GET", f"/v1/reviews/{review}/result").body


def test_shares_are_not_corrected_by_labels_of_another_file(server: Address) -> None:
    file = server.labelled(b"title,text\nWelder,Weld frames in our shop.\n")
    reply = server.ask("POST", f"/v1/files/{file}/reviewed")
    assert (reply.status, "draw a sample" in reply.json["detail"]) == (409, True)


def test_the_most_useful_ads_come_first_and_who_stops_early_gets_a_valid_share(
    server: Address, labelled: Path, tmp_path: Path
) -> None:
    sample_file(labelled, tmp_path / "sample.csv", 40)
    review = begin(server, (tmp_path / "sample.csv").read_bytes())
    assert review["useful_first"]
    drawn = pd.read_csv(tmp_path / "sample.csv").set_index("sample_row")
    every = pd.read_csv(io.BytesIO(saved(server, review["id"], whole=True)))
    strata = every["sample_stratum"].tolist()
    n = drawn["sample_stratum"].nunique()
    assert sorted(strata[:n]) == sorted(set(strata))  # one of each before a second of any
    for _, ads in every.groupby("sample_stratum"):  # in the random order of the sample
        assert ads["sample_row"].tolist() == [row for row in drawn.index if row in set(ads["sample_row"])]
    for i in range(n + 3):
        answer(server, review["id"], i, CYCLE[i % 4])
    part = pd.read_csv(io.BytesIO(saved(server, review["id"])))
    for stratum, ads in part.groupby("sample_stratum"):
        size = (1 / every.loc[every["sample_stratum"] == stratum, "sample_probability"]).sum()
        assert (1 / ads["sample_probability"]).sum() == pytest.approx(size)  # weighs up to the whole stratum
    (tmp_path / "part.csv").write_bytes(saved(server, review["id"]))
    (tmp_path / "whole.csv").write_bytes(saved(server, review["id"], whole=True))
    one, other = (shares_of_file(labelled, tmp_path / name) for name in ("part.csv", "whole.csv"))
    pd.testing.assert_frame_equal(one.drop(columns="warning"), other.drop(columns="warning"))


def test_what_is_labelled_in_a_review_goes_and_stays_with_its_file(tmp_path: Path) -> None:
    with running(create_app(kept=tmp_path / "kept")) as server:
        job = server.ask("GET", f"/v1/files/{server.labelled(EXAMPLES.read_bytes())}").json
        review = server.ask("POST", f"/v1/files/{job['id']}/review", {"n": 10, "annotator": "ann"}).json
        answer(server, review["id"], 0, "gray")
        drawn = pd.read_csv(io.BytesIO(saved_of(server, review["id"])))
        result = pd.read_csv(io.BytesIO(server.ask("GET", f"/v1/files/{job['id']}/result").body), keep_default_na=False)
        assert result.index[result["own_label"] == "gray"].tolist() == [drawn["sample_row"][0] - 1]
        assert server.ask("DELETE", f"/v1/files/{job['id']}").status == 204
        assert server.ask("GET", f"/v1/reviews/{review['id']}").status == 404
    assert not [*(tmp_path / "kept" / "reviews").glob("*.json")]
