"""The command `collarclass`.

Exit codes: 0 all is well, 1 something is wrong with a file, its data or a model, 2 the command was
called wrongly, 130 it was interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import click

from collarclass.cli.common import (
    DEFINITION,
    FORCE,
    LABEL,
    LEXICON,
    MIN_CONFIDENCE,
    MODEL,
    MODEL_VERSION,
    OWN_SOURCE,
    PATH,
    PREFIX,
    QUIET,
    SOURCE,
    TEST,
    TEXT,
    TITLE,
    Group,
    ending,
    fail,
    read_model,
)
from collarclass.cli.compare import compare
from collarclass.cli.harmless import as_utf_8, say, say_json
from collarclass.cli.info import info
from collarclass.cli.occupation import occupation
from collarclass.cli.own import adapt, calibrate
from collarclass.cli.shares import COMMANDS
from collarclass.cli.summary import say_read, summary_lines, write_summary
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
        from collarclass.cli.cite import citation

        say(citation(default_model().identity))
        context.exit()


@click.group(
    cls=Group,
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


@app.command(
    epilog='collarclass classify --title Welder "MIG welding of steel frames. No degree needed."'
)
@click.argument("text", required=False)
@click.option("--title", "-t", help="The job title; without TEXT it alone is judged.")
@click.option("--code", help="Code of the occupation: it judges where ad and title say too little.")
@click.option("--evidence/--no-evidence", default=True, help="Name the words that decided; faster without.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@DEFINITION
@LEXICON
@MIN_CONFIDENCE
@MODEL
@MODEL_VERSION
def classify(text: str | None, title: str | None, as_json: bool, **options: Any) -> None:
    """Label one job ad, or a bare job title, and say why.

    TEXT is the ad or the title; "-" reads it from standard input.
    """
    from collarclass.api import classify as classify_one
    from collarclass.cli.terminal import lines
    from collarclass.errors import DataError

    if text is None and title is None and options["code"] is None:
        raise click.UsageError('Give an ad, or a job title: collarclass classify "Web designer".')
    if text == "-":
        if sys.stdin is None:
            raise DataError("Standard input is closed: give the ad as an argument.")
        text = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    title = None if title is None else as_utf_8(title)
    found = classify_one(as_utf_8(text or ""), title, **options)
    with ending():
        if as_json:
            say_json(found.to_json())
        else:
            say("\n".join(lines(found)))


@app.command(
    epilog="collarclass label ads.csv -o labelled.csv\n"
    "zcat ads.csv.gz | collarclass label - -o - > labelled.csv\n"
    "collarclass label ads.parquet -o out/labelled.jsonl.zst --n-jobs 2 --resume\n"
    "collarclass label ads/ more.xlsx -o all.csv --file-column file"
)
@click.argument("source", nargs=-1, required=True)
@click.option(
    "--output", "-o", "target", required=True,
    help='File to write, or a folder for one file per source; "-" is standard output.',
)
@TITLE
@click.option("--text", multiple=True, help="Column of ad texts; given several times, they are read together.")
@click.option("--code", help="Column of occupation codes: they judge rows whose ad and title say too little.")
@click.option("--format", help="csv, tsv, jsonl, json, parquet or xlsx, if no file name says which.")
@click.option("--encoding", help="Encoding of the source; found if not given.")
@click.option("--delimiter", help="Delimiter of the source; found if not given.")
@click.option("--sheet", help="Name or number of a workbook's sheet; if not given, the one that has ads.")
@click.option("--header-row", type=click.IntRange(min=1), help="Row of column names, from 1; found if not given.")
@click.option("--skip-rows", type=click.IntRange(min=0), default=0, help="Rows below the column names to leave out.")
@click.option("--file-column", help="Add a column of this name with each row's file.")
@click.option("--head", type=click.IntRange(min=0), help="Label only the first rows: how many.")
@click.option("--prefix", default="", show_default=False, help="Put before the names of the added columns.")
@click.option(
    "--evidence/--no-evidence", default=True, help="Name the words that decided; faster without."
)
@MIN_CONFIDENCE
@DEFINITION
@LEXICON
@MODEL
@MODEL_VERSION
@click.option("--n-jobs", "-j", default=1, help="Worker processes; -1: one per processor.")
@click.option("--batch-size", type=click.IntRange(min=1), default=2000, help="Rows worked on at once.")
@FORCE
@click.option("--resume", is_flag=True, help="Continue an interrupted run.")
@click.option("--only-new", type=PATH, help="Earlier result: take over what the same model said, label new rows only.")
@click.option("--key", help="With --only-new: column that names an ad; if not given, its title and text are compared.")
@click.option(
    "--progress/--no-progress", default=None, help="Show progress on standard error; if not given, on a terminal."
)
@click.option("--report", "report_file", type=PATH, help="Write an HTML report of the result to this file, too.")
@click.option("--occupations", is_flag=True, help="Add code, title and similarity of the nearest occupation.")
@click.option("--summary", "summary_file", type=PATH, help="Write what was read and counted to this JSON file.")
@QUIET
def label(
    source: tuple[str, ...],
    target: str,
    *,
    text: tuple[str, ...],
    delimiter: str | None,
    report_file: Path | None,
    summary_file: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Label every ad of a file.

    The same rows come out, with columns added. SOURCE is a CSV, TSV, JSON, Parquet or Excel file, a folder, a
    pattern or a URL such as s3://bucket/ads.csv; several make one table. "-" is standard input.
    """
    from collarclass.errors import DataError, import_optional
    from collarclass.files.formats import expand
    from collarclass.files.label import label_file
    from collarclass.files.target import check_target

    if report_file is not None and (target == "-" or "://" in target):
        raise DataError("A report needs a labelled file: name one of this machine with -o.")
    if report_file is not None:
        import_optional("jinja2", "A report")
    for beside, other in ((report_file, summary_file), (summary_file, report_file)):
        if beside is not None:
            reads = [*expand(source), target, *(name for name in (other, options["lexicon"], options["model"]) if name)]
            check_target(beside, options["force"], reads)
    goes_on = "-" not in (*source, target)
    with ending("Interrupted: the same command with --resume continues." if goes_on else "Interrupted."):
        done = label_file(
            source,
            target,
            text=list(text) or None,
            delimiter={"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter),
            **options,
        )
    if not quiet:
        say("\n".join(summary_lines(done, target, options["prefix"])), err=True)
    if summary_file is not None:
        write_summary(summary_file, done, source, target, click.get_current_context().params)
    if report_file is not None:
        from collarclass.report.report import write_report

        shared = {name: options[name] for name in ("prefix", "definition")}
        with ending():
            write_report(target, report_file, model=read_model(options["model"]), force=options["force"], **shared)
        say(f"Report -> {report_file}", err=True)


@app.command(epilog="collarclass train -o models/own --own my_labelled_ads.csv --name own")
@click.option("--output", "-o", "target", type=PATH, default=Path("own_model"), help="Folder for the model.")
@click.option("--data", type=PATH, help="Data folder; the installed one if not given.")
@click.option("--own", type=PATH, help="Table of your own labelled ads, used in addition.")
@click.option("--own-weight", default=1.0, help="What each of your ads weighs, where one of the shipped ads weighs 1.")
@LABEL
@TITLE
@TEXT
@OWN_SOURCE
@TEST
@click.option("--own-mentions", type=PATH, help="CSV of your own decided mentions of requirements, used in addition.")
@click.option("--written-only", is_flag=True, help="Leave out the real ads.")
@click.option("--name", help="Name of the model; own with --own, standard without.")
@click.option("--progress/--no-progress", default=None, help="Show the step and the time left.")
@FORCE
def train(
    target: Path, data: Path | None, own: Path | None, name: str | None, own_source: str | None, **options: Any
) -> None:
    """Train a model on labelled ads, and say how good it is.

    The training ads come with the package; --own adds yours, a table of any format with columns of ad texts and labels.
    """
    from collarclass.training.train import train_to

    with ending():
        name = name or ("own" if own else "standard")
        say(train_to(target, data, own=own, name=name, source=own_source, **options))


@app.command(epilog="collarclass check my_labels.csv")
@SOURCE
@click.option("--output", "-o", "target", type=PATH, help="CSV to write findings to.")
@LABEL
@TITLE
@TEXT
@MODEL
@FORCE
def check(source: str, target: Path | None, model: Path | None, force: bool, **columns: str | None) -> None:
    """Find what is wrong in labelled ads before training.

    Each finding names the row and what to do. SOURCE is a table of any format with columns of ad texts and labels.
    """
    from collarclass.annotation.annotated import check_file
    from collarclass.errors import DataError
    from collarclass.files.target import written

    if target is not None and target.suffix.casefold() != ".csv":
        raise DataError("{target} is no CSV: give a name that ends in .csv for the findings.", target=target)
    with ending(), written(target, force=force, reads=[source]) if target is not None else nullcontext() as fresh:
        findings, n = check_file(source, read_model(model), **columns)
        doubts = int((findings["kind"] == "doubt").sum())
        if fresh is None:
            for finding in findings.itertuples():
                line = f"row {finding.row}, {finding.column}: {finding.what}; {finding.remedy}"
                say(" ".join(line.split()))
        else:
            findings.to_csv(fresh, index=False)
        say(f"{n:,} ads: {len(findings) - doubts:,} to correct, {doubts:,} to look at again")
    if len(findings) > doubts:
        raise click.exceptions.Exit(1)


@app.command(epilog="collarclass evaluate labelled.csv --truth label --by region")
@SOURCE
@click.option("--truth", default="label", help="The column of true labels.")
@click.option("--by", help="Column to group the results by.")
@PREFIX
@click.option("--against", help="Labelled file of the same ads, or model folder, to compare with.")
@click.option("--against-prefix", help="Prefix of the other labels' columns; without --against in the same file.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@MODEL
@QUIET
def evaluate(source: str, prefix: str, model: Path | None, quiet: bool, **options: Any) -> None:
    """Compare labels with an annotator's.

    SOURCE is a file of ads, labelled or not, with a column of true labels.
    """
    loaded = read_model(model)
    from collarclass.evaluation.evaluate import evaluate_file

    with ending():
        shown = evaluate_file(source, prefix=prefix, model=loaded, on_read=say_read(quiet), **options)
        (say_json if options["as_json"] else say)(shown)


@app.command("app", epilog="collarclass app\ncollarclass app --no-browser --port 8000")
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0 takes a free one.")
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser.")
@click.option("--token", envvar="COLLARCLASS_TOKEN", help="Token that requests must have; a random one if not given.")
@click.option("--no-token", is_flag=True, help="Allow every user and program of this machine.")
@click.option("--allow-host", multiple=True, help="Another name of this machine that may stand in addresses.")
@click.option("--root-path", default="", show_default=False, help="Path at which a proxy serves it, such as /collar.")
@click.option("--access-log", is_flag=True, help="Log a line for each request, without its content.")
@LEXICON
@MODEL
@MODEL_VERSION
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
    with ending():
        serve(model=found, hosts=allow_host, say=say, **options)


for _command in (*COMMANDS, adapt, calibrate, compare, info, occupation):
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
