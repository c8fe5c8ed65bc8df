"""What commands have read and done, in lines and as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collarclass.cli.harmless import say
from collarclass.compiled import description, is_compiled

if TYPE_CHECKING:
    from collarclass.files.label import FileSummary
    from collarclass.files.readers import TableInput

_MANY_ROWS = 2000  # from which on it matters that nothing is compiled
_FROM = {"ad": "ads", "title": "titles", "occupation": "occupation codes"}


def summary_lines(done: FileSummary, target: str, prefix: str) -> list[str]:
    """Counts, what was read, and what was not as it should be."""
    counts = ", ".join(f"{n:,} {name}" for name, n in done.counts.items())
    where = "standard output" if target == "-" else target
    lines = [f"{done.rows:,} ads: {counts} -> {where}{' (finished before)' if done.finished_before else ''}"]
    if done.read is not None:
        lines.append(f"Read {done.read}; judged {_judged(done.bases) or 'none'}.")
        if done.read.guessed:
            lines.append("Note: columns were chosen by what they hold, not by name; --title and --text name others.")
        if done.read.format == "excel":
            lines.append("Note: the result has the values of the sheet, and none of its formulas, links and formats.")
        if done.read.header_row > 1:
            above = done.read.header_row - 1
            lines.append(f"Note: the result has no {above:,} line{'s' * (above > 1)} of those above the column names.")
        if done.read.texts == (done.read.title,):
            lines.append("Note: titles alone were read, which is less sure; --text names a column of ads, if any.")
    if done.expected is not None:
        lines.append(str(done.expected))
    if done.taken_over:
        lines.append(f"Note: the labels of {done.taken_over:,} ads are those of the earlier file.")
    if done.rows >= _MANY_ROWS and not is_compiled():
        lines.append(f"Note: collarclass is {description()}.")
    if done.noted:
        lines.append(f"{done.noted:,} rows were not as they should be: see column {prefix}collar_note.")
    return lines


def say_read(quiet: bool) -> Callable[[TableInput], None] | None:
    """What tells on standard error which columns and rows of a table were read; nothing where that is not wanted."""
    return None if quiet else lambda done: say(read_line(done), err=True)


def read_line(done: TableInput) -> str:
    """Rows, columns and layout of a table, and what its rows were judged from."""
    columns = ", ".join(f"{what} from {names}" for what, names in done.columns)
    judged = f"; judged {_judged(done.bases)}" if done.bases else ""
    return f"Read {done.rows:,} rows, {columns} ({done.file.layout}){judged}."


def _judged(bases: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} from {_FROM[basis]}" for basis, n in bases.items() if n)


def write_summary(
    path: Path, done: FileSummary, sources: Iterable[str], target: str, options: Mapping[str, Any]
) -> None:
    """Write counts, what was read, model, options and a digest of each source as JSON."""
    from collarclass._version import __version__
    from collarclass.files.formats import expand
    from collarclass.files.target import written
    from collarclass.model.persistence import default_model_path, load_model

    folder, names = options.get("model") or default_model_path(), expand(list(sources))
    content = {
        "collarclass": __version__,
        "model": load_model(folder).identity,
        "sources": [{"path": source, "sha256": digest(source)} for source in names],
        "target": target,
        **asdict(done),
        "options": {k: str(v) if isinstance(v, Path) else v for k, v in options.items() if v not in (None, (), False)},
    }
    said = json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"
    with written(path, force=bool(options.get("force")), reads=[*names, target]) as fresh:
        fresh.write_text(said, "utf-8", "backslashreplace")  # half characters, as JSON writes them


def digest(source: str) -> str | None:
    """SHA-256 of a file; None for standard input."""
    if not Path(source).is_file():
        return None
    with Path(source).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
