"""Models can be compared and be keys."""

import pickle

from collarclass.api import default_model


def test_models_compare_without_an_error() -> None:
    model = default_model()
    copy = pickle.loads(pickle.dumps(model))
    assert {model: "shipped"}[model] == "shipped"
    assert model != copy
    assert model.identity == copy.identity
