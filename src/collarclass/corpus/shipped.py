"""Where the shipped data are: inside the installed package, or in a source checkout."""

from __future__ import annotations

from pathlib import Path

from collarclass.errors import DataError


def data_path() -> Path:
    """The data folder: training ads, occupations and titles.

    Raises
    ------
    DataError
        If the package was installed without it.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "data", package.parents[1] / "data"):
        if (folder / "ads").is_dir():
            return folder
    raise DataError("This installation has no training data: install collarclass from its wheel, or name --data.")
