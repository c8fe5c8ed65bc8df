"""Label job ads white, blue or gray collar by two scores: academic credential and hands-on skill."""

from typing import TYPE_CHECKING

from collarclass.errors import CollarclassError as CollarclassError
from collarclass.errors import DataError as DataError
from collarclass.errors import ModelFileError as ModelFileError

if TYPE_CHECKING:
    from collarclass._version import __version__ as __version__
    from collarclass.api import classify as classify
    from collarclass.api import classify_many as classify_many
    from collarclass.api import requirements as requirements
    from collarclass.definitions.definition import load_definition as load_definition
    from collarclass.evaluation.versions import compare_labels as compare_labels
    from collarclass.evaluation.versions import measure_drift as measure_drift
    from collarclass.files.label import label_file as label_file
    from collarclass.model.account import Evidence as Evidence
    from collarclass.model.model import Model as Model
    from collarclass.model.persistence import load_model as load_model
    from collarclass.model.persistence import save_model as save_model
    from collarclass.occupation.lookup import lookup_occupation as lookup_occupation
    from collarclass.occupation.table import occupations as occupations
    from collarclass.report.report import write_report as write_report
    from collarclass.requirement_reader.lexicon import load_lexicon as load_lexicon
    from collarclass.requirement_reader.requirement import Requirement as Requirement
    from collarclass.result import Classification as Classification
    from collarclass.shares.duplicates import find_duplicates as find_duplicates
    from collarclass.shares.files import sample_file as sample_file
    from collarclass.shares.files import shares_of_file as shares_of_file
    from collarclass.shares.sample import draw_sample as draw_sample
    from collarclass.shares.shares import estimate_shares as estimate_shares
    from collarclass.tables.dataframe import label_table as label_table
    from collarclass.tables.schema import to_frame as to_frame
    from collarclass.training.estimator import CollarClassifier as CollarClassifier

# Looked up at first use, so that `import collarclass` loads neither numpy nor pandas nor scikit-learn.
_NAMES = {
    "_version": ("__version__",),
    "api": ("classify", "classify_many", "requirements"),
    "definitions.definition": ("load_definition",),
    "evaluation.versions": ("compare_labels", "measure_drift"),
    "files.label": ("label_file",),
    "model.account": ("Evidence",),
    "model.model": ("Model",),
    "model.persistence": ("load_model", "save_model"),
    "occupation.lookup": ("lookup_occupation",),
    "occupation.table": ("occupations",),
    "report.report": ("write_report",),
    "requirement_reader.lexicon": ("load_lexicon",),
    "requirement_reader.requirement": ("Requirement",),
    "result": ("Classification",),
    "shares.duplicates": ("find_duplicates",),
    "shares.files": ("sample_file", "shares_of_file"),
    "shares.sample": ("draw_sample",),
    "shares.shares": ("estimate_shares",),
    "tables.dataframe": ("label_table",),
    "tables.schema": ("to_frame",),
    "training.estimator": ("CollarClassifier",),
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}

__all__ = sorted([*_HOMES, "CollarclassError", "DataError", "ModelFileError"])


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
