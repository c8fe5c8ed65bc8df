"""The certificates that ads ask for: how, by kind, and by which names."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import NOT_NEEDED, PREFERRED, REQUIRED, SUBSTITUTABLE, UNSTATED
from collarclass.requirement_reader.lexicon import NATURES
from collarclass.requirement_reader.stated import CERTIFICATE, LICENCE, SKILL_GRADE, Stated, is_certificate

_STRONGEST_FIRST = (REQUIRED, SUBSTITUTABLE, PREFERRED, NOT_NEEDED, UNSTATED)
_MAX_NAMES = 8  # of one ad
UNNAMED = {CERTIFICATE: "unnamed certificate", LICENCE: "unnamed licence", SKILL_GRADE: "unnamed skill grade"}


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
        chosen = is_certificate(stated.kind) & (stated.nature == column)
        if nature == "vocational":
            chosen |= stated.kind == SKILL_GRADE
        np.minimum.at(strongest[:, column], stated.row[chosen], rank[stated.finding_status[chosen]])
    return np.array(_STRONGEST_FIRST, dtype=np.int8)[strongest]


def certificate_names(stated: Stated) -> list[tuple[str, ...]]:
    """The certificates that each ad asks for, by the names of the table of credentials.

    Returns
    -------
    list of tuple of str
        One for each ad, in reading order, each name once; those without a name stand last, as "unnamed licence".

    Examples
    --------
    >>> from collarclass import requirements
    >>> [item.name for item in requirements("CCNA and a valid forklift licence required.")]
    ['Cisco CCNA', 'Forklift Operator Certification']
    """
    asked = np.flatnonzero(is_certificate(stated.kind) & (stated.finding_status != NOT_NEEDED))
    number = stated.credential[asked]
    named = np.flatnonzero(number >= 0)
    names = [UNNAMED[kind] for kind in stated.kind[asked].tolist()]
    for i, name in zip(named.tolist(), stated.credential_names[number[named]].tolist(), strict=True):
        names[i] = name
    order = np.lexsort((number < 0, stated.row[asked]))
    in_order = [names[i] for i in order.tolist()]
    cuts = np.searchsorted(stated.row[asked], np.arange(len(stated.level) + 1)).tolist()
    return [tuple(dict.fromkeys(in_order[a:b]))[:_MAX_NAMES] if b > a else () for a, b in pairwise(cuts)]
