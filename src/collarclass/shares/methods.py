"""What is printed of shares: the headline, tables, and a paragraph on how they were estimated."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from collarclass._version import __version__
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.errors import DataError
from collarclass.files.target import Name, written
from collarclass.messages import Language, Message
from collarclass.shares.estimate import Floats
from collarclass.shares.shares import ALL, BY_EXPERT, MIN_ANNOTATIONS, TWICE, columns_of_groups, notes_of, notes_of_rows
from collarclass.text.cells import guarded

ENDINGS = {".txt": "text", ".md": "md", ".csv": "csv", ".json": "json", ".xlsx": "xlsx"}
FORMATS = tuple(ENDINGS.values())
_WIDEST_CELL = 40
_WIDEST_RANGE = 0.5

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
    by = columns_of_groups(shares)
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
    by = columns_of_groups(shares)
    one = shares[(shares["label"] == "gray") & (shares["definition"] == shares["definition"].iloc[0])]
    groups_alone = bool(by) and not shares[by[0]].eq(ALL).any()
    sizes = one[["n_ads", "n_annotated"]].sum() if groups_alone else shares[["n_ads", "n_annotated"]].max()
    return int(sizes["n_ads"]), int(sizes["n_annotated"])


# -- tables ----------------------------------------------------------------------------------------


def format_shares(table: pd.DataFrame, kind: str = "text") -> str:
    """A table of shares, or of differences, as text, Markdown, CSV or JSON.

    CSV and JSON have every column and shares from 0 to 1; the others one row per group and per cents.
    """
    if kind == "csv":
        safe = table.round(6).rename(columns=lambda name: guarded(str(name)))
        texts = {
            str(name): safe[name].astype(object).fillna("").map(lambda cell: guarded(str(cell)))
            for name in safe if not is_numeric_dtype(safe[name])
        }  # fmt: skip
        return safe.assign(**texts).to_csv(index=False, lineterminator="\n")
    if kind == "json":
        records = table.round(6).astype(object).where(table.notna(), None).to_dict("records")
        return json.dumps(records, ensure_ascii=False, indent=1) + "\n"
    if kind not in ("text", "md"):
        raise DataError("No format {kind!r} for shares: choose one of {formats}.", kind=kind, formats=FORMATS[:-1])
    shown, lines = _differences(table) if "difference" in table else _wide(table)
    said = None if "difference" in table else headline(table)
    drawn = _markdown(shown) if kind == "md" else _aligned(shown)
    return "\n\n".join([*([f"{said}."] if said else []), drawn, *(["\n".join(lines)] if lines else [])]) + "\n"


def write_shares(
    table: pd.DataFrame,
    target: str | os.PathLike[str],
    kind: str | None = None,
    *,
    force: bool = False,
    reads: Iterable[Name] = (),
) -> None:
    """Write shares in the format that a file's ending names.

    `kind` names it where the ending does not: text, md, csv, json or xlsx. What stands in `reads` is not written over.
    """
    path = Path(target)
    named = ENDINGS.get(path.suffix.lower())
    if kind and named and kind != named:
        raise DataError(
            "{file} and its format {format} do not fit: leave one of them out.", file=path.name, format=kind,
        )  # fmt: skip
    if not (kind or named):
        raise DataError(
            "{file} names no format that shares can be written in: end it in one of {endings}.", file=path.name,
            endings=[*ENDINGS],
        )  # fmt: skip
    with written(target, force=force, reads=reads) as fresh:
        if (kind or named) == "xlsx":
            options = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
            table.to_excel(fresh, index=False, engine="xlsxwriter", engine_kwargs=options)
        else:
            fresh.write_text(format_shares(table, str(kind or named)), "utf-8")


def _wide(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """One row per group, and what its notes say."""
    by = columns_of_groups(table)
    keys = ["definition", *by] if len(set(table["definition"])) > 1 else by
    number = {note: i for i, note in enumerate(notes_of(table), start=1)}
    notes, rows = notes_of_rows(table), []
    for places in table.groupby(["definition", *by], sort=False, observed=True).indices.values():
        group = table.iloc[places]
        one = group.iloc[0]
        marks = ", ".join(str(number[note]) for note in notes[int(places[0])])
        figures = group[["share", "low", "high"]].to_numpy()
        if one["method"] in ("range", "counted"):
            cells = [_count(figure, one["n_ads"]) for figure in figures]
        else:
            cells = [_figure(*figure) for figure in figures]
        method = f"{one['method']}{f' [{marks}]' if marks else ''}"
        rows.append([*(one[k] for k in keys), *cells, f"{one['n_ads']:,}", f"{one['n_annotated']:,}", method])
    header = [*keys, *COLLARS, "ads", "annotated", "method"]
    return _frame(rows, header), [f"[{i}] {note}" for note, i in number.items()]


def _differences(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """One row per label, and per pair of groups."""
    keys = [name for name in ("definition", "from", "to") if name in table and len(set(table[name])) > 1]
    tests = [name for name in ("p", "p_holm") if name in table]
    rows = []
    for row in table.to_dict("records"):
        shares = [f"{100 * row['first']:.1f}", f"{100 * row['second']:.1f}"]
        cells = [*shares, _figure(row["difference"], row["low"], row["high"])]
        rows.append([*(row[k] for k in keys), row["label"], *cells, *(_p(row[name]) for name in tests)])
    return _frame(rows, [*keys, "label", "first", "second", "difference", *tests]), []


def _figure(share: float, low: float, high: float) -> str:
    """A share and its interval in per cent."""
    share, low, high = 100 * share, 100 * low, 100 * high
    return f"{share:.1f}" if np.isnan(low) else f"{share:.1f} ({low:.1f}–{high:.1f})"


def _count(figure: Floats, n_ads: int) -> str:
    """Predicted labels counted, not to be taken for a share; the range of that, unless it leaves half open."""
    share, low, high = figure
    counted = f"{share * n_ads:,.0f}"
    return f"{counted} ({100 * low:.0f}–{100 * high:.0f} %)" if high - low <= _WIDEST_RANGE else counted


def _p(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _frame(rows: Sequence[Sequence[object]], header: Sequence[str]) -> pd.DataFrame:
    """Cells as text on one line; an empty one as a dash."""
    cells = [[" ".join(str(cell).split()) or "–" for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=[*header], dtype=object)


def _aligned(table: pd.DataFrame) -> str:
    short = table.map(lambda cell: cell if len(cell) <= _WIDEST_CELL else cell[: _WIDEST_CELL - 1] + "…")
    with pd.option_context("display.unicode.east_asian_width", True):
        return str(short.to_string(index=False))


def _markdown(table: pd.DataFrame) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("<", "&lt;").replace("|", "\\|") for cell in cells) + " |"

    lines = [line(table.columns), "|---" * table.shape[1] + "|", *map(line, table.to_numpy().tolist())]
    return "\n".join(["Per cent of ads, with 95 % intervals, unless ads are counted.", "", *lines])
