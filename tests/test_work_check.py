"""Ads that do not say what the work is: unclear by a sum over their words, learnt from texts without content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from collarclass import Model, ModelFileError, classify, load_model, save_model
from collarclass.definitions.labels import NO_WORK, NOTES
from collarclass.model.ad_reader import AdReader
from collarclass.model.model import SHORT_AD
from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.training.counts import count_ads
from collarclass.training.work_check import fit_work_check

JOBS = {
    "weld": "We need someone to weld steel frames, grind pipes and repair pumps in our workshop on nights.",
    "account": "We need someone to prepare reports, keep accounts and advise managers on tax in our office.",
    "nurse": "We need someone to dress wounds, draw blood and operate monitors on our ward at night.",
}
EMPTY = [
    "We offer good pay, free parking, a pension and a friendly team. Apply now and send us your application today.",
    "Great benefits and a pension are waiting for you in our friendly team. Send your application now, we offer more.",
    "Apply today: free parking, good pay, great benefits. Our friendly team is waiting for your application now.",
]


@pytest.fixture(scope="module")
def checked(small_model: Model) -> Model:
    """A model whose words are those of three jobs and of texts without any, with a check fitted on them."""
    from collarclass import CollarClassifier

    ads = [f"{text} {EMPTY[i % 3]}" for i in range(4) for text in JOBS.values()]
    labels = ["blue", "white", "gray"] * 4
    model = CollarClassifier(n_folds=2).fit(ads, labels).model_
    texts = pd.DataFrame({"title": "", "text": EMPTY * 3, "label": "unclear", "part": ["train"] * 6 + ["held"] * 3})
    counted = count_ads([*ads, *JOBS.values()] * 3, [None] * 45, reader=model.reader)
    none_real = np.zeros(45, bool)
    check, facts = fit_work_check(model, texts, counted, np.arange(45), none_real, model.reader)
    assert facts["en"]["held"] == 3
    return replace(model, work=check)


def test_a_text_without_work_is_unclear_and_says_why(checked: Model) -> None:
    found = classify(EMPTY[0] + " " + EMPTY[1], model=checked)
    assert (found.label, found.note) == ("unclear", "does not say what the work is")
    assert found.explain("zh") == "无法判断：未说明工作内容。"


@pytest.mark.parametrize("text", JOBS.values())
def test_benefits_do_not_hide_the_work(checked: Model, text: str) -> None:
    assert classify(text, model=checked).label != "unclear"
    assert classify(f"{EMPTY[0]} {text}", model=checked).label != "unclear"


def test_the_check_is_the_sum_of_its_words(checked: Model) -> None:
    assert checked.work is not None
    reader = AdReader(checked, default_lexicon())
    for text in [*JOBS.values(), *EMPTY]:
        reader.read_ad(text, 0, 0)
        total = float(checked.work.start[0, SHORT_AD])  # all are short
        for terms, weight in (
            (reader.text_terms, checked.work.text_weight),
            (reader.title_terms, checked.work.title_weight),
        ):
            total += sum(terms.value[k] * float(weight[terms.term[k]]) for k in range(terms.n))
        assert (reader.note == NO_WORK) == (total < 0)


def test_it_is_kept_in_the_model_folder(checked: Model, tmp_path: Path) -> None:
    save_model(checked, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.work is not None
    assert checked.work is not None
    assert np.array_equal(again.work.text_weight, checked.work.text_weight)
    assert classify(EMPTY[0] + " " + EMPTY[1], model=again).note == NOTES[NO_WORK]
    short = replace(checked.work, text_weight=checked.work.text_weight[1:])
    save_model(replace(checked, work=short), tmp_path / "short")
    with pytest.raises(ModelFileError, match=r"work_text_weight has the shape \(\d+,\), not"):
        load_model(tmp_path / "short")


def test_a_model_without_it_judges_on(small_model: Model) -> None:
    assert small_model.work is None
    assert classify(EMPTY[0], model=small_model).note != NOTES[NO_WORK]
