"""Occupations against published lists: measures by hand, the shipped lists, and the page made from them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from collarclass import DataError
from collarclass.annotation.agreement import kappa
from collarclass.corpus.read import read_occupations
from research.docs.figures import known
from research.measure.external import (
    EXTERNAL,
    MODEL,
    MODEL_LABELS,
    TABLE,
    Agreement,
    PublishedList,
    agreement_with,
    as_kept,
    by_occupation,
    compare,
    differences,
    label_occupations,
    our_sides,
    published_lists,
    tables,
)

OURS = our_sides(
    pd.DataFrame(
        [("a", 3, 3, "gray"), ("b", 1, 4, "blue"), ("c", 3, 0, "white"), ("d", 2, 2, "gray")],
        columns=["onet_code", "academic_rating", "hands_on_rating", "label"],
    )
)


@pytest.fixture(scope="module")
def found() -> dict[str, list[Agreement]]:
    return as_kept()


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
    rows = {row.name: row for row in found[TABLE]}
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
    table = pd.read_csv(MODEL_LABELS)
    occupations = read_occupations(EXTERNAL.parent / "occupations.csv")
    assert set(table["onet_code"]) == set(occupations["onet_code"])
    chance = found[MODEL][0].kappa
    assert chance is not None
    assert chance[0] > 0.65


def test_what_is_kept_is_what_the_files_give(found: dict[str, list[Agreement]]) -> None:
    assert known()["external/tables"] == tables(found)
    pd.testing.assert_frame_equal(pd.read_csv(EXTERNAL / "differences.csv"), differences(found))


def test_ads_of_ones_own_are_labelled_and_compared(tmp_path: Path) -> None:
    path = tmp_path / "ads.csv"
    ads = [
        ("51-4121.00", "Welder", "MIG welding of steel frames in our workshop, no schooling needed. Bring gloves."),
        ("13-2011.00", "Accountant", "Bachelor's degree in accounting required. Prepare reports and advise managers."),
    ]
    pd.DataFrame(ads, columns=["onet_code", "title", "text"]).to_csv(path, index=False)
    composite = compare(label_occupations(path))[MODEL][0]
    assert (composite.n, composite.differ) == (2, ())
    path.write_text("text\nWelder\n", "utf-8")
    with pytest.raises(DataError, match=r"No column 'onet_code' in ads\.csv"):
        label_occupations(path)
