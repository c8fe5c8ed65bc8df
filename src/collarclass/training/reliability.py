"""How far the share of right labels of sources lies from what their confidence says, and from each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

# The normal distribution, finely enough for sources of thousands of ads, whose likelihood is narrow.
_NODES = np.linspace(-4, 4, 801)
_LOG_DENSITY = -_NODES**2 / 2
_LIMITS = ((-4.0, 4.0), (1e-3, 2.0))  # of the mean shift and of the spread


def source_facts(
    n: NDArray[np.int64], right: NDArray[np.float64], confidence: NDArray[np.float64], spread: float | None = None
) -> dict[str, Any]:
    """Fit the shift between said and right on the scale of log-odds: a mean, and a spread between sources.

    Parameters
    ----------
    n : ndarray of int64, shape (n_sources,)
        Ads of each source.
    right, confidence : ndarray of float64, shape (n_sources,)
        Share of right labels and mean confidence of each, by a model that had not seen it.
    spread : float, optional
        Standard deviation between sources, if it is known from elsewhere.

    Returns
    -------
    dict
        `n` sources, the mean `shift` with its `shift_error`, and the `spread` between sources beyond chance: those
        under which the numbers of right labels are likeliest, binomial given a source's normal shift.
    """
    said = np.log(confidence / (1 - confidence))[:, None]
    hits, misses = (right * n)[:, None], ((1 - right) * n)[:, None]

    def loss(parameters: NDArray[np.float64]) -> float:
        shift, deviation = parameters
        odds = said + shift + deviation * _NODES
        of_node = -hits * np.logaddexp(0, -odds) - misses * np.logaddexp(0, odds) + _LOG_DENSITY
        highest = of_node.max(axis=1)
        return float(-(highest + np.log(np.exp(of_node - highest[:, None]).sum(axis=1))).sum())

    limits = _LIMITS if spread is None else (_LIMITS[0], (spread, spread))
    start = [float(np.average(np.log((hits + 0.5) / (misses + 0.5)) - said)), 0.3 if spread is None else spread]
    shift, deviation = minimize(loss, start, bounds=limits, method="L-BFGS-B").x
    usual = 1 / (1 + np.exp(-(said[:, 0] + shift)))
    weight = 1 / (1 / (n * usual * (1 - usual)) + deviation**2)
    return {
        "n": len(n),
        "shift": round(float(shift), 4),
        "shift_error": round(float(1 / np.sqrt(weight.sum())), 4),
        "spread": round(float(deviation), 4),
    }
