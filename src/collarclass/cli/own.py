"""`collarclass adapt` and `collarclass calibrate`: a model adapted to labels of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from collarclass.cli.common import FORCE, LABEL, MODEL, OWN_SOURCE, PATH, SOURCE, TEST, TEXT, TITLE, ending
from collarclass.cli.harmless import say


def _of_own_ads(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The arguments and options of both commands."""
    output = click.option("--output", "-o", "target", type=PATH, required=True, help="Folder for the model.")
    named = click.option("--name", default=name, help="Name of the new model.")

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed((SOURCE, output, LABEL, TITLE, TEXT, OWN_SOURCE, TEST, named, MODEL, FORCE)):
            command = option(command)
        return command

    return add


@click.command(epilog="collarclass adapt my_labels.csv -o my_model")
@_of_own_ads("adapted")
def adapt(source: str, target: Path, model: Path | None, **options: Any) -> None:
    """Adapt a model to your own labelled ads, in seconds.

    Both ratings are shifted and the decision between the labels is fitted anew; words weigh as before, and what your
    ads are too few to tell stays as it was. SOURCE is a table of any format with columns of ad texts and labels, 50
    rows or more. Where adapting does not help on ads of sources that it did not see, nothing is written.
    """
    _run(source, target, model, options)


@click.command(epilog="collarclass calibrate my_labels.csv -o my_model")
@_of_own_ads("calibrated")
def calibrate(source: str, target: Path, model: Path | None, **options: Any) -> None:
    """Fit only a model's probabilities to your own labelled ads.

    It takes seconds; scores and reasons stay. SOURCE is a table of any format with columns of ad texts and labels, some
    hundreds of rows. Where it does not help, nothing is written.
    """
    _run(source, target, model, options | {"only_calibrate": True})


def _run(source: str, target: Path, model: Path | None, options: dict[str, Any]) -> None:
    from collarclass.model.persistence import check_target, default_model_path, load_model
    from collarclass.training.own import adapt_file

    check_target(target, source, model, options["test"], force=options["force"])
    found = load_model(model if model is not None else default_model_path())
    columns = {"source": options.pop("own_source")}
    with ending():
        say(adapt_file(source, target, found, **options, **columns))
