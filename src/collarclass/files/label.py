"""Files of job ads in, the same rows labelled out, batch by batch."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from collarclass import __version__
from collarclass.definitions.definition import DEFAULT
from collarclass.definitions.labels import BASES, COLLARS
from collarclass.errors import DataError
from collarclass.files.batch import Batch, Limits, Reader
from collarclass.files.excel import ExcelReader, ExcelWriter
from collarclass.files.file_input import FileInput
from collarclass.files.formats import FORMATS, Format, check_name, expand, name_format, name_target
from collarclass.files.layout import Layout
from collarclass.files.readers import SeveralReader, open_all
from collarclass.files.remote import is_remote, named, url_path, written_to
from collarclass.files.resumable_output import Output, is_direct, work_files
from collarclass.files.source import Source, fingerprint
from collarclass.files.workers import count_workers, in_order
from collarclass.files.writers import Writer, ZipWriter, compress
from collarclass.labelling.options import DefinitionLike, LexiconLike, ModelLike, Options
from collarclass.model.stream import ExpectedRight, StreamSums, drift_notes, expected_right
from collarclass.progress import Progress, ProgressLike
from collarclass.tables.columns import check_free
from collarclass.tables.schema import added_fields

BATCH_SIZE = 2000
_BASIS = "from "  # before the name of a basis, among the counts of labels
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
    drift : tuple of str
        How the ads are unlike all that the model was measured on, and what to do; empty if they are not.
    bases : dict of str to int
        How many were judged from the ad, the title and the occupation.
    read : FileInput or None
        How the (first) source was read; None where nothing was left to do.
    replaced : int
        How many formulas of a workbook are written as their values, because they refer to another sheet, a table
        or a defined name.
    failed : tuple of str
        What is wrong with each source that was left out, with `skip_bad_files`.
    expected : ExpectedRight or None
        How many of the labels of ads are expected to be right; None for labels by rules, for too few, and for ads
        unlike all that the model was measured on.
    """

    rows: int
    counts: dict[str, int]
    noted: int
    seconds: float
    finished_before: bool = False
    drift: tuple[str, ...] = ()
    bases: dict[str, int] = field(default_factory=dict)
    read: FileInput | None = None
    replaced: int = 0
    failed: tuple[str, ...] = ()
    expected: ExpectedRight | None = None


def label_file(
    source: str | os.PathLike[str] | BinaryIO | Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    title: str | None = None,
    text: str | Sequence[str] | None = None,
    code: str | None = None,
    format: str | None = None,  # noqa: A002
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    skip_rows: int = 0,
    records: str | None = None,
    file_column: str | None = None,
    select: Sequence[str] | None = None,
    head: int | None = None,
    sample: int | None = None,
    prefix: str = "",
    evidence: bool = True,
    occupations: bool = False,
    min_confidence: float = 0.0,
    model: ModelLike | None = None,
    model_version: str | None = None,
    definition: DefinitionLike = DEFAULT,
    lexicon: LexiconLike | None = None,
    n_jobs: int = 1,
    batch_size: int = BATCH_SIZE,
    longest_row: int = 64 << 20,
    most_columns: int = 10_000,
    force: bool = False,
    resume: bool = False,
    skip_bad_files: bool = False,
    progress: ProgressLike = None,
    on_batch: Callable[[Batch, pa.Table], object] | None = None,
) -> FileSummary:
    r"""Label every ad of a file, or of several.

    Parameters
    ----------
    source : path-like, binary file object, or sequence of path-likes
        CSV, TSV, JSON Lines, JSON arrays, Parquet or Excel (.xlsx, .xls, .ods); text also with .gz, .zst,
        .xz, .bz2 or .zip. A folder stands for the files in it, a pattern such as "ads/*.csv" for its
        matches; several files make one table with the columns of all. "-" is standard input. A URL (s3://, gs://, az://,
        https://, memory://, file://) is read by fsspec, which the extra "remote" brings; s3fs, gcsfs or adlfs
        read their places. A file object needs a name or `format`.
    target : path-like
        The formats of the source and its own may differ. "-" is standard output. A folder (one that is
        there, or a name that ends in a slash) gets one file for each source. Folders are made. A URL is
        written when the result is whole, so that a run to it cannot be resumed.
    title : str, optional
        The column of job titles, if it is not among the common names.
    text : str or sequence of str, optional
        The column of ad texts, or several, which are read together under their headings; if not given, all
        that have common names. A member of a nested column is named with dots: "job.description".
    code : str, optional
        A column of occupation codes (O*NET-SOC 2019, ISCO-08 or CSCO-2022): rows whose ad and title say too
        little, or that have none, are judged by their occupation.
    format : {"csv", "tsv", "jsonl", "json", "parquet", "xlsx", "xls", "ods"}, optional
        Format of a source whose name does not show it, such as standard input.
    encoding : str, optional
        Encoding of the source; found from its beginning if not given. The target has the same.
    delimiter : str, optional
        Delimiter of the source; found from its beginning if not given.
    sheet : str, optional
        Name or number (from 1) of a workbook's sheet; if not given, the first one shown that has a row of known
        column names, or else the first.
    header_row : int, optional
        The row of column names, from 1, in delimited text and workbooks; if not given, it is looked for below
        headings and notes. What stands above it is left out.
    skip_rows : int, default=0
        How many rows below the column names to leave out, such as one of units.
    records : str, optional
        The dotted name of the list of ads in a JSON object, such as "data.jobs"; if not given, the first list
        of objects with known names, or else the first list.
    file_column : str, optional
        A column to add with the name of each row's file.
    select : sequence of str, optional
        The columns to keep; all if not given.
    head, sample : int, optional
        Label only so many rows: the first, or drawn at random (the same ones every time).
    prefix : str
        Prefix of the added columns' names.
    evidence : bool, default=True
        Whether to name the words that decided; faster without.
    occupations : bool, default=False
        Whether to add code, title and similarity of the occupation nearest to each row's title.
    min_confidence : float, default=0
        From 0 to 1: a label that is less sure becomes "unclear", with the note "near the line"; only by the
        definition "article", as labels by rules have no confidence.
    model : Model or path-like, optional
        A model, the name "standard", or a model folder; the shipped model if not given.
    model_version : str, optional
        The version that the model must have, or the first 8 or more digits of its digest.
    definition : str, path-like or Definition, default="article"
        What the labels mean: a built-in definition, a TOML file of your own, or one that is loaded.
    lexicon : Lexicon or path-like, optional
        Words of your own to read requirements by, from `load_lexicon` or a file for it.
    n_jobs : int, default=1
        Number of worker processes; -1 for one per processor.
    batch_size : int
        Rows worked on at once; a batch of long rows has fewer.
    longest_row, most_columns : int
        What a source may have at most: bytes of a row, and columns. More is refused.
    force : bool
        Whether to overwrite the target.
    resume : bool
        Whether to continue an interrupted run after its last whole batch. If the target is
        whole already, there is nothing to do.
    skip_bad_files : bool
        Whether to leave out sources, of several, that cannot be read to their end, with all of their rows; the summary
        names them. Of several sources for one target, each is read twice.
    progress : bool or callable, optional
        Whether to show progress on standard error; only on a terminal if not given. A callable gets the
        number of ads done and the share of the work done (0 to 1, 0 where it is not known).
    on_batch : callable, optional
        Gets each batch of rows that is written, and the table of the columns added to it.

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
    (and TSV to TSV, JSON to JSON) the bytes of each row are kept. A row with too few
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
    if batch_size < 1:
        raise DataError(f"batch_size is {batch_size}: give a whole number from 1 up.")
    for name, value, least in (("head", head, 0), ("sample", sample, 0), ("header_row", header_row, 1),
                               ("skip_rows", skip_rows, 0)):  # fmt: skip
        if value is not None and value < least:
            raise DataError(f"{name} is {value}: give a whole number from {least} up.")
    count_workers(n_jobs)
    layout = Layout(
        format=format, encoding=encoding, delimiter=delimiter, sheet=sheet, title=title, text=text, code=code,
        file_column=file_column, select=select, head=head, sample=sample, limits=Limits(longest_row, most_columns),
        header_row=header_row, skip_rows=skip_rows, records=records, skip_bad_files=skip_bad_files,
    )  # fmt: skip
    options = Options.of(
        model,
        evidence=evidence,
        prefix=prefix,
        definition=definition,
        code=code,
        occupations=occupations,
        lexicon=lexicon,
        min_confidence=min_confidence,
        model_version=model_version,
    )
    run = _Run(
        options=options,
        layout=layout,
        n_jobs=n_jobs,
        batch_size=batch_size,
        force=force,
        resume=resume,
        progress=progress,
        on_batch=on_batch,
    )
    to_path = os.fspath(target)
    check_name(to_path)
    with named(source) as sources:
        paths = expand(sources)
        if to_path != "-" and (Path(to_path).is_dir() or to_path.endswith(("/", os.sep))):
            return _total(run.label_each(_names_in(to_path, paths)))
        return run.label(paths, to_path)


def _names_in(folder: str, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Each source with the name of its result in a folder."""
    names: dict[str, str] = {}
    for path in paths:
        if path == "-":
            raise DataError(f"{folder} is a folder, and standard input has no name: name a file to write.")
        name = url_path(path).name if is_remote(path) else Path(path).name
        source, _ = name_format(path, None)
        if source is not None and source.written_as != source.name:
            name = f"{Path(name).stem}.{source.written_as}"
        if name in names:
            raise DataError(f"{names[name]} and {path} would both become {name} in {folder}: rename one of them.")
        names[name] = path
    start = folder if is_remote(folder) else str(Path(folder)) + os.sep
    return [(path, start + name) for name, path in names.items()]


def _total(parts: Sequence[FileSummary]) -> FileSummary:
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
    return FileSummary(
        rows=sum(p.rows for p in parts),
        counts={label: counts[label] for label in COLLARS},
        noted=sum(p.noted for p in parts),
        seconds=sum(p.seconds for p in parts),
        finished_before=all(p.finished_before for p in parts),
        drift=tuple(dict.fromkeys(note for p in parts for note in p.drift)),
        bases={basis: sum(p.bases.get(basis, 0) for p in parts) for basis in BASES},
        read=next((p.read for p in parts if p.read is not None), None),
        replaced=sum(p.replaced for p in parts),
        failed=tuple(message for p in parts for message in p.failed),
        expected=parts[-1].expected,  # of all: the sums go on from part to part
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same for every target of one call of `label_file`."""

    options: Options
    layout: Layout
    n_jobs: int
    batch_size: int
    force: bool
    resume: bool
    progress: ProgressLike
    on_batch: Callable[[Batch, pa.Table], object] | None
    stream: StreamSums = field(default_factory=StreamSums)

    def label_each(self, pairs: Sequence[tuple[str, str]]) -> list[FileSummary]:
        """Label each source into a target of its own."""
        done: list[FileSummary] = []
        failed: list[str] = []
        for path, to_path in pairs:
            try:
                done.append(self.label([path], to_path))
            except DataError as error:
                if not self.layout.skip_bad_files:
                    raise
                failed.append(str(error))
        if not done:
            raise DataError(failed[0])
        return [*done[:-1], replace(done[-1], failed=tuple(failed))]

    def label(self, paths: Sequence[str], to_path: str) -> FileSummary:
        """Label sources into one target."""
        if is_remote(to_path):
            return self._label_to_url(paths, to_path)
        try:
            return self._label(paths, to_path)
        except OSError as error:
            if to_path == "-" or isinstance(error, BrokenPipeError):
                raise
            again = "" if is_direct(to_path) else " with resume=True (--resume)"
            raise DataError(
                f"{to_path} could not be made ({error.strerror or error}): correct that and run again{again}."
            ) from None

    def _label_to_url(self, paths: Sequence[str], url: str) -> FileSummary:
        if self.resume:
            raise DataError(f"A run to {url} cannot be resumed: name a file of this machine, and copy it afterwards.")
        if url in paths:
            raise DataError(f"{url} is the file that is read: choose another name for the result.")
        with written_to(url, self.force) as local:
            return self._label(paths, local)

    def _label(self, paths: Sequence[str], to_path: str) -> FileSummary:
        started = time.monotonic()
        from_format, target, compression = self._check(paths, to_path)
        before = _fingerprints(paths)
        reader, read = open_all(paths, self._layout_for(target or FORMATS.get(from_format)))
        try:
            check_free(reader.names, _called(paths), self.options)
            writer = _writer(reader, from_format, target, self.options)
            if compression == "zip":
                writer = ZipWriter(writer, Path(to_path).stem)
            to_format = target.name if target is not None else ""
            settings = self._settings(before, reader, from_format, to_format, compression)
            out = Output(to_path, settings, self.force, self.resume, spool=writer.spooled)
            try:
                if not out.finished:
                    _log.info("labelling %s into %s, from row %d on", _called(paths), to_path, out.rows)
                    self._write(reader, read, writer, compression, out)
                    if _fingerprints(paths) != before:
                        out.pause(keep=False)
                        raise DataError(
                            f"{_called(paths)} changed while it was read, and rows of both versions may be mixed: "
                            "run again when nothing writes to it."
                        )
                    if writer.spooled:
                        out.build(writer.finish)
                    out.commit()
            except DataError:
                out.pause(keep=not self.layout.skip_bad_files)  # of a source that is left out nothing stays
                raise
            finally:
                out.pause()
        finally:
            if isinstance(read, Source):
                read.close()
        replaced = reader.replaced if isinstance(reader, ExcelReader) and isinstance(writer, ExcelWriter) else 0
        failed = tuple(read.failed) if isinstance(read, SeveralReader) else ()
        done = self._summary(to_path, out, time.monotonic() - started)
        return replace(done, read=FileInput.of(reader), replaced=replaced, failed=failed)

    def _summary(self, to_path: str, out: Output, seconds: float) -> FileSummary:
        _log.info("%s: %d ads in %.1f s", to_path, out.rows, seconds)
        if out.noted:
            _log.warning("%s: %d rows were not as they should be", to_path, out.noted)
        drift = tuple(map(str, drift_notes(self.stream, self.options.model.facts)))
        expected = None
        if self.options.definition.is_model and not drift:  # of ads unlike all others nothing can be expected
            expected = expected_right(self.stream.n_kept, self.stream.confidence_kept, self.options.model.facts)
        for note in drift:
            _log.warning("%s: %s", to_path, note)
        counts: dict[str, int] = {label: out.counts[label] for label in COLLARS}
        bases = {basis: out.counts[_BASIS + basis] for basis in BASES}
        return FileSummary(
            rows=out.rows,
            counts=counts,
            noted=out.noted,
            seconds=seconds,
            finished_before=out.finished,
            drift=drift,
            bases=bases,
            expected=expected,
        )

    def _check(self, paths: Sequence[str], to_path: str) -> tuple[str, Format | None, str]:
        """Name of the source's format, the target's format and its compression, if they can be read and written."""
        if self.resume and (is_direct(to_path) or any(p == "-" or is_direct(p) for p in paths)):
            raise DataError(
                "A run from standard input or a pipe, or to standard output or a device, cannot be resumed: name files."
            )
        source, _ = name_format(paths[0], self.layout.format)
        for path in paths[1:]:
            name_format(path, self.layout.format)
        if is_direct(to_path) and not Path(to_path).suffix:
            named = FORMATS.get(self.layout.format or "")
            target, compression = FORMATS[named.written_as] if named is not None else None, ""
        else:
            target, compression = name_target(to_path, self.layout.format)
        if not is_direct(to_path):
            written = [to_path, *map(str, work_files(Path(to_path)))]
            for path in paths:
                if path != "-" and any(same_file(path, name) for name in written):
                    raise DataError(f"{to_path} is the file that is read: choose another name for the result.")
        return source.name if source is not None else "", target, compression

    def _layout_for(self, target: Format | None) -> Layout:
        """The layout, with all columns known before the first row where the target begins with their names."""
        needs = (target is not None and target.columns_first) or self.layout.select is not None
        return replace(self.layout, every_column=needs, added=tuple(f.name for f in added_fields(self.options)))

    def _settings(self, source: list[Any], reader: Reader, *formats: str) -> dict[str, Any]:
        """All that the bytes of the target depend on."""
        options, layout = self.options, self.layout
        return {
            "source": source,
            "columns": [layout.title, *map(str, reader.chosen.texts), layout.code],
            "selection": [list(layout.select) if layout.select is not None else None, layout.file_column],
            "rows": [layout.head, layout.sample],
            "sheet": [layout.sheet, layout.header_row, layout.skip_rows, layout.records],
            "format": list(formats),
            "encoding": reader.encoding.name,
            "delimiter": layout.delimiter,
            "prefix": options.prefix,
            "evidence": [options.evidence, options.occupations],
            "model": [options.model.identity, options.model.digest],
            "definition": repr(options.definition),
            "min_confidence": options.min_confidence,
            "batch size": self.batch_size,
            "version of collarclass": __version__,
        }

    def _write(
        self, reader: Reader, read: Source | SeveralReader, writer: Writer, compression: str, out: Output
    ) -> None:
        shown = Progress(self.progress, out.rows)
        skipped = out.batches
        if not out.bytes:
            out.write(compress(writer.begin(), compression))

        def todo() -> Iterator[Batch]:
            for i, batch in enumerate(reader.batches(self.batch_size)):
                if i >= skipped:
                    if i == skipped:
                        shown.start_at(read.share)
                    yield batch

        try:
            for batch, added, sums in in_order(todo(), self.options, self.n_jobs):
                piece = compress(writer.render(batch, added, out.rows), compression)
                counts = {
                    start + c["values"]: c["counts"]
                    for start, name in (("", "collar"), (_BASIS, "collar_basis"))
                    for c in pc.value_counts(added.column(self.options.prefix + name)).to_pylist()
                }
                out.write(piece, len(added), counts, len(batch.notes))
                self.stream.merge(sums)
                if self.on_batch is not None:
                    self.on_batch(batch, added)
                shown.update(out.rows, read.share)
            out.write_end(compress(writer.end(), compression))
        finally:
            shown.close()


def _fingerprints(paths: Sequence[str]) -> list[Any]:
    return [fingerprint(path) if path != "-" else [] for path in paths]


def _called(paths: Sequence[str]) -> str:
    first = "standard input" if paths[0] == "-" else paths[0]
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"


def _writer(reader: Reader, from_format: str, target: Format | None, options: Options) -> Writer:
    if target is None:
        target = FORMATS[{"excel": "xlsx", "several": "csv"}.get(reader.format, reader.format)]
    if target.write is None:
        raise DataError(f"{target.name} is not written: name the result .{target.written_as}.")
    return target.write(reader, from_format, added_fields(options), options.prefix)


def same_file(source: str, target: str) -> bool:
    """Whether two names are those of one file, which may be there or not."""
    try:
        return Path(target).samefile(source)
    except OSError:
        return os.path.realpath(source) == os.path.realpath(target)
