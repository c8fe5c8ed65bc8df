"""`estimate_shares`: for each group and label the share as counted, corrected, and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.api import default_model
from collarclass.definitions.definition import (
    DEFAULT,
    DEFINITION_MARK,
    Definition,
    Facts,
    builtin_definitions,
    load_definition,
)
from collarclass.definitions.labels import LABELS, RATINGS
from collarclass.errors import DataError
from collarclass.explain.sentence import language
from collarclass.model.model import Model
from collarclass.shares.dates import PERIODS, Order, Period, find_periods, is_dates
from collarclass.shares.estimate import (
    Annotated,
    Cells,
    Floats,
    Shares,
    adjusted_by_card,
    adjusted_by_sample,
    counted,
    stratified_ppi,
)
from collarclass.shares.read import (
    COLLARS,
    NOT_RANDOM,
    SAMPLE_PROBABILITY,
    SAMPLE_ROW,
    SAMPLE_SOURCE,
    check_columns,
    facts_of,
)
from collarclass.shares.sample import STRATA, strata
from collarclass.tables.columns import find_columns

RESULT = ("plain", "share", "low", "high", "n_ads", "n_annotated", "n_effective", "method", "definition", "warning")
ALL = "(all)"
LEAST = 30  # annotations of a group that is corrected by its own
_LEAST_OF_ALL = 10
_DIFFERENT = 2.64  # standard errors: 1 % over three labels
_NO_CORRECTION = "counted"


@dataclass(frozen=True, slots=True)
class Truth:
    """Annotated ads, found again among the labelled ones.

    Attributes
    ----------
    row : ndarray of int64
        Their rows in the labelled table.
    label : ndarray, shape (n, 4)
        One column of ones; shared out where annotators differ.
    probability : ndarray
        Of having been drawn.
    ratings : ndarray, shape (n, 2), optional
        The two ratings, 0 to 4; NaN where there are none.
    warnings : tuple of str
    """

    row: NDArray[np.int64]
    label: Floats
    probability: Floats
    ratings: Floats | None = None
    warnings: tuple[str, ...] = ()


def estimate_shares(
    labelled: pd.DataFrame,
    truth: pd.DataFrame | None = None,
    *,
    by: Sequence[str] | str = (),
    date: str | None = None,
    date_order: Order | None = None,
    weight: str | None = None,
    unique: str | None = None,
    definition: str | Definition | Sequence[str | Definition] = DEFAULT,
    truth_column: str = "label",
    prefix: str = "",
    margins: bool = False,
    model: Model | None = None,
) -> pd.DataFrame:
    """Shares of white, blue, gray and unclear ads, corrected for the model's errors.

    Parameters
    ----------
    labelled : DataFrame
        Ads with the label columns, as `label_table` gives them.
    truth : DataFrame, optional
        Annotated ads: a column of true labels and, from `draw_sample`, `sample_row` and `sample_probability`.
        Without `sample_row` its index names rows of `labelled`. Without any truth the shares are adjusted by
        the confusion that the model measured of itself, which is an assumption and marked as one.
    by : str or sequence of str
        Columns whose values, taken together, make the groups. "month", "quarter" and "year" stand for the
        periods of the column of dates; a column of dates is taken by month.
    date : str, optional
        The column of dates, if "month" and the like cannot find it.
    date_order : {"dmy", "mdy"}, optional
        How 3/7/2026 is meant; asked for where it cannot be told.
    weight : str, optional
        Column of the ads' weights.
    unique : str, optional
        Column of group numbers from `find_duplicates`: ads of one number count as one.
    definition : str, Definition, or a sequence of them, default="article"
        What the labels mean: a built-in name, "all" for every built-in one, or a TOML file.
    truth_column : str, default="label"
    prefix : str
        What was put before the names of the label columns.
    margins : bool, default=False
        Whether to put the shares of all ads first, with "(all)" as group.
    model : Model, optional
        Whose confusion is used; the shipped model if not given.

    Returns
    -------
    DataFrame
        One row per definition, group and label: the columns of `by`, `label`, `plain` (share as counted),
        `share` (corrected), `low` and `high` (95 % interval), `n_ads`, `n_annotated`, `n_effective` (size
        of a simple random sample of annotated ads as exact as this), `method`, `definition`, `warning`.
        Shares of a group add up to 1. Methods: "corrected" (stratified and prediction-powered), "pooled" (by the
        errors in the whole sample, for a group with fewer than 30 annotated ads), "adjusted" (the model's own
        confusion) and "counted" (Wilson's interval).

    Raises
    ------
    DataError
        If a column is missing, or dates can be read in two ways.

    See Also
    --------
    draw_sample : which ads to annotate.

    Examples
    --------
    >>> labelled = pd.DataFrame({"collar": ["gray", "blue", "white", "blue"] * 25, "region": ["north", "south"] * 50})
    >>> truth = pd.DataFrame({"label": ["gray", "blue"] * 20}, index=range(40))
    >>> found = estimate_shares(labelled, truth, by="region", margins=True)
    >>> found[found["label"] == "gray"][["region", "plain", "method"]].values.tolist()
    [['(all)', 0.25, 'corrected'], ['north', 0.5, 'pooled'], ['south', 0.0, 'pooled']]
    """
    by = [by] if isinstance(by, str) else list(by)
    check_columns(labelled.columns, [c for c in (weight, unique) if c is not None], prefix, "the labelled ads")
    facts = facts_of(labelled, prefix)
    groups = group_columns(labelled, by, date=date, date_order=date_order)
    weights = _weights(labelled, weight, unique)
    known = None if truth is None else _find_truth(truth, labelled, truth_column)
    model = model or default_model()
    confusion = model_confusion(model, _chinese(labelled))
    parts = [
        _estimate(facts, weights, groups, known, confusion, margins, found) for found in _definitions(definition, facts)
    ]
    return pd.concat(parts, ignore_index=True)


def _definitions(given: str | Definition | Sequence[str | Definition], facts: Facts) -> list[Definition]:
    if isinstance(given, (str, Definition)):
        given = [given]
    names: list[str | Definition] = []
    for one in given:
        names += _applicable(facts) if one == "all" else [one]
    return [one if isinstance(one, Definition) else load_definition(one) for one in names]


def _applicable(facts: Facts) -> list[str]:
    """Built-in definitions that go by nothing which the table lacks."""
    out = []
    for name in builtin_definitions():
        with suppress(DataError):
            load_definition(name).apply(facts)
            out.append(name)
    return out


# -- groups and weights --------------------------------------------------------------------------


def group_columns(
    table: pd.DataFrame, by: Sequence[str], *, date: str | None = None, date_order: Order | None = None
) -> pd.DataFrame:
    """The columns that make the groups: values as text, dates by period.

    Returns
    -------
    DataFrame
        Of categories, columns named as in `by`.
    """
    out = {}
    for name in by:
        if name in table:
            cells = table[name]
            period: Period | None = "month" if is_dates(_some(cells)) else None
        elif name in PERIODS:
            cells, period = table[date if date is not None else find_dates(table)], name
        else:
            listing = ", ".join(map(str, table.columns))
            raise DataError(f"No column {name!r} in the labelled ads; their columns are: {listing}.")
        out[name] = pd.Categorical(_values(cells, period, date_order))
    return pd.DataFrame(out, index=table.index)


def _values(cells: pd.Series[Any], period: Period | None, order: Order | None) -> Any:
    """Each distinct value read once."""
    distinct = pd.Categorical(cells)
    texts = ["" if pd.isna(c) else str(c).strip() for c in distinct.categories]
    if period is not None:
        texts = find_periods(distinct.categories, period, order)
    return np.array([*texts, ""], dtype=object)[distinct.codes]


def _some(cells: pd.Series[Any], most: int = 2000) -> list[Any]:
    return list(pd.unique(cells))[:most]


def find_dates(table: pd.DataFrame) -> str:
    """Name of the one column of dates.

    Raises
    ------
    DataError
        If there is none, or more than one.
    """
    found = [str(name) for name in table.columns if is_dates(_some(table[name], 200))]
    if len(found) == 1:
        return found[0]
    what = f"Columns {', '.join(found)} all hold dates" if found else "No column holds dates"
    raise DataError(f"{what}: name the one that counts with date=... in Python or --date on the command line.")


def _weights(table: pd.DataFrame, weight: str | None, unique: str | None) -> Floats:
    out = np.ones(len(table))
    if weight is not None:
        cells = table[weight]
        if isinstance(cells.dtype, pd.CategoricalDtype):
            cells = cells.astype(object)
        out = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)
        bad = np.flatnonzero(~(np.isfinite(out) & (out >= 0)))
        if len(bad):
            raise DataError(
                f"Row {bad[0] + 1}, column {weight!r}: {str(cells.iloc[bad[0]])[:40]!r} is not a weight; "
                "give a number from 0 up."
            )
    if unique is not None:
        out = out / table[unique].map(table[unique].astype(object).value_counts()).to_numpy(np.float64)
    if not out.sum() > 0:
        raise DataError("The weights add up to nothing: there is no ad to take a share of.")
    return out


# -- truth ---------------------------------------------------------------------------------------


def _find_truth(truth: pd.DataFrame, labelled: pd.DataFrame, column: str) -> Truth:
    """Annotated ads by their rows; those without a label are left out."""
    if column not in truth:
        listing = ", ".join(map(str, truth.columns))
        raise DataError(f"No column {column!r} in the annotated ads; their columns are: {listing}.")
    if SAMPLE_SOURCE in truth and (truth[SAMPLE_SOURCE].astype(str) == NOT_RANDOM).any():
        raise DataError(
            "These ads were annotated least certain first, which is no random sample: draw one with "
            "'collarclass sample'."
        )
    labels = truth[column].astype(object).map(lambda v: "" if pd.isna(v) else str(v).strip().casefold())
    labels = labels.replace({"grey": "gray"})
    unknown = labels[~labels.isin([*COLLARS, ""])]
    if len(unknown):
        place = int(np.flatnonzero(~labels.isin([*COLLARS, ""]))[0])
        raise DataError(
            f"Row {place + 1} of the annotated ads has the label {unknown.iloc[0][:40]!r}: write one of "
            f"{', '.join(COLLARS)}, or nothing."
        )
    given = truth[labels != ""]
    labels = labels[labels != ""]
    if SAMPLE_ROW in given:
        number = pd.to_numeric(given[SAMPLE_ROW].astype(object), errors="coerce").to_numpy(np.float64)
        inside = np.isfinite(number) & (number >= 1) & (number <= len(labelled))
        row = np.where(inside, np.nan_to_num(number) - 1, -1).astype(np.int64)
    else:
        row = labelled.index.get_indexer(given.index)
        inside = row >= 0
    warnings = []
    if not inside.all():
        warnings.append(f"{int((~inside).sum()):,} annotated ads are not among the labelled ones")
    if SAMPLE_PROBABILITY in given:
        probability = pd.to_numeric(given[SAMPLE_PROBABILITY].astype(object), errors="coerce").to_numpy(np.float64)
        if not ((probability > 0) & (probability <= 1)).all():
            raise DataError(f"Column {SAMPLE_PROBABILITY!r} of the annotated ads should hold numbers from 0 to 1.")
    else:
        probability = np.ones(len(given))
        warnings.append("the annotated ads were not drawn with 'sample': taken for a simple random sample")
    onehot = np.eye(len(COLLARS))[[COLLARS.index(label) for label in labels]]
    ratings = None
    if all(name in given for name in RATINGS):
        ratings = np.column_stack(
            [pd.to_numeric(given[name].astype(object), errors="coerce").to_numpy(np.float64) for name in RATINGS]
        )
    return _one_each(row[inside], onehot[inside], probability[inside], ratings, inside, warnings)


def _one_each(
    row: NDArray[np.int64],
    label: Floats,
    probability: Floats,
    ratings: Floats | None,
    inside: NDArray[np.bool_],
    warnings: list[str],
) -> Truth:
    """An ad annotated by several counts once, its label shared out between them."""
    kept, first, of, n = np.unique(row, return_index=True, return_inverse=True, return_counts=True)
    mean = np.column_stack([np.bincount(of, v) for v in label.T]) / n[:, None] if len(kept) else label
    if len(kept) and (mean.max(axis=1) < 1).any():
        warnings.append(f"{int((mean.max(axis=1) < 1).sum()):,} ads have two labels: each counts in part")
    kept_ratings = None
    if ratings is not None:
        kept_ratings = ratings[inside][first]
    return Truth(kept, mean, probability[first], kept_ratings, tuple(warnings))


def truth_under(definition: Definition, truth: Truth) -> Truth | None:
    """What the annotations say under a definition; None if they cannot say it.

    Annotated labels follow the codebook, which is the definition `article`. Under one that goes by the two
    scores alone the annotated ratings decide.
    """
    if definition.is_model:
        return truth
    if truth.ratings is None or not definition.needs <= {"academic_score", "hands_on_score", "index"}:
        return None
    if len(definition.fallback) > 1:
        return None
    rated = np.isfinite(truth.ratings).all(axis=1) | (truth.label[:, 3] == 1)
    if not rated.any():
        return None
    n = len(truth.row)
    unstated = np.full(n, 4, np.int8)
    collar = np.where(truth.label[:, 3] == 1, 3, truth.label.argmax(axis=1)).astype(np.int8)
    facts = Facts(
        *(collar, np.zeros((n, 3)), np.nan_to_num(truth.ratings) / 4, unstated, unstated, unstated, unstated),
    )
    label = np.eye(4)[definition.apply(facts)]
    return Truth(truth.row[rated], label[rated], truth.probability[rated], truth.ratings[rated], truth.warnings)


def model_confusion(model: Model, chinese: float = 0.0) -> Floats | None:
    """Confusion that the model measured on held-out ads: true label in rows, found in columns.

    Languages are mixed as the ads are. None for a model that does not know its confusion.
    """
    found = model.facts.get("held_out", {})
    tables = []
    for lang, share in (("zh", chinese), ("en", 1 - chinese)):
        table = found.get(lang, {}).get("confusion")
        if table and share > 0.02:
            counts = np.array([[table.get(a, {}).get(b, 0) for b in LABELS] for a in LABELS], dtype=np.float64)
            tables.append((share, counts))
    if not tables:
        return None
    least = min(counts.sum() for _, counts in tables)
    whole = sum(share for share, _ in tables)
    return np.asarray(sum(share / whole * counts * (least / counts.sum()) for share, counts in tables))


def _chinese(table: pd.DataFrame) -> float:
    """Share of Chinese ads, by the first few hundred texts; English where there is no text."""
    if "language_zh" in table.attrs:
        return float(table.attrs["language_zh"])
    try:
        _, text = find_columns(table.columns)
    except DataError:
        return 0.0
    some = [language(str(cell)) for cell in table[text][:300] if isinstance(cell, str) and cell.strip()]
    return some.count("zh") / max(1, len(some))


# -- estimates -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Labelled:
    """All that the estimates of one definition need of the ads."""

    label: NDArray[np.int8]
    guess: Floats
    stratum: NDArray[np.int64]
    weight: Floats

    def plain(self, rows: Any) -> Floats:
        weight = self.weight[rows]
        total = weight.sum()
        return np.bincount(self.label[rows], weight, len(COLLARS)) / (total if total > 0 else 1.0)

    def n_effective(self, rows: Any) -> float:
        weight = self.weight[rows]
        return float(weight.sum() ** 2 / max(float((weight**2).sum()), 1e-300))

    def cells(self, rows: Any) -> Cells:
        stratum, weight, guess = self.stratum[rows], self.weight[rows], self.guess[rows]
        total = np.bincount(stratum, weight, STRATA).astype(np.float64)

        def mean(values: Floats) -> Floats:
            sums = np.column_stack([np.bincount(stratum, weight * v, STRATA) for v in values.T])
            return np.asarray(sums / np.maximum(total, 1e-300)[:, None])

        return Cells(total, mean(guess), mean(guess * (1 - guess)), self.n_effective(rows))

    def annotated(self, truth: Truth, which: NDArray[np.bool_]) -> Annotated:
        row = truth.row[which]
        return Annotated(
            self.stratum[row], truth.label[which], self.guess[row], self.weight[row] / truth.probability[which]
        )


def _labelled(facts: Facts, weight: Floats, definition: Definition) -> _Labelled:
    label = definition.apply(facts)
    surest = np.nan_to_num(facts.probabilities).max(axis=1)
    guess = np.eye(len(COLLARS))[label]
    if definition.is_model:
        clear = (label < len(LABELS)) & np.isfinite(facts.probabilities).all(axis=1)
        guess[clear, :3] = facts.probabilities[clear] / facts.probabilities[clear].sum(axis=1, keepdims=True)
    return _Labelled(label, guess, strata(label, surest).astype(np.int64), weight)


def _estimate(
    facts: Facts,
    weight: Floats,
    groups: pd.DataFrame,
    truth: Truth | None,
    confusion: Floats | None,
    margins: bool,
    definition: Definition,
) -> pd.DataFrame:
    ads = _labelled(facts, weight, definition)
    known = None if truth is None else truth_under(definition, truth)
    if known is not None:
        positive = weight[known.row] > 0
        known = Truth(known.row[positive], known.label[positive], known.probability[positive], None, known.warnings)
    shared = _warnings(definition, truth, known, confusion, ads)
    everything = slice(None)
    out: list[dict[str, Any]] = []
    names = list(groups.columns)

    def add(values: Sequence[str], rows: Any, whole: bool) -> None:
        shares, method, n_annotated, warning = _group(ads, rows, known, confusion, definition, whole)
        plain, n = ads.plain(rows), len(ads.label[rows])
        text = "; ".join([*shared, *warning])
        for k, label in enumerate(COLLARS):
            figures = (plain[k], shares.share[k], shares.low[k], shares.high[k], n, n_annotated, shares.n_effective[k])
            out.append(
                dict(zip(names, values, strict=True)) | {"label": label}
                | dict(zip(RESULT, (*figures, method, definition.name, text), strict=True))
            )  # fmt: skip

    if margins or not names:
        add([ALL] * len(names), everything, True)
    if names:
        for values, index in groups.groupby(names, observed=True, sort=True).indices.items():
            rows = np.asarray(index)
            if weight[rows].sum() > 0:
                add([str(v) for v in (values if isinstance(values, tuple) else (values,))], rows, False)
    return pd.DataFrame(out, columns=[*names, "label", *RESULT])


def _group(
    ads: _Labelled,
    rows: Any,
    truth: Truth | None,
    confusion: Floats | None,
    definition: Definition,
    whole: bool,
) -> tuple[Shares, str, int, list[str]]:
    """Estimate of one group: its shares, the method, its number of annotated ads, and warnings."""
    plain, n = ads.plain(rows), ads.n_effective(rows)
    if truth is None or len(truth.row) < _LEAST_OF_ALL:
        if definition.is_model and confusion is not None and truth is None:
            return adjusted_by_card(plain, n, confusion), "adjusted", 0, []
        return counted(plain, n), _NO_CORRECTION, 0 if truth is None else len(truth.row), []
    inside = np.zeros(len(ads.label), dtype=bool)
    inside[rows] = True
    here = inside[truth.row]
    own = int(here.sum())
    if whole or own >= LEAST:
        return stratified_ppi(ads.cells(rows), ads.annotated(truth, here)), "corrected", own, []
    every = np.ones(len(truth.row), dtype=bool)
    warning = f"fewer than {LEAST} annotated ads here: errors taken to be those in the whole sample"
    return adjusted_by_sample(ads.cells(rows), ads.annotated(truth, every)), "pooled", own, [warning]


def _warnings(
    definition: Definition, truth: Truth | None, known: Truth | None, confusion: Floats | None, ads: _Labelled
) -> list[str]:
    if truth is None:
        if definition.is_model and confusion is not None:
            return ["assumes that the model errs here as on its held-out ads: annotate a sample to know"]
        if definition.is_model:
            return ["not corrected: the model does not say how it errs: annotate a sample"]
        return []
    if known is None:
        return [f"not corrected: the annotations do not say what an ad is under {definition.name!r}"]
    out = list(truth.warnings)
    if len(known.row) < _LEAST_OF_ALL:
        return [*out, f"not corrected: {len(known.row)} annotated ads are too few, have {LEAST} or more"]
    if len(known.row) < LEAST:
        out.append(f"only {len(known.row)} annotated ads: have {LEAST} or more")
    if definition.is_model and confusion is not None:
        out += _unlike_card(known, ads, confusion)
    return out


def _unlike_card(truth: Truth, ads: _Labelled, confusion: Floats) -> list[str]:
    """Labels that the model finds clearly less or more often than its card says."""
    out = []
    weight = ads.weight[truth.row] / truth.probability
    found = ads.label[truth.row]
    for k, label in enumerate(LABELS):
        w = weight * truth.label[:, k]
        n_card = confusion[k].sum()
        if w.sum() <= 0 or n_card <= 0:
            continue
        here, card = float(w[found == k].sum() / w.sum()), float(confusion[k, k] / n_card)
        n = float(w.sum() ** 2 / (w**2).sum())
        between = (here * n + card * n_card) / (n + n_card)
        error = np.sqrt(max(between * (1 - between), 1e-4) * (1 / n + 1 / n_card))
        if n >= 5 and abs(here - card) > _DIFFERENT * error:
            out.append(f"{label}: the model finds {here:.0%} of these ads, its card says {card:.0%}")
    return out


def definition_of(model_column: str) -> str:
    """Name of the definition that a value of `collar_model` tells."""
    return model_column.partition(DEFINITION_MARK)[2] or DEFAULT
