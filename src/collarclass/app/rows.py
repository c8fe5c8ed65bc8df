"""`/v1/files/{file}/rows` and `/facets`: the rows of a labelled file, chosen, counted, corrected and downloaded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import ValidationError

from collarclass.app.jobs import Store
from collarclass.app.results import View
from collarclass.app.schemas import AnswerRequest, FacetsReply, RowsReply, WholeRow
from collarclass.app.uploads import download, results
from collarclass.errors import DataError

ViewText = Annotated[str, Query(max_length=20_000, description="Which rows, as JSON of the schema View.")]
Offset = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=500)]


def view_of(text: str) -> View:
    """The view that a request names."""
    try:
        return View.model_validate_json(text)
    except ValidationError as error:
        what = error.errors()[0]
        where = ".".join(map(str, what["loc"])) or "view"
        raise DataError(f"This view cannot be read: {where}: {what['msg'].lower()}.") from None


def rows_router(store: Store) -> APIRouter:
    """The part of the interface that is about the rows of labelled files."""
    router = APIRouter(tags=["rows"])
    model = store.model.identity

    @router.get("/v1/files/{file}/rows", response_model=RowsReply, summary="Some rows of a labelled file")
    async def rows(file: str, view: ViewText = "{}", offset: Offset = 0, limit: Limit = 100) -> Response:
        found = results(store.get(file))
        return JSONResponse({"model": model, **await asyncio.to_thread(found.page, view_of(view), offset, limit)})

    @router.get("/v1/files/{file}/rows/{row}", response_model=WholeRow, summary="One row whole")
    async def one(file: str, row: int) -> Response:
        return JSONResponse({"model": model, **results(store.get(file)).ad(row - 1)})

    @router.put("/v1/files/{file}/rows/{row}", response_model=WholeRow,
                summary="Keep a person's label for a row, apart from the model's; null takes it back")  # fmt: skip
    async def correct(file: str, row: int, request: AnswerRequest) -> Response:
        found = results(store.get(file))
        found.ad(row - 1)
        found.correct(row - 1, request.label)
        return JSONResponse({"model": model, **found.ad(row - 1)})

    @router.get("/v1/files/{file}/facets", response_model=FacetsReply, summary="How many rows have which values")
    async def facets(file: str, view: ViewText = "{}") -> Response:
        found = results(store.get(file))
        return JSONResponse({"model": model, **await asyncio.to_thread(found.facets, view_of(view))})

    @router.get("/v1/files/{file}/rows.csv", response_class=StreamingResponse, responses=download("text/csv"),
                summary="The rows of a view as CSV")  # fmt: skip
    async def as_csv(file: str, view: ViewText = "{}") -> Response:
        job = store.get(file)
        found, wanted = results(job), view_of(view)
        found.rows_of(wanted)  # what is wrong with the view is said before the file begins
        name = quote(f"{Path(job.name).name.split('.')[0]}-part.csv")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
        return StreamingResponse(found.csv(wanted), media_type="text/csv", headers=headers)

    return router
