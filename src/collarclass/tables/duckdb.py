"""A function for DuckDB: labels inside SQL, computed in batches by way of Arrow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from collarclass.definitions.definition import DEFAULT
from collarclass.labelling.options import DefinitionLike, LexiconLike, ModelLike, Options
from collarclass.tables.arrow import arrow_strings
from collarclass.tables.dataframe import label_columns
from collarclass.tables.schema import added_fields

_TYPES = {pa.string(): "VARCHAR", pa.float64(): "DOUBLE"}


def register_duckdb(
    connection: Any,
    name: str = "collar",
    *,
    evidence: bool = True,
    occupations: bool = False,
    prefix: str = "",
    min_confidence: float = 0.0,
    model: ModelLike | None = None,
    model_version: str | None = None,
    definition: DefinitionLike = DEFAULT,
    lexicon: LexiconLike | None = None,
) -> None:
    """Add the function `collar(text, title, code)` to a DuckDB connection.

    It gives a struct with the fields `schema.COLUMNS`. Title and code may be NULL or left out. A function of that
    name that is there already is replaced.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    name : str
        Of the function.
    evidence, occupations, prefix, min_confidence, model, model_version, definition, lexicon
        As in `label_table`.

    Examples
    --------
    >>> import duckdb
    >>> connection = duckdb.connect()
    >>> register_duckdb(connection)
    >>> connection.sql("select collar('MIG welding of steel frames, days.', 'Welder').collar").fetchall()
    [('blue',)]
    """
    options = Options.of(
        model,
        evidence=evidence,
        prefix=prefix,
        definition=definition,
        occupations=occupations,
        lexicon=lexicon,
        min_confidence=min_confidence,
        model_version=model_version,
    )

    def collar(text: pa.ChunkedArray, title: pa.ChunkedArray, code: pa.ChunkedArray) -> pa.Array:
        texts, titles, codes = map(arrow_strings, (text, title, code))
        return label_columns(texts, titles, codes, options=options).to_struct_array().combine_chunks()

    columns = f"{name}_of_columns"
    kind = connection.struct_type({field.name: _TYPES[field.type] for field in added_fields(options)})
    registered = connection.execute("select 1 from duckdb_functions() where function_name = ?", [columns])
    if registered.fetchall():
        connection.remove_function(columns)
    connection.create_function(columns, collar, ["VARCHAR"] * 3, kind, type="arrow", null_handling="special")
    call = f"{_quoted(columns)}(text::varchar, {{}}::varchar, {{}}::varchar)"
    bodies = {"text": ("null", "null"), "text, title": ("title", "null"), "text, title, code": ("title", "code")}
    overloads = ", ".join(f"({given}) as {call.format(*cells)}" for given, cells in bodies.items())
    connection.execute(f"create or replace temp macro {_quoted(name)}{overloads}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
