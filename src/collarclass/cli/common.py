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
LABEL = click.option("--label", help="Column of labels; found by common names if not given.")
TEXT = click.option("--text", help="Column of ad texts.")
OWN_SOURCE = click.option(
    "--source", "own_source", help="Column of sources or employers, which are held out together; found if not given."
)
TEST = click.option("--test", type=PATH, help="Table of further labelled ads, to measure the old and new model on.")
PREFIX = click.option("--prefix", default="", show_default=False, help="Prefix of the added columns' names.")
QUIET = click.option("--quiet", "-q", is_flag=True, help="Do not say what was read and done.")
FORCE = click.option("--force", "-f", is_flag=True, help="Overwrite the output.")


class Command(click.Command):
    """A command whose help shows its examples a line each; its epilog parts them by line breaks."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they would be typed."""
        examples = (self.epilog or "").splitlines()
        if examples:
            with formatter.section("Example" if len(examples) == 1 else "Examples"):
                for line in examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Group(click.Group):
    """A group whose commands refuse an option that is given twice where one is meant: click keeps the last."""

    command_class = Command

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


def read_model(folder: Path | None) -> Model | None:
    """The model that the user named; none stands for the shipped one."""
    from collarclass.labelling.options import find_model

    return find_model(folder) if folder is not None else None


def fail(message: object, code: int) -> int:
    """Write an error in one line and give the exit code."""
    say("collarclass: " + " ".join(str(message).split()), err=True)
    return code
