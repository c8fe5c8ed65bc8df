"""`collarclass calibrate`: a model adapted to a few hundred labels of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from collarclass.cli.common import MODEL, PATH, SOURCE, TEXT, TITLE, ending
from collarclass.cli.harmless import say


@click.command(epilog="Example: collarclass calibrate my_labels.csv -o my_model")
@SOURCE
@click.option("--output", "-o", "target", type=PATH, required=True, help="Folder for the model.")
@click.option("--label", default="label", help="Column of labels.")
@TITLE
@TEXT
@click.option("--name", default="calibrated", help="Name of the new model.")
@MODEL
def calibrate(
    source: str, target: Path, label: str, title: str | None, text: str | None, name: str, model: Path | None
) -> None:
    """Fit a model's probabilities to your own labelled ads.

    It takes seconds; scores and reasons stay. SOURCE is a table of any format with columns of ad texts and labels, some
    hundreds of rows.
    """
    from collarclass.model.persistence import default_model_path, load_model
    from collarclass.training.calibrate import calibrate_file

    found = load_model(model if model is not None else default_model_path())
    with ending():
        said = calibrate_file(source, target, found, name=name, text=text, title=title, label=label)
        say(said)
