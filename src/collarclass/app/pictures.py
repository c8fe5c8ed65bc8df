"""`/v1/files/{file}/shares` and `/picture.svg`: shares by any column, and pictures of a labelled file to keep."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from numpy.typing import NDArray

from collarclass.app.jobs import Job, Store
from collarclass.app.schemas import SharesReply
from collarclass.app.uploads import UPLOAD, Name, download, receive, results, with_rows
from collarclass.definitions.labels import COLLARS, LABELS, LEVELS
from collarclass.errors import CollarclassError, DataError
from collarclass.report import charts, pictures
from collarclass.report.pictures import Picture
from collarclass.report.report import distinct_warnings, warning_said, words_of
from collarclass.result import plain
from collarclass.shares.dates import PERIODS
from collarclass.shares.differences import comparable, share_differences
from collarclass.shares.files import shares_of_file
from collarclass.shares.methods import methods_paragraph
from collarclass.shares.shares import group_columns
from collarclass.tables.schema import SCORES

Lang = Literal["en", "zh"]
By = Annotated[str, Query(max_length=1000, description="A column, or month, quarter or year; nothing for all ads.")]
Group = Annotated[str | None, Query(max_length=1000, description="One of two groups to compare.")]
Other = Annotated[str | None, Query(max_length=100, description="The id of another file to stand beside this one.")]
Across = Annotated[bool, Query(description="Whether two charts stand beside each other, not one below the other.")]
What = Literal["shares", "plane", "schooling", "certificates"]
FILE = "file"  # the column that tells two files
_STEPS = 40


def pictures_router(store: Store) -> APIRouter:
    """The part of the interface that is about shares and pictures."""
    router = APIRouter(tags=["shares"])
    model = store.model.identity

    @router.get("/v1/files/{file}/shares", response_model=SharesReply,
                summary="Shares of the labels, corrected by annotated ads if there are any")  # fmt: skip
    async def shares(
        file: str, by: By = "", first: Group = None, second: Group = None, other: Other = None, lang: Lang = "en"
    ) -> Response:
        pair = _chosen(by, first, second, None if other is None else store.get(other))
        found = await asyncio.to_thread(_reply, store, store.get(file), by, pair, lang)
        return JSONResponse({"model": model, **found})

    @router.post("/v1/files/{file}/annotations", response_model=SharesReply, openapi_extra=UPLOAD,
                 summary="Annotated ads, handed in as the body: they correct the shares from now on")  # fmt: skip
    async def annotations(request: Request, file: str, name: Name, lang: Lang = "en") -> Response:
        job = store.get(file)
        with_rows(job)
        truth = store.new(name)
        try:
            await receive(request, store, truth.path)
            found = await asyncio.to_thread(use_annotations, store, job, truth, lang)
        finally:
            store.drop(truth)
        return JSONResponse({"model": model, **found})

    @router.get("/v1/files/{file}/picture.svg", response_class=Response, responses=download("image/svg+xml"),
                summary="A picture of a labelled file, with its caption and how it was made")  # fmt: skip
    async def picture(
        file: str, what: What = "shares", by: By = "", first: Group = None, second: Group = None, other: Other = None,
        across: Across = True, lang: Lang = "en",
    ) -> Response:  # fmt: skip
        pair = _chosen(by, first, second, None if other is None else store.get(other))
        svg = await asyncio.to_thread(_picture, store, store.get(file), what, by, pair, across, lang)
        return Response(svg, media_type="image/svg+xml", headers={"cache-control": "no-store"})

    return router


class _Pair(NamedTuple):
    """What stands beside each other: two groups of a file, or a file and another one."""

    groups: tuple[str, str] | None = None
    other: Job | None = None


def _chosen(by: str, first: str | None, second: str | None, other: Job | None) -> _Pair:
    return _Pair((first, second) if by and first is not None and second is not None else None, other)


def _names_of(job: Job, other: Job) -> tuple[str, str]:
    """Names by which two files can be told."""
    return job.name, other.name if other.name != job.name else f"{other.name} (2)"


def use_annotations(store: Store, job: Job, truth: Job, lang: Lang) -> dict[str, Any]:
    """Correct a file's shares by annotated ads, and keep these beside it."""
    kept = with_rows(job).with_name(f"annotated{''.join(truth.path.suffixes)}")
    try:
        found = _shares(store, job, "", truth.path)
    except CollarclassError as error:
        raise DataError(job.told(DataError(truth.told(error)))) from None
    shutil.move(truth.path, kept)  # perhaps to another disk
    job.truth, job.estimates = kept, {"": found}
    store.keep(job)
    return _reply(store, job, "", _Pair(), lang)


def _shares(store: Store, job: Job, by: str, truth: Path | None) -> pd.DataFrame:
    """The shares as `collarclass shares` has them."""
    columns = [name for name in (by, job.date) if name is not None and name in job.columns]
    found = results(job).labelled(columns, job.digest)
    return shares_of_file(
        with_rows(job), truth, labelled=found, by=[by] if by else (), date=job.date, model=store.model,
        definition=job.definition, **job.chosen,  # type: ignore[arg-type]
    )  # fmt: skip


def _estimate(store: Store, job: Job, by: str) -> pd.DataFrame:
    """The shares by a column; kept, since they take a pass through the file."""
    if by not in job.estimates:
        try:
            job.estimates[by] = _shares(store, job, by, job.truth)
        except CollarclassError as error:
            raise DataError(job.told(error)) from None
    return job.estimates[by]


def _groups(found: pd.DataFrame, by: str) -> pd.DataFrame:
    """The rows of the groups, without those of all ads."""
    return found[found[by].astype(str) != "(all)"] if by else found


def _reply(store: Store, job: Job, by: str, pair: _Pair, lang: Lang) -> dict[str, Any]:
    if pair.other is not None:
        return _of_two_files(store, job, pair.other, lang)
    found = _estimate(store, job, by)
    differences = (
        [] if pair.groups is None else plain(share_differences(_groups(found, by), *pair.groups).to_dict("records"))
    )
    warnings = _warnings(found, lang)
    methods = methods_paragraph(found, model=job.model, language=lang)
    return {
        "shares": plain(found.to_dict("records")),
        "warnings": warnings,
        "methods": methods,
        "differences": differences,
    }


def _warnings(found: pd.DataFrame, lang: Lang) -> list[str]:
    """What has to be said beside the shares, each once, in the page's language."""
    texts = words_of(lang)["warning_texts"]
    return [warning_said(warning, texts) for warning in distinct_warnings(found["warning"])]


def _both(store: Store, job: Job, other: Job) -> pd.DataFrame:
    """The shares of two files as those of two groups."""
    parts = dict(zip(_names_of(job, other), (_estimate(store, one, "") for one in (job, other)), strict=True))
    return comparable(pd.concat(parts, names=[FILE]).reset_index(level=FILE).reset_index(drop=True))


def _methods_of_each(found: pd.DataFrame, job: Job, other: Job, lang: Lang) -> list[str]:
    """How the shares of each of two files, in one table, were estimated."""
    colon = words_of(lang)["colon"]
    return [
        name + colon + methods_paragraph(found[found[FILE] == name].drop(columns=FILE), model=one.model, language=lang)
        for one, name in zip((job, other), _names_of(job, other), strict=True)
    ]


def _of_two_files(store: Store, job: Job, other: Job, lang: Lang) -> dict[str, Any]:
    found, names = _both(store, job, other), _names_of(job, other)
    return {
        "shares": plain(found.to_dict("records")),
        "warnings": _warnings(found, lang),
        "methods": "\n\n".join(_methods_of_each(found, job, other, lang)),
        "differences": plain(share_differences(found, *names).to_dict("records")),
    }


class _Part(NamedTuple):
    """The ads of a file, or of one of its groups, that a chart shows."""

    name: str
    job: Job
    table: Any
    code: NDArray[np.int8]


def _parts(job: Job, by: str, pair: _Pair) -> list[_Part]:
    if pair.other is not None:
        return [
            _part(name, one, one.open_results().table)
            for one, name in zip((job, pair.other), _names_of(job, pair.other), strict=True)
        ]
    table = job.open_results().table
    if pair.groups is None:
        return [_part(job.name, job, table)]
    columns = [name for name in (by, job.date) if name is not None and name in job.columns]
    groups = group_columns(job.open_results().labelled(columns, job.digest).table, [by], date=job.date)[by]
    return [_part(name, job, table.filter(pa.array((groups.astype(str) == name).to_numpy()))) for name in pair.groups]


def _part(name: str, job: Job, table: Any) -> _Part:
    labels = table["collar"].to_numpy(zero_copy_only=False)
    return _Part(name, job, table, np.array([COLLARS.index(label) for label in labels], np.int8))


def _picture(store: Store, job: Job, what: What, by: str, pair: _Pair, across: bool, lang: Lang) -> str:
    """One picture of a file, or of two things beside each other, complete in itself."""
    w = words_of(lang)
    for one in filter(None, (job, pair.other)):
        with_rows(one)
    if what == "shares":
        return _of_shares(store, job, by, pair, lang, w)
    parts = _parts(job, by, pair)
    n = sum(len(part.code) for part in parts)
    facts = {"n": f"{n:,}", "file": w["comma"].join(dict.fromkeys(part.job.name for part in parts))}
    caption = w[f"picture_{what}"].format(**facts)
    if what == "plane":
        drawn = [Picture(_plane(store, part, w), caption, w["plane_note"]) for part in parts]
    else:
        counts = [(_counts(part, what, lang, w), len(part.code)) for part in parts]
        drawn = pictures.of_counts(counts, w, caption, what == "certificates")
    if len(parts) == 1:
        return drawn[0].file()
    names = [f"{part.name} ({len(part.code):,})" for part in parts]
    chart = charts.beside([one.chart for one in drawn], names, caption, across=across)
    return Picture(chart, caption, drawn[0].note).file()


def _counts(part: _Part, what: What, lang: Lang, w: dict[str, Any]) -> dict[str, list[int]]:
    if what == "certificates":
        return pictures.certificate_counts(part.table["certificates"].to_pylist(), part.code.tolist())
    level = np.array(
        [LEVELS.index(value) if value in LEVELS else -1 for value in part.table["schooling_level"].to_pylist()]
    )
    return pictures.schooling_counts(level, part.code, lang, w)


def _plane(store: Store, part: _Part, w: dict[str, Any]) -> str:
    known = part.code < len(LABELS)
    scores = np.column_stack([np.asarray(part.table[name].to_numpy(), float) for name in SCORES])
    grid = (np.arange(_STEPS) + 0.5) / _STEPS
    a, h = np.meshgrid(grid, grid)
    regions = store.model.probabilities(np.column_stack((a.ravel(), h.ravel()))).argmax(axis=1).reshape(a.shape)
    return charts.plane(scores[known], part.code[known], charts.borders_of(regions), w)


def _of_shares(store: Store, job: Job, by: str, pair: _Pair, lang: Lang, w: dict[str, Any]) -> str:
    facts = {"n": f"{job.rows:,}", "file": job.name}
    if pair.other is not None:
        found, by, two = _both(store, job, pair.other), FILE, _names_of(job, pair.other)
        facts |= {"n": f"{job.rows + pair.other.rows:,}"}
        caption = w["picture_files"].format(first=two[0], second=two[1], **facts)
        methods = " ".join(one.split("\n")[0] for one in _methods_of_each(found, job, pair.other, lang))
        return pictures.of_shares(found, by, two, w, caption, methods).file()
    found = _estimate(store, job, by)
    groups = _groups(found, by)
    methods = methods_paragraph(found, model=job.model, language=lang).split("\n")[0]
    said = w.get(by, by) if by in PERIODS else by
    caption = w["picture_shares" if by else "picture_all"].format(column=said, **facts)
    values = [str(value) for value in dict.fromkeys(groups[by])] if by else [""]
    if pair.groups is not None:
        share_differences(groups, *pair.groups)  # which says what groups there are
        caption = w["picture_two"].format(first=pair.groups[0], second=pair.groups[1], **facts)
        values = list(pair.groups)
    return pictures.of_shares(groups, by, values, w, caption, methods).file()
