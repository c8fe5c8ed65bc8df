"""What the compiled library does, on numpy arrays: callers hand over plain arrays and get plain arrays back."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from collarclass.kernel.library import call

Indices = NDArray[np.int64]
Hashes = NDArray[np.uint64]
_MAX_KEPT_INTEGERS = 1 << 24  # integers of scratch that stay for the next batch
_HIT_SCRATCH = 20  # integers for each token of the longest row
_N_MASKS = 8
_RUN_SIZE = 5  # numbers of eight bytes
_KINDS_OF_NGRAM = 4
_N_PHRASE_COLUMNS = 7


class Known(NamedTuple):
    """A vocabulary, as the library looks hashes up in it."""

    table: Hashes
    taken: NDArray[np.uint8]
    shift: int
    n_terms: int

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.table, self.taken, len(self.table), self.shift, self.n_terms


class _Scratch(threading.local):
    kept: NDArray[np.int32] = np.empty(0, np.int32)


_scratch = _Scratch()


def _borrowed(n: int) -> NDArray[np.int32]:
    """So many integers of this thread, for one call: what is given back and taken anew has to be cleared each time."""
    if n > _MAX_KEPT_INTEGERS:
        return np.empty(n, np.int32)
    if n > len(_scratch.kept):
        _scratch.kept = np.empty(n, np.int32)
    return _scratch.kept


def read_tokens(code_points: NDArray[np.uint32], row_starts: Indices, characters: NDArray[np.uint32]) -> dict[str, Any]:
    """The fields of `Tokens`, but for where rows begin in their sources; kind and folded form are by character."""
    n, n_rows = len(code_points), len(row_starts) - 1
    kind, narrow = np.empty(n + 8, np.uint8), np.empty(n + 8, np.uint8)
    folded, dropped = np.empty(n, np.uint16), np.empty(n, np.int64)
    found, first = _borrowed(4 * (n + 1)), np.empty(n_rows + 1, np.int64)
    is_wide, counts = np.empty(n_rows, np.uint8), np.zeros(3, np.int64)
    bits = np.empty(_N_MASKS * (n // 64 + 1), np.uint64)
    call("scan_tokens", code_points, n, row_starts, n_rows, characters, kind, folded, narrow, dropped, found, first,
         is_wide, counts, bits)  # fmt: skip
    n_tokens, n_dropped, n_kept = counts.tolist()
    hashes, stem = np.empty(n_tokens, np.uint64), np.empty(n_tokens, np.uint64)
    row, start, end, sentence, passage = (np.empty(n_tokens, np.int64) for _ in range(5))
    ideograph = np.empty(n_tokens, np.bool_)
    call("fill_tokens", found, n_tokens, kind, folded, narrow, first, is_wide, n_rows, hashes, stem, row, start, end,
         sentence, ideograph, passage)  # fmt: skip
    return {
        "hash": hashes,
        "stem": stem,
        "row": row,
        "start": start,
        "end": end,
        "sentence": sentence,
        "ideograph": ideograph,
        "first": first,
        "folded": folded[:n_kept],
        "passage": passage,
        "_dropped": dropped[:n_dropped].copy(),
    }


def count_numerals(start: Indices, folded: NDArray[np.uint16], first: Indices) -> Indices:
    """How many tokens of each row begin with a digit."""
    counts = np.empty(len(first) - 1, np.int64)
    call("count_numerals", start, folded, first, len(counts), counts)
    return counts


def find_hashes(hashes: Hashes, known: Known) -> tuple[Indices, Indices]:
    """Which hashes are known, and the number of each of those."""
    where, number = np.empty(len(hashes), np.int64), np.empty(len(hashes), np.int64)
    n = call("find_hashes", np.ascontiguousarray(hashes), len(hashes), *known.arguments, where, number)
    return where[:n], number[:n]


def count_terms(
    tokens: Any, reach: Indices, vocabulary: Known, order: NDArray[np.uint8], damped: NDArray[np.float64]
) -> dict[str, Any]:
    """The fields of `Terms` for the first `reach` tokens of each row, row by row."""
    n_rows = tokens.n_rows
    n_read = int(np.minimum(np.diff(tokens.first), reach).sum())
    seen, found = np.zeros(len(order), np.int32), _borrowed(4 * (_KINDS_OF_NGRAM * n_read + 1))
    known, distinct = np.empty(n_rows, np.int64), np.empty(n_rows, np.int64)
    n = call("count_terms", tokens.hash, tokens.stem, tokens.sentence, tokens.ideograph, tokens.first, reach, n_rows,
             *vocabulary.arguments, seen, found, known, distinct)  # fmt: skip
    row, term, times, first, last = (np.empty(n, np.int64) for _ in range(5))
    value = np.empty(n, np.float64)
    call("fill_terms", found, n, order, damped, len(damped), row, term, times, value, first, last)
    return {
        "row": row,
        "term": term,
        "times": times,
        "value": value,
        "first": first,
        "last": last,
        "known": known,
        "distinct": distinct,
    }


def weigh_terms(
    terms: Any, scale: NDArray[np.float32], weight: NDArray[np.float32], work: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each term counts for, every row brought to length one, and three sums of each row, shape (3, n_rows)."""
    n, n_rows = len(terms.row), len(terms.known)
    value, sums = np.empty(n), np.zeros((3, n_rows))
    call("weigh_terms", terms.row, terms.term, terms.value, n, scale, weight, work, n_rows, value, sums)
    return value, sums


def sum_weights(number: Indices, starts: Indices, weight: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sums of the weights of features ``number[starts[i]:starts[i + 1]]`` for each i, shape (n, n_columns)."""
    sums = np.zeros((len(starts) - 1, weight.shape[1]))
    call("sum_weights", number, starts, len(starts) - 1, weight, weight.shape[1], sums)
    return sums


def find_phrases(tokens: Any, lexicon: Any, classes: Indices) -> tuple[Indices, ...]:
    """First and last token and number of each phrase, in order.

    `classes` are the number of classes that may be asked for, and the numbers of the classes decoy and years.
    """
    n, most = len(tokens.hash), int(np.diff(tokens.first).max(initial=0))
    ints, flags = np.empty(_HIT_SCRATCH * (most + 1), np.int32), np.empty(most, np.uint8)
    found = tuple(np.empty(n, np.int32) for _ in range(3))
    k = call("find_phrases", tokens.hash, tokens.sentence, tokens.start, tokens.end, tokens.ideograph, tokens.folded, n,
             tokens.first, tokens.n_rows, most, *lexicon.prefixes.compiled.arguments, lexicon.phrase, lexicon.more,
             lexicon.firsts, lexicon.words, lexicon.pairs, lexicon.group, len(lexicon.group), classes,
             ints, flags, *found)  # fmt: skip
    return tuple(array[:k].astype(np.int64) for array in found)


def cut_sentences(tokens: Any, first: Indices, last: Indices) -> Indices:
    """Sentence of each token, cut also where a line break was lost."""
    sentence = np.empty(len(tokens.hash), np.int64)
    call("cut_sentences", tokens.start, tokens.end, tokens.ideograph, tokens.passage, len(sentence), first, last,
         len(first), sentence)  # fmt: skip
    return sentence


def sort_phrases(
    tokens: Any, sentence: Indices, found: Any, lexicon: Any, parts: NDArray[np.bool_], names: Indices
) -> tuple[list[Indices], list[Indices]]:
    """The columns of `Phrases` of what may be asked for, and of the other phrases.

    `found` are first and last tokens and numbers of the phrases, `parts` says which characters part clauses; `names`
    are the classes and values that are looked at, in the order of the C code's `Sorts`.
    """
    n, counts = len(found.first), np.empty(2, np.int64)
    items, cues = np.empty((_N_PHRASE_COLUMNS, n), np.int64), np.empty((_N_PHRASE_COLUMNS, n), np.int64)
    call("sort_phrases", found.first, found.last, found.phrase, n, tokens.row, sentence, tokens.end, tokens.folded,
         len(tokens.hash), lexicon.group, lexicon.value, parts, names, np.zeros(tokens.n_rows, np.uint8), items, cues,
         counts)  # fmt: skip
    n_items, n_cues = counts.tolist()
    return [column[:n_items] for column in items], [column[:n_cues] for column in cues]


def count_years(
    tokens: Any,
    sentence: Indices,
    lexicon: Any,
    items: Any,
    listed: NDArray[np.bool_],
    figures: NDArray[np.float64],
    names: Indices,
) -> tuple[NDArray[np.float64], Indices]:
    """Years that each item names, NaN for other items; and the figure's first token.

    `listed` says which characters stand behind the number of an item in a list; `figures` are the numbers that values
    name; `names` are the class of lengths of time and the values half, months and first.
    """
    years, figure = np.empty(len(items.first)), np.empty(len(items.first), np.int64)
    call("count_years", tokens.hash, tokens.row, tokens.start, tokens.end, tokens.ideograph, tokens.folded,
         len(tokens.hash), len(tokens.folded), tokens.first, sentence, items.first, items.last, items.group,
         items.value, len(items.first), *lexicon.numerals.compiled.arguments, lexicon.number, listed, figures, names,
         years, figure)  # fmt: skip
    return years, figure


def sum_context(
    mentions: Any,
    code: Indices,
    notes: NDArray[np.int8],
    speaks: NDArray[np.bool_],
    names: Indices,
    keys: Hashes,
    vocabulary: Known,
    weight: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Sums of the weights of what stands around each mention, shape (n_mentions, n_columns).

    `code` is the value of each mention, of schooling the code of its level; `notes` are by phrase, `speaks` by class;
    `names` are the classes and values that are looked at, in the order of the C code's `Names`.
    """
    tokens, items, cues = mentions.tokens, mentions.items, mentions.cues
    sums = np.zeros((len(items.first), weight.shape[1]))
    which = np.empty(5 * (len(items.first) + len(cues.first)), np.int32)
    parts = ("first", "last", "row", "sentence", "phrase", "group", "value")
    call("sum_context", tokens.hash, mentions.sentence, tokens.start, tokens.end, tokens.folded, len(tokens.hash),
         tokens.first, *(getattr(items, name) for name in parts), code, len(items.first),
         *(getattr(cues, name) for name in parts), len(cues.first), mentions.years, mentions.figure, notes, speaks,
         names, keys, *vocabulary.arguments, weight, weight.shape[1], which, sums)  # fmt: skip
    return sums


def find_runs(
    words: Sequence[tuple[Any, NDArray[np.float64], NDArray[np.float32], NDArray[np.bool_]]],
    stated: tuple[Indices, Indices, Indices, NDArray[np.float64], NDArray[np.bool_]],
    gradient: NDArray[np.float64],
    scale: NDArray[np.float64],
) -> tuple[Indices, Indices, Indices]:
    """Row, first token and end of the runs of words that decided, row by row, the strongest first.

    `words` are, of text and of title, the terms, their values, weights and whether they may be shown; `stated` are the
    rows, first and last tokens and weights of what is stated, and whether it may be shown; `gradient` and `scale` are
    by row.
    """
    parts: list[Any] = []
    for terms, values, weight, displayable in words:
        parts += [terms.row, terms.term, terms.first, terms.last, values, len(terms.row), weight, displayable]
    n = sum(len(terms.row) for terms, *_ in words) + len(stated[0])
    row, start, end = (np.empty(n, np.int64) for _ in range(3))
    scratch = np.empty(2 * _RUN_SIZE * n)
    parts += [*map(np.ascontiguousarray, stated), len(stated[0]), np.ascontiguousarray(gradient), scale]
    found = call("find_runs", *parts, len(gradient), scratch, row, start, end)
    return row[:found], start[:found], end[:found]


def most_of_others(
    own: NDArray[np.float64], joined: NDArray[np.float64], row: Indices, level: Indices, n_columns: int
) -> NDArray[np.float64]:
    """The most that any other mention of schooling near by is asked for and so on, shape (n_columns, n_mentions)."""
    most = np.zeros((n_columns, len(row)))
    call("most_of_others", own, joined, row, level, len(row), most)
    return most


def add_relations(values: NDArray[np.float64], weight: NDArray[np.float32], sums: NDArray[np.float64]) -> None:
    """Add the weights of what `relations` says of each mention to its sums, in place."""
    call("add_relations", np.ascontiguousarray(values), weight, len(values), *weight.shape, sums)
