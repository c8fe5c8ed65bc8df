"""Everything that users' programs may rely on, as one list: names with signatures, columns, commands, HTTP, exit codes.

    python -m research.docs.public_interface      writes tests/data/public_interface.txt anew

A test holds the code against the file. Write a change of it into CHANGELOG.md, under "Changed" or
"Removed" where something that was there is gone.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import collarclass
from collarclass.app.server import create_app
from collarclass.cli.main import app
from collarclass.definitions.labels import BASES, COLLARS, LEVELS, STATUSES
from collarclass.model.persistence import FORMAT_VERSION
from collarclass.result import FIELDS
from collarclass.tables.schema import OCCUPATION_FIELDS, SCHEMA

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "tests" / "data" / "public_interface.txt"


def lines() -> Iterator[str]:
    """A line for each thing."""
    for name in sorted(set(collarclass.__all__) - {"__version__"}):
        yield from _python(f"collarclass.{name}", getattr(collarclass, name))
    for column in SCHEMA:
        yield f"column {column.name}: {column.type}"
    for column_name, kind, _ in OCCUPATION_FIELDS:
        yield f"column {column_name}: {kind}"
    yield f"fields of a result: {', '.join(FIELDS)}"
    for what, words in (("labels", COLLARS), ("levels", LEVELS), ("statuses", STATUSES), ("bases", BASES)):
        yield f"{what}: {', '.join(words)}"
    yield f"model folder: format {FORMAT_VERSION}"
    yield "exit codes: 0 fine, 1 wrong data or file, 2 wrong usage, 130 interrupted"
    for name, command in sorted(app.commands.items()):
        yield f"command {name} {' '.join(_parameters(command))}"
    inner: Any = create_app()
    while not hasattr(inner, "openapi"):
        inner = inner.app
    for path, methods in sorted(inner.openapi()["paths"].items()):
        if path.startswith("/v1"):
            yield f"http {path}: {', '.join(sorted(methods))}"


def _python(name: str, value: Any) -> Iterator[str]:
    if not inspect.isclass(value):
        yield f"{name}{inspect.signature(value)}"
        return
    yield f"class {name}"
    for member, own in sorted(vars(value).items()):
        if not member.startswith("_"):
            yield f"{name}.{member}{inspect.signature(own) if inspect.isfunction(own) else ''}"


def _parameters(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield max(parameter.opts, key=len) if isinstance(parameter, click.Option) else parameter.name.upper()


if __name__ == "__main__":
    LIST.write_text("\n".join(lines()) + "\n", "utf-8")
    print(f"{LIST.relative_to(ROOT)} is written.")
