"""Two labellings beside each other: of the same ads, or of a stream against a reference."""

from __future__ import annotations

import os
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.annotation.agreement import agreement
from collarclass.corpus.read import read_labels
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.errors import DataError, require_columns
from collarclass.evaluation.metrics import accuracy, bootstrap, macro_f1, mcnemar, with_interval
from collarclass.files.table import read_table
from collarclass.labelling.options import ModelLike, find_model
from collarclass.model.model import Model
from collarclass.model.predict import predict
from collarclass.shares.groups import group_columns
from collarclass.shares.read import ads_of, displaced, text_hashes
from collarclass.tables.arrow import joined
from collarclass.tables.schema import LISTS

TableLike = str | os.PathLike[str] | pd.DataFrame
SCORES = ("academic_score", "hands_on_score", "collar_confidence")
KNOWN = "known_terms"  # for each word of an ad, as `model.stream` measures them
_BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_BINS = 10
_MIN_SHARE = 1e-4  # share that an empty bin counts for, or its logarithm would be infinite


def compare_labels(
    first: TableLike,
    second: TableLike,
    *,
    truth: str | None = None,
    key: str | None = None,
    by: str | None = None,
    prefix: str = "",
) -> dict[str, Any]:
    """Compare two labellings of the same ads, such as those of two versions of a model.

    Parameters
    ----------
    first, second : path-like or DataFrame
        Labelled tables.
    truth : str, optional
        A column of true labels, in either table.
    key : str, optional
        A column that names each ad, to match rows by; without it rows are matched by their order.
    by : str, optional
        A column of `first`, by whose values changes are counted apart, or "month", "quarter" or "year" of its dates.
    prefix : str
        Prefix of the added columns' names.

    Returns
    -------
    dict
        `n` ads in both, `only_first` and `only_second`; `changed` (share), `agreement` and `kappa` (value and 95 %
        bootstrap interval); `changes` (from, to, n), most frequent first; `by_confidence` of `first` and `by`: n and
        share of changed labels; `mean_shifts` of scores and confidence (second less first). With `truth` also
        `truth`: `n` ads with a true label; `accuracy_first` and `accuracy_second`; `accuracy_difference` and
        `macro_f1_difference` (second less first); each with its 95 % bootstrap interval; and how many only one of them
        labels rightly, with `p` of McNemar's test.

    Raises
    ------
    DataError
        If a column is missing, a key occurs twice, or the tables do not have the same ads.

    Examples
    --------
    >>> import pandas as pd
    >>> old = pd.DataFrame({"collar": ["blue", "gray", "white", "gray"]})
    >>> new = pd.DataFrame({"collar": ["blue", "gray", "white", "blue"]})
    >>> found = compare_labels(old, new)
    >>> found["changed"], found["changes"]
    (0.25, [{'from': 'gray', 'to': 'blue', 'n': 1}])
    """
    a, b = _read(first, "the first table", prefix), _read(second, "the second table", prefix)
    n_first, n_second = len(a), len(b)
    a, b = _matched(a, b, key)
    old, new = a[prefix + "collar"].to_numpy(object), b[prefix + "collar"].to_numpy(object)
    differ = old != new
    agreed = agreement(list(old), list(new))
    pairs = Counter(zip(map(str, old[differ]), map(str, new[differ]), strict=True))
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    result: dict[str, Any] = {
        "n": len(a),
        "only_first": n_first - len(a),
        "only_second": n_second - len(a),
        "changed": float(differ.mean()),
        "agreement": list(bootstrap(lambda same: float(same.mean()), ~differ)),
        "kappa": [agreed.kappa, agreed.low, agreed.high],
        "changes": [{"from": was, "to": is_, "n": n} for (was, is_), n in ranked],
        "by_confidence": _where(_bands(a, prefix), differ),
        "mean_shifts": {
            name: float(np.nanmean(shift))
            for name in SCORES
            if not np.isnan(shift := _numbers(b, prefix + name) - _numbers(a, prefix + name)).all()
        },
    }
    if by is not None:
        result["by"] = _where(group_columns(a, [by])[by], differ)
    if truth is not None:
        result["truth"] = _beside_truth(a if truth in a else b, truth, old, new)
    return result


def measure_drift(
    reference: TableLike, now: TableLike, *, by: str | None = None, prefix: str = "", model: ModelLike | None = None
) -> dict[str, Any]:
    """Measure how far labelled ads have moved from a reference of other ads.

    Parameters
    ----------
    reference, now : path-like or DataFrame
        Labelled tables.
    by : str, optional
        A column of `now` by whose values it is measured apart, or "month", "quarter" or "year" of its dates.
    prefix : str
        Prefix of the added columns' names.
    model : Model or path-like, optional
        Whose known words are counted; the shipped model if not given.

    Returns
    -------
    dict
        `reference` and `now`, each with `n`, `unclear` (share), `labels` (shares) and `means` of scores, confidence
        and, where both tables hold the ads' texts, `known_terms`: words and phrases that the model knows, for each
        word of an ad. `stability`: the population stability index of the labels and of each of these. With `by` the
        same of each part of `now`. As a rule of thumb, below 0.1 nothing has moved, above 0.25 much has.

    Raises
    ------
    DataError
        If a column is missing, or a table has no rows.

    References
    ----------
    Siddiqi (2006), "Credit Risk Scorecards", Wiley: the population stability index.

    Examples
    --------
    >>> import pandas as pd
    >>> past = pd.DataFrame({"collar": ["blue", "white"] * 50})
    >>> now = pd.DataFrame({"collar": ["blue", "white", "white", "white"] * 25})
    >>> round(measure_drift(past, now)["stability"]["labels"], 3)
    0.275
    """
    a, b = _read(reference, "the reference", prefix), _read(now, "the second table", prefix)
    ads, chosen = [_ads(table) for table in (a, b)], find_model(model)
    if all(ads):
        known = [_known_terms(found, chosen) for found in ads]
        a, b = (table.assign(**{prefix + KNOWN: values}) for table, values in zip((a, b), known, strict=True))
    result: dict[str, Any] = {"reference": _state(a, prefix), **_moved(a, b, prefix)}
    if by is not None:
        groups = group_columns(b, [by])[by]
        result["by"] = {name: _moved(a, b[groups == name], prefix) for name in sorted({*groups} - {""})}
    return result


def as_text(found: dict[str, Any]) -> str:
    """Lay numbers of either kind out for reading, a line for each."""
    lines = _lines(found, "")
    width = max(len(name) for name, _ in lines) + 2
    return "\n".join(f"{name:<{width}}{value}" for name, value in lines)


def _lines(value: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(value, dict) and set(value) == {"from", "to", "n"}:
        return [(f"{name} {value['from']} to {value['to']}", f"{value['n']:,}")]
    if isinstance(value, dict):
        return [line for key, part in value.items() for line in _lines(part, f"{name} {key}".strip().replace("_", " "))]
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], float):
        return [(name, with_interval(value))]
    if isinstance(value, list):
        return [line for part in value for line in _lines(part, name)]
    return [(name, f"{value:.3f}" if isinstance(value, float) else f"{value:,}")]


def _read(table: TableLike, called: str, prefix: str) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame):
        called, table = Path(table).name, read_table(table)
    if prefix + "collar" not in table:
        raise DataError(
            "No column {prefix!r} in {called}: label it first, or name the prefix.", prefix=prefix + 'collar',
            called=called,
        )  # fmt: skip
    if not len(table):
        raise DataError("{called} has no rows: give one with labelled ads.", called=called)
    lists = [prefix + name for name in LISTS if prefix + name in table]  # which JSON files hold as text
    return table.assign(**{name: table[name].map(joined) for name in lists})


def _ads(table: pd.DataFrame) -> tuple[Any, ...]:
    """Titles and texts of a table; nothing where it has no texts."""
    try:
        return ads_of(table)
    except DataError:
        return ()


def _known_terms(ads: tuple[Any, ...], model: Model) -> NDArray[np.float64]:
    """Known terms for each word of every ad; NaN for an ad without words."""
    titles, texts = ads
    n_words, known = predict(model, texts, titles).reading[:, 1:].T
    return np.where(n_words > 0, known, np.nan)


def _matched(a: pd.DataFrame, b: pd.DataFrame, key: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the same ads, in the order of the first."""
    if key is None:
        if len(a) != len(b):
            raise DataError(
                "The tables have {n_a:,} and {n_b:,} rows: name a key column to match them by.", n_a=len(a),
                n_b=len(b),
            )  # fmt: skip
        ads = [_ads(table) for table in (a, b)]
        at = displaced(*(text_hashes(*found) for found in ads)) if all(ads) else None
        if at is not None:
            raise DataError(
                "Row {row} of the first table is another row of the second: the ads are in another order. Name a key "
                "column to match them by.", row=at + 2,
            )  # fmt: skip
        return a.reset_index(drop=True), b.reset_index(drop=True)
    for table, called in ((a, "the first table"), (b, "the second table")):
        twice = np.flatnonzero(_column(table, key, called).duplicated())
        if len(twice):
            raise DataError(
                "{called}, row {row}, column {key!r}: {iloc!r} is there twice; use a unique key.", called=called,
                row=int(twice[0]) + 2, key=key, iloc=_column(table, key, called).iloc[twice[0]],
            )  # fmt: skip
    a, b = (table.set_axis(_column(table, key, ""), axis=0) for table in (a, b))
    both = a.index[a.index.isin(b.index)]
    if not len(both):
        raise DataError("No value of column {key!r} is in both tables: compare labels of the same ads.", key=key)
    return a.loc[both], b.loc[both]


def _column(table: pd.DataFrame, name: str, called: str) -> pd.Series[str]:
    require_columns([name], table.columns, called)
    return table[name].astype(object).where(table[name].notna(), "").astype(str)


def _numbers(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column of numbers, none of them where there is no such column."""
    if name not in table:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[name], errors="coerce").to_numpy(float, na_value=np.nan)


def _bands(table: pd.DataFrame, prefix: str) -> pd.Series[str]:
    """Band of confidence of each row; empty without one."""
    sure = _numbers(table, prefix + "collar_confidence")
    names = [f"{low:.1f} to {high:.1f}" for low, high in pairwise(_BANDS)]
    return pd.Series(pd.cut(sure, [*_BANDS[:-1], np.inf], right=False, labels=names).astype(object)).fillna("")


def _where(groups: pd.Series[str], differ: NDArray[np.bool_]) -> dict[str, dict[str, float]]:
    parts = pd.Series(differ).groupby(groups.to_numpy(object))
    return {str(name): {"n": len(part), "changed": float(part.mean())} for name, part in parts if str(name)}


def _beside_truth(table: pd.DataFrame, truth: str, old: NDArray[Any], new: NDArray[Any]) -> dict[str, Any]:
    true = read_labels(_column(table, truth, "either table"), "the table")
    known = true.isin(LABELS).to_numpy()
    if not known.any():
        raise DataError("No row has white, blue or gray in column {truth!r}: name the right one.", truth=truth)
    t, a, b = true.to_numpy(object)[known], old[known], new[known]

    def difference(metric: Any) -> list[float]:
        return list(bootstrap(lambda true, one, other: metric(true, other) - metric(true, one), t, a, b))

    return {
        "accuracy_first": list(bootstrap(accuracy, t, a)),
        "accuracy_second": list(bootstrap(accuracy, t, b)),
        "n": len(t),
        "accuracy_difference": difference(accuracy),
        "macro_f1_difference": difference(macro_f1),
        **mcnemar(a == t, b == t),
    }


def _shares(labels: pd.Series[str]) -> NDArray[np.float64]:
    shares = labels.value_counts(normalize=True, dropna=False)
    return np.array([shares.get(name, 0.0) for name in COLLARS])


def _state(table: pd.DataFrame, prefix: str) -> dict[str, Any]:
    shares = dict(zip(COLLARS, _shares(table[prefix + "collar"]).tolist(), strict=True))
    numbers = {name: _numbers(table, prefix + name) for name in (*SCORES, KNOWN)}
    means = {name: float(np.nanmean(values)) for name, values in numbers.items() if not np.isnan(values).all()}
    return {"n": len(table), "unclear": shares["unclear"], "labels": shares, "means": means}


def _moved(reference: pd.DataFrame, now: pd.DataFrame, prefix: str) -> dict[str, Any]:
    """What a table is like, and the stability of its columns."""
    labels = prefix + "collar"
    found = {"labels": _stability(_shares(reference[labels]), _shares(now[labels]))}
    for name in (*SCORES, KNOWN):
        was, is_ = (values[~np.isnan(values)] for values in (_numbers(t, prefix + name) for t in (reference, now)))
        if len(was) and len(is_):
            edges = np.unique(np.quantile(was, np.linspace(0, 1, _BINS + 1)[1:-1]))
            counts = (np.bincount(np.searchsorted(edges, v, "right"), minlength=len(edges) + 1) for v in (was, is_))
            found[name] = _stability(*(c / c.sum() for c in counts))
    return {"now": _state(now, prefix), "stability": found}


def _stability(was: NDArray[np.float64], is_: NDArray[np.float64]) -> float:
    """Population stability index of two distributions over the same bins."""
    a, b = np.maximum(was, _MIN_SHARE), np.maximum(is_, _MIN_SHARE)
    return float(((b - a) * np.log(b / a)).sum())
