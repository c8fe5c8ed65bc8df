"""`/v1/files/{file}/shares` and `/picture.svg`: shares by any column, and pictures of a labelled file to keep."""

from __future__ import annotations

import asyncio
import math
import shutil
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from collarclass.app.jobs import Job, Store
from collarclass.app.results import UNNAMED_LAST
from collarclass.app.schemas import SharesReply
from collarclass.app.uploads import UPLOAD, Name, download, receive, results, with_rows
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.errors import CollarclassError, DataError
from collarclass.report import charts
from collarclass.report.report import words_of
from collarclass.report.standalone import standalone
from collarclass.result import plain
from collarclass.shares.dates import PERIODS
from collarclass.shares.differences import share_differences
from collarclass.shares.files import shares_of_file
from collarclass.shares.methods import methods_paragraph
from collarclass.tables.arrow import items
from collarclass.tables.schema import SCORES

Lang = Literal["en", "zh"]
By = Annotated[str, Query(max_length=1000, description="A column, or month, quarter or year; nothing for all ads.")]
Group = Annotated[str | None, Query(max_length=1000, description="One of two groups to compare.")]
What = Literal["shares", "plane", "schooling", "certificates"]
_MAX_GROUPS = 20
_MAX_CERTIFICATES = 15
_STEPS = 40


def pictures_router(store: Store) -> APIRouter:
    """The part of the interface that is about shares and pictures."""
    router = APIRouter(tags=["shares"])
    model = store.model.identity

    @router.get("/v1/files/{file}/shares", response_model=SharesReply,
                summary="Shares of the labels, corrected by annotated ads if there are any")  # fmt: skip
    async def shares(file: str, by: By = "", first: Group = None, second: Group = None, lang: Lang = "en") -> Response:
        found = await asyncio.to_thread(_reply, store, store.get(file), by, (first, second), lang)
        return JSONResponse({"model": model, **found})

    @router.post("/v1/files/{file}/annotations", response_model=SharesReply, openapi_extra=UPLOAD,
                 summary="Annotated ads, handed in as the body: they correct the shares from now on")  # fmt: skip
    async def annotations(request: Request, file: str, name: Name) -> Response:
        job = store.get(file)
        with_rows(job)
        truth = store.new(name)
        try:
            await receive(request, store, truth.path)
            found = await asyncio.to_thread(use_annotations, store, job, truth)
        finally:
            store.drop(truth)
        return JSONResponse({"model": model, **found})

    @router.get("/v1/files/{file}/picture.svg", response_class=Response, responses=download("image/svg+xml"),
                summary="A picture of a labelled file, with its caption and how it was made")  # fmt: skip
    async def picture(
        file: str, what: What = "shares", by: By = "", first: Group = None, second: Group = None, lang: Lang = "en"
    ) -> Response:
        job = store.get(file)
        svg = await asyncio.to_thread(_picture, store, job, what, by, (first, second), lang)
        return Response(svg, media_type="image/svg+xml", headers={"cache-control": "no-store"})

    return router


def use_annotations(store: Store, job: Job, truth: Job) -> dict[str, Any]:
    """Correct a file's shares by annotated ads, and keep these beside it."""
    kept = with_rows(job).with_name(f"annotated{''.join(truth.path.suffixes)}")
    try:
        found = _shares(store, job, "", truth.path)
    except CollarclassError as error:
        raise DataError(job.told(DataError(truth.told(error)))) from None
    shutil.move(truth.path, kept)  # perhaps to another disk
    job.truth, job.estimates = kept, {"": found}
    store.keep(job)
    return _reply(store, job, "", (None, None), "en")


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


def _reply(store: Store, job: Job, by: str, two: tuple[str | None, str | None], lang: Lang) -> dict[str, Any]:
    found = _estimate(store, job, by)
    differences = []
    if by and two[0] is not None and two[1] is not None:
        differences = plain(share_differences(_groups(found, by), two[0], two[1]).to_dict("records"))
    warnings = sorted({warning for warning in found["warning"] if warning})
    methods = methods_paragraph(found, model=job.model, language=lang)
    return {"shares": plain(found.to_dict("records")), "warnings": warnings, "methods": methods, "differences": differences}


def _picture(store: Store, job: Job, what: What, by: str, two: tuple[str | None, str | None], lang: Lang) -> str:
    """One picture of a file, complete in itself."""
    w = words_of(lang)
    with_rows(job)
    facts = {"n": f"{job.rows:,}", "file": job.name}
    if what == "shares":
        return _of_shares(store, job, by, two, lang, w, facts)
    table = job.open_results().table
    labels = table["collar"].to_numpy(zero_copy_only=False)
    code = np.array([COLLARS.index(label) for label in labels], np.int8)
    if what == "plane":
        known = code < len(LABELS)
        scores = np.column_stack([np.asarray(table[name].to_numpy(), float) for name in SCORES])
        grid = (np.arange(_STEPS) + 0.5) / _STEPS
        a, h = np.meshgrid(grid, grid)
        regions = store.model.probabilities(np.column_stack((a.ravel(), h.ravel()))).argmax(axis=1).reshape(a.shape)
        chart = charts.plane(scores[known], code[known], charts.borders_of(regions), w)
        return standalone(chart, w["picture_plane"].format(**facts), w["plane_note"])
    names, counts = (_schooling if what == "schooling" else _certificates)(table, code, lang, w)
    caption = w[f"picture_{what}"].format(**facts)
    return standalone(charts.stacked(names, counts, COLLARS, caption), caption, w["picture_counted"])


def _of_shares(
    store: Store, job: Job, by: str, two: tuple[str | None, str | None], lang: Lang, w: dict[str, Any],
    facts: dict[str, str],
) -> str:  # fmt: skip
    found = _estimate(store, job, by)
    groups = _groups(found, by)
    methods = methods_paragraph(found, model=job.model, language=lang).split("\n")[0]
    note = w["picture_note_none" if groups["low"].isna().all() else "picture_note"] + " " + methods
    said = w.get(by, by) if by in PERIODS else by
    caption = w["picture_shares"].format(column=said or w["all"], **facts)
    values = [str(value) for value in dict.fromkeys(groups[by])] if by else [""]
    if two[0] is not None and two[1] is not None:
        share_differences(groups, two[0], two[1])  # which says what groups there are
        values = [two[0], two[1]]
        caption = w["picture_two"].format(first=two[0], second=two[1], **facts)
    dated = [value for value in values if value]
    if by and two[0] is None and _are_periods(dated):
        known = groups[groups[by].astype(str) != ""]
        series: dict[str, list[tuple[float, float, float]]] = {
            label: list(known[known["label"] == label][["share", "low", "high"]].itertuples(index=False, name=None))
            for label in LABELS
        }
        return standalone(charts.lines(dated, series, w, caption), caption, f"{w['picture_lines']} {note}")
    if by and len(values) > _MAX_GROUPS:
        sizes = groups.groupby(by, observed=True)["n_ads"].first().sort_values(ascending=False, kind="stable")
        note = w["by_more"].format(shown=_MAX_GROUPS, n=f"{len(values):,}") + " " + note
        values = [str(value) for value in sizes.index[:_MAX_GROUPS]]
    rows = {
        (str(row.get(by, "")), row["label"]): (row["share"], row["low"], row["high"], row["plain"])
        for row in groups.to_dict("records")
    }
    marks: dict[str, list[tuple[float, float, float, float]]] = {
        label: [rows[value, label] for value in values] for label in COLLARS
    }
    shown = [value or (w["missing"] if by else "") for value in values]
    return standalone(charts.intervals(shown, marks, w, caption), caption, note)


def _are_periods(values: list[str]) -> bool:
    return bool(values) and all(value[:4].isdigit() and len(value) in (4, 7) for value in values)


def _schooling(table: Any, code: np.ndarray, lang: Lang, w: dict[str, Any]) -> tuple[list[str], list[list[int]]]:
    names = [level.name for level in SCHOOLING_LEVELS]
    place = {name: i for i, name in enumerate(names)}
    stated = np.array([place.get(value, len(names)) for value in table["schooling_level"].to_pylist()])
    counts = np.zeros((len(names) + 1, len(COLLARS)), np.int64)
    np.add.at(counts, (stated, code), 1)
    return [*(level.names[lang] for level in SCHOOLING_LEVELS), w["none_stated"]], counts.tolist()


def _certificates(table: Any, code: np.ndarray, lang: Lang, w: dict[str, Any]) -> tuple[list[str], list[list[int]]]:
    counts: dict[str, Counter[int]] = {}
    for cell, label in zip(table["certificates"].to_pylist(), code.tolist(), strict=True):
        for name in set(items(cell)):
            counts.setdefault(name, Counter())[label] += 1
    most = sorted(counts, key=lambda name: (name in UNNAMED_LAST, -counts[name].total(), name))[:_MAX_CERTIFICATES]
    return most, [[counts[name][k] for k in range(len(COLLARS))] for name in most]
