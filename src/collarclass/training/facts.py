"""What a model is known to do on ads that it did not learn from, as its folder keeps it."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import pandas as pd
import scipy
import sklearn
from scipy.optimize import minimize
from threadpoolctl import threadpool_info

from collarclass.corpus.read import LANGUAGES
from collarclass.definitions.labels import LABELS
from collarclass.evaluation.metrics import agreement, confusion, evaluate, summary
from collarclass.model.model import Model
from collarclass.model.stream import NINE_IN_TEN, STREAMS
from collarclass.training.counts import Floats, Ints
from collarclass.training.estimator import CollarClassifier

MIN_SOURCE = 40  # ads of a source for figures of its own
MIN_CONFIDENCES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # at which it is counted how many labels stay and are right
# The normal distribution, finely enough for sources of thousands of ads, whose likelihood is narrow.
_NODES = np.linspace(-4, 4, 801)
_LOG_DENSITY = -(_NODES**2) / 2
_LIMITS = ((-4.0, 4.0), (1e-3, 2.0))  # of the mean shift and of the spread


def written_facts(
    model: Model, classifier: CollarClassifier, ads: pd.DataFrame, occupations: pd.DataFrame
) -> dict[str, Any]:
    """How a model does on written ads of occupations held out, and what it was made with."""
    held_out = held_out_labels(classifier, np.arange(len(ads)))
    results = {
        language: summary(evaluate(pd.concat([ads, held_out], axis=1)[(ads["language"] == language).to_numpy()]))
        for language in LANGUAGES
    }
    return {
        "parameters": {name: value for name, value in classifier.get_params().items() if value is not None},
        "environment": environment(),
        "ads": {
            language: {label: int(n) for label, n in part["label"].value_counts().sort_index().items()}
            for language, part in ads.groupby("language")
        },
        "occupations": len(occupations),
        "terms": {"text": len(model.text.vocabulary), "title": len(model.title.vocabulary)},
        "held_out": results,
        "agreement": {
            name: [round(v, 4) for v in value]
            for name, value in agreement(
                pd.concat([ads["onet_code"], held_out], axis=1)[(ads["kind"] == "occupation").to_numpy()], occupations
            ).items()
        },
    }


def environment() -> dict[str, Any]:
    """What the last bits of a fit depend on: versions, the kernel of the BLAS, and the instructions that numpy uses."""
    kernels = {part.get("architecture") for part in threadpool_info() if part["user_api"] == "blas"}
    return {
        "machine": platform.machine(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "blas": sorted(filter(None, kernels)),
        "simd": np.show_config(mode="dicts")["SIMD Extensions"]["found"],
    }


def facts_of_sources(labelled: pd.DataFrame) -> dict[str, Any]:
    """How a model does on real ads of sources that it did not learn from, and how far sources differ.

    Confusions of each source have the true label in rows, and the label found in columns.
    """
    facts: dict[str, Any] = {"real_ads": {}, "source_confusions": {}, "sources": reliability(labelled)}
    for name, part in labelled.groupby("language"):
        language, result = str(name), evaluate(part, by="source")
        by = {
            str(source): {name: round(float(value), 4) for name, value in row.items()}
            for source, row in result["by"].T.items()
            if row["n"] >= MIN_SOURCE
        }
        right, confidence = part["collar"] == part["label"], part["collar_confidence"]
        facts["real_ads"][language] = summary(result) | {
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
        facts["source_confusions"][language] = {
            str(source): confusion(ads["label"], ads["collar"]).loc[[*LABELS], [*LABELS]].to_numpy().tolist()
            for source, ads in part.groupby("source")
        }
    return facts


def reliability(labelled: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """How far sources lie from what their confidence says, and where the accuracy of a new source may lie.

    Languages share the spread between sources, the larger of the two: few sources of a language can seem more alike
    than they are. `accuracy` holds the median of the sources and the range of nine new sources in ten.
    """
    labelled = labelled.assign(right=(labelled["collar"] == labelled["label"]).astype(float))
    sources = labelled.groupby(["language", "source"]).agg(
        n=("right", "size"), right=("right", "mean"), confidence=("collar_confidence", "mean")
    )
    found = sources[sources["n"] >= MIN_SOURCE]
    parts = {language: found.loc[[language]] for language in STREAMS if language in found.index.get_level_values(0)}

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


def source_facts(n: Ints, right: Floats, confidence: Floats, spread: float | None = None) -> dict[str, Any]:
    """Fit the shift between said and right on the scale of log-odds: a mean, and a spread between sources.

    Of each source there are the number of ads, the share of right labels and the mean confidence, by a model that had
    not seen it. The mean `shift` and the `spread` between sources beyond chance, if it is not given, are those under
    which the numbers of right labels are likeliest: binomial, given a source's normal shift.
    """
    said = np.log(confidence / (1 - confidence))[:, None]
    hits, misses = (right * n)[:, None], ((1 - right) * n)[:, None]

    def loss(parameters: Floats) -> float:
        shift, deviation = parameters
        odds = said + shift + deviation * _NODES
        of_node = -hits * np.logaddexp(0, -odds) - misses * np.logaddexp(0, odds) + _LOG_DENSITY
        highest = of_node.max(axis=1)
        return float(-(highest + np.log(np.exp(of_node - highest[:, None]).sum(axis=1))).sum())

    limits = _LIMITS if spread is None else (_LIMITS[0], (spread, spread))
    start = [float(np.average(np.log((hits + 0.5) / (misses + 0.5)) - said)), 0.3 if spread is None else spread]
    shift, deviation = minimize(loss, start, bounds=limits, method="L-BFGS-B").x
    usual = 1 / (1 + np.exp(-(said[:, 0] + shift)))
    weight = 1 / (1 / (n * usual * (1 - usual)) + deviation**2)
    return {
        "n": len(n),
        "shift": round(float(shift), 4),
        "shift_error": round(float(1 / np.sqrt(weight.sum())), 4),
        "spread": round(float(deviation), 4),
    }


def held_out_labels(classifier: CollarClassifier, rows: Ints) -> pd.DataFrame:
    """Labels of training ads by a model that did not see their occupation, as `label_table` names them."""
    scores, probabilities = classifier.held_out_scores_[rows], classifier.held_out_probabilities_[rows]
    return pd.DataFrame(probabilities, columns=[f"p_{label}" for label in LABELS]).assign(
        collar=np.array(LABELS)[probabilities.argmax(axis=1)],
        collar_confidence=probabilities.max(axis=1),
        academic_score=scores[:, 0],
        hands_on_score=scores[:, 1],
    )
