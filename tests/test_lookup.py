"""Titles and codes to occupations: the shipped table, the index of names, the codes."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collarclass import DataError, lookup_occupation, occupations
from collarclass.corpus.read import LANGUAGES, read_ads
from collarclass.occupation.lookup import TitleIndex, find_code
from collarclass.occupation.table import csco_names, known_titles

DATA = Path(__file__).parents[1] / "data"


def test_the_table_is_a_copy() -> None:
    table = occupations()
    table.loc[:, "label"] = "gone"
    assert set(occupations()["label"]) == {"white", "blue", "gray"}
    assert len(table) == 923


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("17-3024.00", "17-3024.00"),
        ("17-3024", "17-3024.00"),
        (" 17-3024.00 ", "17-3024.00"),
        ("2-02-07-01", "17-2141.00"),
        ("mechatronics technician", "17-3024.00"),
        ("Mechatronics  Technician", "17-3024.00"),
        ("机电一体化技术员", "17-3024.00"),
        ("数控编程员", "51-9162.00"),
        ("welder", "51-4121.00"),
        ("Registered Nurses", "29-1141.00"),
    ],
)
def test_the_nearest_occupation(query: str, code: str) -> None:
    best = lookup_occupation(query)[0]
    assert best.onet_code == code
    assert best.similarity > 0.85
    assert best.reason


def test_a_match_has_all_of_the_occupation() -> None:
    (best,) = lookup_occupation("51-4121.00", n=1)
    row = occupations().set_index("onet_code").loc["51-4121.00"]
    assert (best.title, best.label, best.why) == (row["title"], row["label"], row["why"])
    assert (best.academic_rating, best.hands_on_rating) == (row["academic_rating"], row["hands_on_rating"])
    assert "; ".join(best.isco08) == row["isco08"]
    assert best.figures["job_zone"] == row["job_zone"]


def test_a_code_of_several_occupations_gives_them_all() -> None:
    rows, reason = find_code("3115") or ([], "")
    assert [m.onet_code for m in lookup_occupation("3115", n=99)] == occupations()["onet_code"].iloc[rows].tolist()
    assert all("3115" in m.isco08 and m.reason == reason for m in lookup_occupation("3115"))


def test_a_chinese_code_without_a_counterpart_is_found_by_its_name() -> None:
    known = set("; ".join(occupations()["csco22"]).split("; "))
    code = next(code for code in csco_names().index if code not in known)
    best = lookup_occupation(code)[0]
    assert best.reason.startswith(f"CSCO-2022 code {code}, {csco_names().at[code, 'name']!s}: ")


@pytest.mark.parametrize("code", ["99-9999.00", "9999", "9-99-99-99"])
def test_an_unknown_code_is_an_error(code: str) -> None:
    with pytest.raises(DataError, match=f"No occupation of the table has the .* code {code}"):
        lookup_occupation(code)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(TypeError, match="is a str, not an int"):
        lookup_occupation(3115)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="n is 0"):
        lookup_occupation("welder", n=0)


def test_a_title_of_unknown_words_has_no_occupation() -> None:
    assert lookup_occupation("zzqq") == []
    assert lookup_occupation("") == []


@settings(max_examples=40)
@given(st.text(max_size=50))
def test_any_title_can_be_looked_up(title: str) -> None:
    if find_code(title) is None:
        found = lookup_occupation(title, n=5)
        similarity = [m.similarity for m in found]
        assert similarity == sorted(similarity, reverse=True)
        assert all(0 < s <= 1 for s in similarity)


def test_every_name_of_the_table_finds_its_own_occupation() -> None:
    codes = occupations()["onet_code"]
    for row in range(0, len(codes), 50):
        assert lookup_occupation(occupations()["title"][row])[0].onet_code == codes[row]


def test_an_index_answers_alike_in_any_batch() -> None:
    known = known_titles().iloc[:3000]
    index = TitleIndex(known["title"].tolist(), known["row"].to_numpy(), np.zeros(len(known), int))
    titles = ["welder", "chief executive", "CEO", "", "zzqq"]
    together = index.nearest(titles, 3)
    for i, title in enumerate(titles):
        alone = index.nearest([title], 3)
        assert alone.row[0].tolist() == together.row[i].tolist()
        assert alone.similarity[0] == pytest.approx(together.similarity[i])


def test_the_titles_of_ads_are_those_of_the_ads() -> None:
    ads = pd.concat([read_ads(DATA / "ads" / f"{language}.csv") for language in LANGUAGES])
    plain = ads["title"].str.replace(";", ",").str.split().str.join(" ")
    packed = gzip.decompress((DATA / "ad_titles.tsv.gz").read_bytes()).decode().splitlines()
    found = {(code, title) for code, _, titles in (p.partition("\t") for p in packed) for title in titles.split("; ")}
    assert found == set(zip(ads["onet_code"], plain, strict=True)), "run research/data/build_occupation_titles.py"
