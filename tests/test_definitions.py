"""Definitions: rules applied to arrays, TOML that is wrong is named, and every output tells which one it follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import run
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from collarclass import classify_many, label_file, label_table
from collarclass.definitions.definition import Definition, Facts, builtin_definitions, load_definition, parse_definition
from collarclass.definitions.labels import COLLARS, LABELS, LEVELS, STATUSES, UNCLEAR
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.errors import DataError
from collarclass.report.words import NAMES
from collarclass.shares.files import shares_of_file
from collarclass.shares.read import facts_of
from collarclass.shares.shares import estimate_shares

EXAMPLES = Path(__file__).parents[1] / "examples" / "job_ads.csv"
BOTH: dict[str, Any] = {
    "name": "both",
    "rules": [{"label": "gray", "academic_score": {"min": 0.5}, "hands_on_score": {"min": 0.5}}],
}
BOTH["fallback"] = {"labels": ["white", "blue"]}


def facts(scores: np.ndarray, seed: int = 0) -> Facts:
    rng = np.random.default_rng(seed)
    n = len(scores)
    p = rng.dirichlet([1, 1, 1], n)
    label = p.argmax(axis=1).astype(np.int8)
    label[::7] = UNCLEAR
    codes = [rng.integers(0, 5, n).astype(np.int8) for _ in range(3)]
    return Facts(label, p, scores, rng.integers(-1, len(LEVELS), n).astype(np.int8), *codes)


def test_the_default_is_the_model() -> None:
    assert builtin_definitions()[0] == "article"
    one = facts(np.random.default_rng(1).random((50, 2)))
    assert load_definition("article").apply(one).tolist() == one.label.tolist()
    assert load_definition("article").is_model


@settings(max_examples=60)
@given(st_np.arrays(float, st.tuples(st.integers(1, 30), st.just(2)), elements=st.floats(0, 1)), st.integers(0, 99))
def test_rules_against_the_same_rules_row_by_row(scores: np.ndarray, seed: int) -> None:
    one = facts(scores, seed)
    dual = load_definition("dual-certificate").apply(one)
    middle = load_definition("middle").apply(one)
    both = parse_definition(BOTH).apply(one)
    asked = [STATUSES.index(s) for s in ("required", "preferred", "substitutable")]
    for i, (a, h) in enumerate(scores.tolist()):
        likelier = int(one.probabilities[i, 1] > one.probabilities[i, 0])
        if one.label[i] == UNCLEAR:
            assert dual[i] == middle[i] == both[i] == UNCLEAR
            continue
        assert one.vocational_certificate is not None
        degree = one.level[i] >= LEVELS.index("associate")
        stated = degree and one.status[i] in asked and one.vocational_certificate[i] in asked
        assert dual[i] == (2 if stated else likelier)
        assert middle[i] == (0 if a - h >= 0.4 else 1 if a - h < -0.4 else 2)
        assert both[i] == (2 if a >= 0.5 and h >= 0.5 else likelier)


def test_the_first_rule_that_is_met_decides() -> None:
    rules = [{"label": "blue", "hands_on_score": {"min": 0.5}}, {"label": "white", "hands_on_score": {"min": 0.2}}]
    found = parse_definition({"name": "x", "rules": rules, "fallback": {"labels": ["gray"]}})
    scores = np.array([[0.1, 0.9], [0.1, 0.3], [0.1, 0.1]])
    one = facts(scores)
    one.label[:] = 0
    assert [LABELS[k] for k in found.apply(one)] == ["blue", "white", "gray"]


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "strict.toml"
    path.write_text(
        'name = "strict"\n[[rules]]\nlabel = "gray"\nacademic_score = { min = 0.7 }\nhands_on_score = { min = 0.7 }\n'
        '[fallback]\nlabels = ["white", "blue"]\n',
        "utf-8",
    )
    found = label_table(pd.read_csv(EXAMPLES), definition=load_definition(path))
    assert found["collar_model"].str.contains(r", definition strict \([0-9a-f]{8}\)$").all()
    gray = found[found["collar"] == "gray"]
    assert (gray[["academic_score", "hands_on_score"]] >= 0.7).all(axis=None)
    assert found["collar_confidence"].isna().all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "name should be a word or two"),
        ({"name": "x", "thresholds": 1}, "there is no setting 'thresholds'; there are fallback, name, rules"),
        ({"name": "x"}, r"there should be a \[fallback\] with labels"),
        ({"name": "x", "fallback": {"labels": ["pink"]}}, "fallback labels has 'pink'; allowed are white, blue, gray"),
        ({"rules": [{"label": "grey", "index": {"min": 1}}]}, "rule 1: label is 'grey'; allowed are white, blue, gray"),
        ({"rules": [{"label": "gray"}]}, "rule 1: it has no condition"),
        (
            {"rules": [{"label": "gray", "salary": 3}]},
            "rule 1: there is no condition 'salary'; there are label, academic",
        ),
        ({"rules": [{"label": "gray", "academic_score": 0.5}]}, "academic_score should be a range such as"),
        (
            {"rules": [{"label": "gray", "academic_score": {"min": "a"}}]},
            "academic_score min is 'a', which is not a number",
        ),
        ({"rules": [{"label": "gray", "academic_score": {"min": 0.5, "below": 0.4}}]}, "nothing lies between them"),
        ({"rules": [{"label": "gray", "index": {"min": 0.5}}]}, r"there are no \[weights\] to make it of"),
        ({"rules": [{"label": "gray", "schooling_level": ["phd"]}]}, "schooling_level has 'phd'; allowed are basic"),
        ({"rules": 3}, r"rules should be tables, each beginning with \[\[rules\]\]"),
    ],
)
def test_what_is_wrong_is_named(content: dict[str, object], message: str) -> None:
    if "rules" in content:
        content = {"name": "x", "fallback": {"labels": ["white"]}, **content}
    with pytest.raises(DataError, match=message):
        parse_definition(content, "own.toml")


def test_files_that_are_wrong_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No definition 'pink': choose one of article, dual-certificate, "):
        load_definition("pink")
    (tmp_path / "a.toml").write_text("name = ", "utf-8")
    with pytest.raises(DataError, match=r"a\.toml is not TOML"):
        load_definition(tmp_path / "a.toml")
    (tmp_path / "b.toml").write_text('name = "middle"\n[fallback]\nlabels = ["white"]\n', "utf-8")
    with pytest.raises(DataError, match=r"b\.toml: 'middle' is the name of a built-in definition"):
        load_definition(tmp_path / "b.toml")


def test_certificates_are_columns() -> None:
    ads = pd.DataFrame(
        {
            "text": [
                "招电工，大专以上学历，须持电工证和高级技师证。",
                "Electrician. High school diploma. Journeyman electrician licence required, CompTIA A+ preferred.",
                "Clean offices in the evening, two hours a day, near the station.",
            ]
        }
    )
    found = label_table(ads)
    assert found["certificates"][0] == ["低压电工证", "高级技师证"]
    assert found["certificates"][1][:2] == ["Journeyman Electrician License", "CompTIA A+"]
    assert found["certificates"][2] == []
    assert found["vocational_certificate"].tolist() == ["required", "required", "unstated"]
    named = [r for r in classify_many(ads["text"])[1].requirements if r.name]
    assert {r.name for r in named} == {"Journeyman Electrician License", "CompTIA A+"}
    assert all(r.text in ads["text"][1] for r in named)


def test_the_bar_of_the_chinese_original() -> None:
    ads = pd.DataFrame(
        {
            "text": [
                "招设备维修员，大专及以上学历，须持电工证，维修调试设备。",
                "招设备维修员，大专及以上学历，维修调试设备。",
            ]
        }
    )
    found = label_table(ads, definition="dual-certificate")
    assert found["collar"].tolist()[0] == "gray"
    assert found["collar"].tolist()[1] != "gray"


def test_labels_can_be_read_under_another_definition_afterwards(tmp_path: Path) -> None:
    label_file(EXAMPLES, tmp_path / "article.csv")
    for name in builtin_definitions():
        label_file(EXAMPLES, tmp_path / "one.csv", definition=name, force=True)
        other = shares_of_file(tmp_path / "one.csv", definition=name)
        if name == "occupation":  # titles are looked up when ads are labelled
            with pytest.raises(DataError, match="goes by occupation, which is not in this table"):
                shares_of_file(tmp_path / "article.csv", definition=name)
        else:
            again = shares_of_file(tmp_path / "article.csv", definition=name)
            assert again["plain"].tolist() == other["plain"].tolist()
        back = shares_of_file(tmp_path / "one.csv")
        assert back["plain"].tolist() == shares_of_file(tmp_path / "article.csv")["plain"].tolist()
        counts = pd.read_csv(tmp_path / "one.csv")["collar"].value_counts(normalize=True)
        assert other["plain"].tolist() == pytest.approx([counts.get(c, 0) for c in COLLARS])


def test_a_definition_that_needs_what_is_not_there_is_refused() -> None:
    table = label_table(pd.read_csv(EXAMPLES)).drop(columns="vocational_certificate")
    with pytest.raises(
        DataError, match="goes by vocational certificate, which is not in this table: label the ads anew"
    ):
        estimate_shares(table, definition="dual-certificate")
    assert "dual-certificate" not in set(estimate_shares(table, definition="all")["definition"])
    assert facts_of(table).vocational_certificate is None


def test_annotated_ratings_speak_for_definitions_by_scores() -> None:
    table = label_table(pd.read_csv(EXAMPLES))
    truth = pd.DataFrame({"label": "gray", "academic_rating": 4, "hands_on_rating": 0}, index=table.index)
    found = estimate_shares(table, truth, definition=["middle", "dual-certificate"]).set_index(["definition", "label"])
    assert found["method"].loc["middle"].eq("corrected").all()
    assert found["share"].loc[("middle", "white")] == 1  # 1 - 0 is over the bar
    assert found["method"].loc["dual-certificate"].eq("counted").all()
    assert found["warning"].loc["dual-certificate"].str.contains("the annotations do not say what an ad is under").all()


def test_unclear_ads_alone_say_nothing_of_definitions_by_scores() -> None:
    table = label_table(pd.concat([pd.read_csv(EXAMPLES)] * 4, ignore_index=True))
    label = np.array(["gray"] * 120 + ["unclear"] * 40)
    truth = pd.DataFrame({"label": label, "academic_rating": "", "hands_on_rating": ""}, index=table.index)
    assert estimate_shares(table, truth, definition="middle")["method"].eq("counted").all()
    truth.loc[:39, ["academic_rating", "hands_on_rating"]] = "4"  # of a third of the others
    found = estimate_shares(table, truth, definition="middle").set_index("label")
    low, high = found.loc["unclear", ["low", "high"]].to_numpy(float)
    assert low < 0.25 < high


def test_the_nearest_occupation_decides_whatever_the_ad_asks_for() -> None:
    ads = pd.DataFrame(
        {
            "title": ["Registered nurse", "Accountant", "Zzyzx qwv"],
            "text": ["Weld steel frames. No schooling needed."] * 3,
        }
    )
    found = label_table(ads, definition="occupation")
    assert found["collar"].tolist()[:2] == ["gray", "white"]
    assert found["collar"][2] == label_table(ads)["collar"][2]  # no such occupation: the model's label


def test_the_command(tmp_path: Path) -> None:
    run("label", EXAMPLES, "-o", tmp_path / "l.csv", "--definition", "middle")
    assert pd.read_csv(tmp_path / "l.csv")["collar_model"].str.endswith(", definition middle").all()
    out = run("shares", tmp_path / "l.csv", "--definitions", "all", "--format", "csv").stdout
    assert out.count(",middle,") == 4
    assert out.count(",article,") == 4


def test_a_definition_is_frozen() -> None:
    found = load_definition("middle")
    assert isinstance(found, Definition)
    assert hash(found.name)
    with pytest.raises(AttributeError):
        found.name = "other"  # type: ignore[misc]


def test_definitions_of_one_name_are_told_apart() -> None:
    def own(least: float) -> Definition:
        rule = {"label": "gray", "academic_score": {"min": least}}
        return parse_definition({"name": "own", "rules": [rule], "fallback": {"labels": ["white"]}})

    assert own(0.4).identity == own(0.4).identity != own(0.5).identity
    assert load_definition("occupation").identity == "occupation"


def test_levels_ascend_and_have_codes_of_their_own() -> None:
    ratings, codes = [level.rating for level in SCHOOLING_LEVELS], [level.code for level in SCHOOLING_LEVELS]
    assert ratings == sorted(set(ratings))
    assert sorted(set(codes)) == sorted(codes)
    assert min(codes) >= 0
    assert max(codes) <= 5  # 6 is a field of study, 7 none
    for level in SCHOOLING_LEVELS:
        assert set(level.names) == set(level.phrases) == {"en", "zh"}


def test_every_level_has_a_name_on_the_page() -> None:
    assert set(LEVELS) <= set(NAMES), "report/words.py lacks a level of definitions/schooling.py"
