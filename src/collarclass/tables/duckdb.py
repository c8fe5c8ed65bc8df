"""A function for DuckDB: labels inside SQL, computed in batches by way of Arrow."""

from __future__ import annotations

from typing import Any, Unpack

import pyarrow as pa

from collarclass.labelling.options import LabelOptions, Options, shows_options
from collarclass.tables.dataframe import label_structs
from collarclass.tables.schema import added_fields


@shows_options
def register_duckdb(
    connection: Any,
    name: str = "collar",
    **options: Unpack[LabelOptions],
) -> None:
    """Add the function `collar(text, title, code)` to a DuckDB connection.

    It gives a struct with the fields `schema.COLUMNS`. Title and code may be NULL or left out. A function of that
    name that is there already is replaced.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    name : str
        Of the function.
    **options
        As in `label_table`.

    Examples
    --------
    >>> import duckdb
    >>> connection = duckdb.connect()
    >>> register_duckdb(connection)
    >>> connection.sql("select collar('MIG welding of steel frames, days.', 'Welder').collar").fetchall()
    [('blue',)]
    """
    chosen = Options.of(**options)

    def collar(text: pa.ChunkedArray, title: pa.ChunkedArray, code: pa.ChunkedArray) -> pa.Array:
        return label_structs(text, title, code, options=chosen)

    columns = f"{name}_of_columns"
    added = connection.from_arrow(pa.schema(added_fields(chosen)).empty_table())
    kind = connection.struct_type(dict(zip(added.columns, added.types, strict=True)))
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
