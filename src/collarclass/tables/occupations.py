"""Rows judged by the codes of their occupations, and the occupation nearest to each row's title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collarclass.definitions.labels import BASES, LABELS
from collarclass.model.model import UNKNOWN_CODE, Model
from collarclass.model.predict import UNCLEAR, Predictions
from collarclass.model.title_model import looks_like_title
from collarclass.tables.schema import DECIMALS

_AD = BASES.index("ad")
_OCCUPATION = BASES.index("occupation")
# How far a row is trusted to have its occupation's own label; the rest of the probability is what the decision
# makes of the occupation's ratings. Of the written ads, which ask for more or less than is usual on purpose,
# three quarters have their occupation's label.
_TRUST = 0.5
_MAX_TITLE_CHARACTERS = 100


def judge_codes(found: Predictions, codes: Sequence[str], model: Model) -> Predictions:
    """Judge rows by the codes of their occupations: those without an ad that can be judged.

    Parameters
    ----------
    found : Predictions
        From ads and titles.
    codes : sequence of str
        One for each row; empty where there is none.
    model : Model

    Returns
    -------
    Predictions
    """
    judged = (found.basis == _AD) & (found.note == 0)
    label, probabilities, scores = found.label.copy(), found.probabilities.copy(), found.scores.copy()
    note, basis, evidence = found.note.copy(), found.basis.copy(), list(found.evidence)
    for i in np.flatnonzero(~judged).tolist():
        code = codes[i].strip()
        if not code:
            continue
        known = _prior(code)
        if known is None:
            if note[i]:
                note[i] = UNKNOWN_CODE
            continue
        ratings, shares, name = known
        scores[i] = ratings / 4
        probabilities[i] = _TRUST * shares + (1 - _TRUST) * model.probabilities(scores[i : i + 1])[0]
        label[i], note[i], basis[i] = int(probabilities[i].argmax()), 0, _OCCUPATION
        evidence[i] = name if evidence[i] or found.label[i] == UNCLEAR else ""
    return replace(
        found, label=label, probabilities=probabilities, scores=scores, note=note, basis=basis, evidence=evidence
    )


@cache
def _prior(code: str) -> tuple[NDArray[np.float64], NDArray[np.float64], str] | None:
    """Mean ratings, shares of the labels, and name of the occupations of a code; None for an unknown one."""
    from collarclass.occupation.lookup import find_code
    from collarclass.occupation.table import csco_names, occupations

    names = csco_names()
    if code in names.index:  # rated for China
        table, title = names.loc[[code]], str(names.at[code, "name"])
    elif (found := find_code(code)) is not None and found[0]:
        table = occupations().iloc[found[0]]
        title = "; ".join(table["title"].head(3))
    else:
        return None
    ratings = table[["academic_rating", "hands_on_rating"]].to_numpy(np.float64).mean(axis=0)
    shares = np.array([(table["label"] == label).mean() for label in LABELS])
    return ratings, shares, title


def nearest_columns(
    texts: Sequence[str], titles: Sequence[str | None] | None, codes: Sequence[str] | None
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Code, title and similarity of the occupation nearest to each row's title, or of that of its code.

    A row without a title is looked up by its text where that is a title, else by a short first line.
    """
    from collarclass.occupation.lookup import find_code, index
    from collarclass.occupation.table import occupations

    table = occupations()
    wanted = [_title(text, title) for text, title in zip(texts, titles or [None] * len(texts), strict=True)]
    found = index().nearest(wanted, 1)
    row, similarity = found.row[:, 0].copy(), found.similarity[:, 0].copy()
    for i, code in enumerate(codes or ()):
        known = find_code(code)
        if known is not None and known[0]:
            row[i], similarity[i] = known[0][0], 1.0
    none = similarity <= 0
    columns = (table[name].to_numpy(object)[row] for name in ("onet_code", "title"))
    code_column, title_column = (pa.array(np.where(none, "", values), pa.string()) for values in columns)
    return code_column, title_column, pa.array(np.round(similarity, DECIMALS), pa.float64(), mask=none)


def _title(text: str, title: str | None) -> str:
    if title is not None and title.strip():
        return title
    if looks_like_title(text):
        return text
    line = text.strip().partition("\n")[0]
    return line if len(line) <= _MAX_TITLE_CHARACTERS else ""
