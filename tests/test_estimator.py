"""`CollarClassifier` in the manners of a scikit-learn estimator, and the small model it makes."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from collarclass import CollarClassifier, DataError, load_model, save_model
from collarclass.model.persistence import arrays_of
from collarclass.model.predict import predict

BLUE = [
    "weld steel pipe",
    "drive a forklift and load pallets",
    "clean floors and empty bins",
    "dig and lay bricks",
]
WHITE = [
    "advise clients on tax",
    "manage a sales team and budgets",
    "write policy papers",
    "recruit and interview staff",
]
GRAY = [
    "write and test software in python",
    "nurse patients after surgery",
    "program robots and commission PLCs",
]
TEXTS = [f"{t} {place}" for place in ("daily", "in teams", "on shifts") for t in (*BLUE, *WHITE, *GRAY)]
LABELS = (["blue"] * 4 + ["white"] * 4 + ["gray"] * 3) * 3
GROUPS = list(range(11)) * 3


@pytest.fixture(scope="module")
def fitted() -> CollarClassifier:
    return CollarClassifier(n_folds=3).fit(TEXTS, LABELS)


def test_it_learns_what_it_is_shown(fitted: CollarClassifier) -> None:
    assert (fitted.predict(TEXTS) == LABELS).mean() > 0.9
    assert fitted.score(TEXTS, LABELS) > 0.9


def test_predictions_have_the_shapes_of_scikit_learn(fitted: CollarClassifier) -> None:
    probabilities = fitted.predict_proba(TEXTS)
    assert fitted.classes_.tolist() == ["blue", "gray", "white"]
    assert probabilities.shape == (33, 3)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.allclose(np.exp(fitted.decision_function(TEXTS)), probabilities)
    assert (fitted.predict(TEXTS) == fitted.classes_[probabilities.argmax(axis=1)]).all()
    assert fitted.scores(TEXTS).shape == (33, 2)


def test_init_only_assigns_and_clone_forgets(fitted: CollarClassifier) -> None:
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.predict_proba(TEXTS)
    with pytest.raises(NotFittedError):
        copy.predict(TEXTS)
    assert CollarClassifier(alpha=-1).alpha == -1


def test_refit_forgets_and_repeats(fitted: CollarClassifier) -> None:
    again = clone(fitted).fit(TEXTS[:11] * 3, LABELS[:11] * 3).fit(TEXTS, LABELS)
    for name, array in arrays_of(again.model_).items():
        assert np.array_equal(array, arrays_of(fitted.model_)[name])


def test_titles_may_come_as_pairs_or_as_a_table() -> None:
    titles = [t.split()[0] for t in TEXTS]
    pairs = CollarClassifier(n_folds=3).fit(list(zip(titles, TEXTS, strict=True)), LABELS)
    table = CollarClassifier(n_folds=3).fit(pd.DataFrame({"title": titles, "text": TEXTS}), LABELS)
    assert pairs.model_.title.weight.shape[0] > 0
    assert np.array_equal(pairs.predict_proba([("weld", "x")]), table.predict_proba([("weld", "x")]))


def test_it_works_in_grid_search_pipeline_and_cross_validation() -> None:
    search = GridSearchCV(CollarClassifier(n_folds=2), {"alpha": [0.5, 2.0]}, cv=2).fit(TEXTS, LABELS)
    assert search.best_params_["alpha"] in (0.5, 2.0)
    lower = FunctionTransformer(lambda texts: [t.lower() for t in texts])
    pipeline = make_pipeline(lower, CollarClassifier(n_folds=2)).fit(TEXTS, LABELS)
    assert pipeline.predict(["WELD steel"]).shape == (1,)
    assert len(cross_val_score(CollarClassifier(n_folds=2), TEXTS, LABELS, cv=2)) == 2


def test_ratings_and_groups_are_used() -> None:
    ratings = np.array([{"blue": (0, 4), "white": (4, 0), "gray": (4, 4)}[v] for v in LABELS], float)
    model = CollarClassifier(n_folds=3).fit(TEXTS, LABELS, ratings=ratings, groups=GROUPS)
    scores = model.scores(TEXTS)
    assert np.corrcoef(scores[:, 0], ratings[:, 0])[0, 1] > 0.9
    # Held out by group, the same words in other places were not seen.
    assert np.abs(model.held_out_scores_ - ratings / 4).mean() > np.abs(scores - ratings / 4).mean()


def test_without_weight_an_ad_says_nothing() -> None:
    weight = np.where(np.array(LABELS) == "gray", 1e-9, 1.0)
    model = CollarClassifier(n_folds=3, balance=0.0).fit(TEXTS, LABELS, sample_weight=weight)
    assert "gray" not in set(model.predict(TEXTS))


def test_the_fitted_model_saves_loads_and_pickles(fitted: CollarClassifier, tmp_path: Path) -> None:
    save_model(fitted.model_, tmp_path / "own")
    model = load_model(tmp_path / "own")
    expected = fitted.predict_proba(TEXTS)
    assert np.array_equal(predict(model, TEXTS).probabilities[:, [1, 2, 0]], expected)
    assert np.array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(TEXTS), expected)


@pytest.mark.parametrize(
    ("ads", "labels", "more", "message"),
    [
        (TEXTS, [*LABELS[:-1], "pink"], {}, "Unknown label 'pink'"),
        (TEXTS, LABELS[:-1], {}, "33 ads but 32 labels"),
        (TEXTS, ["blue" if v == "gray" else v for v in LABELS], {}, "No ad is labelled 'gray'"),
        ([*TEXTS[:-1], None], LABELS, {}, "Ad 32 is not a text"),
        ([*TEXTS[:-1], b"x"], LABELS, {}, "Ad 32 is not a text"),
        ("one text", LABELS, {}, "not a single string"),
        (pd.DataFrame({"ad": TEXTS}), LABELS, {}, "No column 'text'"),
        (TEXTS, LABELS, {"ratings": np.full((33, 2), 5.0)}, "from 0 to 4"),
        (TEXTS, LABELS, {"groups": [1] * 33}, "1 groups of ads cannot make 5 folds"),
        ([], [], {}, "0 groups of ads"),
    ],
)
def test_bad_input_is_told(ads: object, labels: list[str], more: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        CollarClassifier().fit(ads, labels, **more)  # type: ignore[arg-type]
