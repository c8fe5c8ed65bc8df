"""`estimate_shares`: for each group and label the share as counted, corrected, and its interval."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.api import default_model
from collarclass.corpus.read import read_labels
from collarclass.definitions.definition import (
    DEFAULT,
    Definition,
    Facts,
    builtin_definitions,
    load_definition,
)
from collarclass.definitions.labels import COLLARS, LABELS, RATINGS
from collarclass.errors import DataError, no_column, require_columns
from collarclass.model.model import Model
from collarclass.shares.annotators import MIN_PAIRS, WORST, AnnotatorErrors, annotator_errors, error_borne, pairs
from collarclass.shares.composite import composite
from collarclass.shares.dates import PERIODS, Order, Period, find_periods, is_dates
from collarclass.shares.estimate import (
    Annotated,
    Cells,
    Floats,
    Shares,
    adjusted_by_sample,
    counted,
    stratified_ppi,
)
from collarclass.shares.read import (
    NOT_RANDOM,
    SAMPLE_PROBABILITY,
    SAMPLE_ROW,
    SAMPLE_SOURCE,
    check_columns,
    facts_of,
)
from collarclass.shares.sample import STRATA, answered_share, strata
from collarclass.shares.sources import WIDEST, adjusted_by_sources, concentration
from collarclass.tables.arrow import joined
from collarclass.tables.columns import find_columns
from collarclass.text.language import language

RESULT = ("plain", "share", "low", "high", "n_ads", "n_annotated", "n_effective", "method", "definition", "warning")
ALL = "(all)"
NOT_CORRECTED = f"not corrected: without annotations it could be off by more than {50 * WIDEST:.0f} points"
MIN_ANNOTATIONS = 30  # annotations in all, below which a warning says how few they are
_SEEN_CELLS = 200  # from which the kind of a column is found
_MIN_TO_CORRECT = 10  # below which nothing is corrected
_MIN_GROUP_ANNOTATIONS = 4  # below which a group is estimated by the whole sample alone


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
    errors : AnnotatorErrors, optional
        Where enough ads were annotated twice.
    """

    row: NDArray[np.int64]
    label: Floats
    probability: Floats
    ratings: Floats | None = None
    warnings: tuple[str, ...] = ()
    errors: AnnotatorErrors | None = None


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
    finite_population: bool = False,
    merge_names: bool = False,
    model: Model | None = None,
) -> pd.DataFrame:
    """Estimate shares of white, blue, gray and unclear ads, corrected for errors of model and annotators.

    Parameters
    ----------
    labelled : DataFrame
        Ads with the label columns, as `label_table` gives them.
    truth : DataFrame, optional
        Annotated ads: a column of true labels and, from `draw_sample`, `sample_row` and `sample_probability`.
        Without `sample_row` its index names rows of `labelled`. Where 20 ads or more are annotated twice, the
        annotators' errors are estimated and corrected for. Without any truth the shares are adjusted by the
        errors of the model on sources that it did not learn from, and their interval includes how much these
        sources differ; where that makes it wider than 30 points for all ads or for a group, labels are counted in
        the whole table and no interval is given.
    by : str or sequence of str
        Columns whose values, taken together, make the groups. "month", "quarter" and "year" stand for the
        periods of the column of dates; a column of dates is taken by month.
    date : str, optional
        The column of dates, if it cannot be found.
    date_order : {"dmy", "mdy"}, optional
        Whether 3/7/2026 has the day or the month first; needed if no date shows it.
    weight : str, optional
        Column of the ads' weights.
    unique : str, optional
        Column of group numbers from `find_duplicates`: ads of one number count as one.
    definition : str, Definition, or a sequence of them, default="article"
        What the labels mean: a built-in name, "all" for every built-in one, or a TOML file.
    truth_column : str, default="label"
    prefix : str
        Prefix of the label columns' names.
    margins : bool, default=False
        Whether to put the shares of all ads first, with "(all)" as group, and where there are several columns those
        by each of them alone.
    finite_population : bool, default=False
        Whether the table holds all ads that the shares are about, such as every ad of one year. Otherwise it is
        taken for a draw from a longer stream, and the interval is wider.
    merge_names : bool, default=False
        Whether names of groups that differ only in case, width and blanks, such as "East" and "east ", are one
        group, under the commonest spelling. Otherwise a warning names them.
    model : Model, optional
        Whose confusion is used; the shipped model if not given.

    Returns
    -------
    DataFrame
        One row per definition, group and label: the columns of `by`, `label`, `plain` (share as counted),
        `share` (corrected), `low` and `high` (95 % interval), `n_ads`, `n_annotated`, `n_effective` (size
        of a simple random sample of annotated ads as exact as this), `method`, `definition`, `warning`.
        Shares of a group add up to 1, and groups add up to all ads (adjusted ones nearly). Methods: "corrected" (all
        ads: stratified and prediction-powered), "composite" (groups: by their own annotated ads as far as these
        carry, by the whole sample for the rest), "adjusted" (no annotations: by the errors on other sources) and
        "counted" (predicted labels as they are). `low` and `high` are NaN where no interval can be given.

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
    [['(all)', 0.25, 'corrected'], ['north', 0.5, 'composite'], ['south', 0.0, 'composite']]
    """
    by = [by] if isinstance(by, str) else list(by)
    check_columns(labelled.columns, [c for c in (weight, unique) if c is not None], prefix, "the labelled ads")
    facts = facts_of(labelled, prefix)
    groups = group_columns(labelled, by, date=date, date_order=date_order)
    alike = similar_names(groups)
    if merge_names:
        groups = groups.apply(lambda names: names.astype(object).replace(alike).astype("category"))
    notes = [] if merge_names else [f"{kept!r} and {other!r} look like one group" for other, kept in alike.items()]
    weights = _weights(labelled, weight, unique)
    known = None if truth is None else _find_truth(truth, labelled, truth_column)
    sources = source_confusions(model or default_model(), _chinese(labelled))
    parts = []
    for found in _definitions(definition, facts):
        ads = _labelled(facts, weights, found)
        parts.append(_Estimator(ads, known, sources, found, finite_population, notes).table(groups, margins))
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
            cells = _without_lists(table[name])
            period: Period | None = "month" if is_dates(_some(cells)) else None
        elif name in PERIODS:
            cells, period = table[date if date is not None else find_dates(table)], name
        else:
            raise no_column(name, table.columns, "the table of labelled ads")
        out[name] = pd.Categorical(_values(cells, period, date_order))
    return pd.DataFrame(out, index=table.index)


def _values(cells: pd.Series[Any], period: Period | None, order: Order | None) -> Any:
    """Each distinct value read once."""
    distinct = pd.Categorical(cells)
    texts = ["" if pd.isna(c) else str(c).strip() for c in distinct.categories]
    if period is not None:
        texts = find_periods(distinct.categories, period, order)
    return np.array([*texts, ""], dtype=object)[distinct.codes]


def _without_lists(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Cells of which each can name a group: lists as text."""
    listed = any(isinstance(cell, (list, np.ndarray)) for cell in cells.head(_SEEN_CELLS))
    return cells.map(joined) if listed else cells


def _some(cells: pd.Series[Any], most: int = 2000) -> list[Any]:
    return list(pd.unique(_without_lists(cells)))[:most]


def find_dates(table: pd.DataFrame) -> str:
    """Name of the one column of dates.

    Raises
    ------
    DataError
        If there is none, or more than one.
    """
    found = [str(name) for name in table.columns if is_dates(_some(table[name], _SEEN_CELLS))]
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
                f"Row {bad[0] + 2}, column {weight!r}: {str(cells.iloc[bad[0]])[:40]!r} is not a weight; "
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
    require_columns([column], truth.columns, "the table of annotated ads")
    if SAMPLE_SOURCE in truth and (truth[SAMPLE_SOURCE].astype(str) == NOT_RANDOM).any():
        raise DataError(
            "These ads were annotated least certain first, which is no random sample: draw one with "
            "'collarclass sample'."
        )
    labels = read_labels(truth[column].astype(object).fillna(""), "The annotated ads")
    read = answered_share(truth, labels != "")[labels != ""]
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
        probability = probability * read
    else:
        probability = np.ones(len(given))
        warnings.append("the annotated ads were not drawn with 'sample': taken for a simple random sample")
    onehot = np.eye(len(COLLARS))[[COLLARS.index(label) for label in labels]]
    ratings = None
    if all(name in given for name in RATINGS):
        ratings = np.column_stack(
            [pd.to_numeric(given[name].astype(object), errors="coerce").to_numpy(np.float64) for name in RATINGS]
        )
    found = _one_each(row[inside], onehot[inside], probability[inside], ratings, inside, warnings)
    first, second = pairs(row[inside], onehot[inside].argmax(axis=1))
    if len(first) < MIN_PAIRS:
        return found
    errors = annotator_errors(first, second)
    if errors.error > WORST:
        settle = f"annotators are taken to be wrong in {errors.error:.0%} of labels: agree on the definition first"
        return replace(found, warnings=(*found.warnings, settle))
    return replace(found, errors=errors)


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
    if len(kept) and (undecided := int((mean.max(axis=1) < 1).sum())):
        warnings.append(f"ads with two different labels: {undecided:,}; each label counts in part")
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
    if truth.ratings is None or not definition.is_of_scores:
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


@dataclass(frozen=True, slots=True)
class SourceConfusions:
    """Errors of a model on real ads of sources that it did not learn from.

    Attributes
    ----------
    counts : tuple of (float, ndarray of shape (n_sources, 3, 3))
        By language: its share of the ads at hand, and each source's true labels (rows) by labels found (columns).
    concentration : ndarray, shape (3,)
        How alike sources are, by true label.
    """

    counts: tuple[tuple[float, Floats], ...]
    concentration: Floats


def source_confusions(model: Model, chinese: float = 0.0) -> SourceConfusions | None:
    """Errors on other sources, languages mixed as the ads are; None for a model that does not know them."""
    found = model.facts.get("source_confusions")
    if not found:
        return None
    counts = [
        (share, np.array(list(found[language].values()), dtype=np.float64))
        for language, share in (("zh", chinese), ("en", 1 - chinese))
        if share > 0.02 and language in found
    ]
    if not counts:
        return None
    whole = sum(share for share, _ in counts)
    every = [np.array(list(tables.values()), dtype=np.float64) for tables in found.values()]
    return SourceConfusions(tuple((share / whole, table) for share, table in counts), concentration(every))


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

    def annotated(self, truth: Truth, which: NDArray[np.bool_], corrected: bool = False) -> Annotated:
        """Some annotated ads; corrected for the annotators' errors where these are known, if asked for."""
        row, label, errors = truth.row[which], truth.label[which], truth.errors if corrected else None
        if errors is not None:
            label = label @ errors.correction
        return Annotated(
            self.stratum[row],
            label,
            self.guess[row],
            self.weight[row] / truth.probability[which],
            None if errors is None else np.linalg.inv(errors.correction) @ errors.draws,
        )


def _labelled(facts: Facts, weight: Floats, definition: Definition) -> _Labelled:
    label = definition.apply(facts)
    surest = np.nan_to_num(facts.probabilities).max(axis=1)
    guess = np.eye(len(COLLARS))[label]
    if definition.is_model:
        clear = (label < len(LABELS)) & np.isfinite(facts.probabilities).all(axis=1)
        guess[clear, :3] = facts.probabilities[clear] / facts.probabilities[clear].sum(axis=1, keepdims=True)
    return _Labelled(label, guess, strata(label, surest).astype(np.int64), weight)


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows of a group, and what its columns say."""

    values: tuple[str, ...]
    rows: NDArray[np.intp]


class _Estimator:
    """Shares of all ads and of groups, under one definition."""

    def __init__(
        self,
        ads: _Labelled,
        truth: Truth | None,
        sources: SourceConfusions | None,
        definition: Definition,
        finite: bool,
        notes: Sequence[str],
    ) -> None:
        self.ads, self.definition, self.finite = ads, definition, finite
        self.sources = sources if definition.is_model else None
        known = None if truth is None else truth_under(definition, truth)
        if known is not None:
            positive = ads.weight[known.row] > 0
            known = replace(
                known, row=known.row[positive], label=known.label[positive], probability=known.probability[positive]
            )
        self.given, self.truth = truth is not None, known
        self.corrects = known is not None and len(known.row) >= _MIN_TO_CORRECT
        self.everything = self._all()
        self.notes = [*notes, *self._notes()]

    def table(self, groups: pd.DataFrame, margins: bool) -> pd.DataFrame:
        """One row for each group and label."""
        names = list(groups.columns)
        everything = _Group((ALL,) * len(names), np.arange(len(self.ads.label)))
        alone = [[name] for name in names] if margins and len(names) > 1 else []
        divisions = [self._groups(groups, some) for some in ([*alone, names] if names else [])]
        members = [everything, *chain.from_iterable(divisions)]
        if self.corrects:
            found = [self.everything, *chain.from_iterable(self._of_groups(groups) for groups in divisions)]
        else:
            found = self._uncorrected(members)
        parts = [
            self._rows(group, shares, "corrected" if group is everything else "composite")
            for group, shares in zip(members, found, strict=True)
        ]
        figures = [row for part in (parts if margins or not names else parts[1:]) for row in part]
        columns = [*names, "label", *RESULT]
        return pd.DataFrame([(*values, *row) for values, row in figures], columns=columns)

    def _groups(self, groups: pd.DataFrame, by: list[str]) -> list[_Group]:
        """Groups by some of the columns, with "(all)" for the others."""
        out = []
        for values, rows in groups.groupby(by, observed=True, sort=True).indices.items():
            named = dict(zip(by, values if isinstance(values, tuple) else (values,), strict=True))
            if self.ads.weight[rows].sum() > 0:
                out.append(_Group(tuple(str(named.get(name, ALL)) for name in groups.columns), np.asarray(rows)))
        return out

    def _rows(self, group: _Group, shares: Shares, method: str) -> list[tuple[tuple[str, ...], tuple[Any, ...]]]:
        if not self.corrects:
            method = "counted" if np.isnan(shares.low).any() else "adjusted"
        plain, n, annotated = self.ads.plain(group.rows), len(group.rows), int(self._annotated_in(group.rows).sum())
        warning = "; ".join([*self.notes, *self._notes_of_group(shares, annotated, method)])
        return [
            (
                group.values,
                (
                    *(label, plain[k], shares.share[k], shares.low[k], shares.high[k], n, annotated),
                    *(shares.n_effective[k], method, self.definition.name, warning),
                ),
            )
            for k, label in enumerate(COLLARS)
        ]

    def _annotated_in(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which annotated ads are in a group."""
        if self.truth is None:
            return np.zeros(0, dtype=bool)
        inside = np.zeros(len(self.ads.label), dtype=bool)
        inside[rows] = True
        return np.asarray(inside[self.truth.row])

    def _all(self) -> Shares:
        """Of all ads, corrected where the annotations allow it."""
        if self.truth is None or not self.corrects:
            return counted(self.ads.plain(slice(None)), self.ads.n_effective(slice(None)))
        every = np.ones(len(self.truth.row), dtype=bool)
        everything = slice(None)
        return stratified_ppi(
            self.ads.cells(everything), self.ads.annotated(self.truth, every, corrected=True), finite=self.finite
        )

    def _uncorrected(self, groups: Sequence[_Group]) -> list[Shares]:
        """All of them adjusted, or all counted: else groups would differ by their method alone."""
        figures = [(self.ads.plain(group.rows), self.ads.n_effective(group.rows)) for group in groups]
        as_counted = [counted(plain, n) for plain, n in figures]
        if self.sources is None or self.given:
            return as_counted
        out = []
        for plain, n in figures:
            out.append(adjusted_by_sources(plain, n, self.sources.counts, self.sources.concentration))
            if np.isnan(out[-1].low).any() and plain[: len(LABELS)].any():
                return as_counted
        return out

    def _of_groups(self, groups: Sequence[_Group]) -> list[Shares]:
        """Groups of annotated ads, by their own annotations and by the whole sample."""
        assert self.truth is not None
        whole = self.ads.annotated(self.truth, np.ones(len(self.truth.row), dtype=bool))
        direct: list[Shares | None] = []
        synthetic, n = [], []
        for group in groups:
            here = self._annotated_in(group.rows)
            cells = self.ads.cells(group.rows)
            n.append(int(here.sum()))
            synthetic.append(adjusted_by_sample(cells, whole))
            own = self.ads.annotated(self.truth, here, corrected=True)
            direct.append(stratified_ppi(cells, own, finite=self.finite) if n[-1] >= _MIN_GROUP_ANNOTATIONS else None)
        size = np.array([self.ads.weight[group.rows].sum() for group in groups])
        return composite(direct, synthetic, n, size, self.everything.share)

    # -- what has to be said beside the figures --------------------------------------------------

    def _notes(self) -> list[str]:
        if not self.given:
            if self.sources is not None:
                return []
            if self.definition.is_model:
                return ["predicted labels counted: the model does not say how it errs on other sources"]
            return ["predicted labels counted: annotate a sample for an interval"]
        if self.truth is None:
            return [f"not corrected: the annotations do not say what an ad is under {self.definition.name!r}"]
        out, n = list(self.truth.warnings), len(self.truth.row)
        if n < _MIN_TO_CORRECT:
            return [*out, f"not corrected: {n} annotated ads are too few, have {MIN_ANNOTATIONS} or more"]
        if n < MIN_ANNOTATIONS:
            out.append(f"only {n} annotated ads: have {MIN_ANNOTATIONS} or more")
        errors = self.truth.errors
        if errors is not None:
            out.append(f"{errors.n_pairs:,} ads were annotated twice: {errors.error:.1%} of labels taken to be wrong")
        else:
            borne = error_borne(self.everything.share, self.everything.low, self.everything.high)
            if np.isfinite(borne):
                shift = f"if about {borne:.1%} of labels were wrong, a share would be off by half of its interval"
                out.append(f"not corrected for errors of annotators: {shift}")
        return out

    def _notes_of_group(self, shares: Shares, annotated: int, method: str) -> list[str]:
        if method == "composite" and annotated < _MIN_GROUP_ANNOTATIONS:
            return [f"{annotated} annotated ads here: estimated by the whole sample"]
        if method == "adjusted":
            return ["not annotated: the model is taken to err here as on other sources"]
        labels = shares.share[: len(LABELS)].any()  # without any, there is nothing to correct
        if method == "counted" and labels and self.sources is not None and not self.given:
            return [NOT_CORRECTED]
        return []


def similar_names(groups: pd.DataFrame) -> dict[str, str]:
    """Names of groups that differ from a commoner one only in case, width and blanks.

    Returns
    -------
    dict
        From each such name to the commonest spelling.

    Examples
    --------
    >>> similar_names(pd.DataFrame({"region": ["East", "east", "East", "West", "ＥＡＳＴ"]}))
    {'east': 'East', 'ＥＡＳＴ': 'East'}
    """
    out = {}
    for column in groups:
        counts = groups[column].astype(object).value_counts(sort=True)
        kept: dict[str, str] = {}
        for name in counts.index:
            key = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
            if kept.setdefault(key, name) != name:
                out[name] = kept[key]
    return out
