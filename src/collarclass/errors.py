"""What can go wrong, as exceptions whose message is one plain sentence with a remedy."""

from __future__ import annotations

import difflib
import errno
import importlib
from collections.abc import Iterable
from typing import Any

from collarclass.messages import Message


class CollarclassError(Exception):
    """Base of every error that collarclass raises on purpose.

    Parameters
    ----------
    message : str or Message
        A literal template, or a message that is made already.
    **values : object
        Those of the template.

    Attributes
    ----------
    message : Message
        What `str(error)` is the English of.

    Examples
    --------
    >>> error = DataError("{name} has no rows.", name="ads.csv")
    >>> str(error), error.message.said("zh")
    ('ads.csv has no rows.', 'ads.csv 没有数据行。')
    """

    def __init__(self, message: str | Message, /, **values: object) -> None:
        self.message = message if isinstance(message, Message) else Message(message, **values)
        super().__init__(str(self.message))

    def __reduce__(self) -> tuple[type[CollarclassError], tuple[Message]]:
        return type(self), (self.message,)


class DataError(CollarclassError, ValueError):
    """A file, table, row or column is not what it has to be."""


class ModelFileError(CollarclassError, ValueError):
    """A model folder is missing, damaged or of an unknown format."""


class MissingPartError(CollarclassError):
    """A library that only a part of the package needs is not installed."""


def import_optional(module: str, what: str) -> Any:
    """Import a module of an optional part.

    Parameters
    ----------
    module : str
    what : str
        What needs it, as the sentence begins.

    Raises
    ------
    MissingPartError
        That says how to install it.

    Examples
    --------
    >>> import_optional("no_library", "It")
    Traceback (most recent call last):
    collarclass.errors.MissingPartError: It needs no_library: install it with pip install no_library.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        library = (error.name or module).partition(".")[0]
        raise MissingPartError(
            "{what} needs {name}: install it with pip install {name}.", what=what, name=library
        ) from None


def require_columns(wanted: Iterable[object], columns: Iterable[object], where: str | Message) -> None:
    """Raise where a wanted column is not among those of a table, with the name that may be meant.

    Parameters
    ----------
    wanted : iterable
        Names; None is no column.
    columns : iterable
        Those of the table.
    where : str
        What to call the table.

    Examples
    --------
    >>> require_columns(["Region"], ["id", "region"], "ads.csv")
    Traceback (most recent call last):
    collarclass.errors.DataError: No column 'Region' in ads.csv; its columns are: id, region. Did you mean 'region'?
    """
    columns = list(columns)
    for name in wanted:
        if name is not None and name not in columns:
            raise no_column(name, columns, where)


def no_column(name: object, columns: Iterable[object], where: str | Message) -> DataError:
    """The error that a column is missing, with the name that may be meant.

    Examples
    --------
    >>> print(no_column("Region", ["id", "region"], "ads.csv"))
    No column 'Region' in ads.csv; its columns are: id, region. Did you mean 'region'?
    """
    names = [str(column) for column in columns]
    folded = {column.casefold(): column for column in reversed(names)}
    near = difflib.get_close_matches(str(name).casefold(), folded, n=1)
    hint = Message(" Did you mean {name!r}?", name=folded[near[0]]) if near else ""
    return DataError(
        "No column {name!r} in {where}; its columns are: {columns}.{hint}", name=name, where=where, columns=names,
        hint=hint,
    )  # fmt: skip


def kind_of(value: object) -> str:
    """The type of a value with its article.

    Examples
    --------
    >>> kind_of(1), kind_of("Welder")
    ('an int', 'a str')
    """
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def refusal(error: OSError) -> Message:
    """What the operating system refused, as a sentence with a remedy.

    Examples
    --------
    >>> print(refusal(OSError(errno.ENOSPC, "No space left on device", "a.csv")))
    a.csv cannot be written (No space left on device): make room, or write to another disk.
    """
    reason = error.strerror or str(error) or type(error).__name__
    what = error.filename or Message("The result" if error.errno in _FULL else "A file")
    if error.errno in _FULL:
        return Message("{what} cannot be written ({reason}): make room, or write to another disk.", what=what,
                       reason=reason)  # fmt: skip
    return Message("{what} cannot be used ({reason}): check its name, its folder, and who may use it.", what=what,
                   reason=reason)  # fmt: skip


_FULL = (errno.ENOSPC, errno.EFBIG, *((errno.EDQUOT,) if hasattr(errno, "EDQUOT") else ()))  # Windows may lack it
