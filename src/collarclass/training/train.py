"""From the data folder to a model folder: the one way in which the shipped model is made."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy
import sklearn
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from collarclass.corpus.read import read_ads, read_data
from collarclass.definitions.labels import LABELS, RATINGS, TYPICAL_RATINGS
from collarclass.errors import DataError
from collarclass.evaluation.metrics import agreement, evaluate, summary
from collarclass.evaluation.model_card import model_card, read_figures
from collarclass.model.model import Model
from collarclass.model.persistence import arrays_of, save_model
from collarclass.training.estimator import CollarClassifier

# Added to both ratings of ads in alphabetic script. Real ads ask for less schooling than written ones
# and bury manual duties in more other text; chosen on a development set of real English ads.
STREAM_OFFSET = (-0.2, 0.25)


def training_ads(
    ads: pd.DataFrame,
    boilerplate: dict[str, list[str]] | None = None,
    occupations: pd.DataFrame | None = None,
    *,
    copies: int = 1,
    most_paragraphs: int = 10,
    title_weight: float = 0.3,
    random_state: int = 0,
) -> pd.DataFrame:
    """Lay out what the model learns from: the ads, the ads in clutter, and bare working titles.

    Parameters
    ----------
    ads : DataFrame
        Columns `title`, `text`, `label`, the two ratings, `onet_code`, and `language` ("en", "zh").
    boilerplate : dict of str to list of str, optional
        Paragraphs that say nothing of the job, by language. Each ad comes again `copies` times with
        some of them between its lines, so that neither they nor sheer length say anything.
    occupations : DataFrame, optional
        Their English and Chinese working titles become ads of a title alone.
    copies : int
    most_paragraphs : int
        An ad gets one to so many paragraphs.
    title_weight : float
        Weight of a bare title, where an ad with all its copies weighs 1.
    random_state : int

    Returns
    -------
    DataFrame
        Columns `title`, `text`, `label`, the ratings, `group` (occupation) and `weight`.
    """
    rng = np.random.default_rng(random_state)
    base = ads[["title", "text", "label", *RATINGS]].assign(group=ads["onet_code"], weight=1.0)
    parts = [base]
    if boilerplate:
        base["weight"] = 1.0 / (1 + copies)
        for _ in range(copies):
            texts = [
                _in_clutter(text, boilerplate[language], rng, most_paragraphs)
                for text, language in zip(ads["text"], ads["language"], strict=True)
            ]
            parts.append(base.assign(text=texts))
    if occupations is not None:
        for column in ("titles_en", "titles_zh"):
            titles = occupations.assign(title=occupations[column].str.split("; ")).explode("title")
            parts.append(
                titles[["title", "label", *RATINGS]].assign(
                    text=titles["title"], group=titles["onet_code"], weight=title_weight
                )
            )
    return pd.concat(parts, ignore_index=True)


def _in_clutter(text: str, paragraphs: Sequence[str], rng: np.random.Generator, most: int) -> str:
    """Put some paragraphs between an ad's lines: most before the first or after the last."""
    lines = text.split("\n")
    for i in rng.choice(len(paragraphs), rng.integers(1, most + 1), replace=False):
        place = int(rng.choice([0, len(lines), int(rng.integers(len(lines) + 1))], p=[0.35, 0.45, 0.2]))
        lines.insert(place, paragraphs[i])
    return "\n".join(lines)


def train(
    data: str | os.PathLike[str],
    *,
    own: str | os.PathLike[str] | None = None,
    name: str = "standard",
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
    name : str
        Name of the model.
    **parameters
        Of `CollarClassifier`.

    Returns
    -------
    model : Model
        Its version is a digest of its numbers: the same data give the same version.
    classifier : CollarClassifier
        As fitted, with its held-out scores.
    """
    ads, boilerplate, occupations = read_data(data)
    rows = training_ads(ads, boilerplate, occupations)
    n_shipped = len(rows)
    if own is not None:
        rows = pd.concat([rows, own_ads(own)], ignore_index=True)
    classifier = CollarClassifier(name=name, **parameters)
    with threadpool_limits(limits=1):  # sums in one order: the same numbers however many processors
        classifier.fit(rows[["title", "text"]], rows["label"], rows[list(RATINGS)], rows["group"], rows["weight"])
    model = classifier.model_
    held_out = held_out_labels(classifier, np.arange(len(ads)))
    results = {
        language: summary(evaluate(pd.concat([ads, held_out], axis=1)[(ads["language"] == language).to_numpy()]))
        for language in ("en", "zh")
    }
    facts = {
        "parameters": classifier.get_params(),
        "environment": environment(),
        "ads": {
            language: {label: int(n) for label, n in part["label"].value_counts().sort_index().items()}
            for language, part in ads.groupby("language")
        },
        "boilerplate": {language: len(bank) for language, bank in boilerplate.items()},
        "occupations": len(occupations),
        "own_ads": len(rows) - n_shipped,
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
    if own is None:
        facts["stream_offset"] = list(STREAM_OFFSET)
        offset = np.array([STREAM_OFFSET, STREAM_OFFSET, (0, 0), (0, 0)], np.float32)
        model = replace(model, intercept=model.intercept + offset)
    return identified(model, facts), classifier


def own_ads(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a user's labelled ads as training rows; without ratings a label's typical ones are taken.

    Ads labelled "unclear" teach nothing and are left out.
    """
    ads = read_ads(path, labels_only=True)
    ads = ads[ads["label"] != "unclear"].reset_index(drop=True)
    if len(ads) == 0:
        raise DataError(f"{Path(path).name} has no labelled rows: give at least a few labelled ads.")
    for i, column in enumerate(RATINGS):
        if column not in ads:
            ads[column] = [TYPICAL_RATINGS[label][i] for label in ads["label"]]
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


def identified(model: Model, facts: dict[str, Any]) -> Model:
    """Give a model its facts, and the digest of its numbers as its version."""
    digest = hashlib.sha256()
    for array in arrays_of(model).values():
        digest.update(np.ascontiguousarray(array).tobytes())
    return replace(model, version=digest.hexdigest()[:10], facts=facts)


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
    data: str | os.PathLike[str],
    *,
    own: str | os.PathLike[str] | None = None,
    name: str = "standard",
) -> str:
    """Train, write the model folder, and say how the model does on occupations held out of training.

    Parameters
    ----------
    target : path-like
        Folder for the model.
    data, own, name
        As in `train`.

    Returns
    -------
    str
        For reading on a terminal.
    """
    model, _ = train(data, own=own, name=name)
    figures = read_figures(data) if own is None else None
    save_model(model, target, {"README.md": model_card(model, figures).replace("](images/", "](../../docs/images/")})
    lines = [f"{model.identity} written to {target}", "", "Ads of occupations held out of training:"]
    for language, result in model.facts["held_out"].items():
        f1, right = result["macro_f1"], result["accuracy"]
        lines.append(
            f"  {language}  n {result['n']:5}  accuracy {right[0]:.3f} (95 % {right[1]:.3f} to {right[2]:.3f})"
            f"  macro-F1 {f1[0]:.3f} (95 % {f1[1]:.3f} to {f1[2]:.3f})"
        )
    lines += [
        f"  {name}: Spearman {v[0]:.3f} (95 % {v[1]:.3f} to {v[2]:.3f})" for name, v in model.facts["agreement"].items()
    ]
    return "\n".join(lines)
