"""Rows in, the same rows out with the labels' columns added: the one batch function behind every table."""

from __future__ import annotations

import os
import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collarclass.labelling.judge import judge, stream_sums
from collarclass.labelling.options import LabelOptions, Options, shows_options
from collarclass.progress import Progress, ProgressLike
from collarclass.result import DECIMALS
from collarclass.tables.arrow import arrow_column, arrow_kind, arrow_leaves, arrow_strings, polars_schema, to_pandas
from collarclass.tables.columns import Columns, check_free, choose_columns
from collarclass.tables.schema import SCHEMA, added_fields, prediction_table
from collarclass.text.cells import title_of

if TYPE_CHECKING:
    import pandas as pd

Table = TypeVar("Table")
_MIN_PARALLEL_ROWS = 1000  # rows that are not worth a second process
_PART = 5000  # rows between two looks at the progress


def label_columns(
    texts: Sequence[str],
    titles: Sequence[str | None] | None = None,
    codes: Sequence[str] | None = None,
    *,
    options: Options,
) -> pa.Table:
    """Label a batch and lay the results out as the columns that tables and files get."""
    return label_stream(texts, titles, codes, options=options)[0]


def label_structs(
    text: pa.Array, title: pa.Array | None = None, code: pa.Array | None = None, *, options: Options
) -> pa.Array:
    """The same as structs, from Arrow columns."""
    titles, codes = (None if column is None else arrow_strings(column) for column in (title, code))
    return label_columns(arrow_strings(text), titles, codes, options=options).to_struct_array().combine_chunks()


def label_stream(
    texts: Sequence[str],
    titles: Sequence[str | None] | None,
    codes: Sequence[str] | None = None,
    *,
    options: Options,
) -> tuple[pa.Table, NDArray[np.float64]]:
    """As `label_columns`, and what the batch adds to what is known of its stream."""
    found = judge(texts, titles, codes, options=options, evidence=options.evidence)
    table = prediction_table(found, options)
    if options.occupations:
        columns = _nearest_columns(texts, titles, codes)
        for field, values in zip(added_fields(options)[len(SCHEMA) :], columns, strict=True):
            table = table.append_column(field, values)
    return table, stream_sums(found)


@shows_options
def label_table(
    table: Table,
    *,
    title: Hashable | None = None,
    text: Hashable | Sequence[Hashable] | None = None,
    code: Hashable | None = None,
    n_jobs: int = 1,
    progress: ProgressLike = None,
    **options: Unpack[LabelOptions],
) -> Table:
    """Label every row of a table; the same kind of table comes out.

    Parameters
    ----------
    table : pandas, polars or Arrow table, and their like
        A pandas or polars DataFrame, a polars LazyFrame (labelled when it is collected), a pyarrow Table,
        RecordBatch, RecordBatchReader, Dataset or Scanner (labelled as it is read, into a RecordBatchReader), a
        DuckDB relation (whose result is held in memory: for more than fits there use `register_duckdb`), a
        frame of narwhals over any of these, or any other eager table that narwhals knows (Modin, cuDF); of
        anything else with an Arrow stream a pyarrow Table is made.
        It has one or several columns of ad texts and, if there is one, a column of job titles. Missing
        values (None, NaN) count as empty.
    title : hashable, optional
        The column of job titles, if it is not among the common names.
    text : hashable or list of hashable, optional
        The column of ad texts, or several, which are read together under their headings; if not given, all
        that have common names (description, responsibilities, requirements, 任职要求, 学历, ...).
    code : hashable, optional
        A column of occupation codes (O*NET-SOC 2019, ISCO-08 or CSCO-2022): rows whose ad and title say too
        little, or that have none, are judged by their occupation.
    n_jobs : int, default=1
        Number of worker processes; -1 for one per processor.
    progress : bool or callable, optional
        Whether to show progress on standard error; a callable gets the rows done and the share done.
    **options
        The following.

    Returns
    -------
    table of the same kind
        A new table: the same rows, index and columns, and `schema.COLUMNS` added on the right.

    Raises
    ------
    DataError
        If a column is missing, or one to be added is there already, or an option is not what it has to be.
    ModelFileError
        If there is no such model, or it has another version.
    TypeError
        If `table` is no table.

    Examples
    --------
    >>> import pandas as pd
    >>> ads = pd.DataFrame({"title": ["Welder"], "description": ["MIG welding of steel frames, days."]})
    >>> label_table(ads)["collar"].tolist()
    ['blue']
    """
    labelling = TableLabelling(title, text, Options.of(code=code, **options), n_jobs, progress)
    return cast(Table, labelling.label(table))


@dataclass(frozen=True, slots=True)
class TableLabelling:
    """What `label_table` was asked for, for each kind of table."""

    title: Hashable | None
    text: Hashable | Sequence[Hashable] | None
    options: Options
    n_jobs: int = 1
    progress: ProgressLike = None

    def label(self, table: Any) -> Any:
        kinds: list[tuple[type[Any], Any]] = [
            (pa.Table, self.arrow),
            (pa.RecordBatch, self.batch),
            (pa.RecordBatchReader, self.stream),
        ]
        if pandas := sys.modules.get("pandas"):  # imported where there is a table of its kind
            kinds.append((pandas.DataFrame, self.pandas))
        for kind, label in kinds:
            if isinstance(table, kind):
                return label(table)
        if isinstance(table, (str, os.PathLike)):
            raise TypeError(f"{os.fspath(table)!r} names a file, not a table: give it to label_file, or read it first.")
        library, name = type(table).__module__.partition(".")[0], type(table).__name__
        if name in ("Series", "ChunkedArray"):
            raise TypeError(
                f"A {name} is one column, not a table: give a table that holds it, or its texts to classify_many."
            )
        if library == "polars" and name == "LazyFrame":
            return self.lazy(table)
        if library in ("duckdb", "_duckdb") and name == "DuckDBPyRelation":
            return self.relation(table)
        if library == "pyarrow" and hasattr(table, "to_batches"):  # a Dataset or a Scanner
            return self.stream(getattr(table, "scanner", lambda: table)().to_reader())
        if library == "narwhals" and hasattr(table, "to_native"):
            return import_module("narwhals").from_native(self.label(table.to_native()))
        function = {"dask": "label_dask", "dask_expr": "label_dask", "pyspark": "label_spark", "ray": "label_ray"}
        if library in function:
            raise TypeError(
                f"A table of {library} is labelled by collarclass.tables.engines.{function[library]}: call that."
            )
        return self.native(table)

    def columns(self, names: Iterable[Hashable], kinds: Mapping[Hashable, str] | None = None) -> Columns:
        """The columns that are read, if those to be added are not there yet."""
        names = list(names)
        found = choose_columns(names, self.title, self.text, code=self.options.code, kinds=kinds)
        check_free(names, "the table", self.options)
        return found

    def added(self, columns: Columns, cells: Sequence[Sequence[str]]) -> pa.Table:
        """The new columns, given the cells of each that is read: over several processes, or in parts for progress."""
        given: tuple[Any, ...] = columns.rows(cells)
        n, options = len(given[0]), self.options
        parallel = self.n_jobs != 1 and n >= _MIN_PARALLEL_ROWS
        if not parallel and self.progress in (None, False):
            return label_columns(*given, options=options)
        cuts = [*range(0, n, _PART), n] if n else [0, 0]
        parts: list[Any] = [[v[a:b] if v is not None else None for v in given] for a, b in pairwise(cuts)]
        if parallel:
            from joblib import Parallel, delayed

            jobs = (delayed(label_columns)(*part, options=options) for part in parts)
            results = Parallel(n_jobs=self.n_jobs, return_as="generator")(jobs)
        else:
            results = (label_columns(*part, options=options) for part in parts)
        shown, done = Progress(self.progress), []
        try:
            for result, after in zip(results, cuts[1:], strict=True):
                done.append(result)
                shown.update(after, after / n if n else 1.0)
        finally:
            shown.close()
        return pa.concat_tables(done)

    def pandas(self, table: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        chosen = self.columns(table.columns, _pandas_kinds(table))
        columns = to_pandas(self.added(chosen, [_strings(table[name]) for name in chosen.every]))
        columns.index = table.index
        labelled: pd.DataFrame = pd.concat([table, columns], axis=1)
        return labelled

    def arrow_columns(self, schema: pa.Schema) -> Columns:
        """Those that are read of a table with a schema, members of structs among them."""
        paths = dict(arrow_leaves(schema))
        kinds: dict[Hashable, str] = {name: kind for name, dtype in paths.items() if (kind := arrow_kind(dtype))}
        return self.columns([*schema.names, *(p for p in paths if p not in schema.names)], kinds)

    def arrow(self, table: pa.Table) -> pa.Table:
        chosen = self.arrow_columns(table.schema)
        added = self.added(chosen, [arrow_strings(arrow_column(table, str(name))) for name in chosen.every])
        for name, column in zip(added.column_names, added.columns, strict=True):
            table = table.append_column(name, column)
        return table

    def batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        table = self.arrow(pa.Table.from_batches([batch])).combine_chunks()
        arrays = [c.chunk(0) if c.num_chunks else pa.array([], c.type) for c in table.columns]
        return pa.RecordBatch.from_arrays(arrays, schema=table.schema)

    def stream(self, reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """Label batch by batch, as they are asked for."""
        self.arrow_columns(reader.schema)
        schema = pa.schema([*reader.schema, *added_fields(self.options)], reader.schema.metadata)
        quiet = replace(self, progress=None)

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                yield from quiet.arrow(pa.Table.from_batches([batch])).cast(schema).to_batches()

        return pa.RecordBatchReader.from_batches(schema, batches())

    def lazy(self, table: Any) -> Any:
        """A polars LazyFrame: labelled when it is collected, reading only the columns and rows that are asked for."""
        import polars as pl

        names = table.collect_schema().names()
        chosen = self.columns(names)

        def label(ads: pl.Series) -> pl.Series:
            cells = [arrow_strings(column.to_arrow()) for column in ads.struct.unnest()]
            return pl.Series(self.added(chosen, cells).to_struct_array())

        added = polars_schema(added_fields(self.options))
        read = pl.struct(*(pl.col(str(name)) for name in chosen.every))
        struct = read.map_batches(label, return_dtype=pl.Struct(added), is_elementwise=True)
        return table.with_columns(struct.struct.field(*added))

    def relation(self, relation: Any) -> Any:
        """A DuckDB relation, read as a stream; the result belongs to the same connection."""
        labelled = self.stream(pa.RecordBatchReader.from_stream(relation)).read_all()  # noqa: F841 (found by name)
        return relation.query("unused", "select * from labelled")

    def native(self, table: Any) -> Any:
        """Any other eager table, by way of narwhals; of what only has an Arrow stream a pyarrow Table."""
        import narwhals as nw

        try:
            frame = nw.from_native(table, eager_only=True)
        except TypeError:
            if hasattr(table, "__arrow_c_stream__"):
                return self.arrow(pa.table(table))
            raise TypeError(
                f"A {type(table).__name__} is no table that can be labelled: give a pandas, polars or pyarrow table, a "
                "DuckDB relation, or a file to label_file."
            ) from None
        chosen = self.columns(frame.columns)
        cells = [arrow_strings(frame.get_column(str(name)).to_arrow()) for name in chosen.every]
        added = self.added(chosen, cells)
        new = nw.from_arrow(added, backend=frame.implementation)
        return nw.to_native(frame.with_columns(*(new.get_column(name) for name in new.columns)))


def _nearest_columns(
    texts: Sequence[str], titles: Sequence[str | None] | None, codes: Sequence[str] | None
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Code, title and similarity of the occupation nearest to each row's title, or of that of its code.

    A row without a title is looked up by its text where that is a title, else by a short first line.
    """
    from collarclass.occupation.lookup import find_code, index
    from collarclass.occupation.table import occupations

    table = occupations()
    wanted = [title_of(text, title) for text, title in zip(texts, titles or [None] * len(texts), strict=True)]
    found = index().nearest(wanted, 1)
    row, similarity = found.row[:, 0].copy(), found.similarity[:, 0].copy()
    for i, code in enumerate(codes or ()):
        known = find_code(code)
        if known is not None and known[0]:
            row[i], similarity[i] = known[0][0], 1.0
    none = similarity <= 0
    columns = (table[name].to_numpy(object)[row] for name in ("onet_code", "title"))
    code_column, title_column = (pa.array(np.where(none, "", values), pa.string()) for values in columns)
    return code_column, title_column, pa.array(np.round(similarity, DECIMALS), pa.float64(), mask=none)


def _pandas_kinds(table: pd.DataFrame) -> dict[Hashable, str]:
    """Columns that hold no text."""
    import pandas as pd

    found: dict[Hashable, str] = {}
    for place, name in enumerate(table.columns):
        column = table.iloc[:, place]
        if pd.api.types.is_numeric_dtype(column.dtype) and column.notna().any():
            found[name] = "numbers"
        elif column.dtype == object and any(isinstance(v, dict) for v in column.head(_MIN_PARALLEL_ROWS)):
            found[name] = "objects"
    return found


def _strings(column: pd.Series[Any]) -> list[str]:
    return ["" if missing else _string(value) for value, missing in zip(column, column.isna(), strict=True)]


def _string(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
