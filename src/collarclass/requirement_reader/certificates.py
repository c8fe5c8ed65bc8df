"""The certificates that ads ask for: how, by kind, and in which words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import NOT_NEEDED, PREFERRED, REQUIRED, SUBSTITUTABLE, UNSTATED
from collarclass.requirement_reader.lexicon import NATURES
from collarclass.requirement_reader.stated import CERTIFICATE, LICENCE, SKILL_GRADE, Stated
from collarclass.text.tokens import Tokens

_STRONGEST_FIRST = (REQUIRED, SUBSTITUTABLE, PREFERRED, NOT_NEEDED, UNSTATED)
_MAX_NAMES = 8  # of one ad


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
    strongest = np.full((len(stated.level), len(NATURES)), rank[UNSTATED], dtype=np.int8)
    for column, nature in enumerate(NATURES):
        chosen = is_certificate(stated) & (stated.nature == column)
        if nature == "vocational":
            chosen |= stated.kind == SKILL_GRADE
        np.minimum.at(strongest[:, column], stated.row[chosen], rank[stated.finding_status[chosen]])
    return np.array(_STRONGEST_FIRST, dtype=np.int8)[strongest]


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
    asked = np.flatnonzero(is_certificate(stated) & (stated.finding_status != NOT_NEEDED))
    starts, ends = tokens.spans(stated.first[asked], stated.last[asked])
    names: list[dict[str, str]] = [{} for _ in texts]
    for row, start, end in zip(stated.row[asked].tolist(), starts.tolist(), ends.tolist(), strict=True):
        name = " ".join(texts[row][start:end].replace(";", ",").split())
        if len(names[row]) < _MAX_NAMES:
            names[row].setdefault(name.casefold(), name)
    return ["; ".join(found.values()) for found in names]
