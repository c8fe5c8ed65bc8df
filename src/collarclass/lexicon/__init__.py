"""Words the library reads by: data files, and how to load them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def stop_words() -> frozenset[str]:
    """Words that say nothing by themselves, English and Chinese."""
    lines = (files(__name__) / "stop_words.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def column_names() -> dict[str, tuple[str, ...]]:
    """Common names of the columns that hold titles and texts, likeliest first, folded."""
    names: dict[str, list[str]] = {"title": [], "text": []}
    for line in (files(__name__) / "column_names.tsv").read_text("utf-8").splitlines()[1:]:
        kind, name = line.split("\t")
        names[kind].append("".join(c for c in name.casefold() if c.isalnum()))
    return {kind: tuple(found) for kind, found in names.items()}
