"""The words, cues, signs and neighbours of each mention, as hashed features.

Every helper here carries the bounds of its row: nothing is seen across the border of an ad.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.features.ngrams import PAIR, Vocabulary
from collarclass.kernel import reading
from collarclass.requirement_reader.facts import CREDENTIAL, KEYS, NEIGHBOUR, SCHOOLING, YEARS, Features, pack
from collarclass.requirement_reader.lexicon import CLASS, CLASSES, ITEMS, VALUES, Lexicon
from collarclass.requirement_reader.mentions import Mentions, TextMentions
from collarclass.requirement_reader.phrases import BEFORE, BEHIND, Flags, Indices, Phrases

_GROUPS = {"level": SCHOOLING, "nothing": SCHOOLING, "years": YEARS}
_GROUP_OF_CLASS = np.array([_GROUPS.get(name, CREDENTIAL) for name in ITEMS])

_OFFSETS = np.array([*range(-1, -7, -1), *range(1, 11)])  # tokens around a mention whose words are looked at
_FAR_OFFSETS = np.array([*range(-7, -11, -1), *range(11, 15)])  # and around one of schooling or a credential
_DISTANCE = np.array([0, 0, 1, 2, 3, 3, 3, *[4] * 20])  # 1, 2, 3, 4 to 6, more
_PLACES, _FAR_PLACES = (_DISTANCE[np.abs(offsets)] + 8 * (offsets > 0) for offsets in (_OFFSETS, _FAR_OFFSETS))
_ANY_NUMBER = np.uint64(777)  # all numbers are one word
_ZERO = np.uint16(ord("0"))
_COLON, _BREAK = ord(":"), ord("\n")
_IS_COMMA = np.zeros(1 << 16, dtype=bool)
_IS_COMMA[[ord(c) for c in ",;、|"]] = True

_N_CUES, _N_NEAREST = 5, 2  # cues on each side that are looked at, and that are features by themselves
_MAX_CUE_TOKENS, _MAX_CUE_SENTENCES = 60, 3  # how far cues may stand
_MAX_JOINED_TOKENS = 3  # from one level to another that goes on with it
_LONG_CUE_TOKENS = 4
_ASKS_BEHIND, _ASKS_BOTH, _ASKS_EXCLUDED = (VALUES["required"].index(value) for value in ("after", "both", "excluded"))
_SPEAKS = np.array([name not in ("or", "topic", "mark", "decoy", "span", "thing") for name in CLASSES])
_NAMES = np.array(  # those that the compiled kernel looks at
    [CLASS[name] for name in ("level", "nothing", "years", "required", "not_needed", "substitute", "no", "clutter")]
    + [CLASS["or"], CLASS["heading"], _ASKS_BEHIND, _ASKS_BOTH, _ASKS_EXCLUDED]
)
_N_BETWEEN = 4  # tokens between two levels whose words are looked at
_FAR_NEIGHBOUR_TOKENS = 5
_MAX_GAP = 63
_GAP_CLASS = np.digitize(np.arange(_MAX_GAP + 1), (2, 3, 5, 9, 20, 60))
_SENTENCES_APART = np.digitize(np.arange(20), (1, 2, 3, 6, 11))
_MAX_HALF_YEARS = 60
_FIELD_CODE = 6  # of a field of study without a level, of three bits
_LEVEL_CODES = np.array([*(level.code for level in SCHOOLING_LEVELS), _FIELD_CODE])
_N_CODES = 8
_NO_LEVEL_CODE = _N_CODES - 1  # of what is no schooling, beside those of levels
_NO_LEVEL = len(_LEVEL_CODES)  # beside the levels and the field of study
_UNCOMPARED = 3  # beside lower, same and higher


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the context of each mention adds to the facts that depend on levels; see `level_facts`.

    Attributes
    ----------
    ends : ndarray of uint64, shape (n_mentions,)
        Hash of its first and last word.
    attached : ndarray of int64, shape (n_mentions, 7)
        The cues that are most likely about it.
    offered : ndarray of int64, shape (n_mentions,)
        Whether years stand near in place of schooling.
    choice : ndarray of bool, shape (n_mentions, 2, 2)
        Whether an "or" opens it, or opens its neighbour: schooling and years, before and behind.
    """

    ends: NDArray[np.uint64]
    attached: Indices
    offered: Indices
    choice: Flags

    def only(self, chosen: Indices) -> Surroundings:
        """Those of some mentions."""
        return Surroundings(**{part.name: getattr(self, part.name)[chosen] for part in fields(self)})


def context_features(mentions: TextMentions, lexicon: Lexicon, placed: bool = False) -> tuple[Features, Features]:
    """Describe each mention by what stands around it; and again those that are no lengths of time, by more."""
    every, others = _features(mentions, placed)
    mentions = replace(mentions, cues=_or_nowhere(mentions.cues))
    near = _near_cues(mentions, every.group)
    neighbours = list(_neighbours(mentions, others.mention))
    around = _surroundings(mentions, near, neighbours)
    _add_own(every, mentions, around, lexicon)
    _add_words(every, mentions, _OFFSETS, _PLACES)
    _add_cues(every, mentions, near)
    chosen = replace(mentions, items=mentions.items.only(every.group != YEARS), figure=mentions.figure[others.mention])
    _add_words(others, chosen, _FAR_OFFSETS, _FAR_PLACES)
    section = _add_section(others, chosen)
    _add_attached(others, chosen.items, around.only(others.mention), section)
    _add_substitutes(others, chosen)
    for beside in neighbours:
        _add_neighbours(others, beside, around)
        if beside.group == SCHOOLING:
            _add_between(others, mentions, beside)
    _add_levels(others, mentions)
    return every, others


def sum_context(
    mentions: TextMentions, lexicon: Lexicon, vocabulary: Vocabulary, weight: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Sums of the weights of each mention's features, by the compiled kernel; they are not kept."""
    code = _value(mentions.items)
    return reading.sum_context(mentions, code, lexicon.note, _SPEAKS, _NAMES, KEYS, vocabulary.compiled, weight)


def surroundings(mentions: TextMentions) -> Surroundings:
    """What `level_facts` needs to know of the text."""
    mentions = replace(mentions, cues=_or_nowhere(mentions.cues))
    every, others = _features(mentions, placed=False)
    return _surroundings(mentions, _near_cues(mentions, every.group), list(_neighbours(mentions, others.mention)))


def level_facts(mentions: Mentions, around: Surroundings, lexicon: Lexicon) -> tuple[Features, Features]:
    """The features of `context_features` that depend on levels (`LEVEL_FACTS`), without the text."""
    every, others = _features(mentions, placed=False)
    _add_kind(every, mentions.items, around, lexicon)
    items = mentions.items.only(every.group != YEARS)
    _add_attached_kind(others, items, around.only(others.mention))
    _add_offered(others, items, around.only(others.mention))
    for beside in _neighbours(mentions, others.mention):
        _add_neighbours(others, beside, around)
    _add_named_levels(others, mentions)
    return every, others


def _features(mentions: Mentions, placed: bool) -> tuple[Features, Features]:
    """To be filled, for all mentions and for those that are no lengths of time."""
    group = _GROUP_OF_CLASS[mentions.items.group]
    untimed = np.flatnonzero(group != YEARS)
    return Features(np.arange(len(group)), group, placed), Features(untimed, group[untimed], placed)


def _surroundings(mentions: TextMentions, near: _NearCues, neighbours: Sequence[_Neighbours]) -> Surroundings:
    items, tokens = mentions.items, mentions.tokens
    choice = np.zeros((len(items), 2, 2), dtype=bool)
    for beside in neighbours:
        choice[beside.number, int(beside.group == YEARS), beside.side] = _opened(mentions, beside)
    return Surroundings(
        ends=tokens.hash[items.first] * PAIR + tokens.hash[items.last],
        attached=np.stack(_attached_cues(mentions, near), axis=1),
        offered=_offered_years(mentions, _GROUP_OF_CLASS[items.group]),
        choice=choice,
    )


def _or_nowhere(phrases: Phrases) -> Phrases:
    """Phrases to look up; where there are none, one of no ad."""
    if len(phrases):
        return phrases
    zero = np.zeros(1, dtype=np.int64)
    return Phrases(first=zero, last=zero, row=zero - 1, sentence=zero, phrase=zero, group=zero, value=zero)


def _value(items: Phrases) -> Indices:
    """Value of each item as hashes have it: of schooling the code of its level, which stays when levels are added."""
    value, is_level = items.value.copy(), items.group == CLASS["level"]
    value[is_level] = _LEVEL_CODES[value[is_level]]
    return value


def _kind(items: Phrases) -> Indices:
    """Class of each item, and of schooling the level."""
    return np.asarray(items.group * 8 + np.where(items.group == CLASS["level"], _value(items), 0))


def _add_kind(out: Features, items: Phrases, around: Surroundings, lexicon: Lexicon) -> None:
    """What the lexicon says of the mention."""
    first, last = items.first, items.last
    own: dict[str, Any] = {"item_class": items.group, "value": _value(items)}
    out.add("class, value and note", **own, note=lexicon.note[items.phrase])
    out.add("ends and length", None, first, last, around.ends, **own, further_tokens=last - first)


def _add_own(out: Features, mentions: TextMentions, around: Surroundings, lexicon: Lexicon) -> None:
    """The mention itself, and the signs that touch it."""
    items, tokens, folded = mentions.items, mentions.tokens, mentions.tokens.folded
    first, last = items.first, items.last
    _add_kind(out, items, around, lexicon)
    out.add("first word", first=first, words=tokens.hash[first])
    out.add("last word", first=last, words=tokens.hash[last])
    before, behind = tokens.start[first] - 1, tokens.end[last]
    near_before, near_behind = folded[before], folded[behind]
    out.add("sign before", near=near_before)
    out.add("sign behind", near=near_behind)
    # Behind a line break stands another line, or another ad.
    beyond = np.where(near_before == _BREAK, 0, folded[np.maximum(before - 1, 0)])
    out.add("two signs before", near=near_before, beyond=beyond)
    beyond = np.where(near_behind == _BREAK, 0, folded[np.minimum(behind + 1, len(folded) - 1)])
    out.add("two signs behind", near=near_behind, beyond=beyond)
    timed = ~np.isnan(mentions.years)
    halves = np.where(timed, np.minimum(mentions.years * 2, _MAX_HALF_YEARS), 0).astype(np.int64)
    out.add("half years", timed, mentions.figure, last, half_years=halves)


def _add_words(out: Features, mentions: TextMentions, offsets: Indices, places: Indices) -> None:
    """Words before and behind, coarsely by distance and by sentence; all numbers are one word."""
    items, tokens = mentions.items, mentions.tokens
    token = np.where(offsets < 0, mentions.figure[:, None], items.last[:, None]) + offsets
    inside = (token >= tokens.first[items.row][:, None]) & (token < tokens.first[items.row + 1][:, None])
    token *= inside
    word = tokens.hash.take(token)
    word[tokens.folded.take(tokens.start.take(token)) - _ZERO < 10] = _ANY_NUMBER
    sentences = np.minimum(np.abs(mentions.sentence.take(token) - items.sentence[:, None]), 2)
    out.add("word", inside, first=token, words=word, sentences=sentences, place=places)


@dataclass(frozen=True, slots=True)
class _NearCues:
    """The nearest cues of each mention: shape (n_mentions, 2, _N_CUES), before it and behind it, the nearest first.

    How many sentences and tokens apart, how many other schoolings between, and whether a comma parts the two.
    """

    index: Indices
    exists: Flags
    sentences: Indices
    gap: Indices
    schoolings: Indices
    comma: Flags

    def only(self, chosen: Indices) -> _NearCues:
        """Those of some mentions."""
        return _NearCues(**{part.name: getattr(self, part.name)[chosen] for part in fields(self)})


def _near_cues(mentions: TextMentions, group: Indices) -> _NearCues:
    items, cues, tokens = mentions.items, mentions.cues, mentions.tokens
    ranks = np.arange(_N_CUES)
    before = np.searchsorted(cues.first, items.first)[:, None] - 1 - ranks
    behind = np.searchsorted(cues.first, items.last, "right")[:, None] + ranks
    index = np.stack((before, behind), axis=1)
    exists = (index >= 0) & (index < len(cues))
    index[~exists] = 0
    left, right = np.empty_like(index), np.empty_like(index)
    left[:, BEFORE], right[:, BEFORE] = cues.last[index[:, BEFORE]], items.first[:, None]
    left[:, BEHIND], right[:, BEHIND] = items.last[:, None], cues.first[index[:, BEHIND]]
    gap, sentences = right - left, np.abs(cues.sentence[index] - items.sentence[:, None, None])
    exists &= cues.row[index] == items.row[:, None, None]
    exists &= (sentences <= _MAX_CUE_SENTENCES) & (gap <= _MAX_CUE_TOKENS)
    # Schooling between the two that does not go on with the schooling before it.
    fresh = items.first[(group == SCHOOLING) & ~_joined(mentions, group)]
    opens, ends = np.searchsorted(fresh, cues.first), np.searchsorted(fresh, cues.last, "right")
    schoolings = np.empty_like(index)
    schoolings[:, BEFORE] = np.searchsorted(fresh, items.first)[:, None] - ends[index[:, BEFORE]]
    schoolings[:, BEHIND] = opens[index[:, BEHIND]] - np.searchsorted(fresh, items.last, "right")[:, None]
    folded = tokens.folded
    comma = _IS_COMMA[folded[tokens.end[left]]] | _IS_COMMA[folded[tokens.end[np.maximum(right - 1, 0)]]]
    return _NearCues(
        index, exists, np.minimum(sentences, 2), np.clip(gap, 0, _MAX_CUE_TOKENS), np.clip(schoolings, 0, 2), comma
    )


def _add_cues(out: Features, mentions: TextMentions, near: _NearCues) -> None:
    """The nearest cues before and behind, with what lies between."""
    cues, nearest = mentions.cues, (slice(None), slice(None), slice(_N_NEAREST))
    index = near.index[nearest]
    out.add(
        "cue",
        near.exists[nearest],
        cues.first[index],
        cues.last[index],
        cue_class=cues.group[index],
        cue_value=cues.value[index],
        side=np.array([[BEFORE], [BEHIND]]),
        comma=near.comma[nearest],
        schooling=near.schoolings[nearest] > 0,
        same_sentence=near.sentences[nearest] == 0,
        item_class=mentions.items.group[:, None, None],
    )
    code = cues.group * 8 + cues.value + 1
    speaks = near.exists & (near.sentences == 0) & _SPEAKS[cues.group[near.index]]
    spoken = np.where(speaks, code[near.index], 0)
    first_spoken = np.take_along_axis(spoken, (spoken > 0).argmax(axis=2)[:, :, None], axis=2)[:, :, 0]
    out.add("nearest cue", cue=first_spoken, side=np.array([BEFORE, BEHIND]))
    out.add("nearest cues", before=first_spoken[:, BEFORE], behind=first_spoken[:, BEHIND])


def _joined(mentions: TextMentions, group: Indices) -> Flags:
    """Whether each mention of schooling goes on with the one before it: "BS/MS", "bachelor's or master's"."""
    items = mentions.items
    schooling = _or_nowhere(items.only(group == SCHOOLING))
    index, exists = schooling.beside(items.first, items.row, -1)
    near = exists & (items.first - schooling.last[index] <= _MAX_JOINED_TOKENS)
    return np.asarray(near & (group == SCHOOLING) & (items.sentence == schooling.sentence[index]))


def _attached_cues(mentions: TextMentions, near: _NearCues) -> list[Indices]:
    """The cues that are most likely about each mention, by the side on which they usually stand; 0 for none.

    What asks, behind and before; what substitutes, behind and before; denial before; clutter before and behind.
    """
    cues = mentions.cues
    asks = (cues.group >= CLASS["required"]) & (cues.group <= CLASS["not_needed"])
    swaps, denies, clutters = (cues.group == CLASS[name] for name in ("substitute", "no", "clutter"))
    behind = (cues.value == _ASKS_BEHIND) | (cues.value == _ASKS_BOTH)
    written = 1 + cues.group * 2 + (cues.last - cues.first >= _LONG_CUE_TOKENS - 1)
    codes = []
    for fitting, side, most_tokens, most_sentences, barred in (
        (asks & behind, BEHIND, 40, 0, True),
        (asks & (cues.value != _ASKS_BEHIND) & (cues.value != _ASKS_EXCLUDED), BEFORE, 10, 0, False),
        (swaps & behind, BEHIND, 60, 2, True),
        (swaps & (cues.value != _ASKS_BEHIND), BEFORE, 12, 1, False),
        (denies, BEFORE, 3, 0, False),
        (clutters, BEFORE, 12, 0, False),
        (clutters, BEHIND, 12, 0, False),
    ):
        index, sentences = near.index[:, side], near.sentences[:, side]
        fits = near.exists[:, side] & fitting[index] & (near.gap[:, side] <= most_tokens)
        fits &= sentences <= most_sentences
        if barred:
            fits &= near.schoolings[:, side] == 0
        chosen = np.arange(len(index)), fits.argmax(axis=1)
        code = written[index[chosen]] * 8 + near.comma[:, side][chosen] * 4 + sentences[chosen]
        codes.append(np.where(fits[chosen], code, 0))
    return codes


def _add_attached_kind(out: Features, items: Phrases, around: Surroundings) -> None:
    column = np.arange(around.attached.shape[1])
    out.add("attached cue and kind", cue=around.attached, kind=_kind(items)[:, None], column=column)


def _add_offered(out: Features, items: Phrases, around: Surroundings) -> None:
    out.add("offered", offered=around.offered, kind=_kind(items))


def _add_attached(out: Features, items: Phrases, around: Surroundings, section: Indices) -> None:
    """The cues that are most likely about each mention, one by one and together."""
    codes, offered = around.attached.T, around.offered
    out.add("attached cue", cue=around.attached, column=np.arange(len(codes)))
    _add_attached_kind(out, items, around)
    asked_behind, asked_before, swapped_behind, swapped_before, denied = codes[:5] >> 4
    asked: dict[str, Any] = {"asked_behind": asked_behind, "asked_before": asked_before}  # without comma and distance
    both = asked | {"swapped_behind": swapped_behind, "swapped_before": swapped_before, "offered": offered}
    out.add("asked", **asked)
    out.add("asked or swapped", **both)
    out.add("asked or swapped, and section", **both, denied=denied, section=section)
    out.add(
        "asked or swapped behind, as written", asked_behind=codes[0], asked_before=codes[1], swapped_behind=codes[2]
    )
    out.add("asked, and section", **asked, section=section)
    out.add("swapped as written, and offered", swapped_behind=codes[2], offered=offered)
    _add_offered(out, items, around)


def _offered_years(mentions: TextMentions, group: Indices) -> Indices:
    """Whether years that an "or" opens ("or eight years") stand near each mention, in place of schooling.

    A sum: 1 for any years behind, 2 for such years behind, 4 for such years before.
    """
    items, cues = mentions.items, mentions.cues
    years, figure = mentions.items.only(group == YEARS), mentions.figure[group == YEARS]
    choices, required = (_or_nowhere(cues.only(cues.group == CLASS[name])) for name in ("or", "required"))
    choice, chosen_before = choices.beside(figure, years.row, -1)
    lead, asked_before = required.beside(figure, years.row, -1)
    # "or at least five years", "or a minimum of"
    start = np.where(asked_before & (figure - required.last[lead] == 1), required.first[lead], figure)
    opened = chosen_before & (start - choices.last[choice] <= 2) & (start > choices.last[choice])
    offered = np.zeros(len(items), dtype=np.int64)
    for found, side, value in ((years, BEHIND, 1), (years.only(opened), BEHIND, 2), (years.only(opened), BEFORE, 4)):
        found = _or_nowhere(found)
        most_tokens, most_sentences = (60, 2) if side == BEHIND else (20, 1)
        index, exists = items.beside_each(found, side)
        gap = found.first[index] - items.last if side == BEHIND else items.first - found.last[index]
        near = (gap <= most_tokens) & (np.abs(found.sentence[index] - items.sentence) <= most_sentences)
        offered += value * (exists & near)
    return offered


def _add_substitutes(out: Features, mentions: TextMentions) -> None:
    """The next words of substitution in the ad, however far: "a combination of education and experience may do"."""
    items, tokens = mentions.items, mentions.tokens
    swaps = _or_nowhere(mentions.cues.only(mentions.cues.group == CLASS["substitute"]))
    levels = items.first[items.group == CLASS["level"]]
    for side in (BEFORE, BEHIND):
        index, exists = items.beside_each(swaps, side)
        first, last = swaps.first[index], swaps.last[index]
        sentences = _SENTENCES_APART[np.clip(np.abs(swaps.sentence[index] - items.sentence), 0, 19)]
        between = np.abs(np.searchsorted(levels, first) - np.searchsorted(levels, items.first))
        between = np.clip(between - (side == BEHIND), 0, 2)
        out.add(
            "substitution", exists, first, last,
            cue_value=swaps.value[index], sentences=sentences, levels=between, side=side,
        )  # fmt: skip
        words = tokens.hash[first] * PAIR + tokens.hash[last]
        out.add("words of substitution", exists, first, last, words, sentences=sentences, side=side)


def _add_section(out: Features, mentions: TextMentions) -> Indices:
    """The cue that opens the section: at the start of a line, and with it or before a colon."""
    items, cues, tokens, sentence = mentions.items, mentions.cues, mentions.tokens, mentions.sentence
    before, behind = np.maximum(cues.first - 1, 0), np.minimum(cues.last + 1, len(tokens) - 1)
    starts = (sentence[before] != cues.sentence) | (cues.first == tokens.first[cues.row])
    stops = (sentence[behind] != cues.sentence) | (behind == cues.last)
    colon = tokens.folded[tokens.end[cues.last]] == _COLON
    is_heading = cues.group == CLASS["heading"]
    for name, opens in (("section", starts & (stops | colon)), ("heading", is_heading & (starts | stops | colon))):
        openings = _or_nowhere(cues.only(opens))
        index, exists = items.beside_each(openings, BEFORE)
        section = np.where(exists, openings.group[index] * 8 + openings.value[index] + 1, 0)
        first, last = openings.first[index], openings.last[index]
        sentences = np.minimum(items.sentence - openings.sentence[index], 6)
        # Having no heading is a fact, too, and one without words.
        out.add(name, None, np.where(exists, first, -1), np.where(exists, last, -1), section=section)
        out.add(f"{name} and distance", exists, first, last, section=section, sentences=sentences)
    return section


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """For some mentions, the next mention of one group on one side; see `_neighbours`.

    Attributes
    ----------
    group, side : int
    items : Phrases
        The mentions themselves.
    number, other : ndarray of int64
        Their numbers, and that of the neighbour, among all mentions.
    exists : ndarray of bool
    left, right : ndarray of int64
        Last token of the left of the two, first of the right.
    gap, sentences : ndarray of int64
        How many tokens and sentences apart.
    compared : ndarray of int64
        Whether the neighbour's level is lower, the same or higher.
    own_code, other_code : ndarray of int64
        Codes of the two levels.
    """

    group: int
    side: int
    items: Phrases
    number: Indices
    other: Indices
    exists: Flags
    left: Indices
    right: Indices
    gap: Indices
    sentences: Indices
    compared: Indices
    own_code: Indices
    other_code: Indices


def _neighbours(mentions: Mentions, number: Indices) -> Iterator[_Neighbours]:
    """The next schooling and the next length of time of some mentions, before and behind."""
    groups = _GROUP_OF_CLASS[mentions.items.group]
    is_level = mentions.items.group == CLASS["level"]
    levels = np.where(is_level, mentions.items.value, _NO_LEVEL)
    codes = np.where(is_level, _value(mentions.items), _NO_LEVEL_CODE)
    items, figure = mentions.items.take(number), mentions.figure[number]
    for group in (SCHOOLING, YEARS):
        numbers = np.append(np.flatnonzero(groups == group), 0)  # one more, in case that there are none
        others = _or_nowhere(mentions.items.only(groups == group))
        for side in (BEFORE, BEHIND):
            index, exists = items.beside_each(others, side)
            other = numbers[index]
            left, right = others.last[index], figure
            if side == BEHIND:
                left, right = items.last, mentions.figure[other]
            compared = np.where(levels[other] == _NO_LEVEL, _UNCOMPARED, np.sign(levels[other] - levels[number]) + 1)
            yield _Neighbours(
                group=group,
                side=side,
                items=items,
                number=number,
                other=other,
                exists=exists,
                left=left,
                right=right,
                gap=np.where(exists, np.clip(right - left, 0, _MAX_GAP), _MAX_GAP),
                sentences=np.minimum(np.abs(others.sentence[index] - items.sentence), 3),
                compared=compared,
                own_code=codes[number],
                other_code=codes[other],
            )


def _opened(mentions: TextMentions, near: _Neighbours) -> Flags:
    """Whether an "or" between two mentions opens the one that stands behind: "or at least five years"."""
    choices = mentions.cues.only(mentions.cues.group == CLASS["or"])
    index, exists = choices.beside(near.right, near.items.row, -1)
    if len(choices):
        exists &= (choices.first[index] > near.left) & (near.right - choices.last[index] <= 2)
    return exists


def _add_neighbours(out: Features, near: _Neighbours, around: Surroundings) -> None:
    """How a mention stands to its neighbour."""
    group, side, exists = near.group, near.side, near.exists
    choice = around.choice[near.number, int(group == YEARS), side]
    code = pack(
        NEIGHBOUR, group=group, side=side, compared=near.compared, item_class=near.items.group,
        sentences=near.sentences, choice=choice,
    )  # fmt: skip
    out.add("neighbour", neighbour=np.where(exists, code + 2, group * 2 + side))
    out.add("neighbour and distance", exists, neighbour=code, distance=_GAP_CLASS[near.gap])
    if group == SCHOOLING:
        out.add(
            "neighbour's level", exists, side=side, other=near.other_code, own=near.own_code,
            other_sentence=np.minimum(near.sentences, 1), choice=choice,
        )  # fmt: skip


def _add_between(out: Features, mentions: TextMentions, near: _Neighbours) -> None:
    """The sign and the words between a mention and the schooling beside it."""
    tokens, exists = mentions.tokens, near.exists
    sign = tokens.folded[tokens.end[np.minimum(near.left, len(tokens) - 1)]]
    out.add(
        "sign towards neighbour", exists,
        sign=sign, side=near.side, compared=near.compared, gap=np.minimum(near.gap, 3),
    )  # fmt: skip
    token = near.left[:, None] + np.arange(1, _N_BETWEEN + 1)
    inside = exists[:, None] & (token < near.right[:, None])
    token[~inside] = 0
    out.add(
        "word towards neighbour", inside, first=token, words=tokens.hash.take(token),
        side=near.side, compared=near.compared[:, None], far=near.gap[:, None] >= _FAR_NEIGHBOUR_TOKENS,
    )  # fmt: skip


def _add_levels(out: Features, mentions: Mentions) -> None:
    """Which levels the whole ad names, and how often it names any."""
    _add_named_levels(out, mentions)
    is_level = mentions.items.group == CLASS["level"]
    count = np.bincount(mentions.items.row[is_level], minlength=mentions.n_rows)
    out.add("levels of the ad", count=np.minimum(count[mentions.items.row[out.mention]], 5))


def _add_named_levels(out: Features, mentions: Mentions) -> None:
    items, is_level = mentions.items, mentions.items.group == CLASS["level"]
    schooling = _GROUP_OF_CLASS[items.group] == SCHOOLING
    named = np.zeros((mentions.n_rows, _N_CODES), dtype=bool)
    named[items.row[schooling], np.where(is_level, _value(items), _NO_LEVEL_CODE)[schooling]] = True
    own = items.take(out.mention)
    out.add("level of the ad", named[own.row], kind=_kind(own)[:, None], level=np.arange(_N_CODES))
