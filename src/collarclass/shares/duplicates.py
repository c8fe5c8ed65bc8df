"""Repeated ads: near-identical texts get one group number, in bounded memory.

The tokens of the library's own reader are shingled; rensa sketches the sets of shingles (MinHash), a hundred times as
fast as Python could. Sketches wait on disk while pairs are found band by band, so memory stays at a few dozen bytes
an ad.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collarclass.errors import DataError, import_optional
from collarclass.files.formats import name_target
from collarclass.files.resumable_output import keep_columns
from collarclass.files.source import unchanged
from collarclass.files.table import READ, iter_table, rewrite
from collarclass.files.target import written
from collarclass.shares.read import DUPLICATES, ads_of
from collarclass.text.tokens import STEP, mix, tokenize

SIMILARITY = 0.85
_HASHES = 128
_BANDS = 16
_BAND = _HASHES // _BANDS
_SHINGLE = 3  # tokens
_SEED = 7
_CHUNK = 1000
_PAIRS = 1 << 14  # compared at once


def find_duplicates(
    texts: Iterable[str], titles: Iterable[str | None] | None = None, *, similarity: float = SIMILARITY
) -> NDArray[np.int64]:
    """Number the groups of near-identical ads.

    Parameters
    ----------
    texts : iterable of str
    titles : iterable of str or None, optional
    similarity : float, default=0.85
        How large a share of their runs of three words two ads must have in common, of all that either has.
        Numbers, case, markup and punctuation do not count.

    Returns
    -------
    ndarray of int64
        For each ad the number, from 1, of the first ad like it. An empty ad is like no other.

    Raises
    ------
    CollarclassError
        If rensa is not installed.

    Examples
    --------
    >>> ad = "Look after robot cells, find faults and replace drives in our plant near the river. Ref. {}"
    >>> find_duplicates([ad.format(1), "Clean offices at night, two hours an evening.", ad.format(2)]).tolist()
    [1, 2, 1]
    """
    texts = list(texts)
    named = list(titles) if titles is not None else [None] * len(texts)
    if len(named) != len(texts):
        raise DataError(
            "{n_texts} texts but {n_named} titles: give one title (or None) for each text.", n_texts=len(texts),
            n_named=len(named),
        )  # fmt: skip
    chunks = ((texts[i : i + _CHUNK], [t or "" for t in named[i : i + _CHUNK]]) for i in range(0, len(texts), _CHUNK))
    return _groups(chunks, similarity)


def duplicates_of_file(
    source: str | os.PathLike[str],
    *,
    title: str | None = None,
    text: str | None = None,
    similarity: float = SIMILARITY,
) -> NDArray[np.int64]:
    """Number the groups of near-identical ads of a file, read once, as `find_duplicates` does."""
    parts = (ads_of(rows, title, text, Path(source).name) for rows in iter_table(source))
    return _groups(((texts, titles) for titles, texts in parts), similarity)


def mark_duplicates(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    title: str | None = None,
    text: str | None = None,
    similarity: float = SIMILARITY,
    force: bool = False,
) -> NDArray[np.int64]:
    """Write a file's rows, as they are, with a column `duplicate_group` added: the numbers that are given back.

    Read is any format that `label_file` reads, and written any that it writes.
    """
    name_target(os.fspath(target), None)
    with written(target, force=force, reads=[source]) as fresh, unchanged([source]):
        found = duplicates_of_file(source, title=title, text=text, similarity=similarity)
        rewrite(os.fspath(source), os.fspath(target), fresh, pa.table({DUPLICATES: found}))
    if (read := next(iter_table(source)).attrs[READ]) and Path(target).is_file():
        keep_columns(Path(target), read)
    return found


# -- sketches ------------------------------------------------------------------------------------


def _groups(ads: Iterable[tuple[Sequence[str], Sequence[str]]], similarity: float) -> NDArray[np.int64]:
    if not 0.5 <= similarity <= 1:
        raise DataError(
            "A similarity of {similarity:g} finds no repeated ads: give a number from 0.5 to 1.",
            similarity=similarity,
        )  # fmt: skip
    with tempfile.TemporaryFile() as file:
        empty = _write_sketches(ads, file)
        if not len(empty):
            return np.zeros(0, np.int64)
        sketches = np.memmap(file, np.uint32, "r", shape=(len(empty), _HASHES))
        edges = [_alike(sketches, band, empty, similarity) for band in range(_BANDS)]
        del sketches
    return _connected(np.concatenate(edges, axis=1), len(empty))


def _write_sketches(ads: Iterable[tuple[Sequence[str], Sequence[str]]], file: BinaryIO) -> NDArray[np.bool_]:
    """Sketch of every ad into a file; gives which ads are empty."""
    sketch = import_optional("rensa", "Finding repeated ads").RMinHash
    empty = [np.zeros(0, dtype=bool)]
    for texts, titles in ads:
        shingles, offsets = _shingles([f"{title}\n{text}" for title, text in zip(titles, texts, strict=True)])
        matrix = sketch.digest_matrix_from_flat_token_hashes(shingles, offsets, _HASHES, _SEED)
        np.array(matrix.to_rows(), dtype=np.uint32).tofile(file)
        empty.append(np.diff(offsets) == 0)
    file.flush()
    return np.concatenate(empty)


def _shingles(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of each text's runs of three tokens, numbers left out, and where each text's begin."""
    tokens = tokenize(texts)
    kept = ~tokens.numeral
    hashes, row = tokens.hash[kept], tokens.row[kept]
    n = np.bincount(row, minlength=len(texts))
    padded = np.concatenate([hashes, np.zeros(_SHINGLE, np.uint64)])
    rows = np.concatenate([row, np.full(_SHINGLE, -1)])
    out = hashes.copy()
    for step in range(1, _SHINGLE):
        same = rows[step : step + len(hashes)] == row
        out = mix(out * STEP) + np.where(same, padded[step : step + len(hashes)], np.uint64(0))
    # A short text keeps the beginnings of its runs; of others the two at the end, which are incomplete, are dropped.
    whole = np.ones(len(hashes), dtype=bool)
    whole[: len(hashes)] = rows[_SHINGLE - 1 : _SHINGLE - 1 + len(hashes)] == row
    whole |= (n < _SHINGLE)[row]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row[whole], minlength=len(texts)))])
    return out[whole], offsets.astype(np.int64)


def _alike(sketches: NDArray[np.uint32], band: int, empty: NDArray[np.bool_], similarity: float) -> NDArray[np.int64]:
    """Pairs of ads that agree in a band, and enough over all: shape (2, n_pairs)."""
    n = len(sketches)
    key = np.empty(n, np.uint64)
    for begin in range(0, n, _PAIRS):
        part = np.ascontiguousarray(sketches[begin : begin + _PAIRS, band * _BAND : (band + 1) * _BAND])
        total = np.zeros(len(part), np.uint64)
        for column in part.T:
            total = mix(total * STEP + column.astype(np.uint64))
        key[begin : begin + _PAIRS] = total
    order = np.flatnonzero(~empty)
    order = order[np.argsort(key[order], kind="stable")]
    key = key[order]
    again = np.flatnonzero(key[1:] == key[:-1]) + 1
    start = np.maximum.accumulate(np.where(np.r_[True, key[1:] != key[:-1]][: len(key)], np.arange(len(key)), 0))
    found = []
    for begin in range(0, len(again), _PAIRS):
        at = again[begin : begin + _PAIRS]
        for other in (start[at], at - 1):  # the first of the bucket, and the one before
            a, b = order[other], order[at]
            alike = (sketches[a] == sketches[b]).mean(axis=1) >= similarity  # as the sets of shingles are
            found.append(np.stack([a[alike], b[alike]]))
    return np.concatenate(found, axis=1) if found else np.zeros((2, 0), np.int64)


def _connected(edges: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """For each ad the number, from 1, of the first one that it hangs together with."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph: Any = coo_matrix((np.ones(edges.shape[1], np.int8), (edges[0], edges[1])), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    _, first = np.unique(component, return_index=True)
    return np.asarray(first[component] + 1, dtype=np.int64)
