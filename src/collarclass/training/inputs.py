"""What may be passed to the estimator: ads in several forms, labels, ratings, weights and groups, all checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from collarclass.annotation.annotated import small_scale
from collarclass.definitions.labels import COLLARS, LABELS, RATINGS, parse_label
from collarclass.errors import DataError
from collarclass.messages import Message
from collarclass.tables.arrow import arrow_strings
from collarclass.tables.columns import choose_columns
from collarclass.training.counts import Floats, Ints

# scikit-learn numbers classes in alphabetical order.
ENCODED: tuple[str, ...] = tuple(sorted(LABELS))
_LIKELY, _APART = 0.5, 0.2  # share of labels as the shipped model gives them, and by how much two orders differ


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What ads are to be learnt as, of those that are not unclear: `rows` says which of the passed ads they are.

    Ratings go from 0 to 4, NaN where none is given; `classes` are as `predict` gives them.
    """

    rows: Ints
    labels: NDArray[Any]
    ratings: Floats
    weight: Floats
    groups: Ints
    classes: NDArray[Any]
    class_names: list[str]


def read_targets(
    n_ads: int,
    y: ArrayLike,
    ratings: Any = None,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    encoded_labels: Sequence[str] | None = None,
) -> Targets:
    """Check labels, ratings, weights and groups of ads, and leave out those that are unclear."""
    labels, classes, class_names = named_labels(y, encoded_labels)
    given = {"labels": labels, "groups": groups, "weights": sample_weight, "ratings": ratings}
    for name, values in given.items():
        n = n_ads if values is None else len(np.asarray(values))
        if n != n_ads:
            raise DataError("{n_ads} ads but {n} {name}: give one for each ad.", n_ads=n_ads, n=n, name=name)
    weight = np.ones(n_ads) if sample_weight is None else np.asarray(sample_weight, np.float64)
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise DataError("A weight is negative or no number: give numbers of 0 or more.")
    group = np.arange(n_ads) if groups is None else pd.factorize(np.asarray(groups))[0]
    rated = _read_ratings(ratings, n_ads)
    rows = np.flatnonzero(labels != "unclear")
    return Targets(rows, labels[rows], rated[rows], weight[rows], group[rows].astype(np.int64), classes, class_names)


def _read_ratings(ratings: Any, n_ads: int) -> Floats:
    """Ratings by the names of their columns, or in the order of the dimensions."""
    if ratings is None:
        return np.full((n_ads, 2), np.nan)
    frame = as_frame(ratings)
    if frame is not None:
        if missing := [name for name in RATINGS if name not in frame.columns]:
            raise DataError(
                "No column {name!r} in the table of ratings: its columns are {columns}; name them {wanted}.",
                name=missing[0], columns=list(frame.columns), wanted=[*RATINGS],
            )  # fmt: skip
        columns = [pd.to_numeric(pd.Series(frame.get_column(name).to_list()), errors="coerce") for name in RATINGS]
        ratings = np.column_stack(columns)
    found = np.asarray(ratings, dtype=np.float64)
    if found.shape != (n_ads, 2) or not (np.isnan(found) | ((found >= 0) & (found <= 4))).all():
        raise DataError("Ratings must be numbers from 0 to 4, two per ad: academic and hands-on.")
    if small_scale(found.ravel()):
        raise DataError("No rating is above 1, as if they went from 0 to 1: give ratings from 0 to 4.")
    return found


def named_labels(y: ArrayLike, encoded: Sequence[str] | None = None) -> tuple[NDArray[Any], NDArray[Any], list[str]]:
    """Names of labels that may come encoded as integers, or in another spelling; classes as they came, and their names.

    Integers stand for `encoded`, or for the labels in alphabetical order. An "unclear" ad teaches nothing.

    Examples
    --------
    >>> named_labels([2, 0, 0])[0].tolist(), named_labels(["白领", "BLUE"])[2]
    (['white', 'blue', 'blue'], ['blue', 'white'])
    """
    values = np.asarray(y)
    if values.dtype.kind in "iu":
        order = list(encoded if encoded is not None else ENCODED)
        if values.size and not 0 <= values.min() <= values.max() < len(order):
            unknown = values.max() if values.max() >= len(order) else values.min()
            raise DataError(
                "Unknown label {label}: encoded labels are 0 to {last}, for {order}.", label=unknown,
                last=len(order) - 1, order=order,
            )  # fmt: skip
        values = np.asarray(values, dtype=np.int64)
        classes = np.unique(values)
        names = np.array(order, dtype=object)[values] if values.size else np.empty(0, dtype=object)
        class_names = [order[i] for i in classes]
    else:
        parsed = {value: parse_label(str(value)) for value in set(np.asarray(y, dtype=object))}
        if unknowns := [value for value, label in parsed.items() if label is None]:
            raise DataError(
                "Unknown label {label!r}: labels are {labels}.", label=str(unknowns[0])[:40], labels=[*COLLARS]
            )
        names = np.array([parsed[value] for value in np.asarray(y, dtype=object)], dtype=object)
        class_names = sorted({*names} - {"unclear"})
        classes = np.array(class_names)
    if len(class_names) == 1:
        raise DataError("Every ad is labelled {label!r}: give ads of at least two labels.", label=class_names[0])
    return names, classes, class_names


def refuse_other_order(y: ArrayLike, probabilities: Floats) -> None:
    """Refuse integers that fit the library's order of labels far better than the alphabetical one.

    What the shipped model gives the same ads as probabilities tells which order is meant.
    """
    values = np.asarray(y)
    found = np.array(LABELS, dtype=object)[probabilities.argmax(axis=1)]
    as_listed, as_encoded = ((np.array(order, dtype=object)[values] == found).mean() for order in (LABELS, ENCODED))
    if as_listed >= _LIKELY and as_listed > as_encoded + _APART:
        raise DataError(
            "The integers fit {listed} ({listed_share:.0%} are as the shipped model labels) rather than the "
            "alphabetical order {encoded} ({encoded_share:.0%}): give the labels' names, or encoded_labels=(...).",
            listed=[*LABELS], listed_share=float(as_listed), encoded=[*ENCODED], encoded_share=float(as_encoded),
        )  # fmt: skip


def check_range(name: str, value: Any, low: float, high: float, whole: bool = False) -> None:
    """Refuse a parameter that is no number of its range."""
    kinds = (int, np.integer) if whole else (int, float, np.number)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = Message("whole number") if whole else Message("number")
        raise DataError(
            "{name} is {value}: give a {kind} from {low:,} to {high:,}.", name=name, value=repr(value)[:40], kind=kind,
            low=low, high=high,
        )  # fmt: skip


def split_ads(
    X: Any, title_column: str | None = None, text_column: str | None = None
) -> tuple[list[str | None], list[str]]:
    """Take ads as text, as (title, text) pairs or as a DataFrame apart into titles and texts."""
    frame = as_frame(X)
    if frame is not None:
        found = choose_columns(frame.columns, title_column, text_column)
        title, text = found.title, found.texts[0]
        texts = arrow_strings(frame.get_column(str(text)).to_arrow())
        named = arrow_strings(frame.get_column(str(title)).to_arrow()) if title is not None else [None] * len(texts)
        return list(named), texts
    if isinstance(X, Mapping):
        raise DataError("Give a table or a list of ads, not a dict: pandas.DataFrame(ads) makes a table of it.")
    if isinstance(X, str):
        raise DataError("Give a sequence of ads, not a single string.")
    titles, texts = list[str | None](), []
    for i, ad in enumerate(X):
        title, text = ad if isinstance(ad, (tuple, list, np.ndarray)) and len(ad) == 2 else (None, ad)
        title, text = (None if _is_missing(title) else title), ("" if _is_missing(text) else text)
        if not isinstance(text, str) or not (title is None or isinstance(title, str)):
            raise DataError("Ad {i} is not a text or a (title, text) pair of texts.", i=i)
        titles.append(title)
        texts.append(text)
    return titles, texts


def as_frame(X: Any) -> Any:
    """X as a frame of narwhals, if it is a table; otherwise None."""
    if isinstance(X, pd.DataFrame):  # of which narwhals refuses columns that are not named by text
        X = X.rename(columns=str)
    found = nw.from_native(X, eager_only=True, pass_through=True)
    return found if isinstance(found, nw.DataFrame) else None


def _is_missing(value: Any) -> bool:
    """Whether a value stands for none, as tables read it: None, NaN and the like."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)
