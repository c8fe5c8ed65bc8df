"""The same rows labelled out, on clusters that are there already: Dask, Spark and Ray.

All call the library's one batch function on each partition. Nothing is held but a partition, and
each worker process reads the model once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa

from collarclass.api import default_model
from collarclass.model.model import Model
from collarclass.model.persistence import load_model
from collarclass.tables.arrow import arrow_strings
from collarclass.tables.columns import Columns, check_free, choose_columns
from collarclass.tables.dataframe import label_columns, label_table
from collarclass.tables.schema import fields

ModelLike = Model | str | os.PathLike[str] | None


@cache
def _read_model(path: str | None) -> Model:
    return default_model() if path is None else load_model(path)


def _model(model: Model | str | None) -> Model:
    return model if isinstance(model, Model) else _read_model(model)


def _path(model: ModelLike) -> Model | str | None:
    """A model as workers get it: a path stays a path, so that each worker reads it for itself."""
    return model if model is None or isinstance(model, Model) else os.fspath(model)


def label_dask(
    ddf: Any,
    *,
    title: str | None = None,
    text: str | Sequence[str] | None = None,
    evidence: bool = True,
    prefix: str = "",
    model: ModelLike = None,
) -> Any:
    """Label every row of a Dask table, lazily, partition by partition.

    Parameters
    ----------
    ddf : dask.dataframe.DataFrame
    title : str, optional
    text : str or sequence of str, optional
        As in `label_table`: the columns' names, if they are not among the common ones.
    evidence : bool, default=True
        Whether to name the words that decided; faster without.
    prefix : str
        Put before the names of the added columns.
    model : Model or path-like, optional
        A model, sent to the workers once, or a model folder that every worker can read; the shipped
        model if not given.

    Returns
    -------
    dask.dataframe.DataFrame
        The same rows, partitions and columns, with `schema.COLUMNS` added on the right.

    Raises
    ------
    DataError
        If a column is missing, or one to be added is there already.

    Examples
    --------
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> ads = dd.read_parquet("ads/*.parquet")  # doctest: +SKIP
    >>> label_dask(ads).to_parquet("labelled/")  # doctest: +SKIP
    """
    chosen = choose_columns(ddf.columns, title, text)
    check_free(ddf.columns, prefix, "the table")
    shared: Any = _path(model)
    if isinstance(shared, Model):
        from dask import delayed

        shared = delayed(shared, pure=False)  # one key in the graph, not a copy in every task
    meta = ddf._meta.assign(**_no_rows(prefix))
    options = {"title": chosen.title, "text": list(chosen.texts), "evidence": evidence, "prefix": prefix}
    return ddf.map_partitions(_label_partition, shared, options, meta=meta, enforce_metadata=False)


def _no_rows(prefix: str) -> dict[str, pd.Series[Any]]:
    return {
        f.name: pd.Series([], dtype="str" if f.type == pa.string() else "float64") for f in fields(prefix)
    }


def _label_partition(part: pd.DataFrame, model: Model | str | None, options: dict[str, Any]) -> pd.DataFrame:
    return label_table(part, model=_model(model), **options)


def label_spark(
    sdf: Any,
    *,
    title: str | None = None,
    text: str | Sequence[str] | None = None,
    evidence: bool = True,
    prefix: str = "",
    model: ModelLike = None,
) -> Any:
    """Label every row of a Spark table, lazily, by `mapInArrow`.

    Parameters
    ----------
    sdf : pyspark.sql.DataFrame
    title : str, optional
    text : str or sequence of str, optional
        As in `label_table`: the columns' names, if they are not among the common ones.
    evidence : bool, default=True
        Whether to name the words that decided; faster without.
    prefix : str
        Put before the names of the added columns.
    model : Model or path-like, optional
        A model, or better a model folder that every worker can read; the shipped model if not given.

    Returns
    -------
    pyspark.sql.DataFrame
        The same rows, partitions and columns, with `schema.COLUMNS` added on the right.

    Raises
    ------
    DataError
        If a column is missing, or one to be added is there already.

    Examples
    --------
    >>> ads = spark.read.parquet("ads/")  # doctest: +SKIP
    >>> label_spark(ads).write.parquet("labelled/")  # doctest: +SKIP
    """
    from pyspark.sql.types import DoubleType, StringType, StructField, StructType

    chosen = choose_columns(sdf.columns, title, text)
    check_free(sdf.columns, prefix, "the table")
    added = [
        StructField(f.name, StringType() if f.type == pa.string() else DoubleType(), True)
        for f in fields(prefix)
    ]
    schema = StructType([*sdf.schema.fields, *added])
    label = _SparkLabelling(_path(model), chosen, evidence, prefix)
    return sdf.mapInArrow(label, schema)


class _SparkLabelling:
    """What Spark sends to its workers: record batches in, the same with columns added out."""

    def __init__(self, model: Model | str | None, chosen: Columns, evidence: bool, prefix: str) -> None:
        self._model = model
        self._chosen = chosen
        self._evidence = evidence
        self._prefix = prefix

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        model = _model(self._model)
        for batch in batches:
            cells = [arrow_strings(batch.column(str(name))) for name in self._chosen.every]
            texts, titles, _ = self._chosen.rows(cells)
            added = label_columns(texts, titles, model=model, evidence=self._evidence, prefix=self._prefix)
            arrays = [*batch.columns, *(c.combine_chunks() for c in added.columns)]
            yield pa.RecordBatch.from_arrays(arrays, schema=pa.schema([*batch.schema, *added.schema]))


def label_ray(
    dataset: Any,
    *,
    title: str | None = None,
    text: str | Sequence[str] | None = None,
    evidence: bool = True,
    prefix: str = "",
    model: ModelLike = None,
) -> Any:
    """Label every row of a Ray dataset, lazily, by `map_batches`.

    Parameters
    ----------
    dataset : ray.data.Dataset
    title : str, optional
    text : str or sequence of str, optional
        As in `label_table`: the columns' names, if they are not among the common ones.
    evidence : bool, default=True
        Whether to name the words that decided; faster without.
    prefix : str
        Put before the names of the added columns.
    model : Model or path-like, optional
        A model, or better a model folder that every worker can read; the shipped model if not given.

    Returns
    -------
    ray.data.Dataset
        The same rows and columns, with `schema.COLUMNS` added on the right.

    Raises
    ------
    DataError
        If a column is missing, or one to be added is there already.

    Examples
    --------
    >>> import ray  # doctest: +SKIP
    >>> ads = ray.data.read_parquet("ads/")  # doctest: +SKIP
    >>> label_ray(ads).write_parquet("labelled/")  # doctest: +SKIP
    """
    columns = dataset.schema().names
    chosen = choose_columns(columns, title, text)
    check_free(columns, prefix, "the table")
    options = {"title": chosen.title, "text": list(chosen.texts), "evidence": evidence, "prefix": prefix}
    return dataset.map_batches(
        _label_arrow_batch, fn_args=(_path(model), options), batch_format="pyarrow", batch_size=4096
    )


def _label_arrow_batch(table: pa.Table, model: Model | str | None, options: dict[str, Any]) -> pa.Table:
    return label_table(table, model=_model(model), **options)
