"""`/v1/files`: hand a file in, have it labelled, follow it, look at its rows, take the result away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from collarclass.app.asked import UPLOAD, Answer, File, Files, Name, Part, Rows, download, received
from collarclass.app.jobs import Job, harmless_name
from collarclass.app.preview import name_columns, profile
from collarclass.app.results import definitions
from collarclass.app.schemas import AnswerRequest, LabelRequest, LayoutRequest, NamesRequest
from collarclass.corpus.read import data_path
from collarclass.errors import DataError, require_columns
from collarclass.files.layout import Layout
from collarclass.tables.columns import Columns

_MAX_SAMPLE_ADS = 300
Sort = Annotated[str, Query(max_length=1000, description="A column; with a minus before it the other way round.")]
Offset = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=500)]
router = APIRouter()


@router.post("/v1/files", status_code=201, tags=["files"], openapi_extra=UPLOAD,
             summary="Hand a file in as the body; with start=true it is labelled at once")  # fmt: skip
async def upload(request: Request, store: Files, name: Name, start: bool = False) -> Answer:
    async with received(request, store, name) as job:
        await asyncio.to_thread(store.add, job)
    if start:
        store.start(job, LabelRequest.model_validate({}))
    return job.shown()


@router.post("/v1/files/sample", status_code=201, tags=["files"],
             summary="Hand in ads of the project's own, to try how it goes")  # fmt: skip
def sample(store: Files, lang: Literal["en", "zh"] = "en") -> Answer:
    job = store.new("sample-ads.csv")
    ads = pd.read_csv(data_path() / "ads" / f"{lang}.csv", dtype=str, keep_default_na=False)
    own = ads[["id", "title", "text", "sector"]].iloc[:: max(1, len(ads) // _MAX_SAMPLE_ADS)]
    own.to_csv(job.path, index=False)
    store.add(job)
    return job.shown()


@router.post("/v1/files/{file}/more", tags=["files"], openapi_extra=UPLOAD,
             summary="Hand in another file of the same data set as the body")  # fmt: skip
async def more(request: Request, store: Files, job: File, name: Name) -> Answer:
    async with received(request, store, name) as part:
        with part.telling(), store.changing(job):
            await asyncio.to_thread(store.add_source, job, part)
    return job.shown()


@router.put("/v1/files/{file}/names", tags=["files"],
            summary="Let names of a column stand for another one, or name the project")  # fmt: skip
async def names(store: Files, job: File, wanted: NamesRequest) -> Answer:
    if wanted.project is not None:
        job.name = harmless_name(wanted.project)
    if wanted.column is not None:
        require_columns([wanted.column], job.columns, job.name)
        own = {k: v for k, v in job.merged.get(wanted.column, {}).items() if k not in wanted.names}
        own |= {name: wanted.kept or name for name in wanted.names if wanted.kept is not None}
        job.merged = {**job.merged, wanted.column: own}
        job.results = None
        job.estimates.clear()
    store.keep(job)
    return job.shown()


@router.get("/v1/files", tags=["files"], summary="All files of this server")
async def every_file(store: Files) -> Answer:
    return {"files": [job.shown() for job in store.jobs.values()]}


@router.get("/v1/files/{file}", tags=["files"], summary="How far a file is")
async def one_file(job: File) -> Answer:
    return job.shown()


@router.post("/v1/files/{file}/layout", tags=["files"],
             summary="Read another sheet of a file, or another row of column names")  # fmt: skip
async def layout(store: Files, job: File, wanted: LayoutRequest) -> Answer:
    with store.changing(job):
        await asyncio.to_thread(_look_again, job, wanted)
    return job.shown()


def _look_again(job: Job, wanted: LayoutRequest) -> None:
    with job.telling():
        layout = Layout(**{**wanted.model_dump(), "header_row": wanted.header_row or None})
        if wanted.header_row == 0:
            job.path, layout = name_columns(job.path, layout), replace(layout, header_row=1)
        job.look(layout)
    job.state, job.error, job.own = "ready", None, {}  # other rows have these numbers now


@router.post("/v1/files/{file}/profile", tags=["files"],
             summary="What a file holds: rows, languages, repeated ads, dates, odd rows")  # fmt: skip
def profiled(job: File, wanted: LabelRequest) -> Answer:
    return profile_of(job, wanted)


def profile_of(job: Job, wanted: LabelRequest) -> dict[str, Any]:
    """What a file holds by some choice of its columns; looked through once for each."""
    _check_columns(job, wanted)
    title, texts = wanted.title, wanted.texts or []
    if title is None and not texts:
        raise DataError("Choose the column that holds the ads.")
    asked = (repr(job.layout), title, repr(texts), wanted.code, wanted.date)
    if job.profiled is None or job.profiled[0] != asked:
        columns = Columns(title, tuple(texts or [str(title)]), wanted.code)
        with job.telling():
            job.profiled = (asked, profile(job.path, job.layout, columns, wanted.date))
    return job.profiled[1]


def _check_columns(job: Job, wanted: LabelRequest) -> None:
    named = (wanted.title, wanted.code, wanted.date, *(wanted.texts or ()), *(wanted.groups or ()))
    require_columns(named, job.columns, job.name)


@router.post("/v1/files/{file}/label", status_code=202, tags=["files"], summary="Label a file")
async def label(store: Files, job: File, wanted: LabelRequest) -> Answer:
    _check_columns(job, wanted)
    known = [one.name for one in definitions()]
    if wanted.definition not in known:  # a name only: a client has no say over files of this machine
        raise DataError("No definition {definition!r}: choose one of {names}.", definition=wanted.definition,
                        names=known)  # fmt: skip
    store.start(job, wanted)
    return job.shown()


@router.post("/v1/files/{file}/cancel", tags=["files"], summary="Stop labelling a file")
async def cancel(job: File) -> Answer:
    job.cancelled.set()
    return job.shown()


@router.get("/v1/files/{file}/result", tags=["files"], response_class=FileResponse,
            responses=download("application/octet-stream"), summary="The labelled file")  # fmt: skip
def result(store: Files, job: File) -> Response:
    path = store.with_own_columns(job)
    return FileResponse(path, media_type="application/octet-stream", filename=job.result_name)


@router.delete("/v1/files/{file}", status_code=204, tags=["files"],
               summary="Remove a file, its result, and what was labelled by hand of it")  # fmt: skip
async def remove(store: Files, job: File) -> Response:
    store.reviews.forget(job)
    store.drop(job)
    return Response(status_code=204)


@router.get("/v1/files/{file}/rows", tags=["rows"], summary="Some rows of a labelled file")
def some_rows(rows: Rows, part: Part, sort: Sort = "", offset: Offset = 0, limit: Limit = 100) -> Answer:
    return rows.page(replace(part, sort=sort), offset, limit)


@router.get("/v1/files/{file}/rows/{row}", tags=["rows"], summary="One row whole")
def one_row(rows: Rows, row: int) -> Answer:
    return rows.ad(row - 1)


@router.put("/v1/files/{file}/rows/{row}", tags=["rows"],
            summary="Keep a person's label for a row, apart from the model's; null takes it back")  # fmt: skip
async def correct(store: Files, job: File, row: int, wanted: AnswerRequest) -> Answer:
    store.results(job).ad(row - 1)  # whether it is there
    store.correct(job, row - 1, wanted.label)
    return store.results(job).ad(row - 1)


@router.get("/v1/files/{file}/rows.csv", tags=["rows"], response_class=StreamingResponse,
            responses=download("text/csv"), summary="The rows of a view as CSV")  # fmt: skip
def rows_as_csv(job: File, rows: Rows, part: Part, sort: Sort = "") -> Response:
    view = replace(part, sort=sort)
    rows.rows_of(view)  # what is wrong with the view is said before the file begins
    name = quote(f"{Path(job.name).name.split('.')[0]}-part.csv")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
    return StreamingResponse(rows.csv(view), media_type="text/csv", headers=headers)
