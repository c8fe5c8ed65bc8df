"""Spark: a function for queries and SQL whose result Catalyst can prune."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from collarclass.labelling.options import Options
from collarclass.tables.schema import added_fields


def spark_schema(options: Options) -> Any:
    """The added columns as Spark has them."""
    from pyspark.sql.types import DoubleType, StringType, StructField, StructType

    types = {pa.string(): StringType(), pa.float64(): DoubleType()}
    return StructType([StructField(field.name, types[field.type], True) for field in added_fields(options)])
