"""Errors as RFC 9457 problem documents: one sentence that says what was wrong and what to do."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from collarclass.app.messages import said
from collarclass.errors import CollarclassError

_log = logging.getLogger("collarclass.app")


class WrongField(BaseModel):
    """One part of a request that is not what it has to be."""

    where: str = Field(description="Its place, such as `body.ads.3.text`.")
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457: what went wrong, and what to do about it."""

    type: str = "about:blank"
    title: str = Field(description="The status in words.", examples=["Content Too Large"])
    status: int = Field(examples=[413])
    detail: str = Field(examples=["The body has more than 16 MB: send fewer ads at once."])
    errors: list[WrongField] | None = Field(None, description="The wrong fields of a request (422).")


class Problem(HTTPException):
    """An error that is reported to the client."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers=dict(headers or {}))


def problem_response(
    status: int,
    detail: str,
    errors: Sequence[Mapping[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem document as a response."""
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body["detail"] = said(detail)
    if errors is not None:
        body["errors"] = list(errors)
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


def add_handlers(app: FastAPI) -> None:
    """Let every error of an application leave it as a problem document."""

    @app.exception_handler(HTTPException)
    async def told(request: Request, error: HTTPException) -> JSONResponse:
        detail = str(error.detail)
        if not isinstance(error, Problem):  # the framework's own words are no sentences
            detail = _USUAL.get(error.status_code, f"{detail.rstrip('.')}.")
        return problem_response(error.status_code, detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        # The input is left out: it may be a whole ad.
        errors = [
            {"where": ".".join(map(str, e["loc"])).encode("utf-8", "replace").decode(), "message": e["msg"]}
            for e in error.errors()[:20]
        ]
        first = f"{errors[0]['where']}: {errors[0]['message']}" if errors else "the request is not as described"
        return problem_response(422, f"{first}. See /openapi.json for what is allowed.", errors)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        return unexpected(error)

    @app.exception_handler(CollarclassError)
    async def wrong_data(request: Request, error: CollarclassError) -> JSONResponse:
        return problem_response(400, str(error))


def log_unexpected(error: BaseException) -> None:
    """Log where an error happened, never what it said: that could quote an ad."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    _log.error("%s at %s", type(error).__name__, place)


def unexpected(error: BaseException) -> JSONResponse:
    """The reply to an error that nobody foresaw."""
    log_unexpected(error)
    return problem_response(500, f"Something went wrong in the program ({type(error).__name__}); please report it.")


_USUAL = {
    400: "The body is not JSON.",
    404: "There is nothing at this address; /openapi.json lists what there is.",
    405: "This address does not take that method; /openapi.json lists what it takes.",
}
