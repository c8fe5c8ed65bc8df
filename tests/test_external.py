"""Occupations against published lists: measures by hand, the shipped lists, and the page made from them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from collarclass import DataError
from collarclass.annotation.agreement import kappa
from collarclass.corpus.read import read_occupations
from research.docs.figures import known
from research.measure.external import (
    MODEL_LABELS,
    Agreement,
    PublishedList,
    agreement_with,
    as_text,
    by_occupation,
    compare,
    label_occupations,
    main,
    our_sides,
    published_lists,
)
from research.measure.external_page import tables

ROOT = Path(__file__).resolve().parents[1]
EXTERNAL = ROOT / "data" / "external"


OURS = our_sides(
    pd.DataFrame(
        [("a", 3, 3, "gray"), ("b", 1, 4, "blue"), ("c", 3, 0, "white"), ("d", 2, 2, "gray")],
        columns=["onet_code", "academic_rating", "hands_on_rating", "label"],
    )
)


@pytest.fixture(scope="module")
def found() -> dict[str, list[Agreement]]:
    return compare(EXTERNAL)


def test_kappa_is_that_of_scikit_learn() -> None:
    a, b = [0, 1, 2, 3, 4, 4, 2, 1, 0, 3], [0, 1, 1, 3, 4, 3, 2, 2, 0, 0]
    assert kappa(a, b) == pytest.approx(cohen_kappa_score(a, b))


def test_agreement_worked_out_by_hand() -> None:
    says = pd.Series({"a": "gray", "b": "gray", "c": "white", "d": "white", "z": "blue"}, dtype=object)
    row = agreement_with(OURS, PublishedList("x", "label", says))
    assert row.n == 4  # nothing of ours is called z
    assert row.agreement is not None
    assert row.agreement[0] == 0.5
    assert (row.precision, row.recall, row.differ) == (0.5, 0.5, ("b", "d"))


def test_a_list_of_members_has_recall_alone() -> None:
    row = agreement_with(OURS, PublishedList("x", "gray", pd.Series(True, ["a", "a", "b"], dtype=object)))
    assert (row.n, row.agreement, row.kappa, row.precision) == (3, None, None, None)
    assert row.recall == pytest.approx(2 / 3)
    assert row.differ == ("b",)


def test_ads_are_averaged_by_occupation() -> None:
    ads = pd.DataFrame(
        {
            "onet_code": ["a", "a", "b", "b", ""],
            "collar": ["gray", "white", "blue", "unclear", "white"],
            "academic_score": [0.5, 0.75, 0.25, 0.9, 1.0],
            "hands_on_score": [0.5, 0.0, 1.0, 0.9, 0.0],
            "p_white": [0.1, 0.6, 0.1, 0.3, 0.9],
            "p_blue": [0.1, 0.1, 0.8, 0.3, 0.0],
            "p_gray": [0.8, 0.3, 0.1, 0.4, 0.1],
        }
    )
    table = by_occupation(ads)
    assert table.to_numpy(object).tolist() == [["a", 2, 2.5, 1.0, "gray"], ["b", 1, 1.0, 4.0, "blue"]]


def test_every_shipped_list_covers_occupations(found: dict[str, list[Agreement]]) -> None:
    rows = {row.name: row for row in found["occupation table"]}
    assert len(rows) == 12
    assert all(row.n >= 20 for row in rows.values())
    composite = rows["Composite of ten lists"]
    occupations = read_occupations(EXTERNAL.parent / "occupations.csv").set_index("onet_code")
    given = occupations[occupations["external_label"] != ""]
    differ = given.index[given["external_label"] != given["label"]]
    assert composite.differ == tuple(differ)
    # Floors under what was measured, so that a change of the table that the world contradicts is seen.
    assert composite.kappa is not None
    assert composite.kappa[0] > 0.76
    assert (rows["Shanghai 2003, gray-collar occupations"].recall or 0) > 0.8


def test_codes_of_lists_are_known() -> None:
    occupations = read_occupations(EXTERNAL.parent / "occupations.csv")
    for published in published_lists(EXTERNAL, occupations):
        known = published.says.index.isin(occupations["onet_code"])
        assert known.mean() > 0.9, published.name


def test_model_labels_cover_every_occupation(found: dict[str, list[Agreement]]) -> None:
    table = pd.read_csv(EXTERNAL / MODEL_LABELS)
    occupations = read_occupations(EXTERNAL.parent / "occupations.csv")
    assert set(table["onet_code"]) == set(occupations["onet_code"])
    chance = found["model"][0].kappa
    assert chance is not None
    assert chance[0] > 0.65


@pytest.mark.slow
def test_the_tables_that_are_kept_are_those_of_the_files() -> None:
    assert known()["external/tables"] == tables()


@pytest.mark.slow
def test_the_command(
    tmp_path: Path,
    small_model_path: Path,
    found: dict[str, list[Agreement]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    main([])
    assert capsys.readouterr().out == as_text(found) + "\n"
    ads = tmp_path / "ads.csv"
    pd.DataFrame(
        {
            "onet_code": ["51-4121.00", "13-2011.00"],
            "title": ["Welder", "Accountant"],
            "text": [
                "MIG welding of steel frames in our workshop, no schooling needed. Bring your own gloves.",
                "Bachelor's degree in accounting required. Prepare reports and advise managers.",
            ],
        }
    ).to_csv(ads, index=False)
    main(["--ads", str(ads), "--model", str(small_model_path), "--differ"])
    shown = capsys.readouterr().out
    assert re.search(r"model\n.*\n  Composite of ten lists +label +2 ", shown)
    assert "differ: " in shown


def test_a_missing_folder_or_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No folder .*nowhere: give data/external"):
        compare(tmp_path / "nowhere")
    ads = tmp_path / "ads.csv"
    ads.write_text("text\nWelder\n", "utf-8")
    with pytest.raises(DataError, match=r"ads\.csv has no column 'onet_code'; its columns are: text"):
        label_occupations(ads)
