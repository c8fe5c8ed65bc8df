"""Stated requirements: the trap set, exact spans, batches, the lexicon and its errors."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collarclass.api import default_model, requirements
from collarclass.definitions.labels import LEVELS, STATUSES
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.errors import DataError
from collarclass.requirement_reader import lexicon as lexicon_module
from collarclass.requirement_reader.constants import MAX_PLACES
from collarclass.requirement_reader.credential_names import in_language
from collarclass.requirement_reader.lexicon import default_lexicon, load_lexicon
from collarclass.requirement_reader.outcomes import FEATURES, KINDS, OUTCOMES
from collarclass.requirement_reader.reading import RequirementReader
from collarclass.text.ad_tokens import AdTokens
from collarclass.training.mentions import find_mentions
from collarclass.training.real_ads import learnable, read_mentions
from collarclass.training.train_reader import read_users_mentions
from research.measure.score_challenge_set import FAILURES, read_cases, read_many, shares, wrong_columns

ROOT = Path(__file__).parents[1]
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


def read(text: str) -> tuple[RequirementReader, AdTokens]:
    """What an ad states, by a reader of its own."""
    reading, tokens = RequirementReader(READER, default_lexicon()), AdTokens()
    return reading.read_ad(tokens.read(text)), tokens


def stated(reading: RequirementReader, tokens: AdTokens) -> tuple[object, ...]:
    """All that a reader says of an ad."""
    findings = [(reading.kind[k], reading.value[k], reading.confidence[k]) for k in range(reading.n)]
    arrays = (list(reading.likely), list(reading.features), list(reading.carrier), list(reading.certificate_status))
    return reading.level, reading.status, reading.preferred, reading.certificates(tokens), findings, *arrays


def test_an_ad_is_read_alike_whatever_was_read_before() -> None:
    one_by_one = [stated(*read(text)) for text in TEXTS[::101] + AWKWARD]
    reading, tokens = RequirementReader(READER, default_lexicon()), AdTokens()
    for texts in (TEXTS[::101] + AWKWARD, (TEXTS[::101] + AWKWARD)[::-1]):
        found = [stated(reading.read_ad(tokens.read(text)), tokens) for text in texts]
        assert found == (one_by_one if texts[-1] == AWKWARD[-1] else one_by_one[::-1])


CUES = [
    ("Bachelor's degree preferred. CDL is required.", ["preferred wording", "is required wording"]),
    ("Nice to have\n- Master's degree\n- PMP certification", ["Nice to have heading", "Nice to have heading"]),
    ("Associate degree in nursing or equivalent experience.", ["or equivalent experience wording"]),
    ("No degree needed. You must have a forklift licence.\nRequired: see us.", ["No wording", "You must have wording"]),
    ("必须持有电工证，有驾照者优先。", ["必须持有 wording", "者优先 wording"]),
    ("High school diploma", [""]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "cues"), CUES)
def test_a_requirement_names_the_words_that_say_how_it_is_asked_for(text: str, cues: list[str]) -> None:
    found = requirements(text)
    assert [f"{r.cue.text} {r.cue.kind}" if r.cue else "" for r in found] == cues
    assert all(r.cue is None or text[r.cue.start : r.cue.end] == r.cue.text for r in found)


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
    real = learnable(read_mentions(REQUIREMENTS.parent))
    source = real.ads["source"].to_numpy()
    assert len({*source}) > 40
    assert real.facts.shape == (len(real.mentions), len(real.vocabulary))
    held = real.take(source == source[0])
    assert {*held.ads["source"]} == {source[0]}
    assert held.mentions["ad"].max() < len(held.ads) < len(source)


def test_a_wrong_reading_is_mended_by_own_mentions(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "text,mention,outcome\n"
        + "".join(f"{n} glorps: bachelor's degree zingled.,bachelor's degree,preferred\n" for n in range(2, 12)),
        encoding="utf-8",
    )
    examples = read_users_mentions(path, pd.DataFrame({"hash": READER.hashes}))
    assert (examples.mentions.loc[examples.mentions["group"] == 0, "outcome"] == 2).all()
    assert len(examples.ads) == 10


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,outcome\na degree,required\n", "No column 'mention' in own.csv"),
        ("text,mention,outcome\na degree,degree,wanted\n", "row 2: the outcome 'wanted' is none of none, required"),
        ("text,mention,outcome\na degree,diploma,required\n", "row 2: the text does not hold the mention 'diploma'"),
        ("text,mention,outcome\na dog,dog,required\n", "none of its mentions is found by the lexicon"),
    ],
)
def test_bad_own_mentions_say_where(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(message)):
        read_users_mentions(path, pd.DataFrame({"hash": READER.hashes}))


PIECES = st.sampled_from(
    [
        "Bachelor's degree", "high school diploma", "or", "and", "no", "required", "preferred", "5+ years",
        "experience", "equivalent", ",", ";", "/", "(", ")", ":", "\n", "<li>", "</li>", "&amp;", "本科",
        "以上", "学历", "优先", "不限", "，", "3", "年", "经验", "电工证", "NVQ level 3", "Ph.D.", "licence",
        "tuition", "\u200b", "’", "Essential", "Desirable", "\ud83d\ude00", "A+",
    ]
)  # fmt: skip


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=25).map(" ".join)))
def test_spans_slice_to_their_text(text: str) -> None:
    for title in (None, text):
        for found in requirements(text, title):
            assert text[found.start : found.end] == found.text
            assert found.text
            assert found.status in STATUSES[:4]
            assert found.kind in KINDS


@settings(max_examples=100)
@given(st.lists(PIECES, max_size=40).map(" ".join))
def test_features_are_carried_by_findings(text: str) -> None:
    reading, _ = read(text)
    features, carrier = np.array(reading.features), np.array(reading.carrier)
    assert features.shape == carrier.shape == (len(FEATURES),)
    assert ((features >= 0) & (features <= 1)).all()
    assert (carrier[features == 0] == -1).all()
    assert ((carrier[features > 0] >= 0) & (carrier[features > 0] < reading.n)).all()
    assert (reading.level >= 0) <= (reading.status < len(STATUSES) - 1)


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
    numbers = np.array(read(text)[0].features[: len(LEVELS)])
    assert 0.9 < numbers.sum() <= 1.0
    assert numbers @ [level.rating for level in SCHOOLING_LEVELS] / numbers.sum() == pytest.approx(effective, abs=0.15)


def test_schooling_counts_as_far_as_it_is_likely_and_in_whole_steps() -> None:
    plain = np.array(read("A master's degree is required.")[0].features)
    doubtful = np.array(read("PhD students will thank you.")[0].features)
    assert (plain * 256 % 1 == 0)[: len(LEVELS)].all()  # a level between two is shared out in quarters
    assert doubtful[: len(LEVELS)].sum() < plain[: len(LEVELS)].sum() - 0.1


def test_a_phrase_of_one_s_own_has_one_meaning(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    rows = "guild|trade letter\tlevel\t2\nseal\tlevel\t1\nGuild letter\tlevel\t3\n"
    path.write_text(HEADER + rows, encoding="utf-8")
    with pytest.raises(DataError, match=r"own\.tsv, line 4: 'Guild letter' is there already .*own\.tsv, line 2"):
        load_lexicon(path)


# What is one level in one country and another elsewhere: of each the last row of the lexicon counts.
TWO_LEVELS = {
    "std x", "class x", "technical college diploma", "technical college graduate", "vocational diploma",
    "technical degree", "college qualification", "graduate qualification", "law degree", "高职 含以上", "bvsc",
    *(f"{exam} {word}" for exam in ("pt3", "pmr") for word in ("certificate", "holder", "leaver")),
}  # fmt: skip


def test_a_phrase_of_the_lexicon_stands_for_one_level() -> None:
    levels: dict[str, set[str]] = {}
    for name in lexicon_module.FILES:
        rows = [row for row in lexicon_module._read(lexicon_module._FOLDER / name, name) if row.group == "level"]
        for spelling, level in ((spelling, row.value) for row in rows for spelling in lexicon_module._spellings(row)):
            levels.setdefault(spelling.casefold(), set()).add(level)
    assert {phrase for phrase, found in levels.items() if len(found) > 1} == TWO_LEVELS
    assert set().union(*levels.values()) >= {level.name for level in SCHOOLING_LEVELS}
    for one in SCHOOLING_LEVELS:  # each level's own words are read as that level
        wanted = requirements(f"要求{one.phrases['zh']}。")
        assert {found.level for found in wanted} == {one.name}


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
        "Check the cooler stays at 2 to 4 degrees Celsius.",
        "You sell software to clients in higher education.",
        "小学编程老师，教孩子用 Scratch 编程。",
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
        ("CSM or CSPO preferred", "Certified ScrumMaster"),
        ("Registered nurse with NMC registration", "NMC Registration – Nurse"),
        ("英语六级以上", "CET-6 (China)"),
    ],
)
def test_a_certificate_has_a_name_where_it_is_named(text: str, name: str | None) -> None:
    assert next(item.name and in_language(item.name, "en") for item in requirements(text)) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Newly qualified solicitor, LPC completed.", "Legal Practice Course (England & Wales)"),
        ("Therapist: LPC required.", "Licensed Professional Counselor (LPC)"),
        ("Registered nurse required. Our hospital is in New Zealand.", "Nursing Council of New Zealand Registration"),
        ("Level 3 food hygiene certificate required.", "Food Hygiene Level 3 (UK)"),
        ("Level 2 food hygiene certificate required.", "Food Hygiene Level 2 (UK)"),
    ],
)
def test_a_certificate_is_named_by_the_rest_of_the_ad(text: str, name: str) -> None:
    assert name in [item.name for item in requirements(text)]


@pytest.mark.parametrize("text", ["Forklift £17 per hour, nights.", "HGV Class 1 £17.50", "焊工 中级工6500 高级工7500"])
def test_a_trade_with_its_pay_is_no_credential(text: str) -> None:
    assert not [item for item in requirements(text) if item.kind in ("certificate", "licence", "skill_grade")]


@pytest.mark.parametrize(
    "text",
    ["Health insurance after one year.", "Our founder has 20 years of experience.", "入职满一年享受带薪年假。"],
)
def test_years_of_benefits_and_of_others_are_not_asked_for(text: str) -> None:
    assert not [item for item in requirements(text) if item.kind == "experience"]


def test_certificates_are_named_in_the_language_of_the_ad_under_one_id() -> None:
    found = requirements("PMP certification required."), requirements("要求持有PMP证书，熟悉项目管理的全部流程。")
    assert [items[0].credential for items in found] == ["pmp"] * 2
    assert [in_language(items[0].name or "", "zh") for items in found] == [found[1][0].name] * 2


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


def test_a_lexicon_that_stands_for_millions_of_phrases_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text(HEADER + " ".join(["a|b"] * 15) + "\tlicence\t\t\tvocational\n" * 9, "utf-8")
    path.write_text(HEADER + (" ".join(["a|b|c"] * 15) + "\tlicence\t\t\tvocational\n"), "utf-8")
    with pytest.raises(DataError, match=r"own\.tsv, line 2: the phrases so far stand for 14,348,907 spellings"):
        load_lexicon(path)


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
        (HEADER + "guild letter\tlevle\t1\t3\n", "line 2: the class is 'levle': write one of 'level'"),
        (HEADER + "\nguild letter\tlevel\t7\t3\n", "line 3: the value is '7': write one of 'basic'"),
        (HEADER + "guild letter\tlevel\t1\tx\n", "line 2: the isced is 'x'"),
        (HEADER + "guild letter\tcertificate\n", "line 2: the nature is '': write one of 'academic'"),
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
    assert len(rows) == 2181
    assert set(rows[0]) == {"id", "lang", "draw", "level", "status", "preferred_level", "certificates", "years"}
    assert {r[c] for r in rows for c in ("level", "preferred_level")} <= {"", "*", *LEVELS}
    assert {r["status"] for r in rows} <= set(STATUSES)


def test_a_phrase_that_gave_way_pushes_no_other_out() -> None:
    text = "You need a 4 year college degree or equivalent work experience."  # "college degree" gives way
    reading, tokens = read(text)
    words = [text[found.start : found.end] for found in reading.findings(tokens, text, "")]
    assert words == ["4 year college", "degree"]


REPEATED = ("学历不限，", "BSc or ", "nvq level 3/", "3-5 years ", "forklift licence, ")


@pytest.mark.parametrize("phrase", REPEATED)
def test_only_the_first_places_of_an_ad_are_judged(phrase: str) -> None:
    mentions, _ = find_mentions([phrase * (3 * MAX_PLACES), phrase * (MAX_PLACES // 4)])
    size = np.bincount(mentions["ad"])
    assert MAX_PLACES // 4 <= size[0] <= MAX_PLACES
    assert size[1] == MAX_PLACES // 4  # all of them


def test_words_about_the_last_place_are_still_read() -> None:
    text = "BSc, " * (MAX_PLACES - 1) + "diploma is not required, " + "diploma, " * 20
    reading, tokens = read(text)
    mentions = reading.mentions
    _, start, end = tokens.span(mentions.items.last[mentions.items.n - 1], mentions.items.last[mentions.items.n - 1])
    assert (mentions.items.n, text[start:end]) == (MAX_PLACES, "diploma")
    last = mentions.cues.n - 1
    _, start, end = tokens.span(mentions.cues.first[last], mentions.cues.last[last])
    assert text[start:end] == "is not required"


@pytest.mark.slow
@pytest.mark.parametrize("switch", ["", "off"])
def test_plain_python_reads_what_compiled_code_reads(switch: str) -> None:
    code = (
        "import sys, json; from tests.test_requirements import TEXTS, AWKWARD, read, stated\n"
        "print(json.dumps([stated(*read(text)) for text in TEXTS[::401] + AWKWARD]))"
    )
    environment = {**os.environ, "COLLARCLASS_COMPILED": switch, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, check=True)
    here = json.loads(json.dumps([stated(*read(text)) for text in TEXTS[::401] + AWKWARD]))
    assert json.loads(done.stdout) == here
