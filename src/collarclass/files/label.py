"""Files of job ads in, the same rows labelled out, batch by batch."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from collarclass.api import default_model
from collarclass.definitions.labels import LABELS
from collarclass.errors import DataError
from collarclass.files.batch import Batch, Reader, Source, name_format
from collarclass.files.parquet import ParquetWriter
from collarclass.files.progress import Progress
from collarclass.files.readers import JsonReader, all_members, open_reader
from collarclass.files.resumable_output import Output
from collarclass.files.workers import Labelling, in_order
from collarclass.files.writers import DelimitedWriter, JsonWriter, Writer, compress
from collarclass.model.model import Model
from collarclass.model.persistence import load_model
from collarclass.tables.columns import check_free
from collarclass.tables.schema import COLUMNS

BATCH_SIZE = 2000


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
    """

    rows: int
    counts: dict[str, int]
    noted: int
    seconds: float


def label_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    title: str | None = None,
    text: str | None = None,
    format: str | None = None,  # noqa: A002
    encoding: str | None = None,
    delimiter: str | None = None,
    prefix: str = "",
    evidence: bool = True,
    model: Model | str | os.PathLike[str] | None = None,
    n_jobs: int = 1,
    batch_size: int = BATCH_SIZE,
    force: bool = False,
    resume: bool = False,
    progress: bool | None = None,
) -> FileSummary:
    r"""Label every ad of a file.

    Parameters
    ----------
    source, target : path-like
        CSV, TSV, JSON Lines or Parquet, the first three also with .gz or .zst; formats may differ.
        "-" is standard input or output. Folders of the target are made.
    title, text : str, optional
        The columns of job titles and ad texts, if they are not among the common names.
    format : {"csv", "tsv", "jsonl", "parquet"}, optional
        Of a file whose name does not tell, such as standard input.
    encoding : str, optional
        Of the source; found from its beginning if not given. The target has the same.
    delimiter : str, optional
        Of a delimited source; found from its beginning if not given.
    prefix : str
        Put before the names of the added columns.
    evidence : bool, default=True
        Whether to name the words that decided; faster without.
    model : Model or path-like, optional
        A model, or a model folder; the shipped model if not given.
    n_jobs : int, default=1
        Number of worker processes; -1 for one per processor.
    batch_size : int
        Rows worked on at once; a batch of long rows has fewer.
    force : bool
        Whether to overwrite the target.
    resume : bool
        Whether to go on after the last whole batch of a run that was interrupted.
    progress : bool, optional
        Whether to show progress on standard error; only on a terminal if not given.

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
    (and TSV to TSV, JSON Lines to JSON Lines) the bytes of each row are kept. A row with too few
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
    started = time.monotonic()
    from_path, to_path = os.fspath(source), os.fspath(target)
    if batch_size < 1:
        raise DataError(f"batch_size is {batch_size}: give a whole number from 1 up.")
    if resume and "-" in (from_path, to_path):
        raise DataError("A run from standard input or to standard output cannot be resumed: name files.")
    from_format, _ = name_format(from_path, format)
    to_format, compression = name_format(to_path, format)
    if to_format == "parquet" and compression:
        raise DataError(f"{to_path}: Parquet compresses by itself, leave .gz or .zst off.")
    if from_path != "-" and _same_file(from_path, to_path):
        raise DataError(f"{to_path} is the file that is read: choose another name for the result.")
    if not isinstance(model, Model):
        model = load_model(model) if model is not None else default_model()
    file = Source(from_path)
    try:
        reader = open_reader(
            file, from_format, title=title, text=text, encoding=encoding, delimiter=delimiter
        )
        check_free(reader.columns, prefix, file.name)
        writer = _writer(reader, from_format, to_format, prefix, file)
        settings = {
            "source": [file.size, Path(from_path).stat().st_mtime_ns] if from_path != "-" else None,
            "columns": [title, text],
            "format": [from_format, to_format, compression],
            "encoding": reader.encoding.name,
            "delimiter": delimiter,
            "prefix": prefix,
            "evidence": evidence,
            "model": [model.identity, _fingerprint(model)],
            "batch size": batch_size,
        }
        labelling = Labelling(model, evidence, prefix)
        out = Output(to_path, settings, force, resume, spool=isinstance(writer, ParquetWriter))
        try:
            _run(file, reader, writer, compression, out, labelling, n_jobs, batch_size, progress)
            if isinstance(writer, ParquetWriter):
                writer.finish(out.partial, out.built, labelling.label([]))
            out.commit()
        except OSError as error:
            if to_path == "-":
                raise
            raise DataError(
                f"{to_path} could not be written ({error.strerror}): mend that and run again with "
                "resume=True (--resume)."
            ) from None
        finally:
            out.pause()
    finally:
        file.close()
    counts: dict[str, int] = {label: out.counts[label] for label in (*LABELS, "unclear")}
    return FileSummary(out.rows, counts, out.noted, time.monotonic() - started)


def _run(
    file: Source,
    reader: Reader,
    writer: Writer,
    compression: str,
    out: Output,
    labelling: Labelling,
    n_jobs: int,
    batch_size: int,
    progress: bool | None,
) -> None:
    shown = Progress(progress, out.rows)
    if not out.batches:
        out.write(compress(writer.begin(), compression))

    def todo() -> Iterator[Batch]:
        for i, batch in enumerate(reader.batches(batch_size)):
            if i >= out_before:
                if i == out_before:
                    shown.start_at(file.share)
                yield batch

    out_before = out.batches
    try:
        for batch, added in in_order(todo(), labelling, n_jobs):
            piece = compress(writer.render(batch, added), compression)
            counts = pc.value_counts(added.column(labelling.prefix + "collar")).to_pylist()
            out.write(piece, len(added), {c["values"]: c["counts"] for c in counts}, len(batch.notes))
            shown.update(out.rows, file.share)
        out.write(compress(writer.end(), compression))
    finally:
        shown.close()


def _writer(reader: Reader, from_format: str, to_format: str, prefix: str, file: Source) -> Writer:
    added = [prefix + name for name in COLUMNS]
    to_format = to_format or from_format or reader.format
    if to_format == "parquet":
        return ParquetWriter(reader)
    if to_format == "jsonl":
        return JsonWriter(reader, added)
    own = getattr(reader, "delimiter", b",")
    delimiter = b"\t" if to_format == "tsv" else b"," if from_format == "tsv" else own
    columns = None
    if isinstance(reader, JsonReader) and file.path != "-":
        columns = all_members(file.path, reader.encoding)
    return DelimitedWriter(reader, delimiter, added, columns)


def _same_file(source: str, target: str) -> bool:
    try:
        return Path(target).samefile(source)
    except OSError:
        return os.path.realpath(source) == os.path.realpath(target)


def _fingerprint(model: Model) -> str:
    found = hashlib.sha256(model.decision.tobytes())
    for block in (model.text, model.title):
        found.update(block.vocabulary.hashes.tobytes())
        found.update(block.weight.tobytes())
    return found.hexdigest()[:16]
