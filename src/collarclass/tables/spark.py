"""Spark: a function for queries and SQL, whose unused columns Catalyst prunes and whose filters it pushes down."""

from __future__ import annotations

from typing import Any, Unpack

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.labelling.options import LabelOptions, Options, shows_options
from collarclass.tables.arrow import arrow_strings
from collarclass.tables.dataframe import label_columns
from collarclass.tables.schema import added_fields


@shows_options
def register_spark(
    spark: Any,
    name: str = "collar",
    **options: Unpack[LabelOptions],
) -> Any:
    """Add the function `collar(text, title, code)` to a Spark session, for SQL and for columns.

    It gives a struct with the fields `schema.COLUMNS`. Title and code may be NULL or left out. A function of that
    name that is there already is replaced. The function is a scalar Arrow UDF, so Spark reads no other columns
    than a query needs, and filters rows before they are labelled.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession
        Of Spark 4.1 or later.
    name : str
        Of the function in SQL.
    evidence, occupations, prefix, min_confidence, model, model_version, definition, lexicon
        As in `label_table`; a model folder is one that this process and every worker can read.

    Returns
    -------
    callable
        The function for columns: ``collar(ads["text"], ads["title"])``.

    Raises
    ------
    DataError
        If this Spark has no Arrow UDFs, or an option is not what it has to be.
    ModelFileError
        If there is no such model; before any work is sent.

    Examples
    --------
    >>> register_spark(spark)  # doctest: +SKIP
    >>> spark.sql("select id, collar(text, title).collar from ads where year = 2026")  # doctest: +SKIP
    """
    chosen = Options.of(**options)
    try:
        from pyspark.sql.functions import arrow_udf
    except ImportError:
        raise DataError(
            "register_spark needs Spark 4.1 or later, which has Arrow UDFs: upgrade pyspark, or use label_spark."
        ) from None

    def collar(text: pa.Array, *others: pa.Array) -> pa.Array:
        texts, *cells = map(arrow_strings, (text, *others))
        titles, codes = (*cells, None, None)[:2]
        return label_columns(texts, titles, codes, options=chosen).to_struct_array().combine_chunks()

    function = arrow_udf(collar, spark_schema(chosen))
    spark.udf.register(name, function)
    return function


def spark_schema(options: Options) -> Any:
    """The added columns as Spark has them."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(pa.schema(added_fields(options)))


def check_case(sdf: Any) -> None:
    """Refuse columns that differ only by case where Spark takes them for one, which it says only when it writes."""
    if str(sdf.sparkSession.conf.get("spark.sql.caseSensitive")).lower() == "true":
        return
    seen: dict[str, str] = {}
    for name in sdf.columns:
        if seen.setdefault(name.casefold(), name) != name:
            raise DataError(
                f"Columns {seen[name.casefold()]!r} and {name!r} of the table differ only by case, and are one to "
                "Spark: rename one, or set spark.sql.caseSensitive."
            )
