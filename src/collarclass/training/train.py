"""From the data folder to a model folder: the one way in which the shipped model is made."""

from __future__ import annotations

import os
import platform
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy
import sklearn
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from collarclass.corpus.read import LANGUAGES, labelled_ads, read_data, read_ratings
from collarclass.corpus.shipped import data_path
from collarclass.definitions.labels import LABELS, RATINGS, TYPICAL_RATINGS
from collarclass.errors import DataError
from collarclass.evaluation.metrics import agreement, evaluate, summary, with_interval
from collarclass.evaluation.model_card import MIN_SOURCE, model_card, read_explanation_figures, read_figures
from collarclass.files.table import read_table
from collarclass.model.model import Model
from collarclass.model.persistence import save_model
from collarclass.model.stream import MEASURES, NINE_IN_TEN, STREAMS, ranges
from collarclass.model.title_model import TitleModel
from collarclass.progress import ProgressLike, Steps
from collarclass.requirement_reader.decide import Reader
from collarclass.training.counts import CountedAds, concatenate, count_ads
from collarclass.training.estimator import CollarClassifier
from collarclass.training.real_ads import RealMentions, read_mentions, read_real_ads
from collarclass.training.reliability import source_facts
from collarclass.training.titles import ALTERNATE_TITLES, fit_titles, title_rows
from collarclass.training.train_reader import train_reader
from collarclass.training.work_check import fit_work_check, read_no_content

SOURCE_POWER = 0.5  # 0: every real ad weighs the same; 1: every source does
_CONTRAST_WEIGHT = 0.5  # of a contrast ad, where another written ad weighs 1: many of them say nearly the same
_OTHER_STEPS = 5  # besides the folds: the reader, counting, the last fit, bare titles, the check of content
MIN_CONFIDENCES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # at which it is counted how many labels stay and are right


def training_ads(
    ads: pd.DataFrame, occupations: pd.DataFrame | None = None, *, title_weight: float = 0.3
) -> pd.DataFrame:
    """Lay out what the model learns from in full text: the written ads, and bare working titles.

    Parameters
    ----------
    ads : DataFrame
        Columns `title`, `text`, `label`, the two ratings and `onet_code`.
    occupations : DataFrame, optional
        Their English and Chinese working titles become ads of a title alone.
    title_weight : float, default=0.3
        Weight of a bare title, where an ad weighs 1.

    Returns
    -------
    DataFrame
        Columns `title`, `text`, `label`, the ratings, `group` (occupation) and `weight`.
    """
    weight = 1.0 if "kind" not in ads else np.where(ads["kind"] == "contrast", _CONTRAST_WEIGHT, 1.0)
    parts = [ads[["title", "text", "label", *RATINGS]].assign(group=ads["onet_code"], weight=weight)]
    if occupations is not None:
        for column in ("titles_en", "titles_zh"):
            titles = occupations.assign(title=occupations[column].str.split("; ")).explode("title")
            parts.append(
                titles[["title", "label", *RATINGS]].assign(
                    text=titles["title"], group=titles["onet_code"], weight=title_weight
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
    own: str | os.PathLike[str] | None = None,
    own_mentions: str | os.PathLike[str] | None = None,
    written_only: bool = False,
    name: str = "standard",
    progress: ProgressLike = None,
    **parameters: Any,
) -> tuple[Model, CollarClassifier]:
    """Train a model on the data folder, and on a user's own labelled ads beside it.

    Parameters
    ----------
    data : path-like
        The project's data folder.
    own : path-like, optional
        A CSV with columns `text` and `label`, and if there are `title`, `academic_rating` and
        `hands_on_rating` (0 to 4).
    own_mentions : path-like, optional
        A CSV of decided mentions of requirements, from which the reader learns as well; see `train_reader`.
    written_only : bool, default=False
        Leave out the real ads, whose texts are not part of the project, and learn from the written ones.
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
    steps = Steps(progress, classifier.n_folds + _OTHER_STEPS)
    try:
        return _train(data, own, own_mentions, written_only, classifier, steps)
    finally:
        steps.close()


def _train(
    data: str | os.PathLike[str],
    own: str | os.PathLike[str] | None,
    own_mentions: str | os.PathLike[str] | None,
    written_only: bool,
    classifier: CollarClassifier,
    steps: Steps,
) -> tuple[Model, CollarClassifier]:
    ads, occupations = read_data(data)
    no_content = read_no_content(data)
    rows = training_ads(ads, occupations)
    if no_content is not None:
        rows = pd.concat([rows, thin_ads(no_content)], ignore_index=True)
    mine = own_ads(own) if own is not None else rows[:0]
    written = pd.concat([rows, mine], ignore_index=True)
    mentions = read_mentions(data)
    with threadpool_limits(limits=1):
        reader = train_reader(data, mentions.vocabulary, mentions.learnable(), own_mentions)
    steps.done("the reader of requirements")
    real = None if written_only or not mentions.ids else real_ads(data, mentions, reader)
    counted = [count_ads(written["text"].tolist(), written["title"].tolist(), classifier.max_tokens, reader)]
    steps.done("words counted")
    tables = [written]
    if real is not None:
        tables.append(real[0])
        counted.append(real[1])
    table = pd.concat(tables, ignore_index=True)
    with threadpool_limits(limits=1):  # sums in one order: the same numbers however many processors
        classifier.fit(
            concatenate(counted),
            table["label"],
            table[list(RATINGS)],
            table["group"],
            table["weight"].to_numpy(),
            reader=reader,
            steps=steps,
        )
        bare_title = title_model(data, ads, occupations)
    steps.done("bare titles")
    model = replace(classifier.model_, bare_title=bare_title)
    work_facts: dict[str, Any] = {}
    if no_content is not None:
        counted[0] = counted[0].rows(np.arange(len(ads)))
        groups = table["group"].to_numpy()
        groups = np.concatenate((groups[: len(ads)], groups[len(written) :]))
        readable = concatenate(counted)
        with threadpool_limits(limits=1):
            check, work_facts = fit_work_check(
                model, no_content, readable, groups, np.arange(len(readable)) >= len(ads), reader
            )
        model = replace(model, work=check)
    steps.done("what says no work")
    held_out = held_out_labels(classifier, np.arange(len(ads)))
    results = {
        language: summary(evaluate(pd.concat([ads, held_out], axis=1)[(ads["language"] == language).to_numpy()]))
        for language in LANGUAGES
    }
    facts = {
        "parameters": {name: value for name, value in classifier.get_params().items() if value is not None},
        "environment": environment(),
        "ads": {
            language: {label: int(n) for label, n in part["label"].value_counts().sort_index().items()}
            for language, part in ads.groupby("language")
        },
        "occupations": len(occupations),
        "own_ads": len(mine),
        "terms": {"text": len(model.text.vocabulary), "title": len(model.title.vocabulary)},
        "held_out": results,
        "agreement": {
            name: [round(v, 4) for v in value]
            for name, value in agreement(
                pd.concat([ads["onet_code"], held_out], axis=1)[(ads["kind"] == "occupation").to_numpy()],
                occupations,
            ).items()
        },
    }
    if work_facts:
        facts["work_check"] = work_facts
    if real is not None:
        held_out = held_out_labels(classifier, np.arange(len(written), len(table)))
        together = pd.concat([real[0], held_out], axis=1)
        facts["real_ads"] = real_facts(together)
        facts["source_confusions"] = source_confusions(together)
        facts["streams"] = stream_ranges(model, *real, held_out)
        facts["sources"] = reliability(together)
    return replace(model, facts=facts), classifier


def title_model(data: str | os.PathLike[str], ads: pd.DataFrame, occupations: pd.DataFrame) -> TitleModel | None:
    """The model of bare titles; None where the data folder has no lists of titles."""
    if not (Path(data) / ALTERNATE_TITLES).is_file():
        return None
    return fit_titles(title_rows(data, ads, occupations))[0]


def real_ads(data: str | os.PathLike[str], mentions: RealMentions, reader: Reader) -> tuple[pd.DataFrame, CountedAds]:
    """The rated real ads of the data folder, as training rows and as counts.

    Ads that are unclear, or that nearly repeat one of the development set, are left out. Sources are
    brought closer to each other: an ad weighs less the more ads its source has.
    """
    ratings = read_ratings(Path(data) / "real_ads" / "ratings.csv").set_index("id")
    ids, counted = read_real_ads(data, mentions, reader)
    table = ratings.reindex(ids).reset_index()
    usable = table["label"].isin(LABELS) & (table["near_duplicate"] != "y")
    kept = np.flatnonzero(usable.to_numpy())
    table = table.iloc[kept].reset_index(drop=True)
    table = table.assign(group="source:" + table["source"], weight=source_weights(table))
    return table, counted.rows(kept)


def source_weights(table: pd.DataFrame) -> NDArray[np.float64]:
    """Weights of real ads, 1 on average: the more ads a source has, the less each weighs."""
    share = table.groupby("source")["source"].transform("size").to_numpy(float) ** -SOURCE_POWER
    return np.asarray(share * (len(table) / max(1e-9, share.sum())))


def real_facts(labelled: pd.DataFrame) -> dict[str, Any]:
    """How a model does on real ads of sources that it did not learn from, by language and by source."""
    facts: dict[str, Any] = {}
    for language, part in labelled.groupby("language"):
        result = evaluate(part, by="source")
        by = {
            str(source): {name: round(float(value), 4) for name, value in row.items()}
            for source, row in result["by"].T.items()
            if row["n"] >= MIN_SOURCE
        }
        right, confidence = part["collar"] == part["label"], part["collar_confidence"]
        facts[str(language)] = summary(result) | {
            "labels": part["label"].value_counts().to_dict(),
            "by": by,
            "by_sure": {
                str(rating): [len(group), round(float(group.mean()), 4)]
                for rating, group in right.groupby(part["sure"].astype(str))
            },
            "kept": [
                [least, round(float(sure.mean()), 4), round(float(right[sure].mean()), 4)]
                for least in MIN_CONFIDENCES
                if (sure := confidence >= least).any()
            ],
        }
    return facts


def source_confusions(labelled: pd.DataFrame) -> dict[str, dict[str, list[list[int]]]]:
    """How a model errs on each source that it did not learn from: true label in rows, label found in columns."""
    return {
        str(language): {
            str(source): [
                [int(((ads["label"] == true) & (ads["collar"] == found)).sum()) for found in LABELS] for true in LABELS
            ]
            for source, ads in part.groupby("source")
        }
        for language, part in labelled.groupby("language")
    }


def stream_ranges(
    model: Model, table: pd.DataFrame, counted: CountedAds, held_out: pd.DataFrame
) -> dict[str, dict[str, list[float]]]:
    """Between what limits the means over each source of real ads lie, by language."""
    known = np.isin(counted.text.hashes, model.text.vocabulary.hashes)
    terms = counted.text.counts[:, np.flatnonzero(known)].getnnz(axis=1)
    measures = np.column_stack(
        (
            counted.length,
            terms / np.maximum(counted.length, 1),
            held_out[["academic_score", "hands_on_score", "collar_confidence"]].to_numpy(float),
        )
    )
    sources = pd.DataFrame(measures, columns=list(MEASURES)).groupby([table["language"], table["source"]])
    means = sources.mean()
    means["spread"] = np.sqrt(sources[["academic_score", "hands_on_score"]].var(ddof=0).sum(axis=1))
    means = means[sources.size() >= MIN_SOURCE].reset_index("language")
    return {
        language: ranges(part[list(MEASURES)].to_numpy(float), part["spread"].to_numpy(float))
        for language in STREAMS
        if len(part := means[means["language"] == language])
    }


def reliability(labelled: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """How far sources lie from what their confidence says, and where the accuracy of a new source may lie.

    Languages share the spread between sources, the larger of the two: few sources of a language can seem more alike
    than they are. `accuracy` holds the median of the sources and the range of nine new sources in ten.
    """
    labelled = labelled.assign(right=(labelled["collar"] == labelled["label"]).astype(float))
    sources = labelled.groupby(["language", "source"]).agg(
        n=("right", "size"), right=("right", "mean"), confidence=("collar_confidence", "mean")
    )
    sources = sources[sources["n"] >= MIN_SOURCE]
    parts = {
        language: part for language in STREAMS if len(part := sources[sources.index.get_level_values(0) == language])
    }

    def measured(part: pd.DataFrame, spread: float | None = None) -> dict[str, Any]:
        return source_facts(part["n"].to_numpy(), part["right"].to_numpy(), part["confidence"].to_numpy(), spread)

    spread = max((measured(part)["spread"] for part in parts.values()), default=0.0)
    facts = {}
    for language, part in parts.items():
        of_accuracy = measured(part.assign(confidence=0.5))  # the shift from even odds is the log-odds of a right label
        deviation = float(np.hypot(of_accuracy["spread"], of_accuracy["shift_error"]))
        limits = of_accuracy["shift"] + NINE_IN_TEN * deviation * np.array([-1.0, 1.0])
        accuracy = [float(part["right"].median()), *(1 / (1 + np.exp(-limits))).tolist()]
        facts[language] = measured(part, spread) | {"accuracy": [round(value, 4) for value in accuracy]}
    return facts


def own_ads(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a user's labelled ads as training rows; without ratings a label's typical ones are taken.

    Ads labelled "unclear" teach nothing and are left out.
    """
    ads = labelled_ads(read_table(path), Path(path).name, unclear=True)
    ads = ads[ads["label"] != "unclear"].reset_index(drop=True)
    if len(ads) == 0:
        raise DataError(f"{Path(path).name} has no labelled rows: give at least a few labelled ads.")
    for i, column in enumerate(RATINGS):
        typical = pd.Series([TYPICAL_RATINGS[label][i] for label in ads["label"]], index=ads.index)
        ads[column] = ads[column].fillna(typical) if column in ads else typical
    codes = ads["onet_code"] if "onet_code" in ads else pd.Series(range(len(ads)), index=ads.index)
    return ads[["title", "text", "label", *RATINGS]].assign(group="own:" + codes.astype(str), weight=1.0)


def environment() -> dict[str, str]:
    """What a model's last bits depend on: versions of the numerical libraries, and the machine's kind."""
    return {
        "machine": platform.machine(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }


def held_out_labels(classifier: CollarClassifier, rows: NDArray[np.int64]) -> pd.DataFrame:
    """Labels of training ads by a model that did not see their occupation, as `label_table` names them."""
    scores = classifier.held_out_scores_[rows]
    probabilities = classifier.model_.probabilities(scores)
    columns = {f"p_{label}": probabilities[:, k] for k, label in enumerate(LABELS)}
    return pd.DataFrame(
        {
            "collar": np.array(LABELS)[probabilities.argmax(axis=1)],
            "collar_confidence": probabilities.max(axis=1),
            "academic_score": scores[:, 0],
            "hands_on_score": scores[:, 1],
            **columns,
        }
    )


def train_to(
    target: str | os.PathLike[str],
    data: str | os.PathLike[str] | None = None,
    *,
    own: str | os.PathLike[str] | None = None,
    own_mentions: str | os.PathLike[str] | None = None,
    written_only: bool = False,
    name: str = "standard",
    progress: ProgressLike = None,
) -> str:
    """Train, write the model folder, and say how the model does on occupations held out of training.

    Parameters
    ----------
    target : path-like
        Folder for the model.
    data : path-like, optional
        The data folder; the one that is installed, or in the checkout, if not given.
    own, own_mentions, written_only, name, progress
        As in `train`.

    Returns
    -------
    str
        For reading on a terminal.
    """
    data = data if data is not None else data_path()
    options: dict[str, Any] = {"own_mentions": own_mentions, "written_only": written_only, "progress": progress}
    model, _ = train(data, own=own, name=name, **options)
    shipped = own is None and not written_only
    figures = read_figures(data) if shipped else None
    card = model_card(model, figures, read_explanation_figures(data) if shipped else None)
    save_model(model, target, {"README.md": card.replace("](images/", "](../../docs/images/")})
    lines = [f"{model.identity} written to {target}", "", "Ads of occupations held out of training:"]
    lines += _accuracy_lines(model.facts["held_out"])
    if "real_ads" in model.facts:
        lines += ["", "Real ads of sources held out of training:", *_accuracy_lines(model.facts["real_ads"])]
    lines += ["", "Scores of held-out occupations against O*NET's figures:"]
    lines += [f"  {name}: Spearman {with_interval(value)}" for name, value in model.facts["agreement"].items()]
    return "\n".join(lines)


def _accuracy_lines(by_language: dict[str, dict[str, Any]]) -> list[str]:
    return [
        f"  {language}  n {found['n']:5}  accuracy {with_interval(found['accuracy'])}"
        f"  macro-F1 {with_interval(found['macro_f1'])}"
        for language, found in by_language.items()
    ]
