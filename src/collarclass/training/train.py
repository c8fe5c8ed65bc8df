"""From the data folder to a model folder: the one way in which the shipped model is made."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from collarclass.annotation.annotated import ColumnNames
from collarclass.corpus.read import data_path, read_data
from collarclass.definitions.labels import LABELS, RATINGS
from collarclass.evaluation.metrics import with_interval
from collarclass.messages import Message
from collarclass.model.model import Model
from collarclass.model.persistence import check_target, default_model, save_model
from collarclass.progress import ProgressLike, Steps
from collarclass.training.counts import concatenate, count_ads
from collarclass.training.estimator import CollarClassifier
from collarclass.training.facts import facts_of_sources, held_out_labels, written_facts
from collarclass.training.inputs import check_range
from collarclass.training.own import OwnAds, comparison, figures_on, own_card, own_facts, read_own, read_test
from collarclass.training.real_ads import learnable, read_mentions, real_ads
from collarclass.training.titles import fit_titles, title_rows
from collarclass.training.train_reader import train_reader
from collarclass.training.work_check import fit_work_check, read_no_content

_CONTRAST_WEIGHT = 0.5  # of a contrast ad, where another written ad weighs 1: many of them say nearly the same
_TITLE_WEIGHT = 0.3  # of a working title as an ad of a title alone
_OTHER_STEPS = 5  # besides the folds: the reader, counting, the last fit, bare titles, the check of content


def training_ads(ads: pd.DataFrame, occupations: pd.DataFrame | None = None) -> pd.DataFrame:
    """Lay out what the model learns from in full text: the written ads, and the occupations' working titles alone.

    `group` is the occupation.
    """
    weight = 1.0 if "kind" not in ads else np.where(ads["kind"] == "contrast", _CONTRAST_WEIGHT, 1.0)
    parts = [ads[["title", "text", "label", *RATINGS]].assign(group=ads["onet_code"], weight=weight)]
    if occupations is not None:
        for column in ("titles_en", "titles_zh"):
            titles = occupations.assign(title=occupations[column].str.split("; ")).explode("title")
            parts.append(
                titles[["title", "label", *RATINGS]].assign(
                    text=titles["title"], group=titles["onet_code"], weight=_TITLE_WEIGHT
                )
            )
    return pd.concat(parts, ignore_index=True)


def thin_ads(no_content: pd.DataFrame) -> pd.DataFrame:
    """Ads that say little beside benefits and company, as training rows; those held out teach nothing."""
    thin = no_content[no_content["label"].isin(LABELS) & (no_content["part"] != "held")].reset_index(drop=True)
    thin = thin.astype(dict.fromkeys(RATINGS, float))
    return thin[["title", "text", "label", *RATINGS]].assign(group="thin " + thin["id"], weight=1.0)


def train(
    data: str | os.PathLike[str],
    *,
    own: OwnAds | None = None,
    own_weight: float = 1.0,
    own_mentions: str | os.PathLike[str] | None = None,
    name: str = "standard",
    progress: ProgressLike = None,
    **parameters: Any,
) -> tuple[Model, CollarClassifier]:
    """Train a model on the data folder, and on a user's own labelled ads beside it.

    Parameters
    ----------
    data : path-like
        The project's data folder.
    own : OwnAds, optional
        As `collarclass.training.own.read_own` reads them.
    own_weight : float, default=1.0
        What each of them weighs, where a written ad weighs 1.
    own_mentions : path-like, optional
        A CSV of decided mentions of requirements, from which the reader learns as well; see `train_reader`.
    name : str
        Name of the model.
    progress : bool or callable, optional
        Whether to show the step and the time left on standard error; only on a terminal if not given. A
        callable gets the number of steps done and the share done.
    **parameters
        Of `CollarClassifier`.

    Returns
    -------
    model : Model
        Its version is a digest of its numbers: the same data give the same version.
    classifier : CollarClassifier
        As fitted, with its held-out scores.
    """
    classifier = CollarClassifier(name=name, **parameters)
    (ads, occupations), no_content, mentions = read_data(data), read_no_content(data), read_mentions(data)
    rows = pd.concat([training_ads(ads, occupations), thin_ads(no_content)], ignore_index=True)
    written = rows if own is None else pd.concat([rows, own.training_rows(own_weight)], ignore_index=True)
    # Sums in one order: the same numbers however many processors.
    with closing(Steps(progress, classifier.n_folds + _OTHER_STEPS)) as steps, threadpool_limits(limits=1):
        reader = train_reader(data, learnable(mentions), own_mentions)
        steps.done("the reader of requirements")
        real, real_counts = real_ads(data, mentions, reader)
        counts = count_ads(written["text"].tolist(), written["title"].tolist(), classifier.max_tokens, reader)
        steps.done("words counted")
        table, learnt = pd.concat([written, real], ignore_index=True), concatenate([counts, real_counts])
        ratings, weight = table[list(RATINGS)], table["weight"].to_numpy()
        classifier.fit(learnt, table["label"], ratings, table["group"], weight, reader=reader, progress=steps)
        model = replace(classifier.model_, bare_title=fit_titles(title_rows(data, ads, occupations))[0])
        steps.done("bare titles")
        full = np.r_[: len(ads), len(written) : len(table)]  # ads that say what the work is
        groups, is_real = table["group"].to_numpy()[full], full >= len(written)
        check, work_facts = fit_work_check(model, no_content, learnt.rows(full), groups, is_real, reader)
        model = replace(model, work=check)
        steps.done("what says no work")
    facts = written_facts(model, classifier, ads, occupations)
    if own is not None:
        probabilities = classifier.held_out_probabilities_[len(rows) : len(written)]
        facts |= own_facts(own, default_model(), model, "train", probabilities)
    held_out = held_out_labels(classifier, np.arange(len(written), len(table)))
    facts |= {"work_check": work_facts} | facts_of_sources(pd.concat([real, held_out], axis=1))
    return replace(model, facts=facts), classifier


def train_to(
    target: str | os.PathLike[str],
    data: str | os.PathLike[str] | None = None,
    *,
    own: str | os.PathLike[str] | None = None,
    own_weight: float = 1.0,
    own_mentions: str | os.PathLike[str] | None = None,
    name: str = "standard",
    test: str | os.PathLike[str] | None = None,
    progress: ProgressLike = None,
    force: bool = False,
    **columns: Unpack[ColumnNames],
) -> str:
    """Train, write the model folder, and say how the model does on occupations held out of training.

    The arguments are those of `train`, where `own` and `test` are files of labelled ads, as `annotated_ads` reads them;
    the shipped and the new model are measured on those of `test`. `force` replaces a model in `target`. The data folder
    is the installed one if not given.
    """
    data = data if data is not None else data_path()
    check_target(target, data, own, own_mentions, test, force=force)
    check_range("own_weight", own_weight, 0, 1000)
    mine = read_own(own, default_model(), **columns) if own is not None else None
    others = read_test(test, default_model(), mine, **columns) if test is not None else None
    model, _ = train(data, own=mine, own_weight=own_weight, own_mentions=own_mentions, name=name, progress=progress)
    if others is not None:
        model = replace(model, facts=model.facts | {"test": figures_on(others, default_model(), model)})
    save_model(model, target, {"README.md": own_card(model)} if mine is not None else None, force=force)
    lines = [f"{model.identity} written to {target}", "", "Ads of occupations held out of training:"]
    lines += _accuracy_lines(model.facts["held_out"])
    lines += ["", "Real ads of sources held out of training:", *_accuracy_lines(model.facts["real_ads"])]
    lines += ["", "Scores of held-out occupations against O*NET's figures:"]
    lines += [f"  {name}: Spearman {with_interval(value)}" for name, value in model.facts["agreement"].items()]
    if mine is not None:
        heading = Message("own ads, each by a model that did not see its source")
        lines += ["", f"{mine.said()} of your own:", *comparison(model.facts["held_out_own"], heading)]
    if others is not None:
        lines += ["", *comparison(model.facts["test"], Message("{n:,} ads of the test file", n=len(others)))]
    return "\n".join(lines)


def _accuracy_lines(by_language: dict[str, dict[str, Any]]) -> list[str]:
    return [
        f"  {language}  n {found['n']:5}  accuracy {with_interval(found['accuracy'])}"
        f"  macro-F1 {with_interval(found['macro_f1'])}"
        for language, found in by_language.items()
    ]
