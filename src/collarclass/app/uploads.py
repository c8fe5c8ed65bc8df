"""`/v1/files`: hand a file in, have it labelled, follow it, look at its rows, take the result away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from collarclass.app.ads import definitions
from collarclass.app.jobs import Job, harmless_name
from collarclass.app.preview import name_columns, profile
from collarclass.app.problems import Problem
from collarclass.app.results import View
from collarclass.app.schemas import (
    AnswerRequest,
    LabelRequest,
    LayoutRequest,
    NamesRequest,
)
from collarclass.app.store import Store
from collarclass.corpus.read import data_path
from collarclass.errors import CollarclassError, DataError, require_columns
from collarclass.files.layout import Layout
from collarclass.tables.columns import Columns

Name = Annotated[str, Query(max_length=500, description="The file's name; its ending tells the format.")]
UPLOAD = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {
    "type": "string", "format": "binary"}}}}}  # fmt: skip
_PIECE = 1 << 20
_MAX_SAMPLE_ADS = 300


def download(kind: str) -> dict[int | str, dict[str, Any]]:
    """How the OpenAPI document describes a reply that is a file."""
    return {200: {"content": {kind: {}}, "description": "The file."}}


async def receive(request: Request, store: Store, path: Path) -> None:
    """Write the body of a request to a file as it comes."""
    store.room(int(length) if (length := request.headers.get("content-length", "")).isdecimal() else 0)
    try:
        with path.open("xb") as file:
            held = bytearray()
            async for piece in request.stream():
                held += piece
                if len(held) >= _PIECE:
                    store.room()
                    await asyncio.to_thread(file.write, bytes(held))
                    held.clear()
            await asyncio.to_thread(file.write, bytes(held))
    except OSError as error:
        raise Problem(
            507, "The file could not be kept ({reason}): make room on the disk.", reason=error.strerror,
        ) from None  # fmt: skip
    if not path.stat().st_size:
        raise DataError("The file is empty: choose one that holds a table.")


async def handed_in(request: Request, store: Store, name: str) -> Job:
    """A file from the body of a request, looked at and kept."""
    job = store.new(name)
    try:
        await receive(request, store, job.path)
        await asyncio.to_thread(store.add, job)
    except BaseException:  # the client may go away in the middle, too
        store.drop(job)
        raise
    return job



def check_columns(job: Job, request: LabelRequest) -> None:
    """Refuse columns that a file does not have."""
    named = (request.title, request.code, request.date, *(request.texts or ()), *(request.groups or ()))
    require_columns(named, job.columns, job.name)


def _inspect_again(job: Job, wanted: LayoutRequest) -> None:
    try:
        layout = Layout(**{**wanted.model_dump(), "header_row": wanted.header_row or None})
        if wanted.header_row == 0:
            job.path, layout = name_columns(job.path, layout), replace(layout, header_row=1)
        job.look(layout)
    except (CollarclassError, OSError) as error:
        raise DataError(job.told(error)) from None
    job.state, job.error, job.own = "ready", None, {}  # other rows have these numbers now



def columns_of(request: LabelRequest) -> Columns:
    """The columns that a request names."""
    title, texts = request.title, request.texts or []
    if title is None and not texts:
        raise DataError("Choose the column that holds the ads.")
    return Columns(title, tuple(texts or [str(title)]), request.code)


def profile_of(job: Job, request: LabelRequest) -> dict[str, Any]:
    """What a file holds by some choice of its columns; looked through once for each."""
    asked = (repr(job.layout), request.title, repr(request.texts), request.code, request.date)
    if job.profiled is None or job.profiled[0] != asked:
        try:
            job.profiled = (asked, profile(job.path, job.layout, columns_of(request), request.date))
        except (CollarclassError, OSError) as error:
            raise DataError(job.told(error)) from None
    return job.profiled[1]




def _name(store: Store, job: Job, wanted: NamesRequest) -> None:
    """Give a project another name, or let names of a column stand for another one."""
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


def _shown(store: Store, job: Job, status: int = 200) -> Response:
    return JSONResponse({"model": store.model.identity, **job.shown()}, status)


def files_router(store: Store) -> APIRouter:
    """The part of the interface that takes files, and says what there is of them."""
    router = APIRouter(tags=["files"])

    @router.post("/v1/files", status_code=201, openapi_extra=UPLOAD,
                 summary="Hand a file in as the body; with start=true it is labelled at once")  # fmt: skip
    async def upload(request: Request, name: Name, start: bool = False) -> Response:
        job = await handed_in(request, store, name)
        if start:
            store.start(job, LabelRequest.model_validate({}))
        return _shown(store, job, 201)

    @router.post("/v1/files/sample", status_code=201,
                 summary="Hand in ads of the project's own, to try how it goes")  # fmt: skip
    async def sample(lang: Literal["en", "zh"] = "en") -> Response:
        job = store.new("sample-ads.csv")
        ads = pd.read_csv(data_path() / "ads" / f"{lang}.csv", dtype=str, keep_default_na=False)
        own = ads[["id", "title", "text", "sector"]].iloc[:: max(1, len(ads) // _MAX_SAMPLE_ADS)]
        own.to_csv(job.path, index=False)
        await asyncio.to_thread(store.add, job)
        return _shown(store, job, 201)

    @router.post("/v1/files/{file}/more", openapi_extra=UPLOAD,
                 summary="Hand in another file of the same data set as the body")  # fmt: skip
    async def more(request: Request, file: str, name: Name) -> Response:
        job, part = store.get(file), store.new(name)
        try:
            await receive(request, store, part.path)
            with store.changing(job):
                await asyncio.to_thread(store.add_source, job, part)
        except (CollarclassError, OSError) as error:
            raise DataError(part.told(error)) from None
        finally:
            store.drop(part)
        return _shown(store, job)

    @router.put("/v1/files/{file}/names",
                summary="Let names of a column stand for another one, or name the project")  # fmt: skip
    async def names(file: str, request: NamesRequest) -> Response:
        job = store.get(file)
        _name(store, job, request)
        return _shown(store, job)

    @router.get("/v1/files", summary="All files of this server")
    async def every() -> Response:
        return JSONResponse({"model": store.model.identity, "files": [job.shown() for job in store.jobs.values()]})

    @router.get("/v1/files/{file}", summary="How far a file is")
    async def one(file: str) -> Response:
        return _shown(store, store.get(file))

    @router.post("/v1/files/{file}/layout",
                 summary="Read another sheet of a file, or another row of column names")  # fmt: skip
    async def layout(file: str, request: LayoutRequest) -> Response:
        job = store.get(file)
        with store.changing(job):
            await asyncio.to_thread(_inspect_again, job, request)
        return _shown(store, job)

    return router


def labelling_router(store: Store) -> APIRouter:
    """The part of the interface that has files labelled, and gives out what came of it."""
    router = APIRouter(tags=["files"])

    @router.post("/v1/files/{file}/profile",
                 summary="What a file holds: rows, languages, repeated ads, dates, odd rows")  # fmt: skip
    async def profiled(file: str, request: LabelRequest) -> Response:
        job = store.get(file)
        check_columns(job, request)
        return JSONResponse({"model": store.model.identity, **await asyncio.to_thread(profile_of, job, request)})

    @router.post("/v1/files/{file}/label", status_code=202, summary="Label a file")
    async def label(file: str, request: LabelRequest) -> Response:
        job = store.get(file)
        check_columns(job, request)
        names = [known.name for known in definitions()]
        if request.definition not in names:  # a name only: a client has no say over files of this machine
            raise DataError(
                "No definition {definition!r}: choose one of {names}.", definition=request.definition, names=[*names],
            )  # fmt: skip
        store.start(job, request)
        return _shown(store, job, 202)

    @router.post("/v1/files/{file}/cancel", summary="Stop labelling a file")
    async def cancel(file: str) -> Response:
        job = store.get(file)
        job.cancelled.set()
        return _shown(store, job)

    return router


Q = Annotated[str, Query(max_length=200, description="What the title or the text contains.")]
Chosen = Annotated[list[str], Query(max_length=40, description="column:value, one of those of each column.")]
Sort = Annotated[str, Query(max_length=1000, description="A column; with a minus before it the other way round.")]
Offset = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=500)]


def rows_router(store: Store) -> APIRouter:
    """The part of the interface that is about the rows of labelled files."""
    router = APIRouter(tags=["rows"])
    model = store.model.identity

    @router.get("/v1/files/{file}/rows", summary="Some rows of a labelled file")
    async def rows(
        file: str,
        q: Q = "",
        f: Chosen = [],  # noqa: B006
        sort: Sort = "",
        offset: Offset = 0,
        limit: Limit = 100,
    ) -> Response:
        found = store.results(store.get(file))
        return JSONResponse(
            {"model": model, **await asyncio.to_thread(found.page, View(q, tuple(f), sort), offset, limit)}
        )

    @router.get("/v1/files/{file}/rows/{row}", summary="One row whole")
    async def one(file: str, row: int) -> Response:
        return JSONResponse({"model": model, **store.results(store.get(file)).ad(row - 1)})

    @router.put("/v1/files/{file}/rows/{row}",
                summary="Keep a person's label for a row, apart from the model's; null takes it back")  # fmt: skip
    async def correct(file: str, row: int, request: AnswerRequest) -> Response:
        job = store.get(file)
        store.results(job).ad(row - 1)  # whether it is there
        store.correct(job, row - 1, request.label)
        return JSONResponse({"model": model, **store.results(job).ad(row - 1)})

    @router.get("/v1/files/{file}/rows.csv", response_class=StreamingResponse, responses=download("text/csv"),
                summary="The rows of a view as CSV")  # fmt: skip
    async def as_csv(file: str, q: Q = "", f: Chosen = [], sort: Sort = "") -> Response:  # noqa: B006
        job = store.get(file)
        found, wanted = store.results(job), View(q, tuple(f), sort)
        found.rows_of(wanted)  # what is wrong with the view is said before the file begins
        name = quote(f"{Path(job.name).name.split('.')[0]}-part.csv")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
        return StreamingResponse(found.csv(wanted), media_type="text/csv", headers=headers)

    return router
