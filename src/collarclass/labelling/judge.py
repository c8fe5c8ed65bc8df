"""Batches of ads → predictions under options: from the ad, the title or the occupation's code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.definition import Facts
from collarclass.labelling.codes import judge_codes
from collarclass.labelling.options import Options
from collarclass.model.doubt import hold_back
from collarclass.model.model import NEAR_THE_LINE
from collarclass.model.predict import Predictions, predict, stream_sums
from collarclass.model.stream import StreamSums


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch of ads, judged.

    Attributes
    ----------
    predictions : Predictions
        The model's; with the label "unclear" where it is less sure than was asked for.
    label : ndarray of int8
        The label under the definition: index into `LABELS`; 3 for unclear.
    stream : StreamSums
        What the batch adds to what is known of its stream.
    """

    predictions: Predictions
    label: NDArray[np.int8]
    stream: StreamSums


def judge(
    texts: Sequence[str],
    titles: Sequence[str | None] | None = None,
    codes: Sequence[str] | None = None,
    *,
    options: Options,
    details: bool = False,
) -> Judged:
    """Label a batch of ads.

    Parameters
    ----------
    texts : sequence of str
    titles : sequence of str or None, optional
    codes : sequence of str, optional
        Of occupations, for rows whose ad and title say too little.
    options : Options
    details : bool
        Whether to give every term of each row's sums, and its requirements, in place of the few words that decided.

    Returns
    -------
    Judged
    """
    read = predict(options.model, texts, titles, options.evidence and not details, details)
    found = hold_back(judge_codes(read, codes, options.model) if codes is not None else read, options.min_confidence)
    stream = stream_sums(read, found.note != NEAR_THE_LINE)
    definition, nearest = options.definition, None
    if "occupation" in definition.needs:
        from collarclass.occupation.labels import occupation_labels

        nearest = occupation_labels(titles, texts)
    return Judged(found, definition.apply(facts_of(found, nearest)), stream)


def facts_of(found: Predictions, occupation: NDArray[np.int8] | None = None) -> Facts:
    """What definitions go by, of predictions."""
    return Facts(
        label=found.label,
        probabilities=found.probabilities,
        scores=found.scores,
        level=found.level,
        status=found.status,
        academic_certificate=found.certificate_status[:, 0],
        vocational_certificate=found.certificate_status[:, 1],
        occupation=occupation,
    )
