"""Every option of labelling at every door, as the documentation's table: read from the code itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from click import Option

from collarclass.api import classify, classify_many
from collarclass.app.schemas import ClassifyRequest, LabelRequest
from collarclass.cli.main import app
from collarclass.files.label import label_file
from collarclass.labelling.options import Options
from collarclass.tables.dataframe import label_table
from collarclass.tables.duckdb import register_duckdb
from collarclass.tables.engines import label_dask, label_ray, label_spark, register_spark
from collarclass.tables.polars import CollarNamespace

OPTIONS = tuple(inspect.signature(Options.of).parameters)
_NONE = "–"
_FUNCTIONS: dict[str, Callable[..., object]] = {
    "`classify`": classify,
    "`classify_many`": classify_many,
    "`label_table`": label_table,
    "`label_file`": label_file,
    "polars `.collar.label`": CollarNamespace.label,
    "`register_duckdb`": register_duckdb,
    "`label_dask`": label_dask,
    "`label_spark`": label_spark,
    "`register_spark`": register_spark,
    "`label_ray`": label_ray,
}
# What is said elsewhere than by an argument of that name.
_ELSEWHERE = {
    ("`classify_many`", "code"): "`codes`",
    ("`register_duckdb`", "code"): "of the function",
    ("`register_spark`", "code"): "of the function",
    **{(door, name): "of the server" for door in ("`POST /v1/classify`", "`POST /v1/files/{file}/label`")
       for name in ("model", "model_version", "lexicon")},
}  # fmt: skip


def doors() -> dict[str, dict[str, str]]:
    """By door and option, what the option is called there."""
    found = {door: _arguments(inspect.signature(function).parameters) for door, function in _FUNCTIONS.items()}
    for name in ("classify", "label", "app"):
        given = {
            parameter.name: max(parameter.opts, key=len)
            for parameter in app.commands[name].params
            if isinstance(parameter, Option) and parameter.name is not None
        }
        found[f"`collarclass {name}`"] = {option: f"`{given[option]}`" for option in OPTIONS if option in given}
    found["`POST /v1/classify`"] = _arguments(ClassifyRequest.model_fields)
    found["`POST /v1/files/{file}/label`"] = _arguments(LabelRequest.model_fields)
    for (door, option), said in _ELSEWHERE.items():
        found[door].setdefault(option, said)
    return found


def _arguments(given: Mapping[str, object]) -> dict[str, str]:
    return {option: f"`{option}`" for option in OPTIONS if option in given}


def markdown() -> str:
    """The table, a row for all doors whose options have the same names."""
    alike: dict[str, list[str]] = {}
    for door, found in doors().items():
        alike.setdefault(" | ".join(found.get(option, _NONE) for option in OPTIONS), []).append(door)
    rows = [f"| {', '.join(names)} | {cells} |" for cells, names in alike.items()]
    return "\n".join([f"| where | {' | '.join(OPTIONS)} |", "|---" * (len(OPTIONS) + 1) + "|", *rows])
