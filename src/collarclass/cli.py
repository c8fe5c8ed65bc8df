"""The command `collarclass`.

Exit codes: 0 all is well, 1 something is wrong with a file, its data or a model, 2 the command was
called wrongly, 130 it was interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from . import __version__

app = typer.Typer(
    name="collarclass",
    help="Label job ads white, blue or gray collar by two scores: academic credential and hands-on skill.",
    epilog="Exit codes: 0 fine, 1 wrong data or file, 2 wrong usage, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ModelOption = Annotated[
    Path | None, typer.Option("--model", "-m", help="Model folder; the shipped model if not given.")
]


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"collarclass {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@contextmanager
def _ending(interrupted: str = "Interrupted.") -> Iterator[None]:
    """End quietly when whoever reads has enough, and with a word when interrupted."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        raise typer.Exit(_fail(interrupted, 130)) from None


@app.command(
    epilog='Example: collarclass classify --title Welder "MIG welding of steel frames. No degree needed."'
)
def classify(
    text: Annotated[str, typer.Argument(help='The ad; "-" reads it from standard input.')],
    title: Annotated[str | None, typer.Option("--title", "-t", help="The job title.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object.")] = False,
    model: ModelOption = None,
) -> None:
    """Label one job ad and say why."""
    from .api import classify as classify_one
    from .artefact import load_model
    from .terminal import as_dict, lines

    if text == "-":
        text = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    found = classify_one(text, title, model=load_model(model) if model is not None else None)
    with _ending():
        if as_json:
            import json

            typer.echo(json.dumps(as_dict(found), ensure_ascii=False))
        else:
            typer.echo("\n".join(lines(found)))


@app.command(
    epilog="Examples: collarclass label ads.csv -o labelled.csv    "
    "zcat ads.csv.gz | collarclass label - -o - > labelled.csv    "
    "collarclass label ads.parquet -o out/labelled.jsonl.zst --n-jobs 2 --resume"
)
def label(
    source: Annotated[
        str, typer.Argument(help='CSV, TSV, JSON Lines or Parquet file; "-" is standard input.')
    ],
    target: Annotated[str, typer.Option("--output", "-o", help='File to write; "-" is standard output.')],
    title: Annotated[str | None, typer.Option(help="Column of job titles.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of ad texts.")] = None,
    kind: Annotated[
        str | None, typer.Option("--format", help="csv, tsv, jsonl or parquet, where no file name tells.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the source; found if not given.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of the source; found if not given.")] = None,
    prefix: Annotated[str, typer.Option(help="Put before the names of the added columns.")] = "",
    evidence: Annotated[bool, typer.Option(help="Name the words that decided; faster without.")] = True,
    model: ModelOption = None,
    n_jobs: Annotated[
        int, typer.Option("--n-jobs", "-j", help="Worker processes; -1: one per processor.")
    ] = 1,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows worked on at once.")] = 2000,
    force: Annotated[bool, typer.Option("--force", "-f", help="Overwrite the output.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    progress: Annotated[
        bool | None, typer.Option(help="Show progress on standard error; on a terminal only if not given.")
    ] = None,
    report_file: Annotated[
        Path | None, typer.Option("--report", help="Write an HTML report of the result to this file, too.")
    ] = None,
) -> None:
    """Label every ad of a file: the same rows come out, with columns added."""
    from .errors import DataError
    from .files import label_file

    if report_file is not None and target == "-":
        raise DataError("A report needs a labelled file: name one with -o instead of standard output.")
    if report_file is not None:
        _check_free(report_file, force)
    goes_on = "-" not in (source, target)
    with _ending("Interrupted: the same command goes on with --resume." if goes_on else "Interrupted."):
        done = label_file(
            source,
            target,
            title=title,
            text=text,
            format=kind,
            encoding=encoding,
            delimiter={"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter),
            prefix=prefix,
            evidence=evidence,
            model=model,
            n_jobs=n_jobs,
            batch_size=batch_size,
            force=force,
            resume=resume,
            progress=progress,
        )
    counts = ", ".join(f"{n:,} {name}" for name, n in done.counts.items())
    where = "standard output" if target == "-" else target
    typer.echo(f"{done.rows:,} ads: {counts} -> {where}", err=True)
    if done.noted:
        typer.echo(
            f"{done.noted:,} rows were not as they should be: see column {prefix}collar_note.", err=True
        )
    if report_file is not None:
        _report(target, report_file, title=title, prefix=prefix, model=model, force=force)


@app.command(epilog="Example: collarclass report labelled.csv -o report.html --by region --by posted")
def report(
    source: Annotated[str, typer.Argument(help="A file that 'collarclass label' wrote.")],
    target: Annotated[Path, typer.Option("--output", "-o", help="HTML file to write.")],
    by: Annotated[
        list[str] | None, typer.Option(help="Column to show shares by; may be given again.")
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of the page: en or zh.")] = "en",
    title: Annotated[str | None, typer.Option(help="Column of job titles.")] = None,
    prefix: Annotated[str, typer.Option(help="What was put before the added columns' names.")] = "",
    model: ModelOption = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Overwrite the output.")] = False,
) -> None:
    """Write a page that shows what a labelled file holds."""
    _report(source, target, by=by or (), lang=lang, title=title, prefix=prefix, model=model, force=force)


def _report(source: str, target: Path, *, model: Path | None, force: bool, **options: Any) -> None:
    from .artefact import load_model
    from .report import write_report

    _check_free(target, force)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _ending():
        write_report(source, target, model=load_model(model) if model is not None else None, **options)
    typer.echo(f"Report -> {target}", err=True)


def _check_free(target: Path, force: bool) -> None:
    from .errors import DataError

    if target.exists() and not force:
        raise DataError(f"{target} is there already: choose another name, or overwrite it with --force.")


@app.command(epilog="Example: collarclass train -o models/own --own my_labelled_ads.csv --name own")
def train(
    target: Annotated[Path, typer.Option("--output", "-o", help="Folder for the model.")],
    data: Annotated[Path, typer.Option(help="The project's data folder.")] = Path("data"),
    own: Annotated[Path | None, typer.Option(help="CSV of your own labelled ads, used besides.")] = None,
    name: Annotated[str, typer.Option(help="Name of the model.")] = "standard",
) -> None:
    """Train a model on labelled ads, and say how good it is."""
    from .training import train_to

    with _ending():
        typer.echo(train_to(target, data, own=own, name=name))


@app.command(epilog="Example: collarclass check my_labels.csv")
def check(
    source: Annotated[Path, typer.Argument(help="CSV of labelled ads, with columns text and label.")],
    target: Annotated[Path | None, typer.Option("--output", "-o", help="CSV to write findings to.")] = None,
    model: ModelOption = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Overwrite the output.")] = False,
) -> None:
    """Look labelled ads over before training: what is wrong in which row, and what to do."""
    from .artefact import load_model
    from .checking import check_file

    if target is not None:
        _check_free(target, force)
    findings, n = check_file(source, load_model(model) if model is not None else None)
    doubts = int((findings["kind"] == "doubt").sum())
    with _ending():
        if target is None:
            for finding in findings.itertuples():
                typer.echo(f"row {finding.row}, {finding.column}: {finding.what}; {finding.remedy}")
        else:
            findings.to_csv(target, index=False)
        typer.echo(f"{n:,} ads: {len(findings) - doubts:,} to mend, {doubts:,} to look at again")
    if len(findings) > doubts:
        raise typer.Exit(1)


@app.command(epilog="Example: collarclass review labelled.csv -o my_labels.csv")
def review(
    source: Annotated[str, typer.Argument(help="A file that 'collarclass label' wrote.")],
    target: Annotated[
        Path, typer.Option("--output", "-o", help="CSV of your labels; gone on with if it is there.")
    ],
    title: Annotated[str | None, typer.Option(help="Column of job titles.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of ad texts.")] = None,
    prefix: Annotated[str, typer.Option(help="What was put before the added columns' names.")] = "",
    most: Annotated[int, typer.Option(min=1, help="How many ads to ask for at most.")] = 500,
) -> None:
    """Label ads yourself, the least certain first, by one key each; the result is for 'train'."""
    from .reviewing import doubtful_ads
    from .reviewing import review as ask

    def read_key() -> str:
        if sys.stdin.isatty():
            key = typer.getchar()
            if key in {"\x03", "\x04"}:
                return ""
            return key
        return sys.stdin.read(1)

    ads = doubtful_ads(source, title=title, text=text, prefix=prefix, most=most)
    with _ending(f"Interrupted: what you labelled is in {target}."):
        n = ask(ads, target, read_key, lambda piece: typer.echo(piece, nl=False))
        typer.echo(f"{n:,} ads labelled -> {target}")


@app.command(epilog="Example: collarclass evaluate labelled.csv --truth label --by region")
def evaluate(
    source: Annotated[
        Path, typer.Argument(help="CSV of ads, labelled or not, with a column of true labels.")
    ],
    truth: Annotated[str, typer.Option(help="The column of true labels.")] = "label",
    by: Annotated[str | None, typer.Option(help="Column by whose values results are shown apart.")] = None,
    prefix: Annotated[str, typer.Option(help="What was put before the added columns' names.")] = "",
    baselines: Annotated[
        Path | None, typer.Option(help="Data folder: baselines are trained on it and measured beside.")
    ] = None,
    model: ModelOption = None,
) -> None:
    """Compare labels with a careful reader's."""
    from .artefact import load_model
    from .evaluation import evaluate_file

    with _ending():
        typer.echo(
            evaluate_file(
                source,
                truth=truth,
                by=by,
                prefix=prefix,
                model=load_model(model) if model is not None else None,
                baselines=baselines,
            )
        )


@app.command()
def info(model: ModelOption = None) -> None:
    """Show the version, the model and where things are."""
    import platform

    from .artefact import default_model_path, load_model

    folder = model if model is not None else default_model_path()
    found = load_model(folder)
    lines = [
        ("collarclass", __version__),
        ("Python", platform.python_version()),
        ("package", Path(__file__).parent),
        ("model folder", folder),
        ("model", found.identity),
        ("terms", f"{len(found.text.vocabulary):,} of texts, {len(found.title.vocabulary):,} of titles"),
        *((f"  {name}", value) for name, value in found.facts.items()),
    ]
    with _ending():
        typer.echo("\n".join(f"{name:<14}{value}" for name, value in lines))


def main() -> None:
    """Run the command; the console script's entry point."""
    from .errors import CollarclassError

    code: Any
    try:
        code = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        code = _fail("Interrupted.", 130)
    except (CollarclassError, OSError) as error:
        code = _fail(str(error), 1)
    except Exception as error:
        if not hasattr(error, "show"):  # typer's own errors of usage can show themselves
            raise
        error.show()
        code = getattr(error, "exit_code", 2)
    sys.exit(code or 0)


def _fail(message: str, code: int) -> int:
    typer.echo("collarclass: " + " ".join(message.split()), err=True)
    return code
