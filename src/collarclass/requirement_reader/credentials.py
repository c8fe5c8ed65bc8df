"""Which credentials of an ad are named more than once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.lexicon import CLASS, CLASSES, NATURES, NOTES, Lexicon
from collarclass.requirement_reader.phrases import Flags, Phrases

_DOUBTFUL = NOTES.index("doubtful")


def deduplicate(items: Phrases, lexicon: Lexicon, kept: Flags, preferred: Flags) -> Flags:
    """Whether each credential among the `kept` items is named more than once, and not here at its best.

    "CPR certification" three times is one credential, and so are "CDL" and "CDL class A". Of licences for an
    academic profession an ad asks for one, by more than one name: "registered nurse", "state nursing licence";
    one that is `preferred` may be another. A bare word, "certificate", is none beside one that has a name.
    """
    repeated = np.zeros(len(items), dtype=bool)
    is_credential = (items.group >= CLASS["certificate"]) & (items.group <= CLASS["driving"])
    chosen = np.flatnonzero(kept & is_credential)
    if len(chosen) < 2:
        return repeated
    n_phrases, phrase = len(lexicon.root), items.phrase[chosen]
    group, row = items.group[chosen], items.row[chosen]
    licence, driving = group == CLASS["licence"], group == CLASS["driving"]
    bare = (lexicon.note[phrase] == _DOUBTFUL) & (items.first[chosen] == items.last[chosen])
    academic = licence & ~bare & (lexicon.nature[phrase] == NATURES.index("academic"))
    # Numbers behind those of phrases: an academic licence asked for, one preferred, a driving licence, a bare word.
    alike = np.where(
        academic, n_phrases + preferred[chosen], np.where(driving, n_phrases + 2, np.where(bare, n_phrases + 3, -1))
    )
    root = np.where(alike < 0, lexicon.root[phrase], alike)
    exact = np.where((alike < 0) & ~lexicon.one_credential[phrase], phrase, root)
    repeated[chosen] |= bare & _shared(row, group, ~bare)
    exact, root = row * (n_phrases + 4) + exact, row * (n_phrases + 4) + root
    order = np.argsort(exact, kind="stable")
    repeated[chosen[order[1:]]] |= exact[order[1:]] == exact[order[:-1]]
    longer = root[exact != root]
    if len(longer):
        repeated[chosen] |= np.isin(exact, longer)  # "CDL" beside "CDL class A"
    return repeated


def _shared(row: NDArray[np.int64], group: NDArray[np.int64], mask: Flags) -> Flags:
    """Whether the row of each has one of the same class for which a mask holds."""
    key = row * len(CLASSES) + group
    there = np.zeros(int(key.max()) + 1, dtype=bool)
    there[key[mask]] = True
    return np.asarray(there[key])
