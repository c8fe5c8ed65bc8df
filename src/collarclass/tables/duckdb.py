"""A function for DuckDB: labels inside SQL, computed in batches by way of Arrow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from collarclass.api import default_model
from collarclass.model.model import Model
from collarclass.tables.arrow import arrow_strings
from collarclass.tables.dataframe import label_columns
from collarclass.tables.schema import fields

_TYPES = {pa.string(): "VARCHAR", pa.float64(): "DOUBLE"}


def register_duckdb(
    connection: Any, name: str = "collar", *, evidence: bool = True, model: Model | None = None
) -> None:
    """Add the function `collar(text, title)` to a DuckDB connection.

    It gives a struct with the fields `schema.COLUMNS`. `title` may be NULL.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    name : str
        Of the function.
    evidence : bool, default=True
        Whether to name the words that decided; faster without.
    model : Model, optional

    Examples
    --------
    >>> import duckdb
    >>> connection = duckdb.connect()
    >>> register_duckdb(connection)
    >>> connection.sql("select collar('MIG welding of steel frames, days.', 'Welder').collar").fetchall()
    [('blue',)]
    """
    found = model or default_model()

    def collar(text: pa.ChunkedArray, title: pa.ChunkedArray) -> pa.Array:
        added = label_columns(arrow_strings(text), arrow_strings(title), model=found, evidence=evidence)
        columns = [column.combine_chunks() for column in added.columns]
        return pa.StructArray.from_arrays(columns, fields=list(added.schema))

    kind = connection.struct_type({field.name: _TYPES[field.type] for field in fields()})
    connection.create_function(
        name, collar, ["VARCHAR", "VARCHAR"], kind, type="arrow", null_handling="special"
    )
