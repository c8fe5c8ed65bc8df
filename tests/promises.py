"""Every command that writes, every promise about writing, and which of them are tried on which command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Arguments = Sequence[str | Path]


@dataclass(frozen=True)
class Command:
    """A command that writes.

    Attributes
    ----------
    ending : str
        Of its target; none of a folder.
    arguments : callable
        From the folder of `made` and the target to what is typed.
    reads : tuple of str
        Names of files in the folder that it reads.
    lacks : dict of str to str
        Promises that it does not make, and why.
    """

    ending: str
    arguments: Callable[[Path, Path], Arguments]
    reads: tuple[str, ...]
    lacks: dict[str, str]


_ADDS = {
    "whole": "adds lines", "free": "adds lines", "force": "adds lines", "device": "adds lines", "alone": "takes turns",
}  # fmt: skip

_MODEL = {"device": "refused", "folder": "makes those above"}

COMMANDS = {
    "label": Command("csv", lambda f, t: ("label", f / "ads.csv", "-o", t, "-m", f / "model"), ("ads.csv",), {}),
    "label, Parquet": Command(
        "parquet", lambda f, t: ("label", f / "ads.csv", "-o", t, "-m", f / "model"), ("ads.csv",), {}
    ),
    "label, Excel": Command(
        "xlsx", lambda f, t: ("label", f / "ads.csv", "-o", t, "-m", f / "model"), ("ads.csv",), {}
    ),
    "label --summary": Command(
        "json",
        lambda f, t: ("label", f / "ads.csv", "-o", f"{t}.csv", "-m", f / "model", "--summary", t),
        ("ads.csv",),
        {},
    ),
    "label --report": Command(
        "html",
        lambda f, t: ("label", f / "ads.csv", "-o", f"{t}.csv", "-m", f / "model", "--report", t),
        ("ads.csv",),
        {},
    ),
    "sample": Command("csv", lambda f, t: ("sample", f / "labelled.csv", "-n", "5", "-o", t), ("labelled.csv",), {}),
    "shares": Command("csv", lambda f, t: ("shares", f / "labelled.csv", "-o", t), ("labelled.csv",), {}),
    "shares, Excel": Command("xlsx", lambda f, t: ("shares", f / "labelled.csv", "-o", t), ("labelled.csv",), {}),
    "duplicates": Command("csv", lambda f, t: ("duplicates", f / "labelled.csv", "-o", t), ("labelled.csv",), {}),
    "report": Command("html", lambda f, t: ("report", f / "labelled.csv", "-o", t), ("labelled.csv",), {}),
    "check": Command("csv", lambda f, t: ("check", f / "own.csv", "-o", t, "-m", f / "model"), ("own.csv",), {}),
    "review": Command("csv", lambda f, t: ("review", f / "ads.csv", "-o", t), ("ads.csv",), _ADDS),
    "train": Command("", lambda f, t: ("train", "-o", t, "--own-mentions", f / "learn.csv"), ("learn.csv",), _MODEL),
    "adapt": Command("", lambda f, t: ("adapt", f / "learn.csv", "-o", t), ("learn.csv",), _MODEL),
    "calibrate": Command("", lambda f, t: ("calibrate", f / "learn.csv", "-o", t), ("learn.csv",), _MODEL),
}

# What the page does, and which promises it does not make: it writes into a folder of its own, under names of its own.
_OWN = dict.fromkeys(("free", "force", "device", "folder"), "own folder")
PAGE = {
    "page: a file handed in": _OWN | {"reads": "own folder"},
    "page: a file labelled and taken away": _OWN,
    "page: ads labelled by hand": _OWN,
}

PROMISES = {
    "whole": "whole or not at all",
    "reads": "never over what it reads",
    "free": "not over another file unless forced",
    "force": "mode and links kept",
    "device": "devices stay devices",
    "alone": "one run at a time",
    "folder": "makes no folder",
    "clean": "leaves nothing beside it",
}


def table() -> str:
    """The table of the documentation: a command in each row, a promise in each column."""
    rows = [["command", *PROMISES.values()]]
    every = {f"`{name}`": command.lacks for name, command in COMMANDS.items()} | PAGE
    for name, lacks in every.items():
        rows.append([name, *(lacks.get(promise, "yes") for promise in PROMISES)])
    rule = ["---"] * len(rows[0])
    return "\n".join("| " + " | ".join(row) + " |" for row in (rows[0], rule, *rows[1:])) + "\n"
