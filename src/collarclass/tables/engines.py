"""The same rows labelled out, on clusters that are there already: Dask, Spark and Ray.

All call the library's one batch function on each partition. Nothing is held but a partition, and
each worker process reads the model once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from typing import Any

import pandas as pd
import pyarrow as pa

from collarclass.api import default_model
from collarclass.model.model import Model
from collarclass.model.persistence import load_model
from collarclass.tables.columns import check_free, choose_columns
from collarclass.tables.dataframe import label_table
from collarclass.tables.schema import fields

ModelLike = Model | str | os.PathLike[str] | None


@cache
def _read_model(path: str | None) -> Model:
    return default_model() if path is None else load_model(path)


def _model(model: Model | str | None) -> Model:
    return model if isinstance(model, Model) else _read_model(model)


def _for_workers(
    columns: Iterable[str], title: str | None, text: str | Sequence[str] | None, prefix: str, model: ModelLike
) -> tuple[Model | str | None, dict[str, Any]]:
    """Check the columns once, here: the model and the options of `label_table` as workers get them.

    A path stays a path, so that each worker reads the model for itself.
    """
    columns = list(columns)
    chosen = choose_columns(columns, title, text)
    check_free(columns, prefix, "the table")
    options = {"title": chosen.title, "text": list(chosen.texts), "prefix": prefix}
    return model if model is None or isinstance(model, Model) else os.fspath(model), options


def _label(part: Any, model: Model | str | None, options: dict[str, Any]) -> Any:
    return label_table(part, model=_model(model), **options)


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
    evidence : bool, default=True
    prefix : str
        As in `label_table`.
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
    shared: Any
    shared, options = _for_workers(ddf.columns, title, text, prefix, model)
    if isinstance(shared, Model):
        from dask import delayed

        shared = delayed(shared, pure=False)  # one key in the graph, not a copy in every task
    meta = ddf._meta.assign(
        **{f.name: pd.Series([], dtype="str" if f.type == pa.string() else "float64") for f in fields(prefix)}
    )
    return ddf.map_partitions(_label, shared, options | {"evidence": evidence}, meta=meta, enforce_metadata=False)


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
    evidence : bool, default=True
    prefix : str
        As in `label_table`.
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

    shared, options = _for_workers(sdf.columns, title, text, prefix, model)
    added = [
        StructField(f.name, StringType() if f.type == pa.string() else DoubleType(), True)
        for f in fields(prefix)
    ]
    schema = StructType([*sdf.schema.fields, *added])
    return sdf.mapInArrow(partial(_label_batches, model=shared, options=options | {"evidence": evidence}), schema)


def _label_batches(
    batches: Iterable[pa.RecordBatch], model: Model | str | None, options: dict[str, Any]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from _label(pa.Table.from_batches([batch]), model, options).combine_chunks().to_batches()


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
    evidence : bool, default=True
    prefix : str
        As in `label_table`.
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
    shared, options = _for_workers(dataset.schema().names, title, text, prefix, model)
    return dataset.map_batches(
        _label, fn_args=(shared, options | {"evidence": evidence}), batch_format="pyarrow", batch_size=4096
    )
