"""`collarclass info`: what is installed, and how good its model is known to be."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from collarclass.cli.common import MODEL, Command, ending
from collarclass.cli.harmless import say

_LANGUAGES = {"en": "English", "zh": "Chinese"}


@click.command(cls=Command, epilog="collarclass info\ncollarclass info -m own_model --json")
@MODEL
@click.option("--json", "as_json", is_flag=True, help="Write everything that the model knows of itself, as JSON.")
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
    with ending():
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
