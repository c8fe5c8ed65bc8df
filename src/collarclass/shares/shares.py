"""`estimate_shares`: for each group and label the share as counted, corrected, and its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.api import default_model
from collarclass.definitions.definition import DEFAULT, Definition, Facts, builtin_definitions, load_definition
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.errors import DataError
from collarclass.messages import Message, sentences
from collarclass.model.model import Model
from collarclass.shares.dates import Order
from collarclass.shares.estimate import (
    Ads,
    Annotated,
    Floats,
    Shares,
    adjusted_by_sample,
    composite,
    drawn_errors,
    range_by_sources,
    stratified_ppi,
)
from collarclass.shares.groups import group_columns, similar_names, weights_of
from collarclass.shares.read import check_columns, facts_of
from collarclass.shares.sample import strata
from collarclass.shares.truth import Truth, error_borne, find_truth, truth_under

RESULT = ("plain", "share", "low", "high", "n_ads", "n_annotated", "n_effective", "method", "definition", "warning")
ALL = "(all)"
MIN_ANNOTATIONS = 30  # annotations in all, below which a warning says how few they are
RANGE = (
    "predicted labels counted, with the range of true shares if the model errs as on {n} other sources: annotate a "
    "sample for an interval"
)
TWICE = "{n:,} ads were annotated twice: {error:.1%} of labels taken to be wrong"
BY_EXPERT = "an expert checked {n:,} labels: {error:.1%} of them taken to be wrong"
_MESSAGES = "messages"  # attribute of a table of shares: by text of a warning, what it is made of
_MIN_TO_CORRECT = 10  # below which nothing is corrected
_MIN_GROUP_ANNOTATIONS = 4  # below which a group is estimated by the whole sample alone
_Group = tuple[tuple[str, ...], NDArray[np.intp]]  # what its columns say, and its rows
_REPEATS = 0.05  # share of ads like others from which a note says so


def estimate_shares(
    labelled: pd.DataFrame,
    truth: pd.DataFrame | None = None,
    *,
    by: Sequence[str] | str = (),
    date: str | None = None,
    date_order: Order | None = None,
    weight: str | None = None,
    unique: str | None = None,
    cluster: str | None = None,
    expert: pd.DataFrame | None = None,
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
        Without `sample_row` its index names rows of `labelled`. Where its column `annotator` names two people for 20
        ads or more, the annotators' errors are estimated and corrected for. Without any truth the shares are as
        counted, and `low` and `high` are no interval but a range: between these the true shares would lie if the
        model erred here as on one of the sources that it did not learn from.
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
        Column of group numbers from `find_duplicates`: ads of one number count as one, in shares and intervals.
    cluster : str, optional
        Column of what ads come in bundles of, such as employers: the interval is that of so many bundles.
    expert : DataFrame, optional
        What an expert says of some of the annotated ads, in the form of `truth`: by it the annotators are corrected.
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
        Whose errors on other sources are used; the shipped model if not given.

    Returns
    -------
    DataFrame
        One row per definition, group and label: the columns of `by`, `label`, `plain` (share as counted),
        `share` (corrected), `low` and `high` (95 % interval), `n_ads`, `n_annotated`, `n_effective` (size
        of a simple random sample of annotated ads as exact as this), `method`, `definition`, `warning`.
        Shares of a group add up to 1, and groups add up to all ads. Methods: "corrected" (all ads: stratified and
        prediction-powered), "composite" (groups: by their own annotated ads as far as these carry, by the whole
        sample for the rest), "range" (no annotations: as counted, with the range that errors on other sources leave)
        and "counted" (as counted, with neither). `low` and `high` are NaN where nothing can be given.

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
    check_columns(labelled.columns, [c for c in (weight, unique, cluster) if c is not None], prefix, "the labelled ads")
    facts = facts_of(labelled, prefix)
    groups = group_columns(labelled, by, date=date, date_order=date_order)
    alike = similar_names(groups)
    notes: list[Message] = []
    if merge_names:
        groups = groups.apply(lambda names: names.astype(object).replace(alike).astype("category"))
    else:
        notes += [Message("{kept!r} and {other!r} look like one group", kept=k, other=o) for o, k in alike.items()]
    if cluster is None and unique is None and (n := _repeats(facts)) >= _REPEATS * len(labelled):
        notes.append(
            Message("{n:,} ads seem to repeat others: 'duplicates' marks them, --unique counts each once", n=n)
        )
    weights = weights_of(labelled, weight, unique)
    bundles = cluster if cluster is not None else unique
    of = None if bundles is None else pd.factorize(labelled[bundles].astype(object))[0].astype(np.int64)
    known = None
    if truth is not None:
        known = find_truth(truth, labelled, facts.label, strata(facts.label, facts.probabilities), truth_column, expert)
    confusions = (model or default_model()).facts.get("source_confusions")
    parts = []
    for one in _definitions(definition, facts):
        label = one.apply(facts)
        ads = Ads(strata(label, facts.probabilities), _guess(label, facts, one), weights, of)
        estimator = _Estimator(label, ads, known, confusions, one, finite_population, notes)
        parts.append(estimator.table(groups, margins))
    out = pd.concat(parts, ignore_index=True)
    return with_notes(out, out["warning"])


def columns_of_groups(shares: pd.DataFrame) -> list[str]:
    """Those that a table of shares has in front of the label."""
    return list(shares.columns[: list(shares.columns).index("label")])


def with_notes(shares: pd.DataFrame, notes: Iterable[Sequence[Message]]) -> pd.DataFrame:
    """A table of shares with notes on each row: as text in `warning`, as messages for `notes_of`."""
    notes = [tuple(row) for row in notes]
    out = shares.assign(warning=[sentences(row) for row in notes])
    out.attrs = {_MESSAGES: {sentences(row): row for row in dict.fromkeys(notes)}}
    return out


def notes_of_rows(shares: pd.DataFrame) -> list[tuple[Message, ...]]:
    """The notes of each row as messages."""
    known = shares.attrs.get(_MESSAGES, {})
    return [known.get(text, (Message(text),) if text else ()) for text in shares["warning"]]


def notes_of(shares: pd.DataFrame) -> list[Message]:
    """What has to be said beside a table of shares, each once, as messages that page and report can translate."""
    return list(dict.fromkeys(chain.from_iterable(notes_of_rows(shares))))


def _definitions(given: str | Definition | Sequence[str | Definition], facts: Facts) -> list[Definition]:
    """Those named; for "all" the built-in ones that go by nothing which the table lacks."""
    out = []
    for one in [given] if isinstance(given, (str, Definition)) else given:
        for name in builtin_definitions() if one == "all" else ():
            with suppress(DataError):
                load_definition(name).apply(facts)
                out.append(load_definition(name))
        if one != "all":
            out.append(one if isinstance(one, Definition) else load_definition(one))
    return out


def _repeats(facts: Facts) -> int:
    """Ads whose probabilities and scores are to the last digit those of an earlier one."""
    numbers = np.column_stack((facts.probabilities, facts.scores))
    rows = pd.DataFrame(numbers[np.isfinite(numbers).all(axis=1)])
    return int(pd.util.hash_pandas_object(rows, index=False).duplicated().sum())


# -- estimates -----------------------------------------------------------------------------------


def _guess(label: NDArray[np.int8], facts: Facts, definition: Definition) -> Floats:
    """Probabilities of the four labels: the model's own, or the label under another definition for certain."""
    guess = np.eye(len(COLLARS))[label]
    if definition.is_model:
        clear = (label < len(LABELS)) & np.isfinite(facts.probabilities).all(axis=1)
        guess[clear, :3] = facts.probabilities[clear] / facts.probabilities[clear].sum(axis=1, keepdims=True)
    return guess


class _Estimator:
    """Shares of all ads and of groups, under one definition."""

    def __init__(
        self,
        label: NDArray[np.int8],
        ads: Ads,
        truth: Truth | None,
        confusions: Any,
        definition: Definition,
        finite: bool,
        notes: Sequence[Message],
    ) -> None:
        self.label, self.ads, self.definition, self.finite = label, ads, definition, finite
        known = None if truth is None else truth_under(definition, truth)
        if known is not None:
            known = known.of(ads.weight[known.row] > 0)
        self.given, self.truth = truth is not None, known
        self.corrects = known is not None and len(known.row) >= _MIN_TO_CORRECT
        self.errors = drawn_errors(confusions) if confusions and definition.is_model and not self.corrects else None
        self.everything = self._all(corrected=True)
        self.notes = [*notes, *self._notes()]

    def table(self, groups: pd.DataFrame, margins: bool) -> pd.DataFrame:
        """One row for each group and label."""
        names = list(groups.columns)
        everything: _Group = ((ALL,) * len(names), np.arange(len(self.label)))
        alone = [[name] for name in names] if margins and len(names) > 1 else []
        divisions = [self._groups(groups, some) for some in ([*alone, names] if names else [])]
        members = [everything, *chain.from_iterable(divisions)]
        if self.corrects:
            found = [self.everything, *chain.from_iterable(self._of_groups(groups) for groups in divisions)]
        else:
            found = [self._uncorrected(rows) for _, rows in members]
        parts = [
            self._rows(*group, shares, "corrected" if group is everything else "composite")
            for group, shares in zip(members, found, strict=True)
        ]
        figures = [row for part in (parts if margins or not names else parts[1:]) for row in part]
        return pd.DataFrame(figures, columns=[*names, "label", *RESULT])

    def _groups(self, groups: pd.DataFrame, by: list[str]) -> list[_Group]:
        """Groups by some of the columns, with "(all)" for the others."""
        out = []
        for values, rows in groups.groupby(by, observed=True, sort=True).indices.items():
            named = dict(zip(by, values if isinstance(values, tuple) else (values,), strict=True))
            if self.ads.weight[rows].sum() > 0:
                out.append((tuple(str(named.get(name, ALL)) for name in groups.columns), np.asarray(rows)))
        return out

    def _rows(
        self, values: tuple[str, ...], rows: NDArray[np.intp], shares: Shares, method: str
    ) -> list[tuple[Any, ...]]:
        if not self.corrects:
            method = "counted" if self.errors is None else "range"
        plain, n, annotated = self._plain(rows), len(rows), int(self._annotated_in(rows).sum())
        notes = list(self.notes)
        if method == "composite" and annotated < _MIN_GROUP_ANNOTATIONS:
            notes.append(Message("annotated ads here: {annotated}; estimated by the whole sample", annotated=annotated))
        return [
            (
                *(*values, label, plain[k], shares.share[k], shares.low[k], shares.high[k], n, annotated),
                *(shares.n_effective[k], method, self.definition.name, notes),
            )
            for k, label in enumerate(COLLARS)
        ]

    def _plain(self, rows: Any) -> Floats:
        """Shares as counted."""
        weight = self.ads.weight[rows]
        total = weight.sum()
        return np.bincount(self.label[rows], weight, len(COLLARS)) / (total if total > 0 else 1.0)

    def _annotated_in(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which annotated ads are in a group."""
        return np.isin(self.truth.row, rows) if self.truth is not None else np.zeros(0, dtype=bool)

    def _annotated(self, truth: Truth, which: Any, corrected: bool = False) -> Annotated:
        """Some annotated ads; corrected for the annotators' errors where these are known, if asked for."""
        ads, label, errors = self.ads.of(truth.row[which]), truth.label[which], truth.errors if corrected else None
        corrections = None
        if errors is not None:
            label = label @ errors.correction
            corrections = np.linalg.inv(errors.correction) @ errors.draws
        weight = ads.weight / truth.probability[which]
        return Annotated(ads.stratum, ads.guess, weight, truth=label, corrections=corrections)

    def _all(self, corrected: bool) -> Shares:
        """Of all ads, by the annotations where they allow it."""
        everything = slice(None)
        if self.truth is None or not self.corrects:
            return self._uncorrected(everything)
        annotated = self._annotated(self.truth, everything, corrected=corrected)
        return stratified_ppi(self.ads, annotated, finite=self.finite)

    def _uncorrected(self, rows: Any) -> Shares:
        """As counted, with the range that the model's errors on other sources leave."""
        plain, n = self._plain(rows), self.ads.of(rows).n_effective
        if self.errors is not None:
            return range_by_sources(plain, n, self.errors[0])
        nothing = np.full(len(plain), np.nan)
        return Shares(plain, nothing, nothing, np.full(len(plain), n))

    def _of_groups(self, groups: Sequence[_Group]) -> list[Shares]:
        """Groups of annotated ads, by their own annotations and by the whole sample."""
        assert self.truth is not None
        whole = self._annotated(self.truth, slice(None))
        direct: list[Shares | None] = []
        synthetic, n = [], []
        for _, rows in groups:
            here, ads = self._annotated_in(rows), self.ads.of(rows)
            n.append(int(here.sum()))
            synthetic.append(adjusted_by_sample(ads, whole))
            own = self._annotated(self.truth, here, corrected=True)
            direct.append(stratified_ppi(ads, own, finite=self.finite) if n[-1] >= _MIN_GROUP_ANNOTATIONS else None)
        size = np.array([self.ads.weight[rows].sum() for _, rows in groups])
        return composite(direct, synthetic, n, size, self.everything.share)

    # -- what has to be said beside the figures --------------------------------------------------

    def _notes(self) -> list[Message]:
        if self.given and self.truth is None:
            name = self.definition.name
            return [Message("not corrected: the annotations do not say what an ad is under {name!r}", name=name)]
        out = [] if self.truth is None else [*self.truth.notes, *self._notes_on_annotations(self.truth)]
        if self.errors is not None:
            out.append(Message(RANGE, n=self.errors[1]))
        elif not self.given and self.definition.is_model:
            out.append(Message("predicted labels counted: the model does not say how it errs on other sources"))
        elif not self.given:
            out.append(Message("predicted labels counted: annotate a sample for an interval"))
        return out

    def _notes_on_annotations(self, truth: Truth) -> list[Message]:
        n, least, errors = len(truth.row), MIN_ANNOTATIONS, truth.errors
        if n < _MIN_TO_CORRECT:
            return [Message("not corrected: {n} annotated ads are too few, have {least} or more", n=n, least=least)]
        out = []
        if n < least:
            out.append(Message("only {n} annotated ads: have {least} or more", n=n, least=least))
        whole = self.everything
        if errors is None:
            borne = error_borne(whole.share, whole.low, whole.high)
            if np.isfinite(borne):
                said = (
                    "not corrected for errors of annotators: if about {borne:.1%} of labels were wrong, a share would "
                    "be off by half of its interval"
                )
                out.append(Message(said, borne=borne))
            return out
        out.append(Message(BY_EXPERT if errors.by_expert else TWICE, n=errors.n_read, error=errors.error))
        without = self._all(corrected=False)
        apart = (whole.share < without.low) | (whole.share > without.high)
        figures = zip(COLLARS, without.share.tolist(), without.low.tolist(), without.high.tolist(), strict=True)
        for (label, share, low, high), differs in zip(figures, apart.tolist(), strict=True):
            if differs:
                said = "without this correction {label} would be {share:.1%} ({low:.1%} to {high:.1%})"
                out.append(Message(said, label=Message(label), share=share, low=low, high=high))
        return out
