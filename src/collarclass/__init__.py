"""Label job ads white, blue or gray collar by two scores: academic credential and hands-on skill."""

from typing import TYPE_CHECKING

from collarclass.errors import CollarclassError, DataError, ModelFileError

if TYPE_CHECKING:
    from collarclass._version import __version__
    from collarclass.api import classify, classify_many, requirements
    from collarclass.definitions.definition import load_definition
    from collarclass.evaluation.versions import compare_labels, measure_drift
    from collarclass.files.label import label_file
    from collarclass.model.account import Evidence
    from collarclass.model.model import Model
    from collarclass.model.persistence import load_model, save_model
    from collarclass.occupation.lookup import lookup_occupation
    from collarclass.occupation.table import occupations
    from collarclass.report.report import write_report
    from collarclass.requirement_reader.lexicon import load_lexicon
    from collarclass.requirement_reader.requirement import Requirement
    from collarclass.result import Classification
    from collarclass.shares.duplicates import find_duplicates
    from collarclass.shares.files import sample_file, shares_of_file
    from collarclass.shares.sample import draw_sample
    from collarclass.shares.shares import estimate_shares
    from collarclass.tables.dataframe import label_table
    from collarclass.tables.schema import to_frame
    from collarclass.training.estimator import CollarClassifier

# Looked up at first use, so that `import collarclass` loads neither numpy nor pandas nor scikit-learn.
_HOMES = {
    "__version__": "_version",
    "classify": "api",
    "classify_many": "api",
    "lookup_occupation": "occupation.lookup",
    "occupations": "occupation.table",
    "load_lexicon": "requirement_reader.lexicon",
    "load_model": "model.persistence",
    "save_model": "model.persistence",
    "CollarClassifier": "training.estimator",
    "label_file": "files.label",
    "Model": "model.model",
    "requirements": "api",
    "Classification": "result",
    "Evidence": "model.account",
    "Requirement": "requirement_reader.requirement",
    "label_table": "tables.dataframe",
    "estimate_shares": "shares.shares",
    "draw_sample": "shares.sample",
    "sample_file": "shares.files",
    "shares_of_file": "shares.files",
    "find_duplicates": "shares.duplicates",
    "compare_labels": "evaluation.versions",
    "measure_drift": "evaluation.versions",
    "load_definition": "definitions.definition",
    "write_report": "report.report",
    "to_frame": "tables.schema",
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
    "compare_labels",
    "draw_sample",
    "estimate_shares",
    "find_duplicates",
    "label_file",
    "label_table",
    "load_definition",
    "load_lexicon",
    "load_model",
    "lookup_occupation",
    "measure_drift",
    "occupations",
    "requirements",
    "sample_file",
    "save_model",
    "shares_of_file",
    "to_frame",
    "write_report",
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
