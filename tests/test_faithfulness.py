"""Measures of explanations, on a small model and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from collarclass import Model, classify
from collarclass.model.predict import predict
from research.measure.faithfulness import (
    ExplainedAd,
    erasure,
    explain,
    faithfulness,
    leave_one_out,
    pointing_game,
    without,
)

ADS = (
    ("Welder", "MIG welding of steel frames in our workshop, no schooling needed. Bring your own gloves."),
    ("Accountant", "Bachelor's degree in accounting required. Prepare reports and advise managers."),
    ("设备技师", "大专及以上学历，维修和调试设备，编写程序。"),
)


@pytest.fixture(scope="module")
def ads(small_model: Model) -> list[ExplainedAd]:
    return explain([title for title, _ in ADS], [text for _, text in ADS], small_model)


def test_pulls_are_those_of_the_evidence(small_model: Model, ads: list[ExplainedAd]) -> None:
    for ad in ads:
        found = classify(ad.text, ad.title, model=small_model)
        gradient = predict(small_model, [ad.text], [ad.title]).gradient[0]
        assert found.account is not None
        placed = [np.dot(part.weights, gradient) for part in found.account.parts if part.text]
        assert ad.pull.sum() == pytest.approx(sum(placed), abs=1e-6)
        assert ad.reasons == found.reasons
        for titled, start, end in zip(ad.in_title, ad.start, ad.end, strict=True):
            assert (ad.title if titled else ad.text)[start:end].strip()


def test_blanking_keeps_every_other_character(ads: list[ExplainedAd]) -> None:
    ad = ads[0]
    title, text = without(ad, np.ones(len(ad.pull), bool))
    assert (title, text) == (" " * len(ad.title), "".join(c if c in ".," else " " for c in ad.text))
    assert without(ad, np.zeros(len(ad.pull), bool)) == (ad.title, ad.text)


def test_words_named_matter_more_than_random_ones(small_model: Model, ads: list[ExplainedAd]) -> None:
    found = erasure(ads, small_model)
    assert found["comprehensiveness"][0] > found["comprehensiveness, random words"][0]
    assert found["sufficiency"][0] < found["sufficiency, random words"][0]
    turned = [replace(ad, pull=-ad.pull) for ad in ads]  # the same words, worst first
    assert erasure(turned, small_model)["comprehensiveness"][0] < found["comprehensiveness"][0]


def test_leaving_a_word_out_agrees_with_its_pull(small_model: Model, ads: list[ExplainedAd]) -> None:
    assert leave_one_out(ads, small_model)[0] > 0.3
    turned = [replace(ad, pull=-ad.pull) for ad in ads]
    assert leave_one_out(turned, small_model)[0] < -0.3


def test_the_pointing_game_by_hand(ads: list[ExplainedAd]) -> None:
    strongest = ads[0].reasons[0].text
    found = pointing_game(ads[:2], [[strongest], ["Bring"]], ["blue", "gray"])
    # The second ad is left out: it is labelled white, and its words were marked for gray.
    assert found["first"] == (1.0, 1.0, 1.0)
    assert found["any"][0] == found["marked found"][0] == 1.0
    assert 0 < found["random word"][0] < 1
    missed = pointing_game(ads[:1], [["gloves."]], ["blue"])
    assert missed["first"][0] == 0.0


def test_figures_by_language(small_model: Model) -> None:
    items = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "kind": "ad",
            "language": ["en", "en", "zh"],
            "label": ["blue", "white", "gray"],
            "title": [title for title, _ in ADS],
            "text": [text for _, text in ADS],
        }
    )
    pointing = pd.DataFrame({"id": ["a"], "words": [["welding"]]})
    found = faithfulness(items, pointing, small_model)
    assert (found["en"]["n"], found["en"]["n marked"], found["zh"]["n"]) == (2, 1, 1)
    assert "pointing, first" in found["en"]
    assert "pointing, first" not in found["zh"]
