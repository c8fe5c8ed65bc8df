"""The labels of a scikit-learn estimator: names, or the integers that meta-estimators make of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from collarclass.definitions.labels import LABELS
from collarclass.errors import DataError

# scikit-learn numbers classes in alphabetical order.
ENCODED: tuple[str, ...] = tuple(sorted(LABELS))
IMPOSSIBLE = -30.0  # intercept of a label that no ad of the training data has


def named_labels(y: ArrayLike, encoded: Sequence[str] | None = None) -> tuple[NDArray[Any], NDArray[Any], list[str]]:
    """Names of labels that may come encoded as integers.

    Parameters
    ----------
    y : array-like of str or int
    encoded : sequence of str, optional
        What 0, 1, … stand for; the labels in alphabetical order if not given.

    Returns
    -------
    names : ndarray of str
        "white", "blue" or "gray" of each ad.
    classes : ndarray
        The distinct values of `y`, sorted.
    class_names : list of str
        The name of each class.

    Raises
    ------
    DataError
        If a label is unknown or there is only one.

    Examples
    --------
    >>> named_labels([2, 0, 0])[0].tolist(), named_labels(["white", "blue"])[2]
    (['white', 'blue', 'blue'], ['blue', 'white'])
    """
    values = np.asarray(y)
    if values.dtype.kind in "iu":
        order = list(encoded if encoded is not None else ENCODED)
        if values.size and not 0 <= values.min() <= values.max() < len(order):
            raise DataError(f"Unknown label {values.max()}: encoded labels are 0 to {len(order) - 1}, for {order}.")
        values = np.asarray(values, dtype=np.int64)
        classes = np.unique(values)
        names = np.array(order, dtype=object)[values] if values.size else np.empty(0, dtype=object)
        class_names = [order[i] for i in classes]
    else:
        names = np.asarray(y, dtype=object)
        class_names = sorted({str(v) for v in names})
        classes = np.array(class_names)
    unknown = sorted(set(class_names) - set(LABELS))
    if unknown:
        raise DataError(f"Unknown label {unknown[0]!r}: labels are {', '.join(LABELS)}.")
    if len(class_names) == 1:
        raise DataError(f"Every ad is labelled {class_names[0]!r}: give ads of at least two labels.")
    return names, classes, class_names


def decision_rows(
    coef: NDArray[np.float64], intercept: NDArray[np.float64], classes: Sequence[str]
) -> NDArray[np.float64]:
    """The decision of a logistic regression as rows of white, blue and gray; a label without ads never wins.

    Parameters
    ----------
    coef : ndarray of float64, shape (n_classes or 1, 3)
    intercept : ndarray of float64, shape (n_classes or 1,)
    classes : sequence of str
        In the order of scikit-learn; of two classes it fits the second against the first.

    Returns
    -------
    ndarray of float64, shape (3, 4)
    """
    rows = np.zeros((len(LABELS), 4))
    rows[:, 3] = IMPOSSIBLE
    fitted = np.column_stack((coef, intercept))
    if len(classes) == 2:
        fitted = np.vstack((np.zeros(4), fitted))
    for name, row in zip(classes, fitted, strict=True):
        rows[LABELS.index(name)] = row
    return rows
