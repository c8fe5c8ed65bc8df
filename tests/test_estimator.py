"""`CollarClassifier` in the manners of a scikit-learn estimator, and the small model it makes."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from collarclass import CollarClassifier, DataError, load_model, save_model
from collarclass.api import default_model
from collarclass.model.model import arrays_of
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
    ("given", "parameters", "message"),
    [
        ({"y": [*LABELS[:-1], "pink"]}, {}, "Unknown label 'pink'"),
        ({"y": LABELS[:-1]}, {}, "33 ads but 32 labels"),
        ({"y": ["blue"] * 33}, {}, "Every ad is labelled 'blue': give ads of at least two labels"),
        ({"y": [7] * 33}, {}, "Unknown label 7: encoded labels are 0 to 2"),
        ({"X": [*TEXTS[:-1], 5]}, {}, "Ad 32 is not a text"),
        ({"X": [*TEXTS[:-1], b"x"]}, {}, "Ad 32 is not a text"),
        ({"X": "one text"}, {}, "not a single string"),
        ({"X": {"title": TEXTS}}, {}, "not a dict: pandas"),
        ({"X": pd.DataFrame({"mine": TEXTS})}, {}, "No column of ad texts found"),
        ({"ratings": np.full((33, 2), 5.0)}, {}, "from 0 to 4"),
        ({"groups": [1] * 33}, {}, "1 groups of ads cannot make 5 folds"),
        ({"groups": [1, 2]}, {}, "33 ads but 2 groups"),
        ({"sample_weight": [-1.0] * 33}, {}, "A weight is negative or no number"),
        ({"sample_weight": [1.0] * 5}, {}, "33 ads but 5 weights"),
        ({"X": [], "y": []}, {}, "0 groups of ads"),
        ({}, {"max_tokens": 0}, "max_tokens is 0: give a whole number from 1"),
        ({}, {"balance": 9}, "balance is 9: give a number from 0 to 1"),
        ({}, {"alpha": "strong"}, "alpha is 'strong': give a number"),
        ({}, {"strength": -1, "base": "standard"}, "strength is -1"),
    ],
)
def test_what_cannot_be_fitted_is_told(given: dict[str, Any], parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        CollarClassifier(**parameters).fit(**{"X": TEXTS, "y": LABELS} | given)


def test_meta_estimators_may_encode_labels() -> None:
    one, two = CollarClassifier(n_folds=2), CollarClassifier(n_folds=2, alpha=3.0)
    found = cross_val_predict(one, TEXTS, LABELS, cv=2, method="predict_proba")
    assert found.shape == (33, 3)
    for meta in (
        VotingClassifier([("one", one), ("two", two)], voting="soft"),
        VotingClassifier([("one", one), ("two", two)]),
        StackingClassifier([("one", one), ("two", two)], cv=2),
        CalibratedClassifierCV(one, cv=2),
    ):
        predicted = meta.fit(TEXTS, LABELS).predict(TEXTS)
        assert set(predicted) <= set(LABELS)
        assert (predicted == np.array(LABELS)).mean() > 0.8


def test_encoded_labels_give_the_same_model() -> None:
    codes = [["blue", "gray", "white"].index(v) for v in LABELS]
    named, coded = CollarClassifier(n_folds=2).fit(TEXTS, LABELS), CollarClassifier(n_folds=2).fit(TEXTS, codes)
    assert coded.classes_.tolist() == [0, 1, 2]
    assert np.array_equal(named.predict_proba(TEXTS), coded.predict_proba(TEXTS))
    assert coded.predict(TEXTS).dtype.kind == "i"
    order = ("white", "blue", "gray")
    other = CollarClassifier(n_folds=2, encoded_labels=order).fit(TEXTS, [order.index(v) for v in LABELS])
    assert np.allclose(other.predict_proba(TEXTS)[:, [1, 2, 0]], named.predict_proba(TEXTS))


@pytest.mark.parametrize("pair", [("blue", "white"), ("gray", "white"), ("blue", "gray")])
def test_two_labels_are_enough(pair: tuple[str, str]) -> None:
    kept = [i for i, v in enumerate(LABELS) if v in pair]
    texts, labels = [TEXTS[i] for i in kept], [LABELS[i] for i in kept]
    model = CollarClassifier(n_folds=3).fit(texts, labels)
    assert model.classes_.tolist() == sorted(pair)
    probabilities = model.predict_proba(TEXTS)
    assert probabilities.shape == (33, 2)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (model.predict(texts) == labels).mean() > 0.9
    assert model.decision_function(texts).shape == (len(texts),)
    assert ((model.decision_function(texts) > 0) == (model.predict(texts) == sorted(pair)[1])).all()
    assert set(cross_val_predict(CollarClassifier(n_folds=2), texts, labels, cv=2)) <= set(pair)


def test_columns_of_a_table_may_be_chosen() -> None:
    titles = [t.split()[0] for t in TEXTS]
    expected = CollarClassifier(n_folds=2).fit(list(zip(titles, TEXTS, strict=True)), LABELS).predict_proba(TEXTS)
    table = pd.DataFrame({"head": titles, "body": TEXTS, "text": ["x"] * 33})
    chosen = CollarClassifier(n_folds=2, title_column="head", text_column="body").fit(table, LABELS)
    assert np.array_equal(chosen.predict_proba(TEXTS), expected)
    found = CollarClassifier(n_folds=2).fit(pd.DataFrame({"Job Title": titles, "description": TEXTS}), LABELS)
    assert np.array_equal(found.predict_proba(TEXTS), expected)
    with pytest.raises(DataError, match="No column 'nothing'"):
        CollarClassifier(text_column="nothing").fit(table, LABELS)


def test_the_shipped_model_as_a_fitted_estimator() -> None:
    classifier = CollarClassifier.from_pretrained()
    texts = ["MIG welding of steel frames in our workshop.", "Accountant. Bachelor's degree in accounting needed."]
    expected = predict(classifier.model_, texts).probabilities[:, [1, 2, 0]]
    assert np.array_equal(classifier.predict_proba(texts), expected)
    with pytest.raises(NotFittedError):
        clone(classifier).predict(texts)


def test_an_estimator_is_calibrated(fitted: CollarClassifier) -> None:
    mine = CollarClassifier.from_pretrained(fitted.model_)
    labels = ["gray" if v == "white" else v for v in LABELS]
    mine.calibrate(TEXTS, labels)
    assert mine.model_.name == mine.name != "standard"
    assert mine.model_.version != fitted.model_.version
    before, after = fitted.predict_proba(TEXTS), mine.predict_proba(TEXTS)
    assert after[:, 1].mean() > before[:, 1].mean() + 0.1
    assert np.array_equal(mine.scores(TEXTS), fitted.scores(TEXTS))


# -- the manners of scikit-learn ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
    ],
)
def test_scikit_learn_s_own_checks_that_need_no_numbers(check: str) -> None:
    """`check_estimator` feeds numbers, so of an estimator of texts it runs the first of these alone."""
    from sklearn.utils import estimator_checks

    getattr(estimator_checks, check)("CollarClassifier", CollarClassifier(n_folds=2))


TABLE = pd.DataFrame(
    {
        "title": ["Welder", "Accountant", None, "Nurse"] * 3,
        "text": ["Weld steel frames in our shop.", "Audit reports.", None, "Dress wounds of patients."] * 3,
    }
)
LABELS_OF_TABLE = ["blue", "white", "gray", "gray"] * 3


def test_tables_of_every_kind_are_read_alike() -> None:
    pl = pytest.importorskip("polars", reason="pip install collarclass[polars]")
    fitted = CollarClassifier(n_folds=2).fit(TABLE, LABELS_OF_TABLE)
    expected = fitted.predict_proba(TABLE)
    assert fitted.feature_names_in_.tolist() == ["title", "text"]
    for other in (pl.from_pandas(TABLE), pa.Table.from_pandas(TABLE)):
        assert np.array_equal(fitted.predict_proba(other), expected)
        assert np.array_equal(CollarClassifier(n_folds=2).fit(other, LABELS_OF_TABLE).predict_proba(TABLE), expected)
    pairs = list(TABLE.itertuples(index=False, name=None))
    assert np.array_equal(fitted.predict_proba(pairs), expected)
    again = fitted.fit(TABLE["text"].tolist(), LABELS_OF_TABLE)
    assert not hasattr(again, "feature_names_in_")


def test_missing_texts_count_as_empty() -> None:
    classifier = CollarClassifier.from_pretrained()
    missing = [None, float("nan"), pd.NA, ""]
    assert len({tuple(row) for row in classifier.predict_proba(missing).tolist()}) == 1
    with pytest.raises(DataError, match="Ad 1 is not a text"):
        classifier.predict(["Welder", 5])


def test_a_fitted_model_has_the_limits_of_the_shipped_one() -> None:
    fitted = CollarClassifier(n_folds=2).fit(TABLE, LABELS_OF_TABLE)
    assert fitted.model_.limits == default_model().limits == {"max_tokens": 300, "min_terms": 6, "min_known_share": 0.6}


def test_transform_gives_named_features() -> None:
    classifier = CollarClassifier.from_pretrained()
    found = classifier.transform(TABLE)
    names = classifier.get_feature_names_out().tolist()
    assert found.shape == (len(TABLE), len(names))
    assert np.array_equal(found[:, :2], classifier.scores(TABLE))
    table = classifier.set_output(transform="pandas").transform(TABLE)
    assert table.columns.tolist() == names
    assert table.index.equals(TABLE.index)
    pipeline = make_pipeline(CollarClassifier(n_folds=2), LogisticRegression())
    assert pipeline.fit(TABLE, LABELS_OF_TABLE).predict(TABLE).shape == (len(TABLE),)


def test_an_estimator_is_kept_by_joblib_and_by_skops(tmp_path: Path) -> None:
    fitted = CollarClassifier(n_folds=2).fit(TABLE, LABELS_OF_TABLE)
    joblib.dump(fitted, tmp_path / "model.joblib")
    assert np.array_equal(joblib.load(tmp_path / "model.joblib").predict_proba(TABLE), fitted.predict_proba(TABLE))
    skops = pytest.importorskip("skops.io")
    skops.dump(fitted, tmp_path / "model.skops")
    trusted = skops.get_untrusted_types(file=tmp_path / "model.skops")
    assert all(name.startswith("collarclass.") for name in trusted)
    again = skops.load(tmp_path / "model.skops", trusted=trusted)
    assert np.array_equal(again.predict_proba(TABLE), fitted.predict_proba(TABLE))


def test_integers_in_the_library_s_own_order_are_refused() -> None:
    order = ("white", "blue", "gray")
    codes = [order.index(v) for v in LABELS]
    for base in (None, "standard"):
        with pytest.raises(DataError, match=r"The integers fit white, blue, gray .* or encoded_labels="):
            CollarClassifier(n_folds=2, base=base).fit(TEXTS, codes)
    CollarClassifier(n_folds=2, encoded_labels=order).fit(TEXTS, codes)


def test_ratings_of_a_table_go_by_the_names_of_their_columns() -> None:
    rated = np.array([{"blue": (0, 4), "white": (4, 0), "gray": (4, 4)}[v] for v in LABELS], float)
    table = pd.DataFrame({"hands_on_rating": rated[:, 1], "academic_rating": rated[:, 0]})
    by_name = CollarClassifier(n_folds=3).fit(TEXTS, LABELS, ratings=table)
    assert np.array_equal(by_name.scores(TEXTS), CollarClassifier(n_folds=3).fit(TEXTS, LABELS, rated).scores(TEXTS))
    with pytest.raises(DataError, match="No column 'academic_rating' in the table of ratings"):
        CollarClassifier(n_folds=3).fit(TEXTS, LABELS, ratings=table.set_axis(["a", "b"], axis=1))
    with pytest.raises(DataError, match="as if they went from 0 to 1: give ratings from 0 to 4"):
        CollarClassifier(n_folds=3).fit(TEXTS, LABELS, ratings=table / 5)


def test_gaps_other_spellings_and_unclear_ads_are_taken_as_by_the_command() -> None:
    rated = np.array([{"blue": (1, 3.5), "white": (3, 0.5), "gray": (3, 3)}[v] for v in LABELS], float)
    expected = CollarClassifier(n_folds=3).fit(TEXTS, LABELS, rated).predict_proba(TEXTS)
    rated[::2] = np.nan  # typical ratings stand in
    written = [{"blue": "BLUE", "white": "白领", "gray": "Grey-collar"}[v] for v in LABELS]
    found = CollarClassifier(n_folds=3).fit([*TEXTS, "Anything."], [*written, "unclear"], np.vstack((rated, [[0, 0]])))
    assert np.array_equal(found.predict_proba(TEXTS), expected)
    assert found.classes_.tolist() == ["blue", "gray", "white"]
    assert np.isnan(found.held_out_scores_[-1]).all()


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        one = CollarClassifier(n_folds=2).fit(TEXTS, LABELS).model_
    with threadpool_limits(limits=2):
        two = CollarClassifier(n_folds=2).fit(TEXTS, LABELS).model_
    assert one.digest == two.digest
    seen: list[float] = []
    CollarClassifier(n_folds=2).fit(TEXTS, LABELS, progress=lambda step, share: seen.append(share))
    assert seen[-1] == 1.0
