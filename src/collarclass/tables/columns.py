"""Which columns of a table hold titles, texts and codes, and whether new ones can be added."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from collarclass.errors import DataError, require_columns
from collarclass.labelling.options import Options
from collarclass.messages import Message
from collarclass.tables.schema import COLUMNS, fields
from collarclass.text.cells import column_names, fold, join_sections, spellings

_ENOUGH = 4  # cells by which a column is known for one of titles or texts
_LONG, _SHORT, _USUAL, _NARROW = 100, 60, 20, 4  # mean widths of texts from, of titles; a Chinese character counts two
Cells = Callable[[Hashable], Sequence[object]]  # from a column to its first cells


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are read."""

    title: Hashable | None
    texts: tuple[Hashable, ...]  # one column that holds whole ads, or several, read together, each under its heading
    code: Hashable | None = None  # codes of occupations
    # Whether titles or texts were found by what their columns hold, not by their names.
    guessed: bool = field(default=False, compare=False, repr=False)

    @property
    def every(self) -> tuple[Hashable, ...]:
        """Each column once."""
        given = (*((self.title,) if self.title is not None else ()), *self.texts)
        return tuple(dict.fromkeys((*given, *((self.code,) if self.code is not None else ()))))

    @property
    def has_titles(self) -> bool:
        """Whether rows have titles of their own; several texts have, so that no heading is taken for one."""
        return self.title is not None or len(self.texts) > 1

    def row(self, cells: Sequence[str]) -> tuple[str, str, str]:
        """Title, text and code of a row, from its cells in the order of `every`."""
        [text], titles, codes = self.rows([[cell] for cell in cells])
        return titles[0] if titles else "", text, codes[0] if codes else ""

    def rows(self, cells: Sequence[Sequence[str]]) -> tuple[list[str], list[str] | None, list[str] | None]:
        """Texts, titles and codes of all rows, from columns in the order of `every`; None for what there is not."""
        column = dict(zip(self.every, cells, strict=True))
        texts = list(column[self.texts[0]])
        if len(self.texts) > 1:
            parts = zip(*(column[name] for name in self.texts), strict=True)
            texts = [join_sections(self.texts, part).text for part in parts]
        titles = list(column[self.title]) if self.title is not None else [""] * len(texts) if self.has_titles else None
        return texts, titles, list(column[self.code]) if self.code is not None else None


def choose_columns(
    columns: Iterable[Hashable],
    title: Hashable | None = None,
    text: Hashable | Sequence[Hashable] | None = None,
    where: str | Message = "the table",
    code: Hashable | None = None,
    kinds: Mapping[Hashable, str] | None = None,
    cells: Cells | None = None,
) -> Columns:
    """Find the columns that hold job titles and ad texts.

    Without a name given common English and Chinese names are tried; of texts all that are known are read: the body of
    the ad, and its parts (duties, requirements, schooling, ...). `kinds` says which columns hold "objects" or
    "numbers", and no text. Where no name tells, columns are found by what their first `cells` hold; codes never are.
    A name such as "job.title" is a member of a nested column.

    When titles are all there is, their column is that of the texts, too, and each row is judged as a title; so is that
    of the codes, when these are all.

    Examples
    --------
    >>> choose_columns(["id", "Job Title", "Description", "Education"])
    Columns(title='Job Title', texts=('Description', 'Education'), code=None)
    """
    columns = list(columns)
    given = list(text) if isinstance(text, (list, tuple)) else [] if text is None else [text]
    require_columns((title, *given, code), columns, where)
    kinds = kinds or {}
    own = COLUMNS if "collar_model" in columns else ()  # what labelling added before is no part of the ad
    likely = [name for name in columns if kinds.get(name) != "numbers" and name not in own]
    texts = given or _known_texts(likely, {title, code}, kinds)
    named = title
    if title is None:
        title = _first(likely, column_names().title, {*texts, code})
    guessed = False
    if cells is not None and not texts and named is None and code is None:
        free = [name for name in likely if name not in kinds and name != title and columns.count(name) == 1]
        by_contents = guess_columns({name: cells(name) for name in free})
        title, texts = title if title is not None else by_contents[0], by_contents[1]
        guessed = any(by_contents)
    if not texts and title is None and code is None:
        for name in _known_texts(columns, set(), {}):
            _refuse(name, kinds[name], where, columns)
        raise DataError(
            "No column of ad texts found in {where}; its columns are: {columns}. Name it with text=... in Python "
            "or --text on the command line.", where=where, columns=columns,
        )  # fmt: skip
    if not texts:
        texts = [title if title is not None else code]
    found = Columns(title, tuple(texts), code, guessed)
    for name in found.every:
        if columns.count(name) > 1:
            raise DataError(
                "Two columns of {where} are called {name!r}: rename one of them.", where=where, name=name,
            )  # fmt: skip
        if name != code and name in kinds:
            _refuse(name, kinds[name], where, columns)
    return found


def guess_columns(cells: Mapping[Hashable, Sequence[object]]) -> tuple[Hashable | None, list[Hashable]]:
    """Columns of titles and of texts by their first cells: short varied words, long varied ones.

    Examples
    --------
    >>> frames = [f"Weld frames by hand in hall {i}. " * 5 for i in range(9)]
    >>> guess_columns({"a": [f"Welder {i}" for i in range(9)], "b": frames, "c": ["North"] * 9})
    ('a', ['b'])
    """
    titles: list[tuple[float, Hashable]] = []
    texts: list[tuple[float, Hashable]] = []
    for name, column in cells.items():
        filled = [cell for value in column if isinstance(value, str) and (cell := value.strip())]
        if len(filled) < _ENOUGH or 2 * len(set(filled)) < len(filled):
            continue
        if sum(map(_is_wordy, filled)) < 0.8 * len(filled):
            continue
        mean = sum(map(width, filled)) / len(filled)
        if mean >= _LONG:
            texts.append((mean, name))
        elif _NARROW <= mean <= _SHORT:
            titles.append((-abs(mean - _USUAL), name))
    title = max(titles, key=lambda found: found[0], default=(0, None))[1]
    return title, [max(texts, key=lambda found: found[0])[1]] if texts else []


def width(cell: str) -> int:
    """In columns of a terminal: a Chinese character has two."""
    return sum(2 if c > "\u2e80" else 1 for c in cell)


def _is_wordy(cell: str) -> bool:
    letters = sum(c.isalpha() or c.isspace() for c in cell)
    return 2 * letters > len(cell) and "@" not in cell and "://" not in cell[:12]


def find_header(rows: Iterable[Sequence[str]], named: Iterable[Hashable] = ()) -> int | None:
    """Find the row of column names among a table's first rows, below a heading or a note.

    It is the first with a column that the user `named`, or with a common name, and with more filled cells than any row
    above it; so no row of data is taken for names where a whole row of names stands above.

    Examples
    --------
    >>> find_header([["Vacancies of March", ""], ["Job title", "Description"], ["Welder", "MIG welding"]])
    1
    """
    wanted = {str(name) for name in named if name is not None}
    known = column_names()
    common = {*known.title, *known.text, *known.part}
    most = 0
    for i, cells in enumerate(rows):
        filled = [cell for cell in cells if cell.strip()]
        if len(filled) > most and (wanted <= set(cells) if wanted else any(fold(cell) in common for cell in filled)):
            return i
        most = max(most, len(filled))
    return None


def _known_texts(
    columns: Sequence[Hashable], taken: set[Hashable | None], kinds: Mapping[Hashable, str]
) -> list[Hashable]:
    """The body of the ad, if there is one, and its parts, in the order of the table."""
    known = column_names()
    body = _first(columns, known.text, taken)
    every = [c for c in columns if c not in taken and (c == body or (_is(c, known.part) and c not in kinds))]
    return list(dict.fromkeys(every))


def _first(columns: Sequence[Hashable], names: Sequence[str], taken: set[Any]) -> Hashable | None:
    """The column with the likeliest of some names; a whole name goes before the end of a dotted one."""
    free = [(spellings(str(column)), column) for column in reversed(columns) if column not in taken]
    whole, ends = ({written[k]: column for written, column in free} for k in (0, 1))
    return next((found[name] for found in (whole, ends) for name in names if name in found), None)


def _is(column: Hashable, names: Iterable[str]) -> bool:
    return any(written in names for written in spellings(str(column)))


def _refuse(column: Hashable, kind: str, where: str | Message, columns: Iterable[Hashable]) -> NoReturn:
    members = [str(name) for name in columns if str(name).startswith(f"{column}.")]
    known = column_names()
    likely = next((name for name in members if _is(name, (*known.text, *known.part, *known.title))), None)
    remedy = (
        Message("name one of its members, such as {member!r},", member=likely or members[0])
        if members
        else Message("name another")
    )
    raise DataError(
        "Column {column!r} of {where} holds {kind}, not text: {remedy} with title=... or text=... (--title, "
        "--text), or turn it into text first.", column=column, where=where, kind=kind, remedy=remedy,
    )  # fmt: skip


def check_free(columns: Iterable[Hashable], where: str | Message, options: Options) -> None:
    """Refuse to add a column that is there already; databases and Spark take `COLLAR` and `collar` for one."""
    prefix, added = options.prefix, [field.name for field in fields("", options.occupations)]
    there = {str(name).casefold(): name for name in columns}
    clash = [there[(prefix + name).casefold()] for name in added if (prefix + name).casefold() in there]
    if not clash:
        return
    free = f"new_{prefix}"
    while any((free + name).casefold() in there for name in added):
        free = f"new_{free}"
    n = len(clash) - 1
    others = Message(" is") if not n else Message(
        " and {n} other{s} of those to be added are", n=n, s="s" * (n > 1)
    )  # fmt: skip
    raise DataError(
        "Column {name!r}{others} already in {where}: give the added columns a prefix, such as prefix={free!r} "
        "in Python or --prefix {free} on the command line, or rename or drop yours first.", name=clash[0],
        others=others, where=where, free=free,
    )  # fmt: skip
