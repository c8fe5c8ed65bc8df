"""Stated requirements: the trap set, exact spans, batches, the lexicon and its errors."""

from __future__ import annotations

import csv
import dataclasses
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collarclass.definitions.labels import LEVELS, STATUSES
from collarclass.errors import DataError
from collarclass.features.ngrams import Vocabulary
from collarclass.requirement_reader.lexicon import COMPILED, default_lexicon, load_lexicon
from collarclass.requirement_reader.reader import read_requirements, requirements
from collarclass.requirement_reader.stated import FEATURES, KINDS, carriers, features, findings
from collarclass.text.tokens import tokenize

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.score_requirements import read

DATA = Path(__file__).parent / "data"
HEADER = "phrase\tclass\tvalue\tisced\tnature\tnote\n"


def _cases() -> list[dict[str, str]]:
    with (DATA / "requirements_traps.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CASES = _cases()
TEXTS = [case["text"] for case in CASES]
AWKWARD = [
    "",
    "\n",
    "<p>Bachelor&#39;s degree</p><script>PhD</script>",
    "&lt;b&gt;GED&lt;/b&gt; or h\u200bigh school",
    "学历：大專以上",
    "ＢＳｃ required\r\n• HND",
    "degree or",
    "or degree",
    "5 years",
    "no",
    "\ud800 degree",
]


def _read(text: str) -> dict[str, str]:
    """What the reader finds in one text, in the words of the trap set: levels as numbers."""
    found = read(text)
    return found | {name: str(LEVELS.index(found[name])) for name in ("level", "preferred_level") if found[name]}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c["id"], marks=[pytest.mark.xfail(strict=True)] if c["known_failure"] else [])
        for c in CASES
    ],
)
def test_trap(case: dict[str, str]) -> None:
    found = _read(case["text"])
    expected = {key: case[key] for key in found if case[key] != "*"}
    assert {key: found[key] for key in expected} == expected


def test_trap_set_is_as_large_as_promised() -> None:
    count = {lang: sum(c["lang"] == lang for c in CASES) for lang in ("en", "zh")}
    assert count["en"] >= 250
    assert count["zh"] >= 150
    assert len(set(TEXTS)) == len(TEXTS)
    assert {c["part"] for c in CASES} == {"tuned", "held"}


def test_batch_equals_one_by_one() -> None:
    texts = TEXTS[::3] + AWKWARD
    tokens = tokenize(texts)
    stated = read_requirements(tokens)
    numbers, carrier = features(stated), carriers(stated)
    for row, text in enumerate(texts):
        one = tokenize([text])
        alone = read_requirements(one)
        assert stated.level[row] == alone.level[0]
        assert stated.status[row] == alone.status[0]
        assert stated.preferred[row] == alone.preferred[0]
        assert findings(stated, tokens, row, text) == findings(alone, one, 0, text)
        assert numbers[row].tolist() == features(alone)[0].tolist()
        here = np.flatnonzero(stated.row == row)
        shifted = np.where(carrier[row] >= 0, carrier[row] - (here[0] if len(here) else 0), -1)
        assert shifted.tolist() == carriers(alone)[0].tolist()


def test_row_order_changes_nothing() -> None:
    texts = TEXTS[:200]
    there = read_requirements(tokenize(texts))
    back = read_requirements(tokenize(texts[::-1]))
    assert there.level.tolist() == back.level[::-1].tolist()
    assert there.status.tolist() == back.status[::-1].tolist()


PIECES = st.sampled_from(
    [
        "Bachelor's degree", "high school diploma", "or", "and", "no", "required", "preferred", "5+ years",
        "experience", "equivalent", ",", ";", "/", "(", ")", ":", "\n", "<li>", "</li>", "&amp;", "本科",
        "以上", "学历", "优先", "不限", "，", "3", "年", "经验", "电工证", "NVQ level 3", "Ph.D.", "licence",
        "tuition", "\u200b", "’", "Essential", "Desirable", "\ud83d\ude00", "A+",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=25).map(" ".join)))
def test_spans_slice_to_their_text(text: str) -> None:
    for title in (None, text):
        for found in requirements(text, title):
            assert text[found.start : found.end] == found.text
            assert found.text
            assert found.status in STATUSES[:4]
            assert found.kind in KINDS


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(PIECES, max_size=12).map(" ".join), max_size=5))
def test_arrays_fit_together(texts: list[str]) -> None:
    stated = read_requirements(tokenize(texts))
    numbers, carrier = features(stated), carriers(stated)
    assert numbers.shape == carrier.shape == (len(texts), len(FEATURES))
    assert ((numbers >= 0) & (numbers <= 1)).all()
    assert (carrier[numbers == 0] == -1).all()
    rows, columns = np.nonzero(numbers)
    assert (stated.row[carrier[rows, columns]] == rows).all()
    assert ((stated.level >= 0) == (stated.status < len(STATUSES) - 1)).all()
    assert (np.diff(stated.row) >= 0).all()


@pytest.mark.parametrize(
    ("text", "effective"),
    [
        ("High school required, degree preferred", 1.5),
        ("Degree or equivalent experience", 2.5),
        ("Master's degree required", 4.0),
        ("学历不限", 0.0),
    ],
)
def test_schooling_follows_the_codebook(text: str, effective: float) -> None:
    numbers = features(read_requirements(tokenize([text])))[0, : len(LEVELS)]
    assert numbers.sum() == pytest.approx(1.0)
    assert numbers @ np.arange(len(LEVELS)) == pytest.approx(effective)


def test_requirements_of_title_and_text() -> None:
    found = requirements("Valid CDL required.", "Driver, high school diploma")
    assert [(r.field, r.kind, r.text) for r in found] == [
        ("title", "schooling", "high school diploma"),
        ("text", "licence", "CDL"),
    ]
    assert found[0].isced == 3
    assert found[1].nature == "vocational"


@pytest.mark.parametrize("text", [None, 3, ["degree"], b"degree"])
def test_only_text_is_read(text: object) -> None:
    with pytest.raises(TypeError, match="has to be a str, not"):
        requirements(text)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="title has to be a str"):
        requirements("degree", title=4)  # type: ignore[arg-type]


def test_own_lexicon(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text(
        HEADER + "# our own words\nfinca|fincas diploma\tlevel\t2\t5\t\tfarm school\n\n"
        "tractor ticket\tlicence\t\t\tvocational\ndegree\tdecoy\n",
        encoding="utf-8",
    )
    lexicon = load_lexicon(path)
    found = requirements("Finca diploma and tractor ticket; a degree", lexicon=lexicon)
    assert [(r.kind, r.level, r.text) for r in found] == [
        ("schooling", "associate", "Finca diploma"),
        ("licence", None, "tractor ticket"),
    ]
    assert [r.text for r in requirements("Finca diploma and tractor ticket")] == ["diploma"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("phrase,class\n", "line 1: the first line of a lexicon has to name the columns"),
        (HEADER + "guild letter\tlevle\t1\t3\n", "line 2: unknown class 'levle'. Use one of level"),
        (HEADER + "\nguild letter\tlevel\t7\t3\n", "line 3: the value '7' does not suit the class level"),
        (HEADER + "guild letter\tlevel\t1\t\n", "line 2: isced is ''"),
        (HEADER + "guild letter\tcertificate\n", "line 2: nature is ''"),
        (HEADER + "\tdecoy\n", "line 2: the phrase is empty"),
        (HEADER + "a\tb\tc\td\te\tf\tg\n", "line 2: 7 cells for 6 columns"),
        (HEADER + "twenty\tnumber\tmany\n", "line 2: the value 'many' of a number"),
        (HEADER + "one. two three\tdecoy\n", "line 2: the phrase 'one. two three' reads as"),
        (HEADER + "?!\tdecoy\n", "reads as 0 words"),
    ],
)
def test_bad_lexicon_rows_say_where(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "own.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"own\.tsv") as caught:
        load_lexicon(path)
    assert message in str(caught.value)


def test_the_compiled_lexicon_is_that_of_the_files() -> None:
    shipped, compiled = default_lexicon(), load_lexicon()
    with (files("collarclass") / "requirement_reader" / "words" / COMPILED).open("rb") as file, np.load(file) as stored:
        assert np.array_equal(stored["prefixes"], compiled.prefixes.hashes)  # else run scripts/compile_lexicon.py
    for field in dataclasses.fields(compiled):
        ours, theirs = getattr(shipped, field.name), getattr(compiled, field.name)
        if isinstance(theirs, dict):
            assert ours.keys() == theirs.keys()
            for name in theirs:
                assert all(np.array_equal(a, b) for a, b in zip(ours[name], theirs[name], strict=True))
        elif isinstance(theirs, Vocabulary):
            assert np.array_equal(ours.hashes, theirs.hashes)
        else:
            assert np.array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype


def test_a_lexicon_that_was_changed_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collarclass.requirement_reader.lexicon._made_of", lambda: b"of other files")
    assert np.array_equal(default_lexicon.__wrapped__().group, default_lexicon().group)


def test_missing_lexicon(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_lexicon(tmp_path / "none.tsv")


def test_reading_holds_no_text() -> None:
    with (DATA / "requirements_reading.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1530
    assert set(rows[0]) == {"id", "lang", "draw", "level", "status", "preferred_level", "certificates", "years"}
    assert {r[c] for r in rows for c in ("level", "preferred_level")} <= {"", "*", *LEVELS}
    assert {r["status"] for r in rows} <= set(STATUSES)
