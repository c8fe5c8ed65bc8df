"""Stated requirements: the trap set, exact spans, batches, the lexicon and its errors."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collarclass.api import default_model, requirements
from collarclass.definitions.labels import LEVELS, STATUSES
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.errors import DataError
from collarclass.kernel.library import without_kernel
from collarclass.requirement_reader import decide as decide_module
from collarclass.requirement_reader.context import context_features
from collarclass.requirement_reader.decide import OUTCOMES, decide
from collarclass.requirement_reader.lexicon import default_lexicon, load_lexicon
from collarclass.requirement_reader.mentions import find_mentions
from collarclass.requirement_reader.phrases import MAX_PLACES, _settle, _settle_chains
from collarclass.requirement_reader.reader import read_requirements
from collarclass.requirement_reader.stated import FEATURES, KINDS, carriers, features, findings
from collarclass.text.tokens import tokenize
from collarclass.training.real_ads import read_mentions
from collarclass.training.train_reader import read_users_mentions, take
from research.measure.score_challenge_set import FAILURES, read_cases, read_many, shares, wrong_columns

DATA = Path(__file__).parent / "data"
REQUIREMENTS = Path(__file__).parents[1] / "data" / "requirements"
HEADER = "phrase\tclass\tvalue\tisced\tnature\tnote\n"


CASES = read_cases()
TEXTS = [case["text"] for case in CASES]
READER = default_model().reader
COLUMNS = ("level", "status", "preferred_level", "certificates", "years", "level and status", "all")
FLOORS = {  # shares right; a case more or less never breaks the build
    (part, language, column): floor
    for (part, language), floors in {
        ("held", "en"): (0.90, 0.885, 0.96, 0.94, 0.965, 0.865, 0.795),
        ("held", "zh"): (0.93, 0.91, 0.975, 0.95, 0.98, 0.905, 0.86),
        ("blind", "en"): (0.92, 0.89, 0.96, 0.94, 0.95, 0.88, 0.81),
        ("blind", "zh"): (0.91, 0.88, 0.97, 0.96, 0.93, 0.85, 0.79),
        ("blind_nonsense", "en"): (0.80, 0.80, 1.0, 1.0, 1.0, 0.80, 0.80),
        ("blind_nonsense", "zh"): (0.85, 0.85, 1.0, 1.0, 1.0, 0.85, 0.85),
        ("tuned", "en"): (0.94, 0.92, 0.97, 0.94, 0.96, 0.90, 0.86),
        ("tuned", "zh"): (0.96, 0.95, 0.97, 0.95, 0.98, 0.95, 0.91),
    }.items()
    for column, floor in zip(COLUMNS, floors, strict=True)
}
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


def test_challenge_set_keeps_its_floors() -> None:
    found = shares(CASES, read_many(TEXTS))
    below = {key: f"{right / n:.3f}" for key, (right, n) in found.items() if right / n < FLOORS[key]}
    assert not below


def test_failures_are_those_of_the_file() -> None:
    with FAILURES.open(encoding="utf-8", newline="") as file:
        listed = {row["id"] for row in csv.DictReader(file)}
    found = read_many(TEXTS)
    failing = {case["id"] for case, reading in zip(CASES, found, strict=True) if wrong_columns(case, reading)}
    # A few cases lie on the edge, and another machine's sums may decide them otherwise.
    assert len(failing ^ listed) <= len(CASES) // 200, "run research/measure/score_challenge_set.py --write"


def test_trap_set_is_as_large_as_promised() -> None:
    count = {lang: sum(c["lang"] == lang for c in CASES) for lang in ("en", "zh")}
    assert count["en"] >= 250
    assert count["zh"] >= 150
    assert len(set(TEXTS)) == len(TEXTS)
    assert {c["part"] for c in CASES} == {"tuned", "held", "blind", "blind_nonsense"}


def test_batch_equals_one_by_one() -> None:
    texts = TEXTS[::11] + AWKWARD  # of every part and language
    tokens = tokenize(texts)
    stated = read_requirements(tokens, READER)
    numbers, found = features(stated), findings(stated, tokens, texts)
    carrier = carriers(stated, numbers)
    for row, text in enumerate(texts):
        one = tokenize([text])
        alone = read_requirements(one, READER)
        assert stated.level[row] == alone.level[0]
        assert stated.status[row] == alone.status[0]
        assert stated.preferred[row] == alone.preferred[0]
        assert found[row] == findings(alone, one, [text])[0]
        assert stated.likely[row].tolist() == alone.likely[0].tolist()
        assert numbers[row].tolist() == features(alone)[0].tolist()
        here = np.flatnonzero(stated.row == row)
        shifted = np.where(carrier[row] >= 0, carrier[row] - (here[0] if len(here) else 0), -1)
        assert shifted.tolist() == carriers(alone, features(alone))[0].tolist()


def test_row_order_changes_nothing() -> None:
    texts = TEXTS[:200]
    there = read_requirements(tokenize(texts), READER)
    back = read_requirements(tokenize(texts[::-1]), READER)
    assert there.level.tolist() == back.level[::-1].tolist()
    assert there.status.tolist() == back.status[::-1].tolist()


def test_reasons_add_up_to_the_log_odds() -> None:
    for text in TEXTS[::60]:
        tokens = tokenize([text])
        mentions = find_mentions(tokens, default_lexicon())
        if not len(mentions.items):
            continue
        outcome = decide(READER, context_features(mentions, default_lexicon()), mentions.items).outcome
        stated = read_requirements(tokens, READER, reasons=True)
        for i, found in enumerate(findings(stated, tokens, [text])[0]):
            log = np.log(outcome[stated.mention[i]])
            k = int(stated.finding_status[i]) + 1
            odds = log[k] - np.delete(log, k).max()
            assert sum(reason.weight for reason in found.reasons) == pytest.approx(odds, abs=1e-6)
            assert all(reason.text in text for reason in found.reasons)


def test_sums_are_the_same_with_and_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    mentions = find_mentions(tokenize(TEXTS[:300]), default_lexicon())
    found = context_features(mentions, default_lexicon())
    decided = []
    for many in (0, 1 << 40):
        monkeypatch.setattr(decide_module, "_MIN_SCIPY_FEATURES", many)
        with without_kernel():
            decided.append(decide(READER, found, mentions.items))
    for name in ("outcome", "alternative", "deciding"):
        assert np.array_equal(getattr(decided[0], name), getattr(decided[1], name))


def test_decided_mentions_are_where_they_say() -> None:
    texts = {case["id"]: case["text"] for case in CASES}
    for name in ("mentions.csv", "real_mentions.csv"):
        with (REQUIREMENTS / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert row["outcome"] in OUTCOMES
                assert row["alternative"] in ("", "0", "1")
                text = texts.get(row["id"])
                if text is not None:
                    words = text[int(row["start"]) : int(row["end"])]
                    assert " ".join(words.split()) == " ".join(row["mention"].split())


def test_real_ads_say_their_sources() -> None:
    stored = read_mentions(REQUIREMENTS.parent)
    vocabulary, real = stored.vocabulary, stored.learnable()
    assert len(real.source) == len(real.level)
    assert len(set(real.source.tolist())) > 40
    assert real.features.shape == (len(real.row), len(vocabulary))
    held = take(real, real.source == real.source[0])
    assert set(held.source.tolist()) == {real.source[0]}
    assert held.row.max() < len(held.level) < len(real.level)


def test_a_wrong_reading_is_mended_by_own_mentions(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "text,mention,outcome\n"
        + "".join(f"{n} glorps: bachelor's degree zingled.,bachelor's degree,preferred\n" for n in range(2, 12)),
        encoding="utf-8",
    )
    examples = read_users_mentions(path, READER.vocabulary.hashes)
    assert (examples.outcome[examples.group == 0] == 2).all()
    assert len(examples.level) == 10


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,outcome\na degree,required\n", "no column 'mention'"),
        ("text,mention,outcome\na degree,degree,wanted\n", "row 2: the outcome 'wanted' is none of none, required"),
        ("text,mention,outcome\na degree,diploma,required\n", "row 2: the text does not hold the mention 'diploma'"),
        ("text,mention,outcome\na dog,dog,required\n", "none of its mentions is found by the lexicon"),
    ],
)
def test_bad_own_mentions_say_where(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(message)):
        read_users_mentions(path, READER.vocabulary.hashes)


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
    stated = read_requirements(tokenize(texts), READER)
    numbers = features(stated)
    carrier = carriers(stated, numbers)
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
    numbers = features(read_requirements(tokenize([text]), READER))[0, : len(LEVELS)]
    assert 0.9 < numbers.sum() <= 1.0
    assert numbers @ [level.rating for level in SCHOOLING_LEVELS] / numbers.sum() == pytest.approx(effective, abs=0.15)


def test_schooling_counts_as_far_as_it_is_likely_and_in_whole_steps() -> None:
    plain, doubtful = features(
        read_requirements(tokenize(["A master's degree is required.", "PhD students will thank you."]), READER)
    )
    assert (plain * 256 % 1 == 0)[: len(LEVELS)].all()  # a level between two is shared out in quarters
    assert doubtful[: len(LEVELS)].sum() < plain[: len(LEVELS)].sum() - 0.1


def test_levels_ascend_and_have_codes_of_their_own() -> None:
    ratings, codes = [level.rating for level in SCHOOLING_LEVELS], [level.code for level in SCHOOLING_LEVELS]
    assert ratings == sorted(set(ratings))
    assert sorted(set(codes)) == sorted(codes)
    assert min(codes) >= 0
    assert max(codes) <= 6
    for level in SCHOOLING_LEVELS:
        assert set(level.names) == set(level.phrases) == {"en", "zh"}


@pytest.mark.parametrize("written", ["associate", "2"])
def test_a_level_is_written_by_name_or_rating(tmp_path: Path, written: str) -> None:
    path = tmp_path / "own.tsv"
    path.write_text(HEADER + f"guild letter\tlevel\t{written}\n", encoding="utf-8")
    [found] = requirements("A guild letter is required.", lexicon=load_lexicon(path))
    assert (found.level, found.isced) == ("associate", 5)


@pytest.mark.parametrize(
    "text",
    [
        "Runs GC-MS in a contract laboratory.",
        "MS in negative ion mode, day and night.",
        "Zero patience for BS.",
        "Parcels of BA (British Airways) are sorted here.",
        "PhD students will bring you their samples.",
        "Mentoring undergraduate students in the workshop.",
        "协助博士生订购试剂。",
        "本科生实验课前摆好仪器。",
    ],
)
def test_words_that_only_look_like_schooling(text: str) -> None:
    assert not [item for item in requirements(text) if item.kind == "schooling"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Welding certificate required.", None),
        ("AWS certified welder required.", "AWS Certified Welder"),
        ("A crane licence is required.", None),
        ("須具電銲技術士證照", "Skill Test (Taiwan)"),
        ("具乙級技術士證者優先", "Skill Test Level B (Taiwan)"),
    ],
)
def test_a_certificate_has_a_name_where_it_is_named(text: str, name: str | None) -> None:
    assert [item.name for item in requirements(text)] == [name]


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
        (HEADER + "guild letter\tlevel\t1\tx\n", "line 2: isced is 'x'"),
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


def test_missing_lexicon(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_lexicon(tmp_path / "none.tsv")


def test_reading_holds_no_text() -> None:
    with (REQUIREMENTS / "readings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2141
    assert set(rows[0]) == {"id", "lang", "draw", "level", "status", "preferred_level", "certificates", "years"}
    assert {r[c] for r in rows for c in ("level", "preferred_level")} <= {"", "*", *LEVELS}
    assert {r["status"] for r in rows} <= set(STATUSES)


def _settled_in_rounds(first: list[int], last: list[int], weight: list[int]) -> list[int]:
    """The rule as it is stated: in each round, what overlaps a neighbour that stands and counts for more is dropped."""
    stands = list(range(len(first)))
    while True:
        pairs = [k for k in range(len(stands) - 1) if first[stands[k + 1]] <= last[stands[k]]]
        if not pairs:
            return stands
        loser = {k: k + (weight[stands[k]] >= weight[stands[k + 1]]) for k in pairs}
        lost = set(loser.values())
        drop = {loses for k, loses in loser.items() if 2 * k + 1 - loses not in lost}
        stands = [i for k, i in enumerate(stands) if k not in drop]


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(2, 6)), max_size=60))
@settings(deadline=None)
def test_overlapping_phrases_settle_alike_in_chains_and_in_rounds(steps: list[tuple[int, int, int]]) -> None:
    first = [sum(step for step, _, _ in steps[: k + 1]) for k in range(len(steps))]
    last = [start + size - 1 for start, (_, size, _) in zip(first, steps, strict=True)]
    weight = [w for _, _, w in steps]
    expected = _settled_in_rounds(first, last, weight)
    assert _settle_chains(first, last, weight) == expected
    arrays = [np.array(values, dtype=np.int64) for values in (first, last, weight)]
    assert _settle(*arrays).tolist() == expected


REPEATED = ("学历不限，", "BSc or ", "nvq level 3/", "3-5 years ", "forklift licence, ")


@pytest.mark.parametrize("phrase", REPEATED)
def test_only_the_first_places_of_an_ad_are_judged(phrase: str) -> None:
    lexicon = default_lexicon()
    ordinary = "You need a bachelor's degree and two years of experience. A licence is a plus."
    crowded, fewer = phrase * (3 * MAX_PLACES), phrase * (MAX_PLACES // 4)
    batch = [ordinary, crowded, ordinary, fewer]
    items = find_mentions(tokenize(batch), lexicon).items
    alone = [find_mentions(tokenize([text]), lexicon).items for text in batch]
    counts = np.bincount(items.row, minlength=4).tolist()
    assert counts == [len(found) for found in alone]
    assert MAX_PLACES // 4 <= counts[1] <= MAX_PLACES
    assert counts[3] == MAX_PLACES // 4  # all of them
    assert items.phrase.tolist() == [number for found in alone for number in found.phrase.tolist()]


def test_words_about_the_last_place_are_still_read() -> None:
    tokens = tokenize(["BSc, " * (MAX_PLACES - 1) + "diploma is not required, " + "diploma, " * 20])
    mentions = find_mentions(tokens, default_lexicon())
    assert tokens.word(int(mentions.items.last[-1])) == "diploma"
    assert len(mentions.items) == MAX_PLACES
    assert tokens.word(int(mentions.cues.first[-1]), int(mentions.cues.last[-1])) == "is not required"
