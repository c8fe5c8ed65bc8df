"""How to cite the installed version and its model."""

from __future__ import annotations

from collarclass._version import __version__

_AUTHORS = "The collarclass authors"
_TITLE = "collarclass: white, blue and gray collar labels for job ads"
_YEAR = 2026


def citation(model: str) -> str:
    """The citation in APA style and as BibTeX.

    Parameters
    ----------
    model : str
        Name and version of the model, as in the column `collar_model`: labels depend on it.

    Examples
    --------
    >>> citation("standard 0123456789")[:33]
    'The collarclass authors. (2026). '
    """
    software = f"Version {__version__}, model {model}"
    return (
        f"{_AUTHORS}. ({_YEAR}). {_TITLE} ({software}) [Computer software].\n\n"
        f"@software{{collarclass,\n"
        f"  author  = {{{{{_AUTHORS}}}}},\n"
        f"  title   = {{{_TITLE}}},\n"
        f"  year    = {{{_YEAR}}},\n"
        f"  version = {{{__version__}}},\n"
        f"  note    = {{Model {model}}}\n"
        f"}}"
    )
