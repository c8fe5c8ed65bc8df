"""Write the files of real ads that `collarclass.training.real_ads` reads, which says what they hold."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.training.counts import CountedAds, count_words
from collarclass.training.mentions import fact_matrix, find_mentions
from collarclass.training.real_ads import STORED, TERMS, unpack
from collarclass.training.train_reader import with_decisions

# What these are read into tells whether saved counts still belong to the tokenizer.
SAMPLE = (
    "Registered Nurse (RGN), Band 5\n• Bachelor's degree or equivalent; 2+ years' experience. C++/C# an advantage.",
    "数控车床操作工：中专及以上学历，持电工证优先，五险一金。",
    "<p>CAD&nbsp;technician &amp; drafter</p><ul><li>TeamLeader</li><li>HNC/HND preferred.Full-time</li></ul>",
)
EMPTY: dict[str, NDArray[Any]] = {
    **{name: np.zeros((0, 2, 2) if name == "choice" else 0, kind) for name, kind in STORED.items()},
    "ids": np.zeros(0, np.str_),
    **dict.fromkeys(("size", "facts_size", "facts_steps", "facts_counts"), np.zeros(0, np.uint16)),
}
Terms = dict[str, NDArray[Any]]  # hashes, order, displayable
MIN_ADS = 2  # that an n-gram stands in
_MAX_COUNT = 255
_BATCH_ADS = 400  # tokenized at once


def save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays so that the same arrays give the same bytes."""
    buffer = io.BytesIO()
    content: dict[str, Any] = dict(sorted(arrays.items()))
    np.savez_compressed(buffer, **content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def _pack(name: str, matrix: sp.csr_matrix) -> dict[str, NDArray[Any]]:
    """A matrix of small counts: columns of each row as steps from one to the next, which pack well."""
    matrix = matrix.sorted_indices()
    columns, size = matrix.indices.astype(np.int64), np.diff(matrix.indptr)
    steps = np.diff(columns, prepend=0)
    starts = matrix.indptr[:-1][size > 0]
    steps[starts] = columns[starts]
    counts = np.minimum(matrix.data, _MAX_COUNT).astype(np.uint8)
    return {f"{name}_size": size.astype(np.uint16), f"{name}_steps": steps.astype(np.uint32), f"{name}_counts": counts}


def fingerprint() -> str:
    """Digest of what the tokenizer makes of a few sample ads: counts belong to one such digest."""
    counted = count_words(SAMPLE, [None] * len(SAMPLE))
    digest = hashlib.sha256()
    for part in (counted.text, counted.title):
        for array in (part.hashes, part.order, part.counts.indptr, part.counts.indices, part.counts.data):
            digest.update(np.ascontiguousarray(array.astype(np.uint64)).tobytes())
    return digest.hexdigest()


def no_terms() -> Terms:
    """A list without n-grams."""
    return {"hashes": np.zeros(0, np.uint64), "order": np.zeros(0, np.uint8), "displayable": np.zeros(0, bool)}


def save_terms(terms: Terms, folder: Path) -> None:
    """Write the list."""
    save_arrays(folder / TERMS, terms)


def extended(terms: Terms, ads: CountedAds) -> Terms:
    """The list with the n-grams that stand in two of some ads or more at its end."""
    for part in (ads.text, ads.title):
        fresh = np.flatnonzero((part.counts.getnnz(axis=0) >= MIN_ADS) & ~np.isin(part.hashes, terms["hashes"]))
        terms = {name: np.append(values, getattr(part, name)[fresh]) for name, values in terms.items()}
    return terms


def save_counts(path: Path, ids: Sequence[str], ads: CountedAds, terms: Terms) -> None:
    """Write the counts of one source, as far as its n-grams are in the list."""
    arrays: dict[str, Any] = {
        "ids": np.array(ids, dtype=np.str_),
        "fingerprint": np.array(fingerprint()),
        "max_tokens": np.array(ads.max_tokens),
        "chinese": ads.chinese,
        "length": ads.length.astype(np.uint16),
    }
    number = np.argsort(terms["hashes"])
    for name, part in (("text", ads.text), ("title", ads.title)):
        kept = np.flatnonzero(np.isin(part.hashes, terms["hashes"]))
        numbers = number[np.searchsorted(terms["hashes"], part.hashes[kept], sorter=number)]
        counts = sp.csr_matrix(part.counts[:, kept])
        whole = sp.csr_matrix((counts.data, numbers[counts.indices], counts.indptr), (len(ids), len(number)))
        arrays |= _pack(name, whole)
    save_arrays(path, arrays)


def save_mentions(
    path: Path,
    ids: Sequence[str],
    texts: Sequence[str],
    decided: pd.DataFrame,
    facts: NDArray[np.uint64],
) -> None:
    """Find and write the mentions of one source.

    Parameters
    ----------
    path : path
    ids, texts : sequence of str
        The ads.
    decided : DataFrame
        Decisions about mentions, by `id` and offsets.
    facts : ndarray of uint64
        The facts that are kept.
    """
    parts, matrices, sizes = [EMPTY], [unpack("facts", EMPTY, len(facts))], [EMPTY["size"]]
    for begin in range(0, len(texts), _BATCH_ADS):
        here = slice(begin, begin + _BATCH_ADS)
        found, kept = find_mentions(texts[here], facts)
        mentions = with_decisions(found, list(ids[here]), decided)
        sizes.append(np.bincount(mentions["ad"], minlength=len(ids[here])))
        columns: dict[str, NDArray[Any]] = {name: mentions[name].to_numpy() for name in STORED if name != "choice"}
        columns["phrase"] = default_lexicon().hashes[columns["phrase"]]
        columns["choice"] = np.array(mentions["choice"].tolist(), bool).reshape(-1, 2, 2)
        parts.append({name: columns[name].astype(kind) for name, kind in STORED.items()})
        matrices.append(fact_matrix(kept, (len(mentions), len(facts))))
    stored = {name: np.concatenate([part[name] for part in parts]) for name in STORED}
    size = np.concatenate(sizes).astype(np.uint16)
    save_arrays(
        path, stored | _pack("facts", sp.csr_matrix(sp.vstack(matrices))) | {"ids": np.array(ids), "size": size}
    )
