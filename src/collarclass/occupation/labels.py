"""Titles → the labels of their nearest occupations, many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS
from collarclass.occupation.lookup import index
from collarclass.occupation.table import occupations
from collarclass.text.first_line import title_of

MIN_SIMILARITY = 0.4


def occupation_labels(titles: Sequence[str | None] | None, texts: Sequence[str]) -> NDArray[np.int8]:
    """Label of each ad's nearest occupation.

    Parameters
    ----------
    titles : sequence of str or None, or None
        Where there is no title the first line of the text is read, if it is short.
    texts : sequence of str

    Returns
    -------
    ndarray of int8
        Index into `LABELS`; -1 where no occupation is called anything like it.

    Examples
    --------
    >>> [LABELS[k] for k in occupation_labels(["Registered nurse", "Accountant"], ["", ""])]
    ['gray', 'white']
    """
    given = titles if titles is not None else [None] * len(texts)
    names = [title_of(text, title) for title, text in zip(given, texts, strict=True)]
    if not names:
        return np.zeros(0, np.int8)
    found = index().nearest(names, 1)
    label = np.array([LABELS.index(name) for name in occupations()["label"]], np.int8)
    return np.where(found.similarity[:, 0] >= MIN_SIMILARITY, label[found.row[:, 0]], np.int8(-1)).astype(np.int8)
