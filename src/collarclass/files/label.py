"""Files of job ads in, the same rows labelled out, batch by batch."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO, Unpack

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collarclass._version import __version__
from collarclass.definitions.labels import BASES, COLLARS
from collarclass.errors import DataError
from collarclass.files.batch import Batch
from collarclass.files.formats import (
    FORMATS,
    Format,
    check_name,
    expand,
    folders_of,
    name_format,
    name_target,
    names_of,
    partitions_of,
    result_name,
)
from collarclass.files.layout import FileOptions, Layout, Reader, columns_read
from collarclass.files.readers import FileInput, open_all
from collarclass.files.resumable_output import Output
from collarclass.files.source import changed, check_unchanged, fingerprints, is_remote, named
from collarclass.files.target import Name, check_apart, check_folder, check_target, is_direct
from collarclass.files.workers import Earlier, in_order
from collarclass.files.writers import BuiltWriter, Writer, compress, read_streams
from collarclass.labelling.options import LabelOptions, ModelOptions, Options, refuse_unknown, shows_options
from collarclass.messages import Message
from collarclass.model.stream import ExpectedRight, expected_right
from collarclass.progress import Progress
from collarclass.tables.columns import check_free
from collarclass.tables.schema import added_fields

_BASIS, _KNOWN = "from ", "taken over"  # before the name of a basis, and of known rows, among the counts of labels
_log = logging.getLogger("collarclass")
_log.addHandler(logging.NullHandler())  # silent unless the caller asks


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What `label_file` did.

    Attributes
    ----------
    rows : int
        Number of ads, the same in and out.
    counts : dict of str to int
        How many were labelled white, blue, gray and unclear.
    noted : int
        How many rows of the file were ragged, broken or undecodable; `collar_note` says in what way.
    seconds : float
        Time taken.
    finished_before : bool
        Whether there was nothing left to do: with `resume`, the target was whole already.
    bases : dict of str to int
        How many were judged from the ad, the title and the occupation.
    read : FileInput or None
        How the (first) source was read.
    expected : ExpectedRight or None
        How many of the labels of ads are expected to be right; None for labels by rules, and without ads.
    taken_over : int
        Of how many ads the labels were those of the earlier file, with `only_new`.
    """

    rows: int
    counts: dict[str, int]
    noted: int
    seconds: float
    finished_before: bool = False
    bases: dict[str, int] = field(default_factory=dict)
    read: FileInput | None = None
    expected: ExpectedRight | None = None
    taken_over: int = 0


def label_file(source: Name | BinaryIO | Sequence[Name], target: Name, **options: Unpack[FileOptions]) -> FileSummary:
    r"""Label every ad of a file, or of several.

    Parameters
    ----------
    source : path-like, binary file object, or sequence of path-likes
        CSV, TSV, JSON Lines, JSON arrays, Parquet or Excel (.xlsx, .xls, .ods); text also with .gz, .zst or .zip. A
        folder stands for the files in it, and in its folders such as "month=2026-03"; a pattern such as "ads/*.csv" for
        its matches; several files make one table with the columns of all. "-" is standard input. A URL (s3://, gs://,
        az://, https://, memory://, file://) is read by fsspec, which the extra "remote" brings; s3fs, gcsfs or adlfs
        read their places. A file object needs a name or `format`.
    target : path-like
        The formats of the source and its own may differ. "-" is standard output. A folder (one that is
        there, or a name that ends in a slash) gets one file for each source, in folders such as "month=2026-03"
        where the sources are; in one file these become columns. A URL is written when the result is whole.
    **options
        The following.

    Returns
    -------
    FileSummary

    Raises
    ------
    DataError
        If a file or column is missing, or is not what it should be; nothing is then left under the
        target's name.

    Notes
    -----
    Rows stay as they were and in order, with the columns `COLUMNS` on the right. From CSV to CSV
    (and TSV to TSV, JSON to JSON) the bytes of each row are kept; from Parquet to Parquet types, metadata and row
    groups up to 64 MB. A row with too few
    cells is filled up with empty ones; surplus cells stand after the added ones; a row with a quote
    that is never closed ends at its line, and its cells are quoted anew. `collar_note` names each
    of these. An added cell that a spreadsheet would read as a formula gets an apostrophe in front.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> ad = "title,description\nWelder,MIG welding of steel frames and pipes in our shop.\n"
    >>> _ = (folder / "ads.csv").write_text(ad)
    >>> label_file(folder / "ads.csv", folder / "labelled.csv").rows
    1
    >>> (folder / "labelled.csv").read_text().splitlines()[0][:36]
    'title,description,collar,collar_conf'
    """
    refuse_unknown("label_file", options, FileOptions)
    given: Any = {name: value for name, value in options.items() if name in LabelOptions.__annotations__}
    own: Any = {name: value for name, value in options.items() if name not in given}
    layout = Layout(**own)
    labelling = Options.of(code=layout.code, **given)
    named_files = (options.get(name) for name in ("model", "definition", "lexicon", "only_new"))
    reads = [path for path in named_files if isinstance(path, (str, os.PathLike))]
    to_path = os.fspath(target)
    check_name(to_path)
    with named(source) as sources:
        paths = expand(sources)
        if _is_folder(to_path):
            if not is_remote(to_path):
                check_folder(Path(to_path))
            pairs = [([path], name) for path, name in zip(paths, results_of(to_path, paths), strict=True)]
            for one, name in pairs:  # before any of them is labelled
                if not is_remote(to_path):
                    Path(name).parent.mkdir(parents=True, exist_ok=True)
                if not layout.resume:
                    check_target(name, layout.force, one)
        else:
            pairs = [(paths, to_path)]
            layout = replace(layout, partitions=any(map(partitions_of, paths)) and paths != names_of(sources))
        started, run = time.monotonic(), _Run(labelling, layout, reads)
        return _summary([run.label(*pair) for pair in pairs], labelling, time.monotonic() - started)


shows_options(label_file, (FileOptions, LabelOptions, ModelOptions), (Layout,))


def _is_folder(target: str) -> bool:
    ends = target.endswith(("/", os.sep))
    return target != "-" and (ends or (not is_remote(target) and os.path.isdir(target)))  # noqa: PTH112


def results_of(target: str, paths: Sequence[str]) -> list[str]:
    """The files that labelling makes: the target, or in a folder one for each source."""
    if not _is_folder(target):
        return [target]
    names: dict[str, str] = {}
    for path in paths:
        if path == "-":
            raise DataError(
                "{folder} is a folder, and standard input has no name: name a file to write.", folder=target,
            )  # fmt: skip
        name = "/".join([*folders_of(path), result_name(path)])
        if name in names:
            raise DataError(
                "{name} and {path} would both become {name_2} in {folder}: rename one of them.", name=names[name],
                path=path, name_2=name, folder=target,
            )  # fmt: skip
        names[name] = path
    return [target + name if is_remote(target) else str(Path(target) / name) for name in names]


def _summary(done: Sequence[tuple[Output, FileInput]], options: Options, seconds: float) -> FileSummary:
    counts = sum((out.counts for out, _ in done), Counter[str]())
    expected = None
    if options.definition.is_model and not counts[_KNOWN]:  # of a part of the ads nothing can be expected
        sums = np.zeros((2, 2)) + sum(out.sums for out, _ in done)
        expected = expected_right(sums, options.model.facts, counts[COLLARS[-1]])
    return FileSummary(
        rows=sum(out.rows for out, _ in done), counts={label: counts[label] for label in COLLARS},
        noted=sum(out.noted for out, _ in done), seconds=seconds, finished_before=all(out.finished for out, _ in done),
        bases={basis: counts[_BASIS + basis] for basis in BASES}, read=done[0][1], expected=expected,
        taken_over=counts[_KNOWN],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same for every target of one call of `label_file`."""

    options: Options
    layout: Layout
    reads: Sequence[Name]

    def label(self, paths: Sequence[str], to_path: str) -> tuple[Output, FileInput]:
        try:
            return self._label(paths, to_path)
        except OSError as error:
            if to_path == "-" or isinstance(error, BrokenPipeError):
                raise
            again = "" if is_direct(to_path) else Message(" with resume=True (--resume)")
            raise DataError(
                "{to_path} could not be made ({reason}): correct that and run again{again}.", to_path=to_path,
                reason=error.strerror or error, again=again,
            ) from None  # fmt: skip

    def _label(self, paths: Sequence[str], to_path: str) -> tuple[Output, FileInput]:
        started = time.monotonic()
        source, target, compression = self._check(paths, to_path)
        before, where = fingerprints(paths), _called(paths)
        known = target or source
        layout = replace(self.layout, every_column=known is not None and known.columns_first)
        with open_all(paths, layout, twice=target is None or not target.text) as reader:
            check_free(reader.names, where, self.options)
            to = target or FORMATS[{"excel": "xlsx", "several": "csv"}.get(reader.format, reader.format)]
            writer = to.write(reader, added_fields(self.options))
            settings = self._settings(before, reader, [*(f.name if f else "" for f in (source, target)), compression])
            earlier = None
            if layout.only_new is not None:
                earlier = Earlier(layout.only_new, layout.key, reader.chosen, self.options, settings)
            built, reads = isinstance(writer, BuiltWriter), [*paths, *self.reads]
            with Output(to_path, settings, layout.force, layout.resume, built, reads) as out:
                if not out.finished:
                    _log.info("labelling %s into %s, from row %d on", where, to_path, out.rows)
                    self._write(reader, writer, compression, out, earlier)
                    try:
                        check_unchanged(paths, before)
                        if isinstance(writer, BuiltWriter):
                            rows = partial(self._labelled, reader, where)
                            out.build(lambda labels, fresh: writer.build(partial(rows, labels), fresh))
                            check_unchanged(paths, before)
                    except DataError:
                        out.pause(keep=False)
                        raise
                    out.commit()
        _log.info("%s: %d ads in %.1f s", to_path, out.rows, time.monotonic() - started)
        if out.noted:
            _log.warning("%s: %d rows were not as they should be", to_path, out.noted)
        return out, FileInput.of(reader)

    def _labelled(self, reader: Reader, where: str, labels: Path) -> Iterator[tuple[Batch, pa.Table]]:
        """The rows once more, with the columns that were added to them."""
        for batch, added in zip_longest(reader.batches(self.layout.batch_size), read_streams(labels)):
            if batch is None or added is None or len(batch) != len(added):
                raise changed(where)
            yield batch, added

    def _check(self, paths: Sequence[str], to_path: str) -> tuple[Format | None, Format | None, str]:
        """Formats of source and target, where names tell them, and compression, if they can be read and written."""
        if self.layout.resume and (is_direct(to_path) or any(p == "-" or is_direct(p) for p in paths)):
            raise DataError(
                "A run from standard input or a pipe, or to standard output or a device, cannot be resumed: name files."
            )
        formats = [name_format(path, self.layout.format)[0] for path in paths]
        if is_direct(to_path) and not Path(to_path).suffix:
            target, compression = FORMATS.get(self.layout.format or ""), ""
        else:
            target, compression = name_target(to_path, self.layout.format)
        check_apart(to_path, [*paths, *self.reads])
        return formats[0], target, compression

    def _settings(self, source: list[Any], reader: Reader, formats: list[str]) -> dict[str, Any]:
        """All that the bytes of the target depend on."""
        options, layout = self.options, self.layout
        return {
            "source": source,
            "columns": columns_read(reader.chosen),
            "file_column": layout.file_column,
            "rows": layout.head,
            "sheet": [layout.sheet, layout.header_row, layout.skip_rows],
            "format": formats,
            "encoding": reader.encoding.name,
            "delimiter": layout.delimiter,
            "prefix": options.prefix,
            "evidence": options.evidence,
            "occupations": options.occupations,
            "model": [options.model.identity, options.model.digest],
            "definition": repr(options.definition),
            "min_confidence": options.min_confidence,
            "batch size": self.layout.batch_size,
            "only_new": [fingerprints(expand([layout.only_new])) if layout.only_new is not None else None, layout.key],
            "version of collarclass": __version__,
        }

    def _write(self, reader: Reader, writer: Writer, compression: str, out: Output, earlier: Earlier | None) -> None:
        shown = Progress(self.layout.progress, out.rows)
        skipped = out.batches
        if not out.bytes and (piece := compress(writer.begin(), compression)):
            out.write(piece)

        def todo() -> Iterator[Batch]:
            for i, batch in enumerate(reader.batches(self.layout.batch_size)):
                if i >= skipped:
                    if i == skipped:
                        shown.start_at(reader.share)
                    yield batch

        if earlier is not None:
            labelled = earlier.label(todo(), self.options, self.layout.n_jobs)
        else:
            labelled = ((*done, 0) for done in in_order(todo(), self.options, self.layout.n_jobs))
        try:
            for batch, added, sums, known in labelled:
                piece = compress(writer.render(batch, added, out.rows), compression)
                counts = {
                    start + c["values"]: c["counts"]
                    for start, name in (("", "collar"), (_BASIS, "collar_basis"))
                    for c in pc.value_counts(added.column(self.options.prefix + name)).to_pylist()
                } | {_KNOWN: known}
                out.write(piece, len(added), counts, len(batch.notes), sums.tolist())
                if self.layout.on_batch is not None:
                    self.layout.on_batch(batch, added)
                shown.update(out.rows, reader.share)
            out.write_end(compress(writer.end(), compression))
        finally:
            shown.close()


def _called(paths: Sequence[str]) -> str:
    first = "standard input" if paths[0] == "-" else paths[0]
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"
