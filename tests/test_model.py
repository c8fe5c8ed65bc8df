"""The model's sums, labels and reasons: on golden ads, and on any text at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collarclass import ModelFileError, classify, classify_many
from collarclass.api import default_model
from collarclass.model.predict import predict
from collarclass.result import Classification

DIMENSIONS = ("academic", "hands_on")
FRAGMENTS = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            [
                "Bachelor's degree",
                "weld",
                "CNC",
                "大专及以上学历",
                "电工证",
                "<p>",
                "&amp;",
                "\n",
                ". ",
                "driver",
                "客户",
            ]
            + ["high school diploma preferred", "PhD", "5 years experience", "学历不限", "operate", "manage"]
        ),
    ),
    max_size=30,
).map(" ".join)


def sums_hold(result: Classification) -> None:
    for dimension, score in zip(DIMENSIONS, (result.academic_score, result.hands_on_score), strict=True):
        weights = [e.weight for e in result.evidence if e.dimension == dimension]
        rating = result.intercept[dimension] + sum(weights)
        assert score is None or score == pytest.approx(min(max(rating, 0.0), 4.0) / 4.0, abs=1e-5)


def spans_hold(result: Classification) -> None:
    source = {"text": result.text, "title": result.title or ""}
    pieces: list[Any] = [*result.evidence, *result.requirements, *result.reasons]
    pieces += [r.cue for r in result.requirements if r.cue is not None]
    for piece in pieces:
        if piece.text:
            assert 0 <= piece.start < piece.end <= len(source[piece.field])
            assert source[piece.field][piece.start : piece.end] == piece.text
        else:
            assert (piece.field, piece.start, piece.end) == (None, None, None)


def test_every_golden_ad_gets_its_label(golden: pd.DataFrame) -> None:
    results = classify_many(golden["text"], golden["title"])
    wrong = [
        (row.id, row.title, row.label, result.label)
        for row, result in zip(golden.itertuples(), results, strict=True)
        if result.label != row.label
    ]
    assert not wrong


KNOWN_FAILURES = pd.read_csv(Path(__file__).parent / "data" / "known_failures.csv", dtype=str, keep_default_na=False)


@pytest.mark.xfail(strict=True, reason="known failure of the model; in the model card")
@pytest.mark.parametrize("ad", list(KNOWN_FAILURES.itertuples()), ids=KNOWN_FAILURES["title"])
def test_known_failures_are_still_wrong(ad: Any) -> None:
    assert classify(ad.text, ad.title).label == ad.label


def test_evidence_adds_up_to_the_scores_on_golden_ads(golden: pd.DataFrame) -> None:
    for result in classify_many(golden["text"], golden["title"]):
        sums_hold(result)
        spans_hold(result)


@given(FRAGMENTS, st.one_of(st.none(), FRAGMENTS))
def test_any_text_classifies_and_its_evidence_adds_up(text: str, title: str | None) -> None:
    result = classify(text, title)
    sums_hold(result)
    spans_hold(result)
    given = [result.academic_score, result.hands_on_score, *result.probabilities.values()]
    numbers = [number for number in given if number is not None]
    if len(numbers) < len(given):
        assert result.label == "unclear"
        assert not numbers
    else:
        assert sum(numbers[2:]) == pytest.approx(1.0)
        assert 0.0 <= min(numbers) <= max(numbers) <= 1.0
    assert result.note or result.label != "unclear"
    if result.label != "unclear":
        assert result.confidence == max(numbers[2:])
    assert result.explain("en").endswith(".")
    assert result.explain("zh").endswith("。")


@given(st.lists(st.tuples(FRAGMENTS, st.one_of(st.none(), FRAGMENTS)), max_size=8))
@example([("0", ""), (". high school diploma preferred", None)])  # a reason spoke of the ad before
@settings(max_examples=50)
def test_a_batch_gives_what_each_ad_gives_alone(ads: list[tuple[str, str | None]]) -> None:
    texts, titles = [t for t, _ in ads], [u for _, u in ads]
    together = classify_many(texts, titles)
    assert together == [classify(t, u) for t, u in ads]
    assert [r.evidence for r in together] == [classify(t, u).evidence for t, u in ads]
    found = predict(default_model(), texts, titles, evidence=True)
    shown = found.with_nulls().scores
    scores = [[r.academic_score, r.hands_on_score] for r in together]
    np.testing.assert_equal(shown, np.array(scores, float).reshape(-1, 2))
    alone = [predict(default_model(), [t], [u], evidence=True).words[0] for t, u in ads]
    assert found.words == alone


def test_without_evidence_the_label_is_the_same(golden: pd.DataFrame) -> None:
    full = classify_many(golden["text"], golden["title"])
    bare = classify_many(golden["text"], golden["title"], evidence=False)
    assert [r.probabilities for r in bare] == [r.probabilities for r in full]
    assert all(r.evidence == () and r.requirements == () for r in bare)


def test_a_title_in_the_first_line_counts_as_the_title() -> None:
    text = "TIG welding of stainless pipe on site, grinding and fitting, shifts."
    inside = classify(f"Pipe Welder\n{text}")
    beside = classify(text, "Pipe Welder")
    assert inside.hands_on_score == pytest.approx(beside.hands_on_score)
    assert {e.field for e in beside.evidence} == {"title", "text", None}
    assert {e.field for e in inside.evidence} == {"text", None}


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", "empty text"),
        (" \n\t\u200b ", "empty text"),
        ("<p></p>", "empty text"),
        ("!!! ???", "empty text"),
        ("1234 5678 90", "too little text to judge"),
        ("Apply now", "the title names no job that the model knows"),
        ("0 1 2 3 4 5 6 7 8 9 10 11 12 2024 555 1234 8080 99.5 3.14", "too little text to judge"),
        (
            "Wir suchen einen erfahrenen Mechatroniker für unsere Werkstatt. Sie warten und reparieren Anlagen "
            "und haben eine abgeschlossene Berufsausbildung.",
            "language not known to the model",
        ),
        (
            "Buscamos camarero con experiencia para restaurante céntrico, turno de noche y fines de semana, "
            "imprescindible buena presencia y don de gentes.",
            "language not known to the model",
        ),
        (
            "東京都内のレストランでホールスタッフを募集しています。経験は問いません。まかない付き、制服貸与。",
            "language not known to the model",
        ),
        (
            "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.",
            "language not known to the model",
        ),
    ],
)
def test_what_cannot_be_judged_is_unclear_and_says_why(text: str, note: str) -> None:
    result = classify(text)
    assert (result.label, result.note, result.confidence) == ("unclear", note, None)


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, b"bytes", 5, ["list"]])
def test_what_is_not_text_is_a_type_error_with_a_remedy(value: object) -> None:
    missing = value is None or value is pd.NA or value != value
    remedy = "replace" if missing else "decode" if isinstance(value, bytes) else "pass"
    with pytest.raises(TypeError, match=f"not a str: {remedy}"):
        classify(value)  # type: ignore[arg-type]
    if value is not None:
        of_title = remedy.replace("pass", "pass the title as")
        with pytest.raises(TypeError, match=f"neither a str nor None: {of_title}"):
            classify("An ad", value)  # type: ignore[arg-type]


def test_a_single_string_is_not_a_list_of_ads() -> None:
    with pytest.raises(TypeError, match="call classify for one ad"):
        classify_many("one ad")
    with pytest.raises(ValueError, match="2 texts but 1 titles"):
        classify_many(["a", "b"], ["c"])


@pytest.mark.usefixtures("offline")
def test_nothing_is_fetched() -> None:
    default_model.cache_clear()
    assert classify("Forklift driver, nights. Load trailers and scan pallets.").label == "blue"


def test_more_of_either_score_never_makes_an_ad_less_of_it() -> None:
    """On the plane, gray lies at the top right, blue at the top left, white below."""
    grid = np.array([[0.9, 0.9], [0.15, 0.9], [0.7, 0.05], [0.3, 0.05]])
    assert default_model().probabilities(grid).argmax(axis=1).tolist() == [2, 1, 0, 0]


def test_the_name_of_a_model_covers_what_the_code_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from research.measure.behaviour import FILE, behaviour

    now = FILE.read_text("ascii").strip()
    assert behaviour() == now, "ads are read or labelled otherwise: run python -m research.measure.behaviour"
    before = default_model().version
    monkeypatch.setattr("collarclass.model.model.code_behaviour", lambda: "another")
    changed = replace(default_model())
    assert changed.version != before
    with pytest.raises(ModelFileError, match="not version"):
        classify("Weld frames.", model=changed, model_version=before)


def test_six_unknown_words_are_another_language_and_five_are_too_few_to_tell() -> None:
    words = ["работа", "станок", "цех", "опыт", "сварка", "металл", "завод", "смена"]
    notes = [classify(" ".join(words[:n])).note for n in range(3, 9)]
    assert [note == "language not known to the model" for note in notes] == [False] * 3 + [True] * 3
