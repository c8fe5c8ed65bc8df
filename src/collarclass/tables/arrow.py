"""Arrow columns: their texts, the members of nested ones, and lists where there are none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_BETWEEN = "; "  # items of a list that is written as text


def arrow_leaves(fields: Iterable[pa.Field], prefix: str = "") -> Iterator[tuple[str, pa.DataType]]:
    """Name and type of each column, and of the members of structs with dots between."""
    for field in fields:
        yield prefix + field.name, field.type
        if pa.types.is_struct(field.type):
            yield from arrow_leaves(field.type.fields, f"{prefix}{field.name}.")


def arrow_kind(dtype: pa.DataType) -> str:
    """What a column holds, if it is no text."""
    if pa.types.is_struct(dtype) or pa.types.is_map(dtype) or (_is_list(dtype) and arrow_kind(dtype.value_type)):
        return "objects"
    numeric = pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_decimal(dtype)
    return "numbers" if numeric or pa.types.is_boolean(dtype) else ""


def _is_list(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_list(dtype) or pa.types.is_large_list(dtype) or pa.types.is_fixed_size_list(dtype))


def arrow_column(table: pa.Table, path: str) -> pa.ChunkedArray:
    """A column, or a member of a column of structs."""
    if path in table.column_names:
        return table.column(path)
    first, _, rest = path.partition(".")
    while first not in table.column_names:
        more, _, rest = rest.partition(".")
        first = f"{first}.{more}"
    return pc.struct_field(table.column(first), rest.split("."))


def arrow_strings(column: pa.Array | pa.ChunkedArray) -> list[str]:
    """The texts of an Arrow column of any type; nothing for null and NaN."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [v.decode("utf-8", "replace") if v is not None else "" for v in column.to_pylist()]
    if str(kind) == "string_view":  # which has few functions yet
        column, kind = column.cast(pa.large_string()), pa.large_string()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return cast(list[str], pc.fill_null(column, "").to_numpy(zero_copy_only=False).tolist())
    return ["" if value is None or value != value else str(value) for value in column.to_pylist()]


def polars_schema(fields: Iterable[pa.Field]) -> pl.Schema:
    """Arrow fields as polars has them."""
    import polars as pl

    return cast(pl.DataFrame, pl.from_arrow(pa.schema(fields).empty_table())).schema


def without_lists(table: pa.Table) -> pa.Table:
    """Lists as text, for formats that have none."""
    for place, field in enumerate(table.schema):
        if _is_list(field.type):
            table = table.set_column(place, field.name, pc.binary_join(table.column(place), _BETWEEN))
    return table


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """As a pandas table, in which lists are those of Python and no arrays."""
    import pandas as pd

    out: pd.DataFrame = table.to_pandas()
    for field in table.schema:
        if _is_list(field.type):
            out[field.name] = pd.Series(table.column(field.name).to_pylist(), index=out.index, dtype=object)
    return out


def items(cell: Any) -> list[str]:
    """The items of a cell: of a list, or of the text that a file without lists has for it.

    Examples
    --------
    >>> items(["CDL Class A", "HAZWOPER"]), items("CDL Class A; HAZWOPER"), items('["HAZWOPER"]'), items("")
    (['CDL Class A', 'HAZWOPER'], ['CDL Class A', 'HAZWOPER'], ['HAZWOPER'], [])
    """
    if isinstance(cell, (list, tuple, np.ndarray)):
        return [str(item) for item in cell]
    if not isinstance(cell, str):
        return []
    if cell[:1] == "[" and cell[-1:] == "]":
        try:
            return [str(item) for item in json.loads(cell)]
        except ValueError:
            pass
    return [part for item in cell.split(";") if (part := item.strip())]


def joined(cell: Any) -> str:
    """The items of a cell as text, however the file had them."""
    return _BETWEEN.join(items(cell))
