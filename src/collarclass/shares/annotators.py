"""Annotators err: how often each label is taken for another, and what that does to shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import COLLARS
from collarclass.shares.estimate import Floats, rates_of

MIN_PAIRS = 20  # ads annotated twice: with fewer nothing is said of the annotators
WORST = 0.2  # share of wrong labels beyond which they cannot be corrected for
_MAX_MISTAKEN_SHARE = 0.4  # share of a label's ads that may be mistaken: from a half on, nothing could be told apart
_DRAWS = 200
_ROUNDS = 60
_MOST_BORNE = 0.25  # wrong labels beyond which an error that shares would bear is no news
# Ads of each label that count as read before: annotators right, the model often.
_PRIOR_ADS, _PRIOR_RIGHT, _PRIOR_MODEL_RIGHT = 4.0, 0.98, 0.75

Codes = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class AnnotatorErrors:
    """How often annotators take one label for another.

    Attributes
    ----------
    error : float
        Share of an annotator's labels that are wrong.
    n_read : int
        Ads from which that is known: annotated twice, or read by an expert.
    correction : ndarray, shape (4, 4)
        One true label as a row of ones, put through this, is without bias what an annotator's label stands for.
    draws : ndarray, shape (n_draws, 4, 4)
        Corrections as uncertain as the ads leave them.
    by_expert : bool
    """

    error: float
    n_read: int
    correction: Floats
    draws: Floats
    by_expert: bool = False


def annotator_errors(first: Codes, second: Codes, model: Codes, random_state: int = 0) -> AnnotatorErrors:
    """Rates of confusion, each direction by itself, from ads that two annotators and the model read.

    Two readings alone cannot tell who is wrong; the third does. All three are taken to err independently, given the
    true label, and both annotators at the same rates. What both take for the same wrong label cannot be seen.

    References
    ----------
    Dawid and Skene (1979), "Maximum likelihood estimation of observer error-rates using the EM algorithm", JRSS C 28.
    Hui and Walter (1980), "Estimating the error rates of diagnostic tests", Biometrics 36.

    Examples
    --------
    >>> model = np.repeat([0, 1, 2], 100)
    >>> first, second = model.copy(), model.copy()
    >>> first[200:220] = second[220:240] = 0  # each annotator calls a fifth of gray white
    >>> found = annotator_errors(first, second, model)
    >>> np.linalg.inv(found.correction)[[2, 0], [0, 2]].round(1).tolist()
    [0.2, 0.0]
    """
    k, n = len(COLLARS), len(first)
    cells, each = np.unique(np.column_stack((first, second, model)), axis=0, return_counts=True)
    rng = np.random.default_rng(random_state)
    weight = np.concatenate([each[None].astype(np.float64), n * rng.dirichlet(each, _DRAWS)])
    seen = np.eye(k)[cells]  # (n_cells, 3, k)
    readings = seen[:, 0] + seen[:, 1]
    # Every draw starts where the annotators are mostly right.
    rates = np.broadcast_to(_prior(_PRIOR_RIGHT), (len(weight), k, k))
    of_model = np.broadcast_to(_prior(_PRIOR_MODEL_RIGHT), (len(weight), k, k))
    common = weight @ readings / (2 * n)
    for _ in range(_ROUNDS):
        twice = np.exp(readings @ np.log(rates.swapaxes(1, 2)))
        likely = common[:, None] * twice * of_model.swapaxes(1, 2)[:, cells[:, 2]]
        belongs = weight[..., None] * likely / likely.sum(axis=2, keepdims=True)
        common = belongs.sum(axis=1) / n
        rates = rates_of(belongs.swapaxes(1, 2) @ readings + _PRIOR_ADS * _prior(_PRIOR_RIGHT))
        of_model = rates_of(belongs.swapaxes(1, 2) @ seen[:, 2] + _PRIOR_ADS * _prior(_PRIOR_MODEL_RIGHT))
    error = float(common[0] @ (1 - np.diag(rates[0])))
    if (first == second).all():
        rates = np.concatenate([np.eye(k)[None], rates[1:]])  # no mistake was seen
        error = 0.0
    return _corrections(rates, error, n, by_expert=False)


def errors_by_expert(truth: Codes, given: Codes, random_state: int = 0) -> AnnotatorErrors:
    """The same from ads whose true label an expert says.

    Examples
    --------
    >>> truth = np.repeat([0, 1, 2], 50)
    >>> given = truth.copy()
    >>> given[100:110] = 0
    >>> round(errors_by_expert(truth, given).error, 3)
    0.067
    """
    k = len(COLLARS)
    counts = np.zeros((k, k))
    np.add.at(counts, (truth, given), 1)
    drawn = np.random.default_rng(random_state).standard_gamma(
        np.broadcast_to(counts + _PRIOR_ADS / 4 * _prior(_PRIOR_RIGHT), (_DRAWS, k, k))
    )
    rates = rates_of(np.concatenate([(counts + 1e-6 * np.eye(k))[None], drawn]))
    return _corrections(rates, float((truth != given).mean()), len(truth), by_expert=True)


def _prior(right: float) -> Floats:
    k = len(COLLARS)
    return np.asarray(np.full((k, k), (1 - right) / (k - 1)) + (right - (1 - right) / (k - 1)) * np.eye(k))


def _corrections(rates: Floats, error: float, n: int, by_expert: bool) -> AnnotatorErrors:
    """Inverse rates of confusion: the first found, the others drawn."""
    wrong = rates * (1 - np.eye(len(COLLARS)))
    most = wrong.sum(axis=2).max(axis=1)[:, None, None]
    wrong = wrong * np.minimum(1, _MAX_MISTAKEN_SHARE / np.maximum(most, 1e-300))
    whole = wrong + (1 - wrong.sum(axis=2))[..., None] * np.eye(len(COLLARS))
    back = np.linalg.inv(whole)
    return AnnotatorErrors(error, n, back[0], back[1:], by_expert)


def pairs(row: NDArray[np.int64], annotator: NDArray[np.object_]) -> NDArray[np.intp]:
    """Places of the first two readings by different people of each ad that has such, shape (n_pairs, 2).

    A reading without a name is nobody's: rows that were pasted twice are no second annotator.

    Examples
    --------
    >>> who = np.array(["anna", "anna", "bo", "anna", "anna"], object)
    >>> pairs(np.array([7, 3, 7, 5, 5]), who).tolist()
    [[0, 2]]
    """
    first: dict[int, int] = {}
    out: dict[int, tuple[int, int]] = {}
    for i, (ad, who) in enumerate(zip(row.tolist(), annotator.tolist(), strict=True)):
        if who and ad not in out and annotator[first.setdefault(ad, i)] != who:
            out[ad] = (first[ad], i)
    return np.array([*out.values()], np.intp).reshape(-1, 2)


def error_borne(share: Floats, low: Floats, high: Floats) -> float:
    """Error of annotators that shifts a share by half of its interval, where errors go to all labels alike.

    NaN where that is more than a quarter of the labels.

    Examples
    --------
    >>> share = np.array([0.55, 0.40, 0.05, 0.0])
    >>> round(error_borne(share, share - 0.02, share + 0.02), 3)
    0.047
    """
    shift = np.abs((1 - share[:3]) / 2 - share[:3])  # for each point of error, over three labels
    borne = float(np.min(np.divide((high - low)[:3] / 2, shift, out=np.full(3, 1.0), where=shift > 1e-9)))
    return borne if borne <= _MOST_BORNE else np.nan
