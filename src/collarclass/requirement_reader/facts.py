"""The facts by which a mention is judged: name, number and family of each kind, and how it becomes a hash.

A fact is one thing about one mention, such as "the cue *preferred* stands up to three tokens behind it". Its hash is
made of the number of its kind, of what is said, packed into one integer, and of the words that it is about, if any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.phrases import Flags, Indices
from collarclass.text.tokens import STEP, mix

GROUPS = ("schooling", "credential", "years")  # kinds of mention that are judged apart
SCHOOLING, CREDENTIAL, YEARS = range(len(GROUPS))


@dataclass(frozen=True, slots=True)
class Fact:
    """One kind of fact.

    Parameters
    ----------
    number : int
        Part of every hash of this kind: a model is bound to it, and no other kind may ever have it.
    family : str
        What facts of this kind are about.
    bits : dict of str to int
        The parts of what is said, the highest first, with the bits that each takes in the packed integer.
    """

    number: int
    family: str
    bits: Mapping[str, int] = field(default_factory=dict)


_CUE = {"cue_class": 5, "cue_value": 3}
_KIND = {"kind": 8}  # class of the lexicon, and of schooling the level
_ASKED = {"asked_behind": 8, "asked_before": 8}
_SWAPPED = {"swapped_behind": 8, "swapped_before": 8}
NEIGHBOUR = {"group": 2, "side": 1, "compared": 2, "item_class": 3, "sentences": 2, "choice": 1}

FACTS: dict[str, Fact] = {
    # The words of the mention itself.
    "class, value and note": Fact(0, "mention", {"item_class": 3, "value": 5, "note": 4}),
    "ends and length": Fact(1, "mention", {"item_class": 3, "value": 5, "further_tokens": 6}),
    "first word": Fact(2, "mention"),
    "last word": Fact(3, "mention"),
    "half years": Fact(8, "mention", {"half_years": 6}),
    # The characters that touch it.
    "sign before": Fact(4, "signs", {"near": 16}),
    "sign behind": Fact(5, "signs", {"near": 16}),
    "two signs before": Fact(6, "signs", {"near": 16, "beyond": 16}),
    "two signs behind": Fact(7, "signs", {"near": 16, "beyond": 16}),
    # Each word around it.
    "word": Fact(10, "words", {"sentences": 2, "place": 4}),
    # The nearest cues on each side.
    "cue": Fact(20, "cues", _CUE | {"side": 1, "comma": 1, "schooling": 1, "same_sentence": 1, "item_class": 3}),
    "nearest cue": Fact(21, "cues", {"cue": 9, "side": 1}),
    "nearest cues": Fact(22, "cues", {"before": 12, "behind": 12}),
    # The cues that are most likely about it. What denies reaches into the lowest bit of `offered`.
    "attached cue": Fact(30, "attached", {"cue": 10, "column": 3}),
    "attached cue and kind": Fact(31, "attached", {"cue": 10} | _KIND | {"column": 3}),
    "asked": Fact(32, "attached", _ASKED),
    "asked or swapped": Fact(33, "attached", _ASKED | _SWAPPED | {"offered": 4}),
    "asked or swapped, and section": Fact(
        34, "attached", _ASKED | _SWAPPED | {"offered": 4, "denied": 4, "section": 12}
    ),
    "asked or swapped behind, as written": Fact(
        35, "attached", {"asked_behind": 16, "asked_before": 16, "swapped_behind": 16}
    ),
    "asked, and section": Fact(36, "attached", _ASKED | {"section": 16}),
    "swapped as written, and offered": Fact(37, "attached", {"swapped_behind": 10, "offered": 4}),
    "offered": Fact(38, "attached", {"offered": 3} | _KIND),
    # The cue that opens the section.
    "section": Fact(40, "section", {"section": 8}),
    "section and distance": Fact(41, "section", {"section": 8, "sentences": 3}),
    "heading": Fact(42, "section", {"section": 8}),
    "heading and distance": Fact(43, "section", {"section": 8, "sentences": 3}),
    # The mentions before and behind.
    "neighbour": Fact(46, "neighbours", {"neighbour": 11}),
    "neighbour and distance": Fact(47, "neighbours", {"neighbour": 11, "distance": 3}),
    "neighbour's level": Fact(48, "neighbours", {"side": 1, "other": 3, "own": 3, "other_sentence": 1, "choice": 1}),
    "sign towards neighbour": Fact(49, "neighbours", {"sign": 16, "side": 1, "compared": 2, "gap": 2}),
    "word towards neighbour": Fact(50, "neighbours", {"side": 1, "compared": 2, "far": 1}),
    # The levels that the ad names.
    "level of the ad": Fact(51, "levels", _KIND | {"level": 3}),
    "levels of the ad": Fact(52, "levels", {"count": 3}),
    # The next words of substitution, however far.
    "substitution": Fact(55, "substitutes", {"cue_value": 3, "sentences": 3, "levels": 2, "side": 1}),
    "words of substitution": Fact(56, "substitutes", {"sentences": 3, "side": 1}),
}
FAMILIES: dict[str, tuple[int, ...]] = {
    family: tuple(fact.number for fact in FACTS.values() if fact.family == family)
    for family in dict.fromkeys(fact.family for fact in FACTS.values())
}
# Kinds of fact that depend on the levels of schooling: `level_facts` can tell them without the text. What lies
# between two mentions depends on which of the two levels is higher only.
LEVEL_FACTS = tuple(name for name, fact in FACTS.items() if {"value", "kind", "neighbour", "own"} & fact.bits.keys())
_N_NUMBERS = 64
KEYS = mix(np.arange(1, len(GROUPS) * _N_NUMBERS + 1, dtype=np.uint64) * STEP).reshape(_N_NUMBERS, len(GROUPS))


def pack(bits: Mapping[str, int], **parts: Any) -> Any:
    """Parts as one integer each, by the bits that they take, the highest part first.

    Examples
    --------
    >>> int(pack({"level": 3, "side": 1}, level=4, side=1))
    9
    """
    code: Any = np.int64(0)
    for name, size in bits.items():
        code = code << size | np.asarray(parts[name], dtype=np.int64)  # NumPy 1 would keep 16 bits
    return code


@dataclass(slots=True)
class Features:
    """Hashed features of some mentions of a batch: a row for each mention, some columns for each kind of fact.

    Attributes
    ----------
    mention : ndarray of int64, shape (n_rows,)
        Numbers of the mentions, ascending.
    group : ndarray of int64, shape (n_rows,)
        Index into `GROUPS`.
    placed : bool
        Whether the places of words are kept, as reasons need them.
    fact : list of int
        Number of the kind of fact of each column.
    blocks : list of ndarray of uint64, shape (n_rows, n_columns)
        What each fact says, 0 where there is none.
    first, last : list of ndarray of int64
        Tokens that each feature is about, -1 where it is about no words.
    """

    mention: Indices
    group: Indices
    placed: bool = False
    fact: list[int] = field(default_factory=list)
    blocks: list[NDArray[np.uint64]] = field(default_factory=list)
    first: list[Indices] = field(default_factory=list)
    last: list[Indices] = field(default_factory=list)

    def add(
        self,
        name: str,
        holds: Flags | None = None,
        first: Indices | None = None,
        last: Indices | None = None,
        words: NDArray[np.uint64] | None = None,
        **parts: Any,
    ) -> None:
        """Add what one kind of fact says of each mention; one column or several.

        Parameters
        ----------
        name : str
            In `FACTS`.
        holds : ndarray of bool, optional
            Where there is such a fact; everywhere if not given.
        first, last : ndarray of int64, optional
            First and last token that the fact is about; `last` is `first` if not given.
        words : ndarray of uint64, optional
            Hashes of words that it is about.
        **parts : int or ndarray of int
            What it says: the parts of its `bits`.
        """
        fact = FACTS[name]
        code = np.asarray(pack(fact.bits, **parts)).view(np.uint64)
        if words is not None:
            code = words + code * STEP if fact.bits else words
        columns = int(np.prod(code.shape[1:]))
        value = code.reshape(len(self.group), columns) ^ KEYS[fact.number].take(self.group)[:, None]
        if holds is not None:
            value *= holds.reshape(value.shape)
        self.blocks.append(value)
        self.fact += [fact.number] * columns
        if self.placed:
            none = np.full(value.shape, -1) if first is None else first.reshape(value.shape)
            self.first.append(none)
            self.last.append(none if last is None else last.reshape(value.shape))

    def hashes(self) -> NDArray[np.uint64]:
        """Hash of every feature, shape (n_rows, n_columns); 0 where there is none."""
        return mix(np.concatenate(self.blocks, axis=1))
