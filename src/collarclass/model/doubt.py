"""Labels that are in doubt: which of them become "unclear", and which label comes second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from collarclass.definitions.labels import LABELS, UNCLEAR, Label
from collarclass.errors import DataError
from collarclass.model.model import NOTES
from collarclass.model.predict import Predictions

_NEAR_THE_LINE = NOTES.index("near the line")
SECOND = 0.25  # probability from which the second label is named: right for one ad in four, or for more


def check_min_confidence(value: float) -> float:
    """The least confidence that a label needs, if it is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value <= 1:
        raise DataError(f"min_confidence is {value!r:.40}: give a number from 0 to 1, such as 0.8.")
    return float(value)


def hold_back(found: Predictions, min_confidence: float) -> Predictions:
    """Turn labels that are less sure than asked for into "unclear", with the note "near the line".

    Parameters
    ----------
    found : Predictions
    min_confidence : float
        From 0 to 1; at 0 every label stays.

    Returns
    -------
    Predictions
        Scores and probabilities stay as they are.

    Raises
    ------
    DataError
        If `min_confidence` is not a number from 0 to 1.
    """
    unsure = (found.label != UNCLEAR) & (found.probabilities.max(axis=1) < check_min_confidence(min_confidence))
    if not unsure.any():
        return found
    return replace(
        found,
        label=np.where(unsure, np.int8(UNCLEAR), found.label),
        note=np.where(unsure, np.int8(_NEAR_THE_LINE), found.note),
    )


def second_label(probabilities: Sequence[float]) -> Label | None:
    """The label that comes second, where it is close; None where it is not.

    Parameters
    ----------
    probabilities : sequence of float
        Of white, blue and gray.

    Examples
    --------
    >>> second_label([0.6, 0.05, 0.35]), second_label([0.9, 0.02, 0.08])
    ('gray', None)
    """
    _, second, _ = sorted(range(len(LABELS)), key=lambda k: -probabilities[k])
    return LABELS[second] if probabilities[second] >= SECOND else None
