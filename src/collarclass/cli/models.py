"""The commands of models and of labels by hand: train, adapt, calibrate, check, evaluate, compare, info."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
from click import option

from collarclass.cli.common import (
    READ,
    READ_FOLDER,
    READ_NAME,
    WRITE,
    WRITE_MODEL,
    command,
    read_model,
    say,
    say_json,
    say_read,
)

_LANGUAGES = {"en": "English", "zh": "Chinese"}
_AUTHORS = "The collarclass authors"
_TITLE = "collarclass: white, blue and gray collar labels for job ads"
_YEAR = 2026


@command(
    ["collarclass train -o models/own --own my_labelled_ads.csv --name own"],
    option("--output", "-o", "target", type=WRITE_MODEL, default=Path("own_model"), help="Folder for the model."),
    option("--data", type=READ_FOLDER, help="Data folder; the installed one if not given."),
    option("--own", type=READ, help="Table of your own labelled ads, used in addition."),
    option("--own-weight", default=1.0, help="What each of your ads weighs, where one of the shipped ads weighs 1."),
    "label title text own-source test",
    option("--own-mentions", type=READ, help="CSV of your own decided mentions of requirements, used in addition."),
    option("--name", help="Name of the model; own with --own, standard without."),
    option("--progress/--no-progress", default=None, help="Show the step and the time left."),
    "force",
)  # fmt: skip
def train(
    target: Path, data: Path | None, own: Path | None, name: str | None, own_source: str | None, **options: Any
) -> None:
    """Train a model on labelled ads, and say how good it is.

    The training ads come with the package; --own adds yours, a table of any format with columns of ad texts and labels.
    """
    from collarclass.training.train import train_to

    name = name or ("own" if own else "standard")
    say(train_to(target, data, own=own, name=name, source=own_source, **options))


_OWN_ADS = (
    "source", option("--output", "-o", "target", type=WRITE_MODEL, required=True, help="Folder for the model."),
    "label title text own-source test",
)  # fmt: skip


@command(
    ["collarclass adapt my_labels.csv -o my_model"],
    *_OWN_ADS, option("--name", default="adapted", help="Name of the new model."), "model force",
)  # fmt: skip
def adapt(source: str, target: Path, model: Path | None, **options: Any) -> None:
    """Adapt a model to your own labelled ads, in seconds.

    Both ratings are shifted and the decision between the labels is fitted anew; words weigh as before, and what your
    ads are too few to tell stays as it was. SOURCE is a table of any format with columns of ad texts and labels, 50
    rows or more. Where adapting does not help on ads of sources that it did not see, nothing is written.
    """
    _run(source, target, model, options)


@command(
    ["collarclass calibrate my_labels.csv -o my_model"],
    *_OWN_ADS, option("--name", default="calibrated", help="Name of the new model."), "model force",
)  # fmt: skip
def calibrate(source: str, target: Path, model: Path | None, **options: Any) -> None:
    """Fit only a model's probabilities to your own labelled ads.

    It takes seconds; scores and reasons stay. SOURCE is a table of any format with columns of ad texts and labels, some
    hundreds of rows. Where it does not help, nothing is written.
    """
    _run(source, target, model, options | {"only_calibrate": True})


def _run(source: str, target: Path, model: Path | None, options: dict[str, Any]) -> None:
    from collarclass.model.persistence import default_model_path, load_model
    from collarclass.training.own import adapt_file

    found = load_model(model if model is not None else default_model_path())
    columns = {"source": options.pop("own_source")}
    say(adapt_file(source, target, found, **options, **columns))


@command(
    ["collarclass check my_labels.csv"],
    "source",
    option("--output", "-o", "target", type=WRITE, help="CSV to write findings to."),
    "label title text model force",
)  # fmt: skip
def check(source: str, target: Path | None, model: Path | None, force: bool, **columns: str | None) -> None:
    """Find what is wrong in labelled ads before training.

    Each finding names the row and what to do. SOURCE is a table of any format with columns of ad texts and labels.
    """
    from collarclass.annotation.annotated import check_file
    from collarclass.errors import DataError
    from collarclass.files.target import written

    if target is not None and target.suffix.casefold() != ".csv":
        raise DataError("{target} is no CSV: give a name that ends in .csv for the findings.", target=target)
    with written(target, force=force) if target is not None else nullcontext() as fresh:
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


@command(
    ["collarclass evaluate labelled.csv --truth label --by region"],
    "source",
    option("--truth", default="label", help="The column of true labels."),
    option("--by", help="Column to group the results by."),
    "prefix json model quiet",
)  # fmt: skip
def evaluate(source: str, prefix: str, model: Path | None, quiet: bool, **options: Any) -> None:
    """Compare labels with an annotator's.

    SOURCE is a file of ads, labelled or not, with a column of true labels.
    """
    loaded = read_model(model)
    from collarclass.evaluation.metrics import evaluate_file

    shown = evaluate_file(source, prefix=prefix, model=loaded, on_read=say_read(quiet), **options)
    (say_json if options["as_json"] else say)(shown)


@command(
    [
        "collarclass compare old.csv new.csv --key id",
        "collarclass compare reference.csv now.csv --drift --by month --json",
    ],
    click.argument("first", type=READ_NAME),
    click.argument("second", type=READ_NAME),
    option("--truth", help="Column of true labels, in either file."),
    option("--key", help="Column that names each ad; rows are matched by their order if not given."),
    option("--by", help="Column to count by, or month, quarter or year."),
    option("--drift", is_flag=True, help="The files hold other ads: measure how far SECOND has moved from FIRST."),
    "json prefix model",
)  # fmt: skip
def compare(
    first: str, second: str, drift: bool, as_json: bool, model: Path | None, by: str | None, prefix: str, **options: Any
) -> None:
    """Show how two labelled files differ.

    FIRST and SECOND are files that 'collarclass label' wrote.
    """
    from collarclass.evaluation.versions import as_text, compare_labels, measure_drift
    from collarclass.result import DECIMALS, plain

    if drift and any(options.values()):
        raise click.UsageError("--drift compares different ads: leave --truth and --key out.")
    if drift:
        found = measure_drift(first, second, by=by, prefix=prefix, model=model)
    else:
        found = compare_labels(first, second, by=by, prefix=prefix, **options)
    if as_json:
        say_json(json.dumps(plain(found, DECIMALS), ensure_ascii=False, indent=2))
    else:
        say(as_text(found))


@command(
    ["collarclass info", "collarclass info -m own_model --json"],
    "model",
    option("--json", "as_json", is_flag=True, help="Write everything that the model knows of itself, as JSON."),
)  # fmt: skip
def info(model: Path | None, as_json: bool) -> None:
    """Show the version, where things are, and how good the model is."""
    from collarclass._version import __version__
    from collarclass.compiled import description
    from collarclass.model.persistence import default_model_path, load_model

    folder = model if model is not None else default_model_path()
    found = load_model(folder)
    shown = {
        "collarclass": __version__,
        "reading": description(),
        "Python": platform.python_version(),
        "package": str(Path(__file__).parent.parent),
        "model folder": str(folder),
        "model": found.identity,
        "digest": found.digest,
    }
    if as_json:
        say(json.dumps(shown | {"facts": dict(found.facts)}, ensure_ascii=False, indent=1))
    else:
        say("\n".join([*(f"{name:<14}{value}" for name, value in shown.items()), *_known(found.facts)]))


def _known(facts: Any) -> Iterator[str]:
    """What was measured of the model, a line each."""
    learnt = {name: sum(labels.values()) for name, labels in facts.get("ads", {}).items()}
    if learnt:
        parts = [f"{n:,} {_LANGUAGES[name]}" for name, n in learnt.items()]
        own = f", and {facts['own_ads']:,} of your own" if facts.get("own_ads") else ""
        yield f"{'learnt from':<14}{' and '.join(parts)} written ads{own}"
    for name, real in facts.get("real_ads", {}).items():
        right, low, high = real["accuracy"]
        yield (
            f"{_LANGUAGES[name]:<14}{right:.1%} of {real['n']:,} real ads right ({low:.1%} to {high:.1%}), "
            "each source held out in turn"
        )
    for name, source in facts.get("sources", {}).items():
        middle, low, high = source["accuracy"]
        of_sources = f"the median source {middle:.0%}, nine new sources in ten {low:.0%} to {high:.0%}"
        yield f"{'':<14}{_LANGUAGES[name]}: {of_sources}"


def citation(model: str) -> str:
    """The citation in APA style and as BibTeX, with the model that labels depend on."""
    from collarclass._version import __version__

    software = f"Version {__version__}, model {model}"
    return (
        f"{_AUTHORS}. ({_YEAR}). {_TITLE} ({software}) [Computer software].\n\n"
        f"@software{{collarclass,\n"
        f"  author  = {{{{{_AUTHORS}}}}},\n"
        f"  title   = {{{_TITLE}}},\n"
        f"  year    = {{{_YEAR}}},\n"
        f"  version = {{{__version__}}},\n"
        f"  note    = {{Model {model}}}\n"
        f"}}"
    )


COMMANDS = (train, adapt, calibrate, check, evaluate, compare, info)
