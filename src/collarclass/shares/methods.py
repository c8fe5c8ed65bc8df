"""What is printed of shares: the headline, and a paragraph on how they were estimated, with the numbers of one run."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from collarclass._version import __version__
from collarclass.definitions.labels import LABELS
from collarclass.messages import Language, Message
from collarclass.shares.shares import ALL, BY_EXPERT, MIN_ANNOTATIONS, TWICE, notes_of

REFERENCES = (
    "Angelopoulos, A. N., Duchi, J. C., & Zrnic, T. (2023). PPI++: Efficient prediction-powered inference.",
    "Cochran, W. G. (1977). Sampling techniques (3rd ed.). Wiley.",
    "Dawid, A. P., & Skene, A. M. (1979). Maximum likelihood estimation of observer error-rates. JRSS C, 28, 20-28.",
    "Fay, R. E., & Herriot, R. A. (1979). Estimates of income for small places. JASA, 74, 269-277.",
    "Saerens, M., Latinne, P., & Decaestecker, C. (2002). Adjusting the outputs of a classifier. Neural Comput., 14.",
)
_ERRORS = {  # by the note that says how annotators' errors were found
    TWICE: Message(
        "Annotators' own errors, label by label, were estimated from ads that two of them had read, with the "
        "predicted label as a third reading (Dawid & Skene 1979), and corrected for."
    ),
    BY_EXPERT: Message(
        "Annotators' own errors, label by label, were estimated from ads that an expert had read, and corrected for."
    ),
}
_METHODS = {
    "composite": Message(
        "Shares of groups combine each group's own annotations with the errors in the whole sample, by the "
        "precision of both (Fay & Herriot 1979), and add up to the shares of all ads."
    ),
    "range": Message(
        "No ads were annotated. Shares are predicted labels as counted; the ranges are those in which true shares"
        " would lie if the model erred here as on one of the sources of real ads that it did not learn from "
        "(Saerens et al. 2002)."
    ),
    "counted": Message("Shares are predicted labels as counted, without a correction for the errors of the model."),
}
_NOTHING = Message("No interval is given, as it is not known how far these counts are off.")
_FINITE = Message("The ads are all that the shares are about; intervals include the finite population correction.")
_WIDEST = 0.30  # from low to high: a wider range is no headline


def headline(shares: pd.DataFrame, label: Literal["white", "blue", "gray"] = "gray") -> Message | None:
    """The share of a label in one sentence, without its full stop; None where nothing can be printed.

    Parameters
    ----------
    shares : DataFrame
        From `estimate_shares`; its first definition counts, and the row of all ads.
    label : {"white", "blue", "gray"}, default="gray"

    Returns
    -------
    Message or None
        As text English; `said("zh")` is Chinese. From 30 annotated ads on; without any the range, if no wider than 30
        points.

    Examples
    --------
    >>> from collarclass import estimate_shares
    >>> labelled = pd.DataFrame({"collar": ["gray", "blue", "blue", "white"] * 500})
    >>> truth = pd.DataFrame({"label": ["gray", "blue", "blue", "white"] * 75}, index=range(300))
    >>> print(headline(estimate_shares(labelled, truth)))
    About 25 % of ads are gray collar, 23 to 27 %, from 300 annotated ads
    """
    by = list(shares.columns[: list(shares.columns).index("label")])
    whole = shares[(shares[by] == ALL).all(axis=1) & (shares["label"] == label)]
    if label not in LABELS or not len(whole):
        return None
    one = whole.iloc[0]
    digits = 0 if one["low"] >= 0.01 and one["high"] <= 0.99 and one["high"] - one["low"] >= 0.02 else 1
    share, low, high = (f"{100 * one[name]:.{digits}f}" for name in ("share", "low", "high"))
    collar = Message(label)
    if one["method"] == "range" and one["high"] - one["low"] <= _WIDEST:
        return Message(
            "{low} to {high} % of ads are {label} collar, if the model errs here as on other sources; no ad was "
            "annotated",
            low=low, high=high, label=collar,
        )  # fmt: skip
    if one["method"] in ("corrected", "composite") and one["n_annotated"] >= MIN_ANNOTATIONS:
        return Message(
            "About {share} % of ads are {label} collar, {low} to {high} %, from {n:,} annotated ads",
            share=share, label=collar, low=low, high=high, n=one["n_annotated"],
        )  # fmt: skip
    return None


def methods_paragraph(
    shares: pd.DataFrame, *, model: str, finite_population: bool = False, language: Language = "en"
) -> str:
    """Write how shares were estimated, as a paragraph that can be printed.

    Parameters
    ----------
    shares : DataFrame
        From `estimate_shares`.
    model : str
        Name and version of the model that labelled, as in the column `collar_model`.
    finite_population : bool, default=False
        As it was given to `estimate_shares`.
    language : {"en", "zh"}, default="en"

    Returns
    -------
    str
        A paragraph and the references that it cites.

    Examples
    --------
    >>> from collarclass import estimate_shares
    >>> labelled = pd.DataFrame({"collar": ["gray", "blue"] * 25})
    >>> shares = estimate_shares(labelled, pd.DataFrame({"label": ["gray"] * 20}))
    >>> methods_paragraph(shares, model="standard 0123456789").splitlines()[0][:56]
    '50 job ads were labelled white, blue or gray collar by c'
    """
    n, annotated = _sizes(shares)
    names = ", ".join(pd.unique(shares["definition"]))
    methods, notes = set(shares["method"]), {note.template for note in notes_of(shares)}
    said = [
        Message(
            "{n:,} job ads were labelled white, blue or gray collar by collarclass {version} (model {model}) under "
            "the definition {definition}.",
            n=n, version=__version__, model=model, definition=names,
        )
    ]  # fmt: skip
    if methods & {"corrected", "composite"}:
        said.append(
            Message(
                "{annotated:,} of them, a random sample stratified by predicted label and confidence, were annotated "
                "without seeing the predictions. Shares are prediction-powered estimates over these strata (Cochran "
                "1977; Angelopoulos et al. 2023), with 95 % intervals.",
                annotated=annotated,
            )
        )
    said += [words for template, words in _ERRORS.items() if template in notes]
    said += [words for method, words in _METHODS.items() if method in methods]
    said += [_NOTHING] if shares["low"].isna().any() else []
    said += [_FINITE] if finite_population else []
    text = ("" if language == "zh" else " ").join(words.said(language) for words in said)
    cited = [f"- {one}" for one in REFERENCES if one.split(",")[0] in text]
    references = [Message("References").said(language), *cited] if cited else []
    return "\n\n".join([text, *(["\n".join(references)] if references else [])]) + "\n"


def _sizes(shares: pd.DataFrame) -> tuple[int, int]:
    """How many ads there are, and how many of them were annotated."""
    by = list(shares.columns[: list(shares.columns).index("label")])
    one = shares[(shares["label"] == "gray") & (shares["definition"] == shares["definition"].iloc[0])]
    groups_alone = bool(by) and not shares[by[0]].eq(ALL).any()
    sizes = one[["n_ads", "n_annotated"]].sum() if groups_alone else shares[["n_ads", "n_annotated"]].max()
    return int(sizes["n_ads"]), int(sizes["n_annotated"])
