"""A user's own labelled ads: which belong together, what they teach a model, and how it does beside the one before."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from collarclass.annotation.annotated import ColumnNames, read_annotated
from collarclass.definitions.labels import LABELS, RATINGS
from collarclass.errors import DataError
from collarclass.evaluation.metrics import accuracy, bootstrap, expected_calibration_error, macro_f1, mcnemar
from collarclass.messages import Message
from collarclass.model.model import Model
from collarclass.model.persistence import check_target, save_model
from collarclass.model.predict import predict
from collarclass.training.adapt import MIN_ADS, KnownAds, folds, gains, learn_change
from collarclass.training.counts import CountedAds, Floats, Ints, count_ads

_ALIKE = 0.6  # share of their rarer n-grams from which two ads nearly repeat each other
_FIRST_LETTERS = 60  # of an ad, beside its title in a line
_COMMON = 50  # ads in which an n-gram may stand to count as rare


@dataclass(frozen=True, slots=True, eq=False)
class OwnAds:
    """Labelled ads to learn from, or to test on.

    Attributes
    ----------
    table : DataFrame
        A row for each, as of `AnnotatedAds`, with its `group`: ads of one source, or that nearly repeat each other,
        have one number.
    counted : CountedAds
    n_unclear : int
        Ads labelled "unclear", which teach nothing.
    """

    table: pd.DataFrame
    counted: CountedAds
    n_unclear: int

    def __len__(self) -> int:
        return len(self.table)

    @property
    def titles(self) -> list[str | None]:
        """Titles; None where an ad has none."""
        return [title or None for title in self.table["title"]]

    @property
    def texts(self) -> list[str]:
        return self.table["text"].tolist()

    @property
    def labels(self) -> Ints:
        """Index of each label into `LABELS`."""
        return np.array([LABELS.index(label) for label in self.table["label"]], dtype=np.int64)

    @property
    def lessons(self) -> dict[str, NDArray[Any]]:
        """What the ads teach an adaptation, as parameters of `learn_change`."""
        groups, ratings = self.table["group"].to_numpy(), self.table[list(RATINGS)].to_numpy(np.float64)
        return {"labels": self.labels, "groups": groups, "ratings": ratings}

    @property
    def n_sources(self) -> int:
        """How many sources are named."""
        return len({*self.table["source"].str.strip()} - {""})

    def said(self) -> Message:
        """How many ads there are, of how many sources."""
        sources = Message(" of {n:,} sources", n=self.n_sources) if self.n_sources else ""
        unclear = Message(" ({n:,} unclear left out)", n=self.n_unclear) if self.n_unclear else ""
        return Message("{n:,} ads{sources}{unclear}", n=len(self), sources=sources, unclear=unclear)

    def rows(self, index: Ints) -> OwnAds:
        """Some of the ads."""
        table = self.table.iloc[index].reset_index(drop=True)
        return OwnAds(table, self.counted.rows(index), self.n_unclear)

    def training_rows(self, weight: float) -> pd.DataFrame:
        """Rows for training."""
        groups = "own:" + self.table["group"].astype(str)
        return self.table[["title", "text", "label", *RATINGS]].assign(group=groups, weight=float(weight))


def read_own(path: str | os.PathLike[str], model: Model, **columns: Unpack[ColumnNames]) -> OwnAds:
    """Read a file of labelled ads; the model's reader reads what they state."""
    found = read_annotated(path, **columns)
    table = found.usable().reset_index(drop=True)
    n_unclear = len(found.labelled()) - len(table)
    counted = count_ads(table["text"].tolist(), table["title"].tolist(), int(model.limits["max_tokens"]), model.reader)
    return OwnAds(table.assign(group=group_ads(counted, table["source"])), counted, n_unclear)


def read_test(path: str | os.PathLike[str], model: Model, own: OwnAds | None, **columns: Unpack[ColumnNames]) -> OwnAds:
    """Read further labelled ads to test on, but for those that nearly repeat an ad that is learnt from."""
    ads = read_own(path, model, **columns)
    if own is not None:
        ads = ads.rows(np.flatnonzero(near_duplicates([own.counted, ads.counted])[len(own) :] >= len(own)))
    if not len(ads) or (predict(model, ads.texts, ads.titles).note != 0).all():
        raise DataError("No ad of the test file can be judged, or all nearly repeat those that were learnt from.")
    return ads


def group_ads(ads: CountedAds, sources: Iterable[str]) -> Ints:
    """A number for ads that must not be on both sides of a split: of one source, or that nearly repeat each other."""
    first = near_duplicates([ads])
    named = [source.strip() or f"\0{i}" for i, source in enumerate(sources)]
    return np.unique([named[i] for i in first], return_inverse=True)[1].astype(np.int64)


def near_duplicates(parts: Sequence[CountedAds]) -> Ints:
    """The first ad that each nearly repeats, itself if there is none; parts are numbered one after the other.

    Two ads do so that share most of their rarer n-grams.
    """
    hashes = np.unique(np.concatenate([part.text.hashes for part in parts]))
    every = sp.csc_matrix(sp.vstack([part.text.aligned(hashes) for part in parts]))
    present = sp.csr_matrix(every[:, np.flatnonzero(every.getnnz(axis=0) <= _COMMON)])
    present.data = np.ones(present.nnz, dtype=np.float64)
    size = present.getnnz(axis=1)
    shared = (present @ present.T).tocoo()
    alike = shared.data >= _ALIKE * np.maximum(size[shared.row], size[shared.col])
    pairs = (np.ones(alike.sum()), (shared.row[alike], shared.col[alike]))
    _, component = connected_components(sp.csr_matrix(pairs, shape=shared.shape), directed=False)
    return np.unique(component, return_index=True)[1][component].astype(np.int64)


def figures(labels: Ints, before: Floats, after: Floats) -> dict[str, Any]:
    """How two models do on the same ads, from their probabilities; of each metric a value for either."""
    names = np.array(LABELS, dtype=object)
    true, found = names[labels], [names[p.argmax(axis=1)] for p in (before, after)]
    return {
        "n": len(labels),
        "accuracy": [[round(v, 4) for v in bootstrap(accuracy, true, said)] for said in found],
        "macro_f1": [[round(v, 4) for v in bootstrap(macro_f1, true, said)] for said in found],
        "calibration_error": [
            round(expected_calibration_error(said == true, p.max(axis=1)), 4)
            for said, p in zip(found, (before, after), strict=True)
        ],
        "against": mcnemar(*(said == true for said in found)),
    }


def short_figures(ads: OwnAds, models: Sequence[Model]) -> dict[str, Any]:
    """How models label the ads' titles alone, and lines of a title and an ad's first words.

    Of each form, for each model: how many are `labelled`, and how many of these `as_the_ad` is.
    """
    rows = [i for i, title in enumerate(ads.titles) if title]
    titles, right = [ads.titles[i] for i in rows], ads.labels[rows]
    starts = [" ".join(ads.texts[i].split())[:_FIRST_LETTERS].rsplit(" ", 1)[0] for i in rows]
    lines = [f"{title}, {start}" for title, start in zip(titles, starts, strict=True)]
    out: dict[str, Any] = {"n": len(rows)}
    for form, texts, given in (("title", [""] * len(rows), titles), ("line", lines, None)):
        found = [predict(model, texts, given).label for model in models]
        out[form] = {
            "labelled": [int((label < len(LABELS)).sum()) for label in found],
            "as_the_ad": [int((label == right).sum()) for label in found],
        }
    return out


def _rows(found: dict[str, Any]) -> list[tuple[str, ...]]:
    """The figures of two models beside each other."""
    first, second = found["against"]["only_first"], found["against"]["only_second"]
    accuracy, macro_f1 = (
        [f"{v:.3f} ({low:.3f} to {high:.3f})" for v, low, high in found[metric]] for metric in ("accuracy", "macro_f1")
    )
    return [
        ("accuracy (95 %)", *accuracy),
        ("macro-F1 (95 %)", *macro_f1),
        ("calibration error", *(f"{error:.3f}" for error in found["calibration_error"])),
        ("right in one only", f"{first:,}", f"{second:,}"),
    ]


def _test_of(found: dict[str, Any]) -> str:
    return f"McNemar's test of the difference: p = {found['against']['p']:.3g}"


def comparison(found: dict[str, Any], heading: str | Message) -> list[str]:
    """The figures of two models beside each other, for reading on a terminal."""
    rows = [(str(heading), "before", "after"), *_rows(found)]
    return [*(f"{name:<42}{first:>24}{second:>24}" for name, first, second in rows), _test_of(found)]


def own_facts(own: OwnAds, before: Model, after: Model, how: str, held_out: Floats) -> dict[str, Any]:
    """What a model's card says of the user's ads, with their probabilities by a model that saw no ad of their group."""
    found, counts = figures_on(own, before, after, held_out), own.table["label"].value_counts()
    not_judged, short = found.pop("not_judged"), found.pop("short")
    return {
        "adapted_from": before.identity,
        "how": how,
        "own": {
            "ads": len(own), "sources": own.n_sources, "unclear": own.n_unclear, "not_judged": not_judged,
            "labels": {label: int(counts.get(label, 0)) for label in LABELS},
        },
        "held_out_own": found,
        "short": short,
    }  # fmt: skip


def figures_on(ads: OwnAds, before: Model, after: Model, held_out: Floats | None = None) -> dict[str, Any]:
    """How two models do on the same ads; those that one cannot judge are left out and counted.

    Of the second there may be the probabilities that models gave which did not learn from an ad.
    """
    found = predict(before, ads.texts, ads.titles)
    judged, probabilities = found.note == 0, held_out
    if probabilities is None:
        other = predict(after, ads.texts, ads.titles)
        judged, probabilities = judged & (other.note == 0), other.probabilities
    result = figures(ads.labels[judged], found.probabilities[judged], probabilities[judged])
    return result | {"not_judged": int((~judged).sum()), "short": short_figures(ads, (before, after))}


def adapt_file(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str],
    model: Model,
    *,
    name: str = "adapted",
    only_calibrate: bool = False,
    test: str | os.PathLike[str] | None = None,
    force: bool = False,
    **columns: Unpack[ColumnNames],
) -> str:
    """Adapt a model to a file of labelled ads, write the model folder, and say what has changed.

    Parameters
    ----------
    path : path-like
        A table of any format, as `annotated_ads` reads it. Ads labelled "unclear", or that the model cannot judge,
        teach nothing.
    target : path-like
        Folder for the model; nothing is written where adapting does not help.
    model : Model
    name : str
        Of the new model.
    only_calibrate : bool, default=False
        Whether scores and reasons stay, and only the probabilities are fitted.
    test : path-like, optional
        Further labelled ads, to measure both models on; those that nearly repeat an ad of `path` are left out.
    force : bool, default=False
        Whether a model in `target` is replaced.
    **columns : str
        Names of the columns `title`, `text`, `label` and `source`, where they are not found by common ones.

    Returns
    -------
    str
        For reading on a terminal: figures before and after, each ad by a model that did not learn from its source.
    """
    check_target(target, path, test, force=force)
    own = read_own(path, model, **columns)
    others = read_test(test, model, own, **columns) if test is not None else None
    known = KnownAds.of_counts(model, own.counted).with_texts(model, own.texts, own.titles)
    rows = np.flatnonzero(known.judged)
    if len(rows) < MIN_ADS or len(np.unique(own.labels[rows])) < 2:
        raise DataError(
            "{n:,} labelled ads that the model can judge, of {labels} labels: give at least {least} of two labels, "
            "better some hundreds.", n=len(rows), labels=len(np.unique(own.labels[rows])), least=MIN_ADS,
        )  # fmt: skip
    kept = own.rows(rows)
    known = known.rows(rows)
    before, after = known.unchanged(), known.unchanged()
    labels, groups = kept.labels, kept.table["group"].to_numpy()
    for train, held_out in folds(groups):
        _, change = learn_change(known.rows(train), **kept.rows(train).lessons, scores_stay=only_calibrate)
        if change is not None:
            after[held_out] = change.probabilities(known.rows(held_out))
    gain, error = gains(before, after, labels, groups)
    measured = figures(labels, before, after)
    said = [str(own.said()), "", *comparison(measured, Message("each ad by a model that did not see its source"))]
    _, change = learn_change(known, **kept.lessons, scores_stay=only_calibrate)
    if change is None or gain <= 0:
        chance = Message(
            "Leave it: {model} is as good on these ads. The gain in log loss is {gain:.3f} an ad, with a standard "
            "error of {error:.3f}. Nothing is written.", model=model.identity, gain=gain / len(rows),
            error=error / len(rows),
        )  # fmt: skip
        return "\n".join([*said, "", str(chance)])
    changed = change.applied(model, name)
    everywhere = np.zeros((len(own), 3))
    everywhere[rows] = after
    facts = own_facts(own, model, changed, "calibrate" if only_calibrate else "adapt", everywhere)
    if others is not None:
        facts["test"] = figures_on(others, model, changed)
        said += ["", *comparison(facts["test"], Message("{n:,} ads of the test file", n=facts["test"]["n"]))]
    changed = replace(changed, facts=facts)
    save_model(changed, target, {"README.md": own_card(changed)}, force=force)
    return "\n".join([f"{changed.identity} written to {target}, from {model.identity}.", "", *said])


_HOW = {
    "adapt": "Both ratings of {base} were shifted, and the decision between the labels was fitted anew. Words weigh "
    "as before.",
    "calibrate": "The probabilities of {base} were fitted anew. Scores and reasons are as before.",
    "train": "It was trained on the ads that come with collarclass and on the user's own. {base} is the shipped model.",
}
_CARD = """# Model card: {identity}

{how}

It learnt from {own[ads]:,} ads of the user's own ({labels}){sources}
{own[unclear]:,} more are labelled unclear, and {own[not_judged]:,} the model could not judge: they taught nothing.

{tables}"""
_SHORT = """## Bare titles and short lines

{n:,} ads of the {whose} have a title. How many are labelled, and how many as the whole ad is, by what is read of them:

| | labelled by {base} | by this model | as the ad, by {base} | by this model |
|---|---:|---:|---:|---:|
| the title alone | {title} |
| one line: the title and the first words of the ad | {line} |
"""


def own_card(model: Model) -> str:
    """Write the card of a model that learnt from a user's ads: of these, of their sources and labels, and figures."""
    facts = model.facts
    own, base, short = facts["own"], facts["adapted_from"], facts.get("test", facts)["short"]
    together = "source" if own["sources"] else "near repetitions"
    tables = [_table(f"Own ads, each by a model that did not see its {together}", facts["held_out_own"], base)]
    if "test" in facts:
        tables.append(_table("Ads of a test file, none of them learnt from", facts["test"], base))
    if short["n"]:
        forms = {
            form: " | ".join(f"{n:,}" for n in (*short[form]["labelled"], *short[form]["as_the_ad"]))
            for form in ("title", "line")
        }
        whose = "test file" if "test" in facts else "file that it learnt from"
        tables.append(_SHORT.format(n=short["n"], whose=whose, base=base, **forms))
    return _CARD.format(
        identity=model.identity, how=_HOW[facts["how"]].format(base=base), own=own,
        labels=", ".join(f"{n:,} {label}" for label, n in own["labels"].items()),
        sources=f", of {own['sources']:,} sources." if own["sources"] else "; no column says of which sources.",
        tables="\n".join(tables),
    )  # fmt: skip


def _table(heading: str, found: dict[str, Any], base: str) -> str:
    rows = [(f"{found['n']:,} ads", base, "this model"), ("---", "---:", "---:"), *_rows(found)]
    lines = [f"## {heading}", "", *(f"| {' | '.join(row)} |" for row in rows), "", f"{_test_of(found)}.", ""]
    return "\n".join(lines)
