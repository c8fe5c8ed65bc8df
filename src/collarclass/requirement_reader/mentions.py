"""Mentions of schooling, credentials and lengths of time in a batch, and the cues near them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.kernel import reading
from collarclass.kernel.library import is_compiled
from collarclass.requirement_reader.durations import count_years
from collarclass.requirement_reader.lexicon import CLASS, FIELD, ITEMS, VALUES, Lexicon
from collarclass.requirement_reader.phrases import BEFORE, BEHIND, Flags, Hits, Indices, Phrases, find_phrases
from collarclass.text.tokens import Tokens

_MIN_LETTERS = 3  # of a word that another was run into
_GENERAL_SCHOOLING = 2  # from this value on, "nothing" names schooling in general: "qualifications", "college"
_EXPERIENCE, _SUBSTITUTES_AFTER = VALUES["topic"].index("experience"), VALUES["substitute"].index("after")
_NAMES = np.array(  # those that the compiled kernel looks at
    [len(ITEMS), CLASS["level"], FIELD, CLASS["nothing"], _GENERAL_SCHOOLING]
    + [CLASS["topic"], _EXPERIENCE, CLASS["mark"], CLASS["substitute"], _SUBSTITUTES_AFTER]
)
_MAX_QUALIFYING_TOKENS = 4  # from "equivalent" to "experience"
_PARTS_CLAUSES = np.zeros(1 << 16, dtype=bool)
_PARTS_CLAUSES[[ord(c) for c in ",;("]] = True
_MAX_DENIAL_TOKENS = 10  # between schooling in general and the words that deny it
_MAX_TOKENS_FROM_PURSUING, _MAX_TOKENS_TO_PURSUING = 6, 4  # "pursuing a degree", "degree in progress"


@dataclass(frozen=True, slots=True)
class Mentions:
    """What ads may ask for.

    Attributes
    ----------
    items : Phrases
    figure : ndarray of int64
        First token of each item with its number.
    years : ndarray of float64
        Number of years of each item, NaN where it is no length of time.
    pursuing : ndarray of bool
        Whether each item, if it is schooling, may still be under way.
    n_rows : int
        Number of ads.
    """

    items: Phrases
    figure: Indices
    years: NDArray[np.float64]
    pursuing: Flags
    n_rows: int


@dataclass(frozen=True, slots=True)
class TextMentions(Mentions):
    """The same, seeing the text, with the words that may say how something is asked for.

    Attributes
    ----------
    tokens : Tokens
    sentence : ndarray of int64
        Sentence of each token; one begins also where a line break was lost.
    cues : Phrases
    """

    tokens: Tokens
    sentence: Indices
    cues: Phrases


def find_mentions(tokens: Tokens, lexicon: Lexicon) -> TextMentions:
    """Find what may be asked for in a batch of ads."""
    hits = find_phrases(tokens, lexicon)
    sentence = _sentences(tokens, hits.first, hits.last)
    items, cues = _sorted(tokens, sentence, hits, lexicon)
    years, figure = count_years(tokens, sentence, lexicon, items)
    kept = (items.group != CLASS["years"]) | ~np.isnan(years)
    general = np.flatnonzero((items.group == CLASS["nothing"]) & (items.value >= _GENERAL_SCHOOLING))
    kept[general] = _denied(items.take(general), cues)
    items = items.only(kept)
    return TextMentions(
        items=items,
        figure=figure[kept],
        years=years[kept],
        pursuing=_pursuing(items, cues),
        n_rows=tokens.n_rows,
        tokens=tokens,
        sentence=sentence,
        cues=cues,
    )


def _sorted(tokens: Tokens, sentence: Indices, hits: Hits, lexicon: Lexicon) -> tuple[Phrases, Phrases]:
    """What may be asked for, and the cues."""
    if is_compiled():
        items, cues = reading.sort_phrases(tokens, sentence, hits, lexicon, _PARTS_CLAUSES, _NAMES)
        return Phrases(*items), Phrases(*cues)
    found = Phrases(
        first=hits.first,
        last=hits.last,
        row=tokens.row[hits.first],
        sentence=sentence[hits.first],
        phrase=hits.phrase,
        group=lexicon.group[hits.phrase].astype(np.int64),
        value=lexicon.value[hits.phrase].astype(np.int64),
    )
    _set_fields_aside(found, tokens.n_rows)
    is_item = found.group < len(ITEMS)
    _join_equivalents(tokens, found, is_item)
    return found.only(is_item), found.only(~is_item)


def _set_fields_aside(found: Phrases, n_rows: int) -> None:
    """Read a field of study as a topic in an ad that names a level, or that needs none: these decide there."""
    field = (found.group == CLASS["level"]) & (found.value == FIELD)
    schooling = (found.group == CLASS["level"]) & ~field
    schooling |= (found.group == CLASS["nothing"]) & (found.value < _GENERAL_SCHOOLING)
    named = np.zeros(n_rows, dtype=bool)
    named[found.row[schooling]] = True
    aside = field & named[found.row]
    found.group[aside], found.value[aside] = CLASS["topic"], 0


def _join_equivalents(tokens: Tokens, found: Phrases, is_item: Flags) -> None:
    """Read "or equivalent … experience", with a few words between, as one cue."""
    cue = np.flatnonzero(~is_item)
    mark, topic = cue[:-1], cue[1:]
    gap = found.first[topic] - found.last[mark]
    near = (found.group[mark] == CLASS["mark"]) & (found.group[topic] == CLASS["topic"])
    near &= found.value[topic] == _EXPERIENCE
    near &= (found.sentence[topic] == found.sentence[mark]) & (gap <= _MAX_QUALIFYING_TOKENS)
    mark, gap = mark[near], gap[near]
    if not len(mark):
        return
    whole = np.ones(len(mark), dtype=bool)
    for step in range(_MAX_QUALIFYING_TOKENS):
        sign = tokens.folded[tokens.end[np.minimum(found.last[mark] + step, len(tokens) - 1)]]
        whole &= (step >= gap) | ~_PARTS_CLAUSES[sign]
    found.group[mark[whole]], found.value[mark[whole]] = CLASS["substitute"], _SUBSTITUTES_AFTER


def _sentences(tokens: Tokens, first: Indices, last: Indices) -> Indices:
    """Sentence of each token, cut also where a line break was lost, but not in a phrase: "our fieldBachelor's"."""
    if is_compiled():
        return reading.cut_sentences(tokens, first, last)
    end = tokens.end[:-1]
    cut = np.flatnonzero((tokens.start[1:] == end) & ~tokens.ideograph[1:])
    cut = cut[~tokens.ideograph[cut] & (end[cut] - tokens.start[cut] >= _MIN_LETTERS)] + 1
    if len(first):
        within = np.searchsorted(first, cut) - 1
        cut = cut[(within < 0) | (last[within] < cut)]
    more = np.zeros(len(tokens), dtype=np.int64)
    more[cut] = 1
    return np.asarray(tokens.passage + np.cumsum(more)) if len(cut) else tokens.passage


def _denied(items: Phrases, cues: Phrases) -> Flags:
    """Whether words of denial stand near each item, which alone make schooling in general worth reading."""
    denials = cues.only((cues.group == CLASS["no"]) | (cues.group == CLASS["not_needed"]))
    denied = np.zeros(len(items), dtype=bool)
    if not len(denials):
        return denied
    for side in (BEFORE, BEHIND):
        index, exists = items.beside_each(denials, side)
        gap = items.first - denials.last[index] if side == BEFORE else denials.first[index] - items.last
        denied |= exists & (gap <= _MAX_DENIAL_TOKENS)
    return denied


def _pursuing(items: Phrases, cues: Phrases) -> Flags:
    """Whether each schooling may still be under way: "pursuing a degree", "degree in progress"."""
    pursuing = np.zeros(len(items), dtype=bool)
    cues = cues.only(cues.group == CLASS["pursuing"])
    for side, other_side, most_tokens in (
        (BEFORE, "after", _MAX_TOKENS_FROM_PURSUING),
        (BEHIND, "before", _MAX_TOKENS_TO_PURSUING),
    ):
        near = cues.only(cues.value != VALUES["pursuing"].index(other_side))
        if not len(near):
            continue
        index, exists = items.beside_each(near, side)
        gap = items.first - near.last[index] if side == BEFORE else near.first[index] - items.last
        pursuing |= exists & (gap <= most_tokens) & (near.sentence[index] == items.sentence)
    return pursuing
