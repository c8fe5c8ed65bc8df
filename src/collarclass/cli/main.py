"""The command `collarclass`.

Exit codes: 0 all is well, 1 something is wrong with a file, its data or a model, 2 the command was
called wrongly, 130 it was interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click import option

from collarclass.cli import ads, models, publish
from collarclass.cli.common import command, fail, say
from collarclass.compiled import description


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version and end."""
    if wanted and not context.resilient_parsing:
        from collarclass._version import __version__

        say(f"collarclass {__version__} ({description()})")
        context.exit()


def _cite(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print how to cite this version and end."""
    if wanted and not context.resilient_parsing:
        from collarclass.api import default_model
        from collarclass.cli.models import citation

        say(citation(default_model().identity))
        context.exit()


@click.group(
    epilog="Exit codes: 0 fine, 1 wrong data or file, 2 wrong usage, 130 interrupted.",
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit."
)
@click.option(
    "--cite", is_flag=True, is_eager=True, expose_value=False, callback=_cite, help="Show how to cite it and exit."
)
def app() -> None:
    """Label job ads white, blue or gray collar by two scores: academic credential and hands-on skill."""


@command(
    ["collarclass app", "collarclass app --no-browser --port 8000"],
    option("--host", default="127.0.0.1", help="Address to listen on."),
    option("--port", type=click.IntRange(0, 65535), default=0, help="Port; 0 takes the last or a free one."),
    option("--browser/--no-browser", default=True, help="Open the page in the browser."),
    option("--token", envvar="COLLARCLASS_TOKEN", help="Token that requests must have; a random one if not given."),
    option("--no-token", is_flag=True, help="Allow every user and program of this machine."),
    option("--allow-host", multiple=True, help="Another name of this machine that may stand in addresses."),
    option("--root-path", default="", show_default=False, help="Path at which a proxy serves it, such as /collar."),
    "lexicon model model-version",name="app",
)  # fmt: skip
def page(
    allow_host: tuple[str, ...], lexicon: Path | None, model: Path | None, model_version: str | None, **options: Any
) -> None:
    """Open a page in the browser to label ads, titles and files.

    Programs can use it over HTTP, too.
    """
    from collarclass.errors import import_optional

    for library in ("fastapi", "uvicorn", "h11"):
        import_optional(library, "The page")
    from collarclass.app.server import serve
    from collarclass.labelling.options import Options

    found = Options.of(model, lexicon=lexicon, model_version=model_version).model
    serve(model=found, hosts=allow_host, say=say, **options)


for _command in (page, *ads.COMMANDS, *models.COMMANDS, *publish.COMMANDS):
    app.add_command(_command)


def _end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does, so that no worker process is left behind."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            with suppress(ValueError):  # not in the main thread
                signal.signal(getattr(signal, name), end)


def _unless_said(args: sys.UnraisableHookArgs) -> None:
    """Say nothing of a file that cannot be closed when it is dropped: that it could not be written is said already."""
    if not isinstance(args.exc_value, OSError):
        sys.__unraisablehook__(args)


def _no_surprises() -> None:
    """Keep files away from closed standard streams, and print any character: what a console lacks is escaped."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:  # the next file would become a standard stream
        os.set_inheritable(descriptor, True)  # workers want standard streams, too
    os.close(descriptor)
    sys.unraisablehook = _unless_said
    sys.stdout, sys.stderr = (
        Path(os.devnull).open("w", encoding="utf-8") if stream is None else stream  # noqa: SIM115
        for stream in (sys.stdout, sys.stderr)
    )
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def main() -> None:
    """Run the command; the console script's entry point."""
    from collarclass.errors import CollarclassError, refusal

    _end_on_signals()
    _no_surprises()
    try:
        code = app(standalone_mode=False, prog_name="collarclass")
    except (click.Abort, KeyboardInterrupt):
        code = fail("Interrupted.", 130)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except CollarclassError as error:
        code = fail(str(error), 1)
    except OSError as error:
        code = fail(refusal(error), 1)
    except MemoryError:
        code = fail("There is too little memory: use a smaller --batch-size, or fewer workers (--n-jobs).", 1)
    sys.exit(code or 0)
