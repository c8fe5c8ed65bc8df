"""Arrow columns: their texts, and the members of nested ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import polars as pl


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
    """The texts of an Arrow column of any type; nothing for null and NaN.

    Examples
    --------
    >>> import pyarrow as pa
    >>> arrow_strings(pa.array(["Welder", None])), arrow_strings(pa.array([1.5, float("nan")]))
    (['Welder', ''], ['1.5', ''])
    """
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
