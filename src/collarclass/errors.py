"""What can go wrong, as exceptions whose message is one plain sentence with a remedy."""

from __future__ import annotations

import importlib
from typing import Any


class CollarclassError(Exception):
    """Base of every error that collarclass raises on purpose."""


class DataError(CollarclassError, ValueError):
    """A file, table, row or column is not what it has to be."""


class ModelFileError(CollarclassError, ValueError):
    """A model folder is missing, damaged or of an unknown format."""


class MissingPartError(CollarclassError):
    """A library that only a part of the package needs is not installed."""


def import_optional(module: str, what: str, extra: str) -> Any:
    """Import a module of an optional part.

    Parameters
    ----------
    module : str
    what : str
        What needs it, as the sentence begins.
    extra : str
        The extra of the package that brings it.

    Raises
    ------
    MissingPartError
        That says how to install it.

    Examples
    --------
    >>> import_optional("no_library", "It", "excel")
    Traceback (most recent call last):
    collarclass.errors.MissingPartError: It needs no_library: install it with pip install 'collarclass[excel]'.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingPartError(
            f"{what} needs {error.name}: install it with pip install 'collarclass[{extra}]'."
        ) from None
