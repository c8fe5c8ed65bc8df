"""The same rows labelled out, on clusters that are there already: Dask, Spark and Ray.

All call the library's one batch function on each partition. Nothing is held but a partition, and
each worker process reads the model once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Unpack

import pandas as pd
import pyarrow as pa

from collarclass.labelling.options import LabelOptions, Options, shows_options
from collarclass.tables.columns import Columns
from collarclass.tables.dataframe import TableLabelling
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

    Parameters
    ----------
    ddf : dask.dataframe.DataFrame
    title, code : str, optional
    text : str or sequence of str, optional
    evidence, occupations, prefix, min_confidence, model_version, definition, lexicon
        As in `label_table`.
    model : Model or path-like, optional
        A model, sent to the workers, or better a model folder that this process and every worker can read;
        the shipped model if not given.

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
    from dask import delayed

    labelling = TableLabelling(title, text, chosen)
    labeller = _Labeller(labelling.columns(ddf.columns), chosen.__reduce__())
    shared = delayed(labeller, pure=False)  # one key in the graph, not a copy in every task
    meta = labelling.label(ddf._meta)
    for field in added_fields(chosen):
        if pa.types.is_list(field.type):  # of an object column Dask cannot tell what a Parquet file holds
            meta[field.name] = meta[field.name].astype(pd.ArrowDtype(field.type))
    return ddf.map_partitions(_label, shared, meta=meta, enforce_metadata=False)


def _label(part: Any, labeller: _Labeller) -> Any:
    return labeller(part)


@shows_options
def label_spark(
    sdf: Any,
    *,
    title: str | None = None,
    text: str | Sequence[str] | None = None,
    code: str | None = None,
    **options: Unpack[LabelOptions],
) -> Any:
    """Label every row of a Spark table, lazily, by `mapInArrow`.

    Parameters
    ----------
    sdf : pyspark.sql.DataFrame
    title, text, code, evidence, occupations, prefix, min_confidence, model, model_version, definition, lexicon
        As in `label_dask`.

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
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructType

    from collarclass.tables.spark import check_case, spark_schema

    check_case(sdf)
    columns = TableLabelling(title, text, chosen).arrow_columns(to_arrow_schema(sdf.schema))
    schema = StructType([*sdf.schema.fields, *spark_schema(chosen).fields])
    return sdf.mapInArrow(_Labeller(columns, chosen.__reduce__()).batches, schema)


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
    title, text, code, evidence, occupations, prefix, min_confidence, model, model_version, definition, lexicon
        As in `label_dask`.

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
