"""The tables of added columns and of formats, as the documentation shows them."""

from __future__ import annotations

from collarclass.files.formats import COMPRESSIONS, FORMATS
from collarclass.tables.schema import SCHEMA


def columns() -> str:
    """The columns that labelling adds."""
    rows = [f"| `{column.name}` | {column.meaning} |" for column in SCHEMA]
    return "\n".join(["| column | meaning |", "|---|---|", *rows])


def formats() -> str:
    """The formats of files."""
    compressed = ", ".join(f"`{ending}`" for ending in COMPRESSIONS)
    rows = [
        f"| {found.name} | {', '.join(f'`{ending}`' for ending in found.endings)} | "
        f"{compressed if found.text else 'by itself'} | "
        f"{'yes' if found.write is not None else f'as {found.written_as}'} |"
        for found in FORMATS.values()
    ]
    return "\n".join(["| format | endings | compressed | written |", "|---|---|---|---|", *rows])
