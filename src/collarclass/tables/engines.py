"""The same rows labelled out, on clusters that are there already: Dask, Spark and Ray.

All call the library's one batch function on each partition. Nothing is held but a partition, and
each worker process reads the model once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Unpack

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.labelling.options import LabelOptions, Options, shows_options
from collarclass.tables.arrow import arrow_strings
from collarclass.tables.columns import Columns
from collarclass.tables.dataframe import TableLabelling, label_structs
from collarclass.tables.schema import added_fields


class _Labeller:
    """What workers call; a model that was named is read by them, and not by a scheduler that unpacks a graph."""

    def __init__(self, columns: Columns, options: tuple[Any, ...]) -> None:
        self._columns, self._options = columns, options

    def __reduce__(self) -> tuple[Any, ...]:
        return _Labeller, (self._columns, self._options)

    @cached_property
    def _labelling(self) -> TableLabelling:
        make, given = self._options
        return TableLabelling(self._columns.title, list(self._columns.texts), make(*given))

    def __call__(self, part: Any) -> Any:
        return self._labelling.label(part)

    def batches(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield self._labelling.batch(batch)

    def structs(self, cells: Iterable[pa.Array]) -> pa.Array:
        """The added columns as structs, from the columns that are read."""
        added = self._labelling.added(self._columns, [arrow_strings(column) for column in cells])
        return added.to_struct_array().combine_chunks()


@shows_options
def label_dask(
    ddf: Any,
    *,
    title: str | None = None,
    text: str | Sequence[str] | None = None,
    code: str | None = None,
    **options: Unpack[LabelOptions],
) -> Any:
    """Label every row of a Dask table, lazily, partition by partition.

    A model of your own is best given as a folder that this process and every worker can read.

    Parameters
    ----------
    ddf : dask.dataframe.DataFrame
    title, code : str, optional
    text : str or sequence of str, optional
    **options
        As in `label_table`.

    Returns
    -------
    dask.dataframe.DataFrame
        The same rows, partitions and columns, with `schema.COLUMNS` added on the right.

    Raises
    ------
    DataError
        If a column is missing, or one to be added is there already, or an option is not what it has to be.
    ModelFileError
        If there is no such model; before any work is sent.

    Examples
    --------
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> ads = dd.read_parquet("ads/*.parquet")  # doctest: +SKIP
    >>> label_dask(ads).to_parquet("labelled/")  # doctest: +SKIP
    """
    chosen = Options.of(code=code, **options)
    import pandas as pd
    from dask import delayed

    labelling = TableLabelling(title, text, chosen)
    columns = labelling.columns(ddf.columns)
    labeller = _Labeller(columns, chosen.__reduce__())
    shared = delayed(labeller, pure=False)  # one key in the graph, not a copy in every task
    names = [field.name for field in added_fields(chosen)]
    meta = labelling.label(ddf._meta)[names]
    for field in added_fields(chosen):
        if pa.types.is_list(field.type):  # of an object column Dask cannot tell what a Parquet file holds
            meta[field.name] = meta[field.name].astype(pd.ArrowDtype(field.type))
    read = ddf[list(columns.every)]
    added = read.map_partitions(_label, shared, names, meta=meta, enforce_metadata=False)
    return ddf.assign(**{name: added[name] for name in names})


def _label(part: Any, labeller: _Labeller, names: list[str] | None = None) -> Any:
    found = labeller(part)
    return found if names is None else found[names]


@shows_options
def label_spark(
    sdf: Any,
    *,
    title: str | None = None,
    text: str | Sequence[str] | None = None,
    code: str | None = None,
    **options: Unpack[LabelOptions],
) -> Any:
    """Label every row of a Spark table, lazily.

    From Spark 4.1 on, columns that a query does not use are not read, and filters that do not touch the added columns
    run before rows are labelled; earlier versions read and label whole rows.

    Parameters
    ----------
    sdf : pyspark.sql.DataFrame
    title, text, code : optional
        As in `label_dask`.
    **options
        As in `label_table`.

    Returns
    -------
    pyspark.sql.DataFrame
        The same rows, partitions and columns, with `schema.COLUMNS` added on the right.

    Raises
    ------
    DataError
        If a column is missing, or one to be added is there already, or an option is not what it has to be.
    ModelFileError
        If there is no such model; before any work is sent.

    Examples
    --------
    >>> ads = spark.read.parquet("ads/")  # doctest: +SKIP
    >>> label_spark(ads).write.parquet("labelled/")  # doctest: +SKIP
    """
    chosen = Options.of(code=code, **options)
    from pyspark.sql import functions
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructType

    _check_case(sdf)
    columns = TableLabelling(title, text, chosen).arrow_columns(to_arrow_schema(sdf.schema))
    labeller, added = _Labeller(columns, chosen.__reduce__()), _spark_schema(chosen)
    if not hasattr(functions, "arrow_udf"):  # before Spark 4.1
        return sdf.mapInArrow(labeller.batches, StructType([*sdf.schema.fields, *added.fields]))

    def collar(*cells: pa.Array) -> pa.Array:
        return labeller.structs(cells)

    def column(name: str) -> Any:
        return functions.col(f"`{name.replace('`', '``')}`" if name in sdf.columns else name)

    struct = "collar"
    while struct.casefold() in (name.casefold() for name in sdf.columns):
        struct = f"_{struct}"
    found = sdf.withColumn(struct, functions.arrow_udf(collar, added)(*(column(str(name)) for name in columns.every)))
    return found.select(*map(column, sdf.columns), f"{struct}.*")


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
    **options

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
        return label_structs(text, *others, options=chosen)

    function = arrow_udf(collar, _spark_schema(chosen))
    spark.udf.register(name, function)
    return function


def _spark_schema(options: Options) -> Any:
    """The added columns as Spark has them."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(pa.schema(added_fields(options)))


def _check_case(sdf: Any) -> None:
    """Refuse columns that differ only by case where Spark takes them for one, which it says only when it writes."""
    if str(sdf.sparkSession.conf.get("spark.sql.caseSensitive")).lower() == "true":
        return
    seen: dict[str, str] = {}
    for name in sdf.columns:
        if seen.setdefault(name.casefold(), name) != name:
            raise DataError(
                "Columns {seen!r} and {name!r} of the table differ only by case, and are one to Spark: rename "
                "one, or set spark.sql.caseSensitive.", seen=seen[name.casefold()], name=name,
            )  # fmt: skip


@shows_options
def label_ray(
    dataset: Any,
    *,
    title: str | None = None,
    text: str | Sequence[str] | None = None,
    code: str | None = None,
    **options: Unpack[LabelOptions],
) -> Any:
    """Label every row of a Ray dataset, lazily, by `map_batches`.

    Parameters
    ----------
    dataset : ray.data.Dataset
    title, text, code : optional
        As in `label_dask`.
    **options
        As in `label_table`.

    Returns
    -------
    ray.data.Dataset
        The same rows and columns, with `schema.COLUMNS` added on the right.

    Raises
    ------
    DataError
        If a column is missing, or one to be added is there already, or an option is not what it has to be.
    ModelFileError
        If there is no such model; before any work is sent.

    Examples
    --------
    >>> import ray  # doctest: +SKIP
    >>> ads = ray.data.read_parquet("ads/")  # doctest: +SKIP
    >>> label_ray(ads).write_parquet("labelled/")  # doctest: +SKIP
    """
    chosen = Options.of(code=code, **options)
    schema = dataset.schema()
    types = [found if isinstance(found, pa.DataType) else pa.string() for found in schema.types]  # else unknown
    columns = TableLabelling(title, text, chosen).arrow_columns(pa.schema(zip(schema.names, types, strict=True)))
    labeller = _Labeller(columns, chosen.__reduce__())
    return dataset.map_batches(_label, fn_args=(labeller,), batch_format="pyarrow", batch_size=4096)
