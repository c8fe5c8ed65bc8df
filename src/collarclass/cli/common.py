"""What the commands share: options, endings, and checks before anything is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collarclass.cli.harmless import say

if TYPE_CHECKING:
    from collarclass.model.model import Model

PATH = click.Path(path_type=Path)
SOURCE = click.argument("source")
MODEL = click.option("--model", "-m", type=PATH, help="Model folder; the shipped model if not given.")
MIN_CONFIDENCE = click.option(
    "--min-confidence", type=click.FloatRange(0, 1), default=0.0, show_default=False,
    help='From 0 to 1: a label that is less sure becomes "unclear", with the note "near the line".',
)
MODEL_VERSION = click.option(
    "--model-version", help="Refuse a model of another version, or of another digest (8 digits or more)."
)
DEFINITION = click.option(
    "--definition", default="article", help="What the labels mean: a built-in name or a TOML file."
)
LEXICON = click.option("--lexicon", type=PATH, help="File of your own words for reading requirements.")
TITLE = click.option("--title", help="Column of job titles.")
TEXT = click.option("--text", help="Column of ad texts.")
PREFIX = click.option("--prefix", default="", show_default=False, help="Prefix of the added columns' names.")
QUIET = click.option("--quiet", "-q", is_flag=True, help="Do not say what was read and done.")
FORCE = click.option("--force", "-f", is_flag=True, help="Overwrite the output.")


class Group(click.Group):
    """A group whose commands refuse an option that is given twice where one is meant: click keeps the last."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and look its options over."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            _refuse_twice(command, ctx, rest)
        return name, command, rest


def _refuse_twice(command: click.Command, ctx: click.Context, args: list[str]) -> None:
    inner = click.Context(command, parent=ctx, resilient_parsing=True)
    try:
        _, _, order = command.make_parser(inner).parse_args(args=list(args))
    except click.UsageError:
        return  # told when the command itself reads them
    for option in dict.fromkeys(order):
        if isinstance(option, click.Option) and not (option.multiple or option.is_flag or option.count):
            times = order.count(option)
            if times > 1:
                raise click.UsageError(f"{option.opts[0]} is given {times} times: give it once.", inner)


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


def check_free(target: Path, force: bool, *others: str | Path | None) -> None:
    """Refuse to write over a file that is there, and in any case over others that the command reads or writes."""
    from collarclass.errors import DataError
    from collarclass.files.label import same_file

    if any(same_file(str(other), str(target)) for other in others if other is not None and str(other) != "-"):
        raise DataError(f"{target} is read or written by this command already: choose another name.")
    if target.exists() and not force:
        raise DataError(f"{target} is there already: choose another name, or overwrite it with --force.")


def make_way(target: Path, force: bool, *others: str | Path | None) -> None:
    """Refuse to write over a file as `check_free` does, and make the folder of one that is not there."""
    check_free(target, force, *others)
    target.parent.mkdir(parents=True, exist_ok=True)


def read_model(folder: Path | None) -> Model | None:
    """The model that the user named; none stands for the shipped one."""
    from collarclass.labelling.options import find_model

    return find_model(folder) if folder is not None else None


def fail(message: str, code: int) -> int:
    """Write an error in one line and give the exit code."""
    say("collarclass: " + " ".join(message.split()), err=True)
    return code
