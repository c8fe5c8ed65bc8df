"""What the commands share: options, words that are safe for a terminal, endings, and what was read of a table."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from click import option

if TYPE_CHECKING:
    from collarclass.files.readers import TableInput
    from collarclass.model.model import Model


class _Path(click.Path):
    """What a command does with the path that it is given."""

    def __init__(self, role: Literal["read", "read folder", "write", "write model"], kind: type = Path) -> None:
        super().__init__(path_type=kind)
        self.role = role


# A name of several files, of standard input, of a URL or of a built-in definition is no `Path`.
READ, READ_NAME, READ_FOLDER = _Path("read"), _Path("read", str), _Path("read folder")
WRITE, WRITE_NAME, WRITE_MODEL = _Path("write"), _Path("write", str), _Path("write model")
# The options that several commands have, by the names under which `command` takes them.
_SHARED = {
    "source": click.argument("source", type=READ_NAME),
    "model": option("--model", "-m", type=READ_FOLDER, help="Model folder; the shipped model if not given."),
    "min-confidence": option(
        "--min-confidence", type=click.FloatRange(0, 1), default=0.0, show_default=False,
        help='From 0 to 1: a label that is less sure becomes "unclear", with the note "near the line".',
    ),
    "model-version": option(
        "--model-version", help="Refuse a model of another version, or of another digest (8 digits or more)."
    ),
    "definition": option(
        "--definition", type=READ_NAME, default="article", help="What the labels mean: a built-in name or a TOML file."
    ),
    "definitions": option(
        "--definition", "--definitions", "definition", type=READ_NAME, multiple=True, default=["article"],
        help="Built-in name, TOML file, or all; may be given again.",
    ),
    "lexicon": option("--lexicon", type=READ, help="File of your own words for reading requirements."),
    "title": option("--title", help="Column of job titles."),
    "label": option("--label", help="Column of labels; found by common names if not given."),
    "text": option("--text", help="Column of ad texts."),
    "own-source": option(
        "--source", "own_source",
        help="Column of sources or employers, which are held out together; found if not given.",
    ),
    "test": option("--test", type=READ, help="Table of further labelled ads, to measure the old and new model on."),
    "by": option("--by", multiple=True, help="Column to group by, or month, quarter, year; may be given again."),
    "date": option("--date", help="Column of dates, where it cannot be found."),
    "date-order": option(
        "--date-order", type=click.Choice(["dmy", "mdy"]), help="How 3/7/2026 is meant: day or month first."
    ),
    "prefix": option("--prefix", default="", show_default=False, help="Prefix of the added columns' names."),
    "json": option("--json", "as_json", is_flag=True, help="Write one JSON object."),
    "quiet": option("--quiet", "-q", is_flag=True, help="Do not say what was read and done."),
    "force": option("--force", "-f", is_flag=True, help="Overwrite the output."),
}  # fmt: skip
_KEPT = frozenset("\n\t\u3000")
_FROM = {"ad": "ads", "title": "titles", "occupation": "occupation codes"}


def command(
    examples: Sequence[str], *options: Callable[[Any], Any] | str, name: str | None = None
) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command, with examples of its use as they would be typed, and its options or names of them."""

    def made(function: Callable[..., None]) -> click.Command:
        @wraps(function)
        def run(**given: Any) -> None:
            with ending():
                _check_targets(click.get_current_context())
                function(**given)

        for found in reversed(options):
            for add in reversed([_SHARED[word] for word in found.split()]) if isinstance(found, str) else [found]:
                run = add(run)
        lines = ["\b", f"Example{'s' * (len(examples) > 1)}:", *(f"  {line}" for line in examples)]
        return click.command(name, epilog="\n".join(lines))(run)

    return made


def _paths(context: click.Context, *roles: str) -> list[str]:
    """The paths of a command's parameters that it reads, or writes."""
    found = []
    for parameter in context.command.params:
        if isinstance(parameter.type, _Path) and parameter.type.role in roles:
            given = context.params[parameter.name or ""]
            found += [os.fspath(one) for one in (given if isinstance(given, tuple) else [given]) if one is not None]
    return found


def _check_targets(context: click.Context) -> None:
    """Refuse to write what the command reads, what it writes twice, or into a folder of a model."""
    written, models = _paths(context, "write"), _paths(context, "write model")
    if not written and not models:
        return
    from collarclass.errors import DataError
    from collarclass.files.formats import expand
    from collarclass.files.source import is_remote
    from collarclass.files.target import check_apart
    from collarclass.model.persistence import check_target, default_model_path, names_of_model

    reads = _paths(context, "read folder") or [str(default_model_path())]
    reads += [str(path) for folder in reads for path in Path(folder).glob("*")]
    for name in _paths(context, "read"):
        with suppress(DataError):  # which the command will say
            reads += [name] if is_remote(name) else expand(name)
    for name in models:
        check_target(name, *reads, force=context.params["force"])
    for i, name in enumerate(written + models):
        check_apart(name, reads)
        try:
            check_apart(name, written[:i])
        except DataError:
            raise DataError(
                "Result, report and summary need names of their own: choose another name for one of them."
            ) from None
        path = Path(os.path.realpath(name))
        if any(map(names_of_model, path.parents if name in models else (path, *path.parents))):
            raise DataError("{name} would stand in the folder of a model: choose another name for the result.",
                            name=name)  # fmt: skip


def harmless(text: str) -> str:
    """A text without characters that would move the cursor, change colours or reverse the reading order.

    Ads come from strangers, and a terminal obeys control sequences in them. Control and format
    characters, private ones and lone surrogates are shown as their code instead.

    Examples
    --------
    >>> harmless("Cook \\x1b[31mred")
    'Cook \\\\x1b[31mred'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else _code(c) for c in text)


def say(text: str = "", err: bool = False, nl: bool = True) -> None:
    """Write to standard output, or standard error: all words of the commands go this way."""
    click.echo(harmless(text), err=err, nl=nl)


def say_json(text: str) -> None:
    """Write a JSON text, whose strings then hold as escapes of JSON what `harmless` would show as codes."""
    click.echo("".join(c if c.isprintable() or c in _KEPT else json.dumps(c)[1:-1] for c in text))


def as_utf_8(argument: str) -> str:
    """An argument of the command line as it was typed, where Python read it in a locale that is not UTF-8."""
    halves = [c for c in argument if "\ud800" <= c <= "\udfff"]
    if not halves or min(halves) < "\udc80" or max(halves) > "\udcff":  # others stand for no byte
        return argument
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _code(character: str) -> str:
    if unicodedata.category(character) == "Zs":  # a space of another width
        return " "
    return f"\\x{ord(character):02x}" if character.isascii() else ascii(character)[1:-1]


@contextmanager
def ending(interrupted: str = "Interrupted.") -> Iterator[None]:
    """End quietly when the reader of a pipe closes it, and with a word when interrupted."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None
    except KeyboardInterrupt:
        raise click.exceptions.Exit(fail(interrupted, 130)) from None


def read_model(folder: Path | None) -> Model | None:
    """The model that the user named; none stands for the shipped one."""
    from collarclass.labelling.options import find_model

    return find_model(folder) if folder is not None else None


def fail(message: object, code: int) -> int:
    """Write an error in one line and give the exit code."""
    say("collarclass: " + " ".join(str(message).split()), err=True)
    return code


def say_read(quiet: bool) -> Callable[[TableInput], None] | None:
    """What tells on standard error which columns and rows of a table were read; nothing where that is not wanted."""
    return None if quiet else lambda done: say(read_line(done), err=True)


def read_line(done: TableInput) -> str:
    """Rows, columns and layout of a table, and what its rows were judged from."""
    columns = ", ".join(f"{what} from {names}" for what, names in done.columns)
    judged_from = f"; judged {judged(done.bases)}" if done.bases else ""
    return f"Read {done.rows:,} row{'s' * (done.rows != 1)}, {columns} ({done.file.layout}){judged_from}."


def judged(bases: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} from {_FROM[basis]}" for basis, n in bases.items() if n)
