"""Rows judged by the codes of their occupations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import BASES, LABELS, UNCLEAR
from collarclass.model.model import UNKNOWN_CODE, Model
from collarclass.model.predict import Predictions

_AD = BASES.index("ad")
_OCCUPATION = BASES.index("occupation")
# How far a row is trusted to have its occupation's own label; the rest of the probability is what the decision
# makes of the occupation's ratings. Of the written ads, which ask for more or less than is usual on purpose,
# three quarters have their occupation's label.
_TRUST = 0.5


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
    note, basis, evidence, terms = found.note.copy(), found.basis.copy(), list(found.evidence), list(found.terms)
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
        evidence[i], terms[i] = name if evidence[i] or found.label[i] == UNCLEAR else "", None
    return replace(
        found,
        label=label,
        probabilities=probabilities,
        scores=scores,
        note=note,
        basis=basis,
        evidence=evidence,
        terms=terms,
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
