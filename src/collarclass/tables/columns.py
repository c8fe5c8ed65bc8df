"""Which columns of a table hold titles and texts, and whether new ones can be added."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable
from functools import cache
from importlib.resources import files

from collarclass.errors import DataError
from collarclass.tables.schema import COLUMNS


@cache
def column_names() -> dict[str, tuple[str, ...]]:
    """Common names of the columns that hold titles and texts, likeliest first, folded."""
    names: dict[str, list[str]] = {"title": [], "text": []}
    for line in (files("collarclass") / "tables" / "column_names.tsv").read_text("utf-8").splitlines()[1:]:
        kind, name = line.split("\t")
        names[kind].append("".join(c for c in name.casefold() if c.isalnum()))
    return {kind: tuple(found) for kind, found in names.items()}


def find_columns(
    columns: Iterable[Hashable],
    title: Hashable | None = None,
    text: Hashable | None = None,
    where: str = "the table",
) -> tuple[Hashable | None, Hashable]:
    """Find the columns that hold job titles and ad texts.

    Parameters
    ----------
    columns : iterable of hashable
        The columns there are.
    title, text : hashable, optional
        Their names, if known; otherwise common English and Chinese names are tried.
    where : str
        How to call the table in an error.

    Returns
    -------
    title : hashable or None
        None when there is no column of titles.
    text : hashable
        The column of texts; the titles' own when titles are all there is.

    Raises
    ------
    DataError
        If a named column is missing or no column of texts can be found.

    Examples
    --------
    >>> find_columns(["id", "Job Title", "Description"])
    ('Job Title', 'Description')
    """
    columns = list(columns)
    listing = ", ".join(map(str, columns)) or "none"
    for name in (title, text):
        if name is not None and name not in columns:
            near = difflib.get_close_matches(str(name), [str(c) for c in columns], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(f"No column {name!r} in {where}; its columns are: {listing}.{hint}")
    known = column_names()
    plain = {
        "".join(c for c in str(column).casefold() if c.isalnum()): column for column in reversed(columns)
    }

    def first(kind: str, *taken: Hashable) -> Hashable | None:
        return next((plain[n] for n in known[kind] if n in plain and plain[n] not in taken), None)

    text = text if text is not None else first("text", title)
    title = title if title is not None else first("title", text)
    if text is None:
        if title is None:
            raise DataError(
                f"No column of ad texts found in {where}; its columns are: {listing}. "
                "Name it with text=... in Python or --text on the command line."
            )
        return None, title
    return title, text


def check_free(columns: Iterable[Hashable], prefix: str, where: str) -> None:
    """Refuse to add a column that is there already."""
    clash = [prefix + name for name in COLUMNS if prefix + name in set(columns)]
    if clash:
        raise DataError(
            f"Column {clash[0]!r} is already in {where}: give the added columns a prefix "
            "(prefix=... in Python, --prefix on the command line) or drop it first."
        )
