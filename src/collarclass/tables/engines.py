"""The same rows labelled out, on clusters that are there already: Dask, Spark and Ray.

All call the library's one batch function on each partition. Nothing is held but a partition, and
each worker process reads the model once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Unpack

import pyarrow as pa

from collarclass.labelling.options import LabelOptions, Options, shows_options
from collarclass.tables.columns import check_free, choose_columns
from collarclass.tables.dataframe import TableLabelling


def _for_workers(
    columns: Iterable[str], title: str | None, text: str | Sequence[str] | None, options: Options
) -> TableLabelling:
    """Check the columns once, here, so that workers need not find them."""
    columns = list(columns)
    chosen = choose_columns(columns, title, text, code=options.code)
    check_free(columns, "the table", options)
    return TableLabelling(chosen.title, list(chosen.texts), options)


def _label(part: Any, labelling: TableLabelling) -> Any:
    return labelling.label(part)


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

    labelling = _for_workers(ddf.columns, title, text, chosen)
    shared = delayed(labelling, pure=False)  # one key in the graph, not a copy in every task
    return ddf.map_partitions(_label, shared, meta=labelling.label(ddf._meta), enforce_metadata=False)


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
    title, code : str, optional
    text : str or sequence of str, optional
    evidence, occupations, prefix, min_confidence, model_version, definition, lexicon
        As in `label_table`.
    model : Model or path-like, optional
        A model, sent to the workers, or better a model folder that this process and every worker can read;
        the shipped model if not given.

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
    from pyspark.sql.types import StructType

    from collarclass.tables.spark import check_case, spark_schema

    check_case(sdf)
    labelling = _for_workers(sdf.columns, title, text, chosen)
    schema = StructType([*sdf.schema.fields, *spark_schema(chosen).fields])
    return sdf.mapInArrow(partial(_label_batches, labelling=labelling), schema)


def _label_batches(batches: Iterable[pa.RecordBatch], labelling: TableLabelling) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from labelling.label(pa.Table.from_batches([batch])).combine_chunks().to_batches()


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
    title, code : str, optional
    text : str or sequence of str, optional
    evidence, occupations, prefix, min_confidence, model_version, definition, lexicon
        As in `label_table`.
    model : Model or path-like, optional
        A model, sent to the workers, or better a model folder that this process and every worker can read;
        the shipped model if not given.

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
    labelling = _for_workers(dataset.schema().names, title, text, chosen)
    return dataset.map_batches(_label, fn_args=(labelling,), batch_format="pyarrow", batch_size=4096)
