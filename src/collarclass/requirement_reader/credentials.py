"""Which credentials of an ad are named more than once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.lexicon import CLASS, NOTES, Lexicon
from collarclass.requirement_reader.mentions import Flags, Phrases

_DOUBTFUL = NOTES.index("doubtful")


def deduplicate(items: Phrases, lexicon: Lexicon, kept: Flags, preferred: Flags) -> Flags:
    """Whether each credential among the `kept` items is named more than once, and not here at its best.

    "CPR certification" three times is one credential, and so are "CDL" and "CDL class A". Of licences for an
    academic profession an ad asks for one, by more than one name: "registered nurse", "state nursing licence";
    one that is `preferred` may be another. A bare word, "certificate", is none beside one that has a name.
    """
    out = np.zeros(len(items), dtype=bool)
    some = np.flatnonzero(kept & (items.group >= CLASS["certificate"]) & (items.group <= CLASS["driving"]))
    if len(some) < 2:
        return out
    n, phrase, group, row = len(lexicon.root), items.phrase[some], items.group[some], items.row[some]
    licence, driving = group == CLASS["licence"], group == CLASS["driving"]
    bare = (lexicon.note[phrase] == _DOUBTFUL) & (items.first[some] == items.last[some])
    academic = licence & ~bare & (lexicon.nature[phrase] == 0)
    one = np.where(academic, n + preferred[some], np.where(driving, n + 2, np.where(bare, n + 3, -1)))
    root = np.where(one < 0, lexicon.root[phrase], one)
    exact = np.where((one < 0) & ~lexicon.one_credential[phrase], phrase, root)
    out[some] |= bare & _shared(row, group, ~bare)
    exact, root = row * (n + 4) + exact, row * (n + 4) + root
    order = np.argsort(exact, kind="stable")
    out[some[order[1:]]] |= exact[order[1:]] == exact[order[:-1]]
    out[some] |= np.isin(exact, root[exact != root])  # "CDL" beside "CDL class A"
    return out


def _shared(row: NDArray[np.int64], group: NDArray[np.int64], mask: Flags) -> Flags:
    """Whether the row of each has one of the same class for which a mask holds."""
    key = row * 16 + group
    return np.isin(key, key[mask])
