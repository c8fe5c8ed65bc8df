"""Batches of ads → predictions under options: from the ad, the title or the occupation's code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import BASES, COLLARS, LABELS, NEAR_THE_LINE, UNCLEAR, UNKNOWN_CODE
from collarclass.labelling.options import Options
from collarclass.model.account import account_of, few_words
from collarclass.model.model import Model
from collarclass.model.predict import Predictions, ask, predict

_AD = BASES.index("ad")
_OCCUPATION = BASES.index("occupation")
# How far a row is trusted to have its occupation's own label; the rest of the probability is what the decision
# makes of the occupation's ratings. Of the written ads, which ask for more or less than is usual on purpose,
# three quarters have their occupation's label.
_TRUST = 0.5


def judge(
    texts: Sequence[str],
    titles: Sequence[str | None] | None = None,
    codes: Sequence[str | None] | None = None,
    *,
    options: Options,
    evidence: bool = False,
) -> Predictions:
    """Label a batch of ads.

    Parameters
    ----------
    texts : sequence of str
    titles : sequence of str or None, optional
    codes : sequence of str or None, optional
        Of occupations, for rows whose ad and title say too little.
    options : Options
    evidence : bool
        Whether to name the few words that speak most for each label.

    Returns
    -------
    Predictions
        With the labels of the definition, "unclear" where the model is less sure than was asked for. Where nothing of
        an unclear ad says anything, scores and probabilities are NaN.
    """
    found = predict(options.model, texts, titles, evidence)
    if codes is not None:
        found = judge_codes(found, codes, options.model)
    if options.min_confidence:
        found = _hold_back(found, options.min_confidence)
    definition = options.definition
    if not definition.is_model:
        if "occupation" in definition.needs:
            from collarclass.occupation.lookup import occupation_labels

            found = replace(found, occupation=occupation_labels(titles, texts))
        labels, words = definition.apply(found), list(found.words)
        for i in np.flatnonzero((labels != found.label) & (found.basis != _OCCUPATION)).tolist() if evidence else ():
            account = ask(options.model, texts[i], None if titles is None else titles[i], account_of)
            words[i] = few_words(account, COLLARS[labels[i]])
        found = replace(found, label=labels, words=words, by_rules=True)
    return found.with_nulls()


def judge_codes(found: Predictions, codes: Sequence[str | None], model: Model) -> Predictions:
    """Judge rows without an ad that can be judged by the codes of their occupations, empty where there is none."""
    judged = (found.basis == _AD) & (found.note == 0)
    changed = {name: getattr(found, name).copy() for name in ("label", "probabilities", "scores", "note", "basis")}
    words = list(found.words)
    for i in np.flatnonzero(~judged).tolist():
        code = (codes[i] or "").strip()
        known = _prior(code) if code else None
        if known is not None:
            ratings, shares, words[i] = known
            scores = ratings / 4
            probabilities = _TRUST * shares + (1 - _TRUST) * model.probabilities(scores[None])[0]
            row = int(probabilities.argmax()), probabilities, scores, 0, _OCCUPATION
            for values, value in zip(changed.values(), row, strict=True):
                values[i] = value
        elif code and found.note[i]:
            changed["note"][i] = UNKNOWN_CODE
    return replace(found, **changed, words=words)


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


def _hold_back(found: Predictions, min_confidence: float) -> Predictions:
    """Turn labels that are less sure than asked for into "unclear", with the note "near the line"."""
    unsure = found.confidence < min_confidence
    return replace(
        found,
        label=np.where(unsure, np.int8(UNCLEAR), found.label),
        note=np.where(unsure, np.int8(NEAR_THE_LINE), found.note),
    )


def stream_sums(found: Predictions) -> NDArray[np.float64]:
    """What the rows that were judged as ads, and not held back, add to the sums that `expected_right` takes."""
    rows = np.flatnonzero((found.basis == _AD) & (found.label != UNCLEAR))
    chinese, confidence = found.reading[rows, 0] > 0, found.probabilities[rows].max(axis=1)
    return np.array([np.bincount(chinese, weights, minlength=2) for weights in (None, confidence)], np.float64)
