"""Are explanations true to the model, and do they point where annotators point?

Explanations are the terms of the model's own sums, so they are exact for the scores. What is measured
here is whether the words named really carry the label: take them away, or keep nothing else, and look
at the label's probability.

References
----------
DeYoung et al. (2020), "ERASER: A benchmark to evaluate rationalized NLP models", ACL: comprehensiveness
and sufficiency, averaged over shares of words (area over the perturbation curve). Zhang et al. (2018),
"Top-down neural attention by excitation backprop", IJCV: the pointing game.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.evaluation.metrics import bootstrap, rank_correlation
from collarclass.model.account import Account, Evidence, account_of
from collarclass.model.model import Model
from collarclass.model.predict import ask, predict

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")
_MOST_WORDS = 400  # of an ad in the leave-one-out comparison


@dataclass(frozen=True)
class ExplainedAd:
    """An ad with what the model says of it, word by word.

    Attributes
    ----------
    title, text : str
    label : int
        Index into `LABELS`.
    probability : float
        Of that label.
    in_title, start, end : ndarray
        Place of each word: in Chinese, of each character.
    pull : ndarray of float64
        By how much the parts of the account that a word is of raise the label's log-probability; a part's pull is
        shared out evenly among its words.
    reasons : tuple of Evidence
        As shown to a user, strongest first.
    """

    title: str
    text: str
    label: int
    probability: float
    in_title: NDArray[np.bool_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    pull: NDArray[np.float64]
    reasons: tuple[Evidence, ...]


def explain(titles: Sequence[str], texts: Sequence[str], model: Model) -> list[ExplainedAd]:
    """Label ads and attribute each label to words.

    Parameters
    ----------
    titles, texts : sequence of str
    model : Model
    """
    predicted = predict(model, texts, titles)
    probabilities, gradient = predicted.probabilities, predicted.gradient
    found = []
    for row, (title, text) in enumerate(zip(titles, texts, strict=True)):
        account = ask(model, text, title, account_of)
        in_title, start, end = _words(title, text)
        label = int(probabilities[row].argmax())
        found.append(
            ExplainedAd(
                title=title,
                text=text,
                label=label,
                probability=float(probabilities[row, label]),
                in_title=in_title,
                start=start,
                end=end,
                pull=_pull(account, gradient[row], in_title, start, end),
                reasons=account.reasons(COLLARS[predicted.label[row]]),
            )
        )
    return found


def _words(title: str, text: str) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    spans = [(True, *m.span()) for m in _WORD.finditer(title)] + [(False, *m.span()) for m in _WORD.finditer(text)]
    columns = list(zip(*spans, strict=True)) or [(), (), ()]
    return np.array(columns[0], bool), np.array(columns[1], np.int64), np.array(columns[2], np.int64)


def _pull(
    account: Account,
    gradient: NDArray[np.float64],
    in_title: NDArray[np.bool_],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Share the pull of each part of the account out among the words that it covers."""
    out = np.zeros(len(start))
    for part in account.parts:
        if part.start is None or part.end is None:
            continue
        covered = (in_title == (part.field == "title")) & (start < part.end) & (end > part.start)
        if covered.any():
            out[covered] += float(np.dot(part.weights, gradient)) / covered.sum()
    return out


def without(ad: ExplainedAd, gone: NDArray[np.bool_]) -> tuple[str, str]:
    """Title and text with some words blanked out; everything else stays where it is.

    Examples
    --------
    >>> import numpy as np
    >>> ad = ExplainedAd("Welder", "Weld it.", 1, 0.9, np.array([True, False, False]), np.array([0, 0, 5]),
    ...                  np.array([6, 4, 7]), np.zeros(3), ())
    >>> without(ad, np.array([False, True, False]))
    ('Welder', '     it.')
    """
    title, text = list(ad.title), list(ad.text)
    for titled, s, e in zip(ad.in_title[gone], ad.start[gone], ad.end[gone], strict=True):
        (title if titled else text)[s:e] = " " * (e - s)
    return "".join(title), "".join(text)


def _probability(pairs: Sequence[tuple[str, str]], labels: Sequence[int], model: Model) -> NDArray[np.float64]:
    found = predict(model, [text for _, text in pairs], [title for title, _ in pairs]).probabilities
    return np.asarray(found[np.arange(len(labels)), labels])


def _erased(
    ads: Sequence[ExplainedAd], order: Sequence[NDArray[np.int64]], model: Model, keep: bool
) -> NDArray[np.float64]:
    """Fall of the label's probability, averaged over shares of words taken away, or kept alone."""
    falls = np.zeros((len(SHARES), len(ads)))
    full = np.array([ad.probability for ad in ads])
    for i, share in enumerate(SHARES):
        pairs = []
        for ad, ranked in zip(ads, order, strict=True):
            chosen = np.zeros(len(ranked), bool)
            chosen[ranked[: max(1, round(share * len(ranked)))]] = True
            pairs.append(without(ad, ~chosen if keep else chosen))
        falls[i] = full - _probability(pairs, [ad.label for ad in ads], model)
    return np.asarray(falls.mean(axis=0))


def erasure(ads: Sequence[ExplainedAd], model: Model, random_state: int = 0) -> dict[str, tuple[float, float, float]]:
    """Comprehensiveness and sufficiency, beside those of words drawn at random.

    Returns
    -------
    dict
        Mean over ads with a 95 % bootstrap interval. `comprehensiveness`: how far the label's
        probability falls when the most pulling words go (more is better); `sufficiency`: how far it
        falls when nothing else stays (less is better).
    """
    rng = np.random.default_rng(random_state)
    told = [np.argsort(-ad.pull, kind="stable") for ad in ads]
    drawn = [rng.permutation(len(ad.pull)) for ad in ads]
    out = {}
    for name, keep in (("comprehensiveness", False), ("sufficiency", True)):
        for suffix, order in (("", told), (", random words", drawn)):
            out[name + suffix] = bootstrap(lambda x: float(x.mean()), _erased(ads, order, model, keep))
    return out


def leave_one_out(ads: Sequence[ExplainedAd], model: Model) -> tuple[float, float, float]:
    """Agreement of attributed pulls with what happens when each word is left out by itself.

    Returns
    -------
    value, low, high : float
        Spearman's correlation of a word's pull with the fall of the label's log-probability, averaged
        over ads, with a 95 % bootstrap interval. Words that are part of no term are left out.
    """
    found = []
    for ad in ads:
        words = np.flatnonzero(ad.pull)[:_MOST_WORDS]
        pairs = [without(ad, np.arange(len(ad.pull)) == word) for word in words]
        if len(pairs) < 3:
            continue
        after = _probability(pairs, [ad.label] * len(pairs), model)
        fall = np.log(max(ad.probability, 1e-12)) - np.log(np.maximum(after, 1e-12))
        found.append(rank_correlation(ad.pull[words], fall))
    return bootstrap(lambda x: float(np.nanmean(x)), np.array(found))


def _places(ad: ExplainedAd, words: Sequence[str]) -> list[tuple[bool, int, int]]:
    """Where marked words stand in an ad."""
    found = []
    for word in words:
        pattern = re.compile(r"\s+".join(map(re.escape, word.split())), re.IGNORECASE)
        found += [(True, *m.span()) for m in pattern.finditer(ad.title)]
        found += [(False, *m.span()) for m in pattern.finditer(ad.text)]
    return found


def _hits(field: str, start: int, end: int, places: Sequence[tuple[bool, int, int]]) -> bool:
    return any((field == "title") == titled and start < e and end > s for titled, s, e in places)


def pointing_game(
    ads: Sequence[ExplainedAd], marked: Sequence[Sequence[str]], truth: Sequence[str], most: int = 5
) -> dict[str, tuple[float, float, float]]:
    """How often the words named are among those that an annotator marked as decisive.

    Parameters
    ----------
    ads : sequence of ExplainedAd
    marked : sequence of sequence of str
        Words as they stand in each ad.
    truth : sequence of str
        Settled labels. Ads that the model labels otherwise are left out: it points to the words for its
        own label, and the annotator to those for another.
    most : int, default=5
        How many reasons a user is shown.

    Returns
    -------
    dict
        With 95 % bootstrap intervals over ads: `first`, the strongest reason is a marked one; `any`, one
        of those shown is; `marked found`, the mean share of marked words that a shown reason touches;
        `random word`, the chance that a word drawn at random is marked.
    """
    rows = []
    for ad, words, label in zip(ads, marked, truth, strict=True):
        places = _places(ad, words)
        if LABELS[ad.label] != label or not places:
            continue
        reasons = [(r.field or "", r.start or 0, r.end or 0) for r in ad.reasons[:most]]
        shown = [_hits(*reason, places) for reason in reasons]
        touched = [
            any(_hits(*reason, _places(ad, [word])) for reason in reasons)
            for word in words
            if _places(ad, [word])
        ]
        spans = zip(ad.in_title, ad.start, ad.end, strict=True)
        chance = [_hits("title" if titled else "text", int(s), int(e), places) for titled, s, e in spans]
        rows.append((bool(shown and shown[0]), any(shown), np.mean(touched), np.mean(chance)))
    names = ("first", "any", "marked found", "random word")
    columns = np.array(rows, dtype=float).reshape(-1, len(names)).T
    return {name: bootstrap(lambda x: float(x.mean()), column) for name, column in zip(names, columns, strict=True)}


def faithfulness(
    items: pd.DataFrame, pointing: pd.DataFrame | None, model: Model, n_left_out: int = 100
) -> dict[str, dict[str, object]]:
    """All measures on the benchmark's ads, by language, as plain JSON.

    Parameters
    ----------
    items : DataFrame
        As `read_items` gives them.
    pointing : DataFrame or None
        As `read_pointing` gives it.
    model : Model
    n_left_out : int, default=100
        Ads of a language in the leave-one-out comparison, the first of the file.
    """
    out: dict[str, dict[str, object]] = {}
    judged = items[(items["kind"] == "ad") & items["label"].isin(LABELS)]
    for language, part in judged.groupby("language"):
        ads = explain(part["title"].tolist(), part["text"].tolist(), model)
        figures = {"n": len(ads), **_rounded(erasure(ads, model))}
        figures["leave-one-out"] = _round(leave_one_out(ads[:n_left_out], model))
        if pointing is not None:
            words = pointing.set_index("id")["words"]
            chosen = [k for k, name in enumerate(part["id"]) if name in words.index]
            if chosen:
                game = pointing_game(
                    [ads[k] for k in chosen],
                    [words[part["id"].iloc[k]] for k in chosen],
                    [part["label"].iloc[k] for k in chosen],
                )
                figures |= {"n marked": len(chosen), **{f"pointing, {k}": _round(v) for k, v in game.items()}}
        out[str(language)] = figures
    return out


def _round(value: tuple[float, float, float]) -> list[float]:
    return [round(v, 4) for v in value]


def _rounded(values: dict[str, tuple[float, float, float]]) -> dict[str, object]:
    return {name: _round(value) for name, value in values.items()}
