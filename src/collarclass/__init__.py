"""Label job ads white, blue or gray collar by two scores: academic credential and hands-on skill."""

from typing import TYPE_CHECKING

from .errors import CollarclassError, DataError, ModelFileError

if TYPE_CHECKING:
    from .api import classify, classify_many
    from .artefact import load_model, save_model
    from .estimator import CollarClassifier
    from .files import label_file
    from .lexicon_reader import load_lexicon
    from .model import Model
    from .requirement_reader import requirements
    from .result import Classification, Evidence, Requirement
    from .tables import label_table

__version__ = "0.1.0"

# Looked up at first use, so that `import collarclass` loads neither numpy nor pandas nor scikit-learn.
_HOMES = {
    "classify": "api",
    "classify_many": "api",
    "load_lexicon": "lexicon_reader",
    "load_model": "artefact",
    "save_model": "artefact",
    "CollarClassifier": "estimator",
    "label_file": "files",
    "Model": "model",
    "requirements": "requirement_reader",
    "Classification": "result",
    "Evidence": "result",
    "Requirement": "result",
    "label_table": "tables",
}

__all__ = [
    "Classification",
    "CollarClassifier",
    "CollarclassError",
    "DataError",
    "Evidence",
    "Model",
    "ModelFileError",
    "Requirement",
    "__version__",
    "classify",
    "classify_many",
    "label_file",
    "label_table",
    "load_lexicon",
    "load_model",
    "requirements",
    "save_model",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
