"""`/v1/files/{file}/shares` and `/picture.svg`: of a labelled file, of a part of it, and of two beside each other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import numpy as np
import pandas as pd
from fastapi import APIRouter, Depends, Query, Response
from numpy.typing import NDArray

from collarclass.app.asked import Answer, File, Files, Lang, Part, download
from collarclass.app.jobs import Job
from collarclass.app.results import ADDED, EVERYTHING, MONTH, SURE, Results, View
from collarclass.app.rows import OWN
from collarclass.app.store import Store
from collarclass.definitions.definition import Definition, Facts, load_definition
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.errors import DataError
from collarclass.files.readers import FileInput
from collarclass.files.table import iter_table
from collarclass.messages import Message
from collarclass.report import charts, pictures
from collarclass.report.bands import categories
from collarclass.report.pictures import Picture
from collarclass.report.words import words_of
from collarclass.requirement_reader.credential_names import in_language
from collarclass.result import plain
from collarclass.shares.dates import PERIODS
from collarclass.shares.differences import share_differences, side_by_side
from collarclass.shares.files import shares_of_file
from collarclass.shares.methods import methods_paragraph
from collarclass.shares.shares import ALL, notes_of
from collarclass.tables.columns import Columns

_KEPT = 40  # estimates of a file
By = Annotated[str, Query(max_length=1000, description="A column, or month, quarter or year; nothing for all ads.")]
Other = Annotated[str, Query(max_length=100, description="The id of another file to stand beside this one.")]
Pair = Annotated[list[str], Query(max_length=2, description="Two parts, as column:value, to stand beside each other.")]
What = Literal["shares", "plane", "schooling", "certificates"]
router = APIRouter(tags=["shares"])
_SIDE = "file"  # the column that tells what stands beside each other
_PART = "collarclass part"  # the column that tells a part of a file from the rest
WHATS: dict[What, str] = {  # in the page's order, each with its name among the words
    "shares": "shares", "schooling": "schooling_asked", "certificates": "certificates_asked", "plane": "plane",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """What shares and pictures are of: the rows of a file that a view has."""

    store: Store
    job: Job
    view: View = EVERYTHING
    name: str = ""  # by which it differs from what stands beside it

    @property
    def rows(self) -> Results:
        """All rows of the file."""
        return self.store.results(self.job)

    def mask(self) -> NDArray[np.bool_]:
        """Which of the rows are meant."""
        return self.rows.mask(self.view)


def sides_of(store: Store, job: Job, view: View, other: str = "", pair: Sequence[str] = ()) -> list[Side]:
    """A file or a part of it; or two parts, or two files, that stand beside each other."""
    rows = store.results(job)
    names = [rows.split(chosen)[1] for chosen in pair]
    if len(pair) not in (0, 2):
        raise DataError("Two parts stand beside each other: give pair twice, each time as column:value.")
    if len({*pair}) == 2:
        return [Side(store, job, rows.instead(view, chosen), name) for chosen, name in zip(pair, names, strict=True)]
    if not other:
        parts = (f"{column}: {value}" for column, value in map(rows.split, view.f))
        return [Side(store, job, view, " · ".join((job.name, *parts, *([view.q] if view.q else []))))]
    beside = store.get(other)
    known = tuple(chosen for chosen in view.f if store.results(beside).has(chosen))
    name = beside.name if beside.name != job.name else f"{beside.name} (2)"
    return [Side(store, job, view, job.name), Side(store, beside, replace(view, f=known), name)]


async def _sides(store: Files, job: File, part: Part, other: Other = "", pair: Pair = []) -> list[Side]:  # noqa: B006
    return sides_of(store, job, part, other, pair)


Sides = Annotated[list[Side], Depends(_sides)]


@router.get("/v1/files/{file}/shares", summary="Shares of the labels, corrected by annotated ads if there are any")
def shares(sides: Sides, by: By = "", lang: Lang = "en") -> Answer:
    return _reply(sides, by, lang)


@router.get("/v1/files/{file}/picture.svg", response_class=Response, responses=download("image/svg+xml"),
            summary="A picture of a labelled file, with its caption and how it was made")  # fmt: skip
def picture(sides: Sides, what: What = "shares", by: By = "", lang: Lang = "en") -> Response:
    drawn = figures_of(sides, what, by, lang)
    return Response(_file(drawn), media_type="image/svg+xml", headers={"cache-control": "no-store"})


@router.get("/v1/files/{file}/report", response_class=Response, responses=download("text/html"),
            summary="A report on the labelled file, or a part of it, as a page to keep")  # fmt: skip
def report(store: Files, job: File, part: Part, sides: Sides, by: By = "", lang: Lang = "en") -> Response:
    content = _report(sides_of(store, job, part)[0], sides, by, lang)
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(Path(job.result_name).stem)}-report.html",
        "content-security-policy": "sandbox",  # it is to be kept, not run in this page's name
    }
    return Response(content, media_type="text/html", headers=headers)


# -- shares ----------------------------------------------------------------------------------------


def use_annotations(store: Store, job: Job, truth: Job, lang: Lang) -> dict[str, Any]:
    """Correct a file's shares by annotated ads, and keep these beside it."""
    kept = store.with_rows(job).with_name(f"annotated{''.join(truth.path.suffixes)}")
    with job.telling(), truth.telling():
        found = _shares(Side(store, job), (), truth.path)
    shutil.move(truth.path, kept)  # perhaps to another disk
    job.truth, job.estimates = kept, {((), EVERYTHING): found}
    store.keep(job)
    return _reply([Side(store, job)], "", lang)


@dataclass(frozen=True, eq=False)
class _ByHand(Definition):
    """A definition that leaves rows which people labelled with their labels."""

    rows: Any = ()
    labels: Any = ()

    def apply(self, facts: Facts) -> NDArray[np.int8]:
        out = super().apply(facts).copy()
        out[self.rows] = self.labels
        return out


def _shares(side: Side, by: Sequence[str], truth: Path | None) -> pd.DataFrame:
    """The shares as `collarclass shares` has them.

    Those of a part of a file are those of a group: by the columns that the part is chosen by, so that a region has one
    share, wherever it is asked for. Only what is no value of a column, such as a search, makes a group of its own.
    Where annotated ads correct the shares, rows that were labelled by hand one by one are no random sample, and count
    as the program has them.
    """
    job, rows = side.job, side.rows
    wanted, rest = rows.by_columns(side.view, by)
    columns = [name for name in (*wanted, *by, job.date) if name is not None and name in job.columns]
    found, groups = rows.labelled(list(dict.fromkeys(columns)), job.digest), {*wanted, *by}
    if rest != EVERYTHING:
        mask = rows.mask(rest)
        found.table[_PART] = pd.Categorical(np.where(mask, _PART, ""))
        wanted, groups = {**wanted, _PART: {_PART}}, {_PART, *groups}
    definition = load_definition(job.definition)
    if truth is None and rows.own:
        labels = [COLLARS.index(label) for label in rows.own.values()]
        plain = {one.name: getattr(definition, one.name) for one in fields(definition)}
        definition = _ByHand(**plain, rows=list(rows.own), labels=labels)
    out = shares_of_file(
        side.store.with_rows(job), truth, labelled=found, by=sorted(groups), date=job.date, model=side.store.model,
        definition=definition, **job.chosen,  # type: ignore[arg-type]
    )  # fmt: skip
    for name, values in wanted.items():
        out = out[out[name].astype(str).isin(values)]
    if not len(out):
        raise DataError("No ad is left: take a filter away.")
    out = out.drop(columns=[name for name in wanted if name not in by]).reset_index(drop=True)
    return out[[*by, *out.columns.drop(list(by))]]


def estimate(side: Side, by: Sequence[str] = ()) -> pd.DataFrame:
    """The shares by columns; kept, since they take a pass through the file."""
    job, asked = side.job, (tuple(by), replace(side.view, sort=""))
    side.store.results(job)  # forgets what was kept before labels changed
    found = job.estimates.get(asked)
    if found is None:
        with job.telling():
            found = _shares(side, by, job.truth)
        job.estimates = {**dict(list(job.estimates.items())[-_KEPT:]), asked: found}
    return found


def _beside(sides: Sequence[Side]) -> pd.DataFrame:
    """The shares of two sides as those of two groups."""
    return side_by_side({one.name: estimate(one) for one in sides}, _SIDE)


def _methods_of_each(found: pd.DataFrame, sides: Sequence[Side], lang: Lang) -> list[str]:
    """How the shares of each side, in one table, were estimated."""
    return [
        Message("{name}: {methods}", name=one.name, methods=methods_paragraph(
            found[found[_SIDE] == one.name].drop(columns=_SIDE), model=one.job.model, language=lang)).said(lang)
        for one in sides
    ]  # fmt: skip


def _reply(sides: Sequence[Side], by: str, lang: Lang) -> dict[str, Any]:
    if len(sides) > 1:
        return compared(sides, lang)
    found = estimate(sides[0], [by] if by else [])
    return {
        "shares": plain(found.to_dict("records")), "warnings": warnings_of(found, lang),
        "methods": methods_paragraph(found, model=sides[0].job.model, language=lang), "differences": [],
    }  # fmt: skip


def compared(sides: Sequence[Side], lang: Lang) -> dict[str, Any]:
    """Shares of two sides, and how much the second has more of each label."""
    found = _beside(sides)
    return {
        "shares": plain(found.to_dict("records")), "warnings": warnings_of(found, lang),
        "methods": "\n\n".join(_methods_of_each(found, sides, lang)),
        "differences": plain(share_differences(found, *(one.name for one in sides)).to_dict("records")),
    }  # fmt: skip


def warnings_of(found: pd.DataFrame, lang: Lang) -> list[str]:
    """What has to be said beside the shares, each once, in the page's language; names alike it asks about itself."""
    return [note.said(lang) for note in notes_of(found) if not note.template.endswith("look like one group")]


def _report(side: Side, sides: Sequence[Side], by: str, lang: Lang) -> str:
    """A report on the rows that a page shows, by what it is counted by, and with what it sets beside each other."""
    from collarclass.report.report import page_of, render
    from collarclass.report.sections import compared_section

    job, rows, mask, store = side.job, side.rows, side.mask(), side.store
    estimate(side)  # of no row there is none to report on
    keys = [key for key in dict.fromkeys((by, *map(rows.key_of, job.groups[:2]), MONTH)) if key in rows.choices()]
    keys = [key for key in keys if key == MONTH or (key.removeprefix(OWN) in job.columns and key not in (*ADDED, SURE))]
    coded = {key if key == MONTH else key.removeprefix(OWN): rows.coded(key) for key in keys}
    groups = pd.DataFrame({name: categories(one.codes[mask], one.values) for name, one in coded.items()})
    opened: list[FileInput] = []
    next(iter_table(store.with_rows(job), on_open=opened.append))
    file = opened[0].reading(Columns(job.title, tuple(job.texts)))
    page = page_of(
        rows.collected(mask, job.digest, file), lambda names: _groups(estimate(side, names), names), groups,
        rows.labels[mask], lang=lang, model=store.model, definition=load_definition(job.definition),
        source=side.name, warnings=[], n_values=[len(one.values) for one in coded.values()],
    )  # fmt: skip
    if len(sides) > 1:
        names = [one.name for one in sides]
        [picture] = figures_of(sides, "shares", "", lang)
        page.more.append(compared_section(page, names, share_differences(_beside(sides), *names), picture))
    return render(page)


def _groups(shares: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Shares of groups without those of all ads."""
    return shares[(shares[list(by)].astype(str) != ALL).all(axis=1)] if by else shares


# -- pictures --------------------------------------------------------------------------------------


def figures_of(
    sides: Sequence[Side], what: What, by: str, lang: Lang, link: Callable[..., str] | None = None
) -> list[Picture]:
    """One picture of a file or a part of it, or one each of two that stand beside each other.

    `link` takes a side and parts of an address, and gives the address that a bar leads to.
    """
    w = words_of(lang)
    masks = [one.mask() for one in sides]
    sizes = [int(mask.sum()) for mask in masks]
    if what == "shares":
        return [_of_shares(sides, by, sum(sizes), lang, w)]
    facts = {"n": f"{sum(sizes):,}", "file": w["comma"].join(dict.fromkeys(one.name for one in sides))}
    caption = w[f"picture_{what}"].format(**facts)
    if what == "plane":
        drawn = [_plane(*pair, w, caption) for pair in zip(sides, masks, strict=True)]
    else:
        counts = [(_counts(one, mask, what, lang, w), n) for one, mask, n in zip(sides, masks, sizes, strict=True)]
        lead = None if link is None else lambda i, *bar: link(sides[i], *_parts(what, lang, *bar))
        drawn = pictures.of_counts(counts, w, caption, what == "certificates", lead)
    return [replace(one, name=f"{side.name} ({n:,})") for one, side, n in zip(drawn, sides, sizes, strict=True)]


def _parts(what: What, lang: Lang, value: str, label: str) -> tuple[str, str]:
    """The parts of an address that are the ads of a bar."""
    if what == "certificates":
        return f"{what}:{in_language(value, 'en')}", f"label:{label}"
    return f"{what}:{next((one.name for one in SCHOOLING_LEVELS if one.names[lang] == value), '')}", f"label:{label}"


def _file(drawn: Sequence[Picture]) -> str:
    """One picture, or several beside each other, complete in itself."""
    if len(drawn) == 1:
        return drawn[0].file()
    chart = charts.beside([one.fixed or one.chart for one in drawn], [one.name for one in drawn], drawn[0].caption)
    return Picture(chart, drawn[0].caption, drawn[0].note).file()


def _counts(side: Side, mask: NDArray[np.bool_], what: What, lang: Lang, w: dict[str, str]) -> dict[str, list[int]]:
    rows = side.rows
    if what == "schooling":
        return pictures.schooling_counts(rows.facts.level[mask], rows.labels[mask], lang, w)
    return pictures.certificate_counts(rows.labelled([], "").table["certificates"][mask], rows.labels[mask], lang)


def _plane(side: Side, mask: NDArray[np.bool_], w: dict[str, str], caption: str) -> Picture:
    rows = side.rows
    known = mask & (rows.labels < len(LABELS))
    lines = pictures.borders(side.store.model)
    return pictures.of_plane(rows.facts.scores[known], rows.labels[known], lines, w, caption)


def _of_shares(sides: Sequence[Side], by: str, n: int, lang: Lang, w: dict[str, str]) -> Picture:
    job, facts = sides[0].job, {"n": f"{n:,}", "file": sides[0].name}
    if len(sides) > 1:
        found, two = _beside(sides), [one.name for one in sides]
        caption = w["picture_files"].format(first=two[0], second=two[1], **facts)
        methods = " ".join(one.split("\n")[0] for one in _methods_of_each(found, sides, lang))
        return pictures.of_shares(found, _SIDE, two, w, caption, methods)
    by = by.removeprefix("=")
    by = by if by in job.columns or by in PERIODS else ""
    found = estimate(sides[0], [by] if by else [])
    groups = _groups(found, [by] if by else [])
    methods = methods_paragraph(found, model=job.model, language=lang).split("\n")[0]
    said = w.get(by, by) if by in PERIODS else by
    caption = w["picture_shares" if by else "picture_all"].format(column=said, **facts)
    values = [str(value) for value in dict.fromkeys(groups[by])] if by else [""]
    return pictures.of_shares(groups, by, values, w, caption, methods)
