"""`/v1/files`: hand a file in, have it labelled, follow it, take the result away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from collarclass.app.jobs import ONLY_RESULT, Job, Store, inspect
from collarclass.app.labeller import definitions
from collarclass.app.problems import Problem
from collarclass.app.profile import profile
from collarclass.app.results import Results
from collarclass.app.schemas import (
    FileReply,
    FilesReply,
    LabelRequest,
    LayoutRequest,
    PointsReply,
    ProfileReply,
)
from collarclass.errors import CollarclassError, DataError, MissingPartError, require_columns
from collarclass.files.layout import Layout
from collarclass.tables.columns import Columns

Name = Annotated[str, Query(max_length=500, description="The file's name; its ending tells the format.")]
UPLOAD = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {
    "type": "string", "format": "binary"}}}}}  # fmt: skip
_PIECE = 1 << 20
_MAX_POINTS = 1500


def download(kind: str) -> dict[int | str, dict[str, Any]]:
    """How the OpenAPI document describes a reply that is a file."""
    return {200: {"content": {kind: {}}, "description": "The file."}}


async def receive(request: Request, store: Store, path: Path) -> None:
    """Write the body of a request to a file as it comes."""
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
        raise Problem(507, f"The file could not be kept ({error.strerror}): make room on the disk.") from None
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


def labelled(job: Job) -> Path:
    """The labelled file of a job that is done."""
    if job.state != "done" or job.result is None:
        raise Problem(409, f"This file is not labelled (its state is '{job.state}').")
    return job.result


def check_columns(job: Job, request: LabelRequest) -> None:
    """Refuse columns that a file does not have."""
    named = (request.title, request.code, request.date, *(request.texts or ()), *(request.groups or ()))
    require_columns(named, job.columns, job.name)


def _inspect_again(job: Job, layout: Layout) -> None:
    try:
        inspect(job, layout)
    except (CollarclassError, OSError) as error:
        raise DataError(job.told(error)) from None
    job.state, job.error = "ready", None


def _profile(job: Job, request: LabelRequest) -> dict[str, Any]:
    title, texts = request.title, request.texts or []
    if title is None and not texts:
        raise DataError("Choose the column that holds the ads.")
    columns = Columns(title, tuple(texts or [title]), request.code)
    try:
        return profile(job.path, job.layout, columns, request.date)
    except (CollarclassError, OSError) as error:
        raise DataError(job.told(error)) from None


def results(job: Job) -> Results:
    """The rows of a file that is labelled."""
    with_rows(job)
    return job.open_results()


def with_rows(job: Job) -> Path:
    """The labelled file of a job that is done and has rows."""
    path = labelled(job)
    if not job.rows:
        raise Problem(409, "This file has no rows: choose another sheet, or another row of column names.")
    return path


def files_router(store: Store) -> APIRouter:
    """The part of the interface that is about files."""
    router = APIRouter(tags=["files"])
    model = store.model.identity

    def shown(job: Job, status: int = 200) -> Response:
        return JSONResponse({"model": model, **job.shown()}, status)

    @router.post("/v1/files", response_model=FileReply, status_code=201, openapi_extra=UPLOAD,
                 summary="Hand a file in as the body; with start=true it is labelled at once")  # fmt: skip
    async def upload(request: Request, name: Name, start: bool = False) -> Response:
        job = await handed_in(request, store, name)
        if start:
            store.start(job, LabelRequest.model_validate({}))
        return shown(job, 201)

    @router.get("/v1/files", response_model=FilesReply, summary="All files of this server")
    async def every() -> Response:
        return JSONResponse({"model": model, "files": [job.shown() for job in store.jobs.values()]})

    @router.get("/v1/files/{file}", response_model=FileReply, summary="How far a file is")
    async def one(file: str) -> Response:
        return shown(store.get(file))

    @router.post("/v1/files/{file}/layout", response_model=FileReply,
                 summary="Read another sheet of a file, or another row of column names")  # fmt: skip
    async def layout(file: str, request: LayoutRequest) -> Response:
        job = store.get(file)
        if job.state in ("waiting", "running"):
            raise Problem(409, "This file is being labelled: wait for it, or cancel it.")
        if job.reopened:
            raise Problem(409, ONLY_RESULT)
        await asyncio.to_thread(_inspect_again, job, Layout(**request.model_dump()))
        return shown(job)

    @router.post("/v1/files/{file}/profile", response_model=ProfileReply,
                 summary="What a file holds: rows, languages, repeated ads, dates, odd rows")  # fmt: skip
    async def profile_of(file: str, request: LabelRequest) -> Response:
        job = store.get(file)
        check_columns(job, request)
        if job.reopened:
            raise Problem(409, ONLY_RESULT)
        return JSONResponse({"model": model, **await asyncio.to_thread(_profile, job, request)})

    @router.post("/v1/files/{file}/label", response_model=FileReply, status_code=202, summary="Label a file")
    async def label(file: str, request: LabelRequest) -> Response:
        job = store.get(file)
        check_columns(job, request)
        names = [known.name for known in definitions()]
        if request.definition not in names:  # a name only: a client has no say over files of this machine
            raise DataError(f"No definition {request.definition!r}: choose one of {', '.join(names)}.")
        store.start(job, request)
        return shown(job, 202)

    @router.post("/v1/files/{file}/cancel", response_model=FileReply, summary="Stop labelling a file")
    async def cancel(file: str) -> Response:
        job = store.get(file)
        job.cancelled.set()
        return shown(job)

    @router.delete("/v1/files/{file}", status_code=204, summary="Remove a file and its result")
    async def remove(file: str) -> Response:
        store.drop(store.get(file))
        return Response(status_code=204)

    @router.get("/v1/files/{file}/result", response_class=FileResponse, responses=download("application/octet-stream"),
                summary="The labelled file")  # fmt: skip
    async def result(file: str) -> Response:
        job = store.get(file)
        return FileResponse(labelled(job), media_type="application/octet-stream", filename=job.result_name)

    @router.get("/v1/files/{file}/report", response_class=FileResponse, responses=download("text/html"),
                summary="A report on the labelled file, as a page to keep")  # fmt: skip
    async def report(file: str, lang: Literal["en", "zh"] = "en") -> Response:
        job = store.get(file)
        path = await asyncio.to_thread(_report, store, job, lang)
        return FileResponse(
            path,
            media_type="text/html",
            filename=f"{Path(job.result_name).stem}-report.html",
            headers={"content-security-policy": "sandbox"},  # it is to be kept, not run in this page's name
        )

    @router.get("/v1/files/{file}/points", response_model=PointsReply, summary="Some of the ads on the plane")
    async def points(file: str) -> Response:
        job = store.get(file)
        return JSONResponse({"model": model, **await asyncio.to_thread(_points, results(job))})

    return router


def _report(store: Store, job: Job, lang: str) -> Path:
    path = with_rows(job).with_name(f"report-{lang}.html")
    try:
        from collarclass.report.report import write_report

        write_report(
            labelled(job), path, lang=lang, definition=job.definition, truth=job.truth, model=store.model,
            **job.chosen,  # type: ignore[arg-type]
        )  # fmt: skip
    except MissingPartError as error:
        raise Problem(501, str(error)) from None
    except CollarclassError as error:
        raise DataError(job.told(error)) from None
    return path


def _points(found: Results) -> dict[str, Any]:
    """Scores and labels of some ads, drawn by a fixed scramble of their numbers."""
    known = np.flatnonzero(pc.not_equal(found.table["collar"], "unclear").to_numpy())
    drawn = known[np.argsort(((known + 1) * 0x9E3779B1) & 0xFFFFFFFF, kind="stable")[:_MAX_POINTS]]
    part = found.table.select(["academic_score", "hands_on_score", "collar"]).take(pa.array(drawn))
    academic, hands_on, label = (column.to_pylist() for column in part.columns)
    return {"of": len(found), "academic": academic, "hands_on": hands_on, "label": label}
