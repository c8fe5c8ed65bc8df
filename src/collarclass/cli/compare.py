"""The command that sets two labellings beside each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from collarclass.cli.common import MODEL, PREFIX, Command, ending
from collarclass.cli.harmless import say, say_json


@click.command(
    cls=Command,
    epilog="collarclass compare old.csv new.csv --key id\n"
    "collarclass compare reference.csv now.csv --drift --by month --json"
)
@click.argument("first")
@click.argument("second")
@click.option("--truth", help="Column of true labels, in either file.")
@click.option("--key", help="Column that names each ad; rows are matched by their order if not given.")
@click.option("--by", help="Column to count changes by; with --drift also month, quarter or year.")
@click.option("--drift", is_flag=True, help="The files hold other ads: measure how far SECOND has moved from FIRST.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@PREFIX
@MODEL
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
    with ending():
        if drift:
            found = measure_drift(first, second, by=by, prefix=prefix, model=model)
        else:
            found = compare_labels(first, second, by=by, prefix=prefix, **options)
        if as_json:
            say_json(json.dumps(plain(found, DECIMALS), ensure_ascii=False, indent=2))
        else:
            say(as_text(found))
