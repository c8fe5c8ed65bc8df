"""The certificates that ads ask for: how, by kind, and in which words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.lexicon import NATURES
from collarclass.requirement_reader.stated import (
    CERTIFICATE,
    LICENCE,
    NOT_NEEDED,
    PREFERRED,
    REQUIRED,
    SKILL_GRADE,
    SUBSTITUTABLE,
    UNSTATED,
    Stated,
)
from collarclass.text.tokens import Tokens

_STRONGEST_FIRST = (REQUIRED, SUBSTITUTABLE, PREFERRED, NOT_NEEDED, UNSTATED)
_MOST = 8  # names of one ad


def is_certificate(stated: Stated) -> NDArray[np.bool_]:
    """Which findings are certificates, licences or skill grades; driving licences are not."""
    return np.isin(stated.kind, (CERTIFICATE, LICENCE, SKILL_GRADE))


def certificate_status(stated: Stated) -> NDArray[np.int8]:
    """How each ad asks for certificates of either kind, the strongest wording of several.

    Returns
    -------
    ndarray of int8, shape (n_rows, 2)
        Index into `STATUSES` for academic-professional and for vocational certificates; skill grades are vocational.
    """
    rank = np.empty(len(_STRONGEST_FIRST), dtype=np.int8)
    rank[list(_STRONGEST_FIRST)] = np.arange(len(_STRONGEST_FIRST))
    out = np.full((len(stated.level), len(NATURES)), len(_STRONGEST_FIRST) - 1, dtype=np.int8)
    for k, nature in enumerate(NATURES):
        here = is_certificate(stated) & (stated.nature == k)
        if nature == "vocational":
            here |= stated.kind == SKILL_GRADE
        np.minimum.at(out[:, k], stated.row[here], rank[stated.finding_status[here]])
    return np.array(_STRONGEST_FIRST, dtype=np.int8)[out]


def certificate_names(stated: Stated, tokens: Tokens, texts: Sequence[str]) -> list[str]:
    """The words in which each ad names certificates that it asks for, joined by semicolons.

    Parameters
    ----------
    stated : Stated
    tokens : Tokens
        What `stated` was read from.
    texts : sequence of str
        The ads as they were passed to `tokenize`.

    Returns
    -------
    list of str
        One for each ad, in reading order, each name once; empty where none is asked for.
    """
    here = np.flatnonzero(is_certificate(stated) & (stated.finding_status != NOT_NEEDED))
    start, end = tokens.spans(stated.first[here], stated.last[here])
    names: list[dict[str, str]] = [{} for _ in texts]
    for row, a, b in zip(stated.row[here].tolist(), start.tolist(), end.tolist(), strict=True):
        name = " ".join(texts[row][a:b].replace(";", ",").split())
        if len(names[row]) < _MOST:
            names[row].setdefault(name.casefold(), name)
    return ["; ".join(found.values()) for found in names]
