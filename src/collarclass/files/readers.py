"""JSON Lines and Parquet → batches of rows, and the choice of a reader."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, cast

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files.batch import BATCH_BYTES, LONGEST_TEXT, Batch, Reader, Source, add_note, tidy
from collarclass.files.delimited import DelimitedReader
from collarclass.files.encoding import Encoding, blocks, find_encoding, read_sample
from collarclass.tables.columns import find_columns


def open_reader(
    source: Source,
    kind: str,
    *,
    title: str | None,
    text: str | None,
    encoding: str | None,
    delimiter: str | None,
) -> Reader:
    """Find out how a file is laid out, and where its titles and texts are."""
    if kind == "parquet":
        return ParquetReader(source, title, text)
    sample = read_sample(cast(BinaryIO, source))
    found = find_encoding(sample, encoding)
    if kind == "jsonl" or (not kind and sample[len(found.bom) :].lstrip()[:1] == b"{"):
        return JsonReader(source, sample, found, title, text)
    return DelimitedReader(
        source, sample, found, title, text, "\t" if kind == "tsv" and not delimiter else delimiter
    )


class JsonReader:
    """JSON Lines; see `open_reader`."""

    format = "jsonl"

    def __init__(
        self, source: Source, sample: bytes, encoding: Encoding, title: str | None, text: str | None
    ) -> None:
        self.where = source.name
        self.encoding = encoding
        self.tail: list[bytes] = []
        self._lines = _lines(blocks(cast(BinaryIO, source), sample, encoding, self.where, self.tail))
        self._first: list[bytes] = []
        seen: dict[str, None] = {}
        size = 0
        for line in self._lines:
            self._first.append(line)
            seen |= dict.fromkeys(_object(line) or ())
            size += len(line)
            if len(self._first) == 1000 or size > BATCH_BYTES:
                break
        self.columns = list(seen)
        if not seen:
            what = "is empty" if not self._first else "holds no JSON object in its first lines"
            raise DataError(f'{self.where} {what}: each line should be an object such as {{"text": "..."}}.')
        found = find_columns(self.columns, title, text, self.where)
        self._title, self._text = cast(tuple[str | None, str], found)

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the rows in batches of `size`, fewer when they are long."""
        batch, taken = self._new(), 0
        for lines in (self._first, self._lines):
            for line in lines:
                self._row(batch, line)
                taken += len(line)
                if len(batch) >= size or taken >= BATCH_BYTES:
                    yield batch
                    batch, taken = self._new(), 0
        if len(batch) or batch.lead:
            yield batch

    def _new(self) -> Batch:
        return Batch(titles=[] if self._title is not None else None)

    def _row(self, batch: Batch, line: bytes) -> None:
        body = line.rstrip()
        line_end = line[len(body) :]
        if not body:
            if batch.raw:
                head, after, before_end = batch.raw[-1]
                batch.raw[-1] = head, after, before_end + line_end
            else:
                batch.lead += line_end
            return
        row = _object(line)
        if row is None and (row := _object(line.decode("utf-8", "replace"))) is not None:
            batch.notes[len(batch)] = "undecodable bytes"
        if row is None:
            batch.notes[len(batch)] = "not a JSON object"
            row = {"broken_line": body.decode("utf-8", "backslashreplace")}
            body = json.dumps(row, ensure_ascii=False).encode()
        if batch.titles is not None and self._title is not None:
            batch.titles.append(_whole_characters(tidy(row.get(self._title))))
        batch.texts.append(_whole_characters(tidy(row.get(self._text))))
        if len(batch.texts[-1]) == LONGEST_TEXT:
            add_note(batch, len(batch) - 1, f"only the first {LONGEST_TEXT} characters read")
        batch.objects.append(row)
        batch.raw.append((body[:-1] + (b"," if row else b""), b"}", line_end))

    def objects(self, batch: Batch) -> list[dict[str, Any]]:
        """The rows of a batch as they were read."""
        return batch.objects


def all_members(path: str, encoding: Encoding) -> list[str]:
    """Names of all members of a JSON Lines file's objects, in order of appearance."""
    source = Source(path)
    try:
        sample = read_sample(cast(BinaryIO, source))
        seen: dict[str, None] = {}
        for line in _lines(blocks(cast(BinaryIO, source), sample, encoding, source.name, [])):
            if line.strip():
                row = _object(line) or _object(line.decode("utf-8", "replace"))
                seen |= dict.fromkeys(row if row is not None else ["broken_line"])
        return list(seen)
    finally:
        source.close()


def _object(line: bytes | str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _whole_characters(text: str) -> str:
    """Text without lone surrogates, which a JSON escape can make."""
    return (
        text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    )


def _lines(parts: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in parts:
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


class ParquetReader:
    """Parquet; see `open_reader`."""

    format = "parquet"
    encoding = Encoding("utf-8")

    def __init__(self, source: Source, title: str | None, text: str | None) -> None:
        import pyarrow.parquet as pq

        self.where = source.name
        self.tail: list[bytes] = []
        self._source = source
        try:
            if source.path == "-":  # Parquet is read from its end
                spool = tempfile.TemporaryFile()  # noqa: SIM115
                while part := source.read(1 << 20):
                    spool.write(part)
                spool.seek(0)
                self._file = pq.ParquetFile(spool)
            else:
                self._file = pq.ParquetFile(source.path)
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{self.where} is not a Parquet file ({error}): fetch it again, or give its format."
            ) from None
        self.schema: pa.Schema = self._file.schema_arrow
        self.columns = list(self.schema.names)
        found = find_columns(self.columns, title, text, self.where)
        self._title, self._text = cast(tuple[str | None, str], found)

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the rows in batches of `size`."""
        done, rows = 0, self._file.metadata.num_rows
        for part in self._file.iter_batches(batch_size=size):
            table = pa.Table.from_batches([part])
            done += len(part)
            self._source.rows_share = done / rows
            titles = self._strings(table, self._title) if self._title is not None else None
            yield Batch(self._strings(table, self._text), titles, table=table)

    def _strings(self, table: pa.Table, name: str) -> list[str]:
        values: Sequence[Any] = table.column(self.columns.index(name)).to_pylist()
        return [tidy(v) for v in values]

    def objects(self, batch: Batch) -> list[dict[str, Any]]:
        """The rows of a batch as Python values by column."""
        return cast(list[dict[str, Any]], batch.table.to_pylist()) if batch.table is not None else []
