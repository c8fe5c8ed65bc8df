"""Repeated ads: what is found alike, what is not, and that files come out marked."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rensa", reason="rensa is not installed (extra duplicates)")

from collarclass.errors import DataError
from collarclass.shares.duplicates import find_duplicates, mark_duplicates
from collarclass.shares.files import shares_of_file

EXAMPLES = pd.read_csv(Path(__file__).parents[1] / "examples" / "job_ads.csv")
ADS = EXAMPLES["description"].fillna("").tolist()


def test_no_example_is_like_another() -> None:
    assert len(ADS) == 40
    assert find_duplicates(ADS).tolist() == list(range(1, len(ADS) + 1))


def test_the_same_ad_in_other_clothes() -> None:
    changed = [f"<p>{ad.upper()}</p> 48{i}-{i}, 2{i}/03/2026 !!" for i, ad in enumerate(ADS)]
    found = find_duplicates([*ADS, *changed])
    empty = [i for i, ad in enumerate(ADS) if not ad.strip(" ?")]
    different = {i for i in range(len(ADS)) if found[len(ADS) + i] != found[i]}
    assert set(empty) <= different
    assert len(different) <= 5  # markup before "<" and ">" of their own


def test_a_word_in_fifty_changed_is_alike_and_half_of_them_is_not() -> None:
    rng = np.random.default_rng(0)
    words = [f"word{i}x" for i in range(3000)]
    ad = rng.choice(words, 400)
    near, far = ad.copy(), ad.copy()
    near[::50] = "other"
    far[::2] = "other"
    found = find_duplicates([" ".join(ad), " ".join(near), " ".join(far)])
    assert found.tolist() == [1, 1, 3]


def test_a_stranger_between_does_not_matter_and_empty_ads_are_alone() -> None:
    ad = "招数控编程员，大专以上学历，会操作五轴加工中心，熟悉UG编程，有三年以上工作经验，包吃住。"
    assert find_duplicates([ad, "", ad + "急！", "", " "]).tolist() == [1, 2, 1, 4, 5]
    assert find_duplicates(["Welder", "Welder", "Cook"]).tolist() == [1, 1, 3]
    assert find_duplicates([]).tolist() == []


@settings(max_examples=40)
@given(st.lists(st.text(max_size=40), max_size=12))
def test_equal_texts_are_one_and_groups_name_their_first(texts: list[str]) -> None:
    found = find_duplicates(texts)
    assert (found <= np.arange(1, len(texts) + 1)).all()
    assert all(found[g - 1] == g for g in found)
    for i, text in enumerate(texts):
        same = texts.index(text)
        assert found[same] == found[i] or found[i] == i + 1  # nothing but numbers and signs is like nothing


def test_titles_count() -> None:
    ads = ["Days, good pay, own van."] * 2
    assert find_duplicates(ads, ["Welder of steel frames and tanks", "Cook for a school kitchen"]).tolist() == [1, 2]
    with pytest.raises(DataError, match="2 texts but 1 titles"):
        find_duplicates(ads, ["Welder"])
    with pytest.raises(DataError, match=r"A similarity of 0\.2 finds no repeated ads"):
        find_duplicates(ads, similarity=0.2)


def test_a_marked_file_has_the_bytes_and_values_of_its_source(tmp_path: Path) -> None:
    rows = ["id,text,n", "007,Weld steel,1e-12", '"8",Cook lunch,0.123456789012345678,surplus', "9,Weld steel,1e9"]
    (tmp_path / "ads.csv").write_bytes("\r\n".join(rows).encode())
    mark_duplicates(tmp_path / "ads.csv", tmp_path / "marked.csv")
    lines = (tmp_path / "marked.csv").read_bytes().split(b"\r\n")
    assert lines[0] == b"id,text,n,duplicate_group"
    assert lines[1:] == [
        b"007,Weld steel,1e-12,1",
        b'"8",Cook lunch,0.123456789012345678,2,surplus',
        b"9,Weld steel,1e9,1",
    ]
    late = [{"text": f"We weld frame {i}.", "n": None if i < 6000 else 2**60 + i} for i in range(6010)]
    (tmp_path / "ads.jsonl").write_text("".join(json.dumps(row) + "\n" for row in late), "utf-8")
    mark_duplicates(tmp_path / "ads.jsonl", tmp_path / "marked.parquet")
    assert pq.read_table(tmp_path / "marked.parquet")["n"].to_pylist() == [row["n"] for row in late]


def test_marked_files_keep_the_types_of_columns(tmp_path: Path) -> None:
    ads = pa.table(
        {
            "text": ["Weld steel frames in our yard, days only.", "Cook lunch for a school of ninety.", None],
            "pay": pa.array([12.5, None, 14.0]),
            "n": pa.array([1, 2, None], pa.int64()),
            "open": [True, False, None],
            "posted": pa.array([date(2026, 3, 7), None, date(2026, 3, 9)]),
            "tags": [["a", "b"], [], None],
        }
    )
    pq.write_table(ads, tmp_path / "ads.parquet")
    mark_duplicates(tmp_path / "ads.parquet", tmp_path / "marked.parquet")
    found = pq.read_table(tmp_path / "marked.parquet")
    for name in ads.column_names:
        assert found[name].type == ads[name].type, name
        assert found[name].to_pylist() == ads[name].to_pylist(), name
    mark_duplicates(tmp_path / "ads.parquet", tmp_path / "marked.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "marked.jsonl").read_text("utf-8").splitlines()]
    assert [row["n"] for row in rows] == [1, 2, None]
    assert [row["open"] for row in rows] == [True, False, None]


@pytest.mark.parametrize("name", ["marked.csv", "marked.jsonl", "marked.parquet"])
def test_a_marked_file_has_every_row_and_shares_count_each_once(tmp_path: Path, name: str) -> None:
    from collarclass.tables.dataframe import label_table

    table = pd.concat([EXAMPLES, EXAMPLES.iloc[:10], EXAMPLES.iloc[:10]], ignore_index=True)
    label_table(table, evidence=False).to_csv(tmp_path / "l.csv", index=False)
    found = mark_duplicates(tmp_path / "l.csv", tmp_path / name)
    assert len(set(found.tolist())) == 40
    assert found[40:50].tolist() == found[50:].tolist() == list(range(1, 11))
    once = shares_of_file(tmp_path / name, unique=True)
    label_table(EXAMPLES, evidence=False).to_csv(tmp_path / "once.csv", index=False)
    assert once["plain"].tolist() == pytest.approx(shares_of_file(tmp_path / "once.csv")["plain"].tolist())
    assert shares_of_file(tmp_path / "l.csv", unique=True)["plain"].tolist() == pytest.approx(once["plain"].tolist())
    with pytest.raises(DataError, match="has a column 'duplicate_group' already"):
        mark_duplicates(tmp_path / name, tmp_path / "again.csv")
    with pytest.raises(DataError, match=r"marked\.xls: no such files are written"):
        mark_duplicates(tmp_path / "l.csv", tmp_path / "marked.xls")
