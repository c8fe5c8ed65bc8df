"""The shipped occupations, the numbers on their card, and the script that makes them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from collarclass import DataError
from collarclass.corpus.read import read_occupations
from collarclass.definitions.labels import LABELS, allowed_labels, label_of
from research.data.build_occupations import (
    CARD_END,
    CARD_START,
    OCCUPATION_COLUMNS,
    card_numbers,
    disagreements,
    external,
    label_fits,
    read_rated,
    write_card,
)

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "data" / "occupations.csv"
CARD = ROOT / "data" / "README.md"


GOOD = {
    "onet_code": "51-4041.00",
    "title": "Machinists",
    "isco08": "7223; 7224",
    "csco22": "6-18-01-01",
    "schooling_years": "12.5000",
    "schooling_source": "RL 29.0",
    "share_associate_plus": "0.1000",
    "share_bachelor_plus": "",
    "job_zone": "3",
    "physical_index": "1.5000",
    "technical_index": "1.2000",
    "digital_creative_share": "0.0500",
    "titles_en": "CNC Machinist; Turner",
    "titles_zh": "数控车工; 机加工技师",
    "academic_rating": "1",
    "hands_on_rating": "4",
    "label": "blue",
    "why": "An apprenticeship is asked, and the hands set up and run lathes and mills.",
    "external_label": "blue",
    "external_agreement": "1.00",
}
RATED = "51-4041.00\tMachinist\t车工\t1\t4\tblue\tHands run lathes.\n"


def write(path: Path, *changes: dict[str, str]) -> Path:
    rows = [{**GOOD, **change} for change in ({"onet_code": "51-4042.00"}, *changes)]
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


# -- the shipped file ----------------------------------------------------------------------------------

shipped_only = pytest.mark.skipif(not SHIPPED.exists(), reason="data/occupations.csv is not built yet")


@pytest.fixture(scope="module")
def shipped() -> pd.DataFrame:
    return read_occupations(SHIPPED)


@shipped_only
def test_shipped_rows_and_columns(shipped: pd.DataFrame) -> None:
    assert tuple(shipped.columns) == OCCUPATION_COLUMNS
    assert len(shipped) == 923
    assert shipped["onet_code"].is_unique
    assert shipped["onet_code"].is_monotonic_increasing
    assert shipped["job_zone"].isin(range(1, 6)).all()
    assert shipped["isco08"].str.fullmatch(r"\d{4}(; \d{4})*").all()
    for column in ("share_associate_plus", "share_bachelor_plus", "digital_creative_share"):
        assert shipped[column].dropna().between(0, 1).all()
    assert shipped["onet_code"].str.fullmatch(r"\d\d-\d{4}\.\d\d").all()
    assert shipped[["academic_rating", "hands_on_rating"]].apply(pd.Series.between, left=0, right=4).all(axis=None)
    assert shipped["schooling_source"].isin(("RL 29.0", "RL 18.1", "job zone")).all()
    assert shipped["external_label"].isin(("", *LABELS)).all()
    assert (shipped[["titles_en", "titles_zh", "why"]] != "").all(axis=None)
    measured = shipped["schooling_source"] == "RL 29.0"
    assert (shipped["share_bachelor_plus"].notna() == measured).all()
    assert (shipped["share_associate_plus"].notna() == measured).all()


@shipped_only
def test_shipped_labels_follow_the_ratings(shipped: pd.DataFrame) -> None:
    academic, hands_on = shipped["academic_rating"], shipped["hands_on_rating"]
    assert (2 * academic % 1 == 0).all()
    assert (2 * hands_on % 1 == 0).all()
    for code, a, h, label in zip(shipped["onet_code"], academic, hands_on, shipped["label"], strict=True):
        assert label in allowed_labels(a, h), code
        # The table's own rows are held to the line itself: no borderline rating is left open here.
        assert label in {label_of(a, h, manual=manual) for manual in (False, True)}, code


@shipped_only
def test_shipped_codes_and_external_labels(shipped: pd.DataFrame) -> None:
    assert shipped["csco22"].str.fullmatch(r"(\d-\d\d-\d\d-\d\d(; \d-\d\d-\d\d-\d\d)*)?").all()
    composite = external(ROOT / "data" / "external" / "composite.csv")
    outside = shipped.set_index("onet_code")[["external_label", "external_agreement"]]
    given = outside[outside["external_label"] != ""]
    pd.testing.assert_frame_equal(given, composite.loc[given.index], check_dtype=False)
    assert set(composite.index) == set(given.index)
    assert outside.loc[outside["external_label"] == "", "external_agreement"].isna().all()


@shipped_only
def test_shipped_titles_are_several_and_in_their_script(shipped: pd.DataFrame) -> None:
    for column, script in (("titles_en", r"[A-Za-z]"), ("titles_zh", r"[\u4e00-\u9fff]")):
        titles = shipped[column].str.split("; ")
        assert titles.map(len).min() >= 2
        assert all(len(set(own)) == len(own) for own in titles)
        assert shipped[column].str.contains(script).all()  # some Chinese ads say DJ or DBA
        assert (titles.explode() == titles.explode().str.strip()).all()


@shipped_only
def test_the_card_gives_the_numbers_of_the_file(shipped: pd.DataFrame) -> None:
    card = CARD.read_text("utf-8")
    assert f"{CARD_START}\n{card_numbers(shipped)}\n{CARD_END}" in card


def test_the_card_names_every_column() -> None:
    named = set(re.findall(r"`(\w+)`", CARD.read_text("utf-8")))
    assert set(OCCUPATION_COLUMNS) <= named


# -- the script that makes the file --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RATED * 2, r"occ_01\.tsv, line 2, 51-4041\.00: the code may be rated once"),
        (RATED.replace("\t4\t", "\t3.7\t"), "ratings must be 0 to 4 in halves"),
        (RATED.replace("blue", "gray"), "the label contradicts the ratings"),
        (RATED.replace("blue", "pink"), "the label must be one of white, blue, gray"),
        (RATED.replace("车工", ""), "titles and why may not be empty"),
        (RATED.replace("\t车工", ""), r"occ_01\.tsv, line 1: 6 cells instead of 7"),
    ],
)
def test_a_bad_rated_row_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "occ_01.tsv").write_text(text, "utf-8")
    with pytest.raises(DataError, match=message):
        read_rated(tmp_path)


def test_ratings_between_leave_the_label_open() -> None:
    table = pd.DataFrame(
        [(3, 3, "gray"), (3, 3, "white"), (3, 2, "white"), (1, 1, "white"), (1, 1, "gray"), (2.5, 4, "blue")],
        columns=["academic", "hands_on", "label"],
    )
    fits = label_fits(table["academic"], table["hands_on"], table["label"])
    assert fits.tolist() == [True, False, True, True, False, True]


def test_strong_disagreements_are_found(tmp_path: Path) -> None:
    table = read_occupations(
        write(
            tmp_path / "o.csv",
            {"onet_code": "11-0000.01", "academic_rating": "3"},
            {"onet_code": "11-0000.02", "hands_on_rating": "1", "why": "Desk work, whatever the index says."},
            {"onet_code": "11-0000.03", "hands_on_rating": "0", "physical_index": "", "technical_index": ""},
        )
    )
    found = disagreements(table)
    assert found["onet_code"].tolist() == ["11-0000.01", "11-0000.02"]
    assert found["mentioned"].tolist() == [False, True]


@pytest.mark.parametrize(
    ("why", "mentioned"),
    [
        ("Hands-on though the physical index is low.", True),
        ("A quarter hold degrees by survey, yet no ad asks.", True),
        ("No schooling is asked, whatever the figures.", True),
        ("Face inspection, surveying and mapping is direct work.", False),
        ("Assessment design, coaching, statistics and advice.", False),
        ("Casts bronze figures by hand.", False),
    ],
)
def test_only_words_on_the_figures_count_as_a_mention(tmp_path: Path, why: str, mentioned: bool) -> None:
    table = read_occupations(write(tmp_path / "o.csv", {"onet_code": "11-0000.01", "hands_on_rating": "0"}))
    found = disagreements(table.assign(why=why))
    assert found["mentioned"].tolist() == [mentioned]


def test_numbers_are_put_between_the_marks(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"before\n{CARD_START}\nold\n{CARD_END}\nafter\n", "utf-8")
    table = read_occupations(write(tmp_path / "o.csv"))
    write_card(table, card)
    assert card.read_text("utf-8") == f"before\n{CARD_START}\n{card_numbers(table)}\n{CARD_END}\nafter\n"
    card.write_text("no marks\n", "utf-8")
    with pytest.raises(DataError, match=r"README\.md has no place for the numbers"):
        write_card(table, card)
