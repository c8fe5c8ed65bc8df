"""Errors as RFC 9457 problem documents: one sentence that says what was wrong and what to do."""

from __future__ import annotations

import html
import logging
import traceback
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from collarclass.errors import CollarclassError
from collarclass.messages import Language, Message

_log = logging.getLogger("collarclass.app")
_language: ContextVar[Language] = ContextVar("language", default="en")


def choose_language(accepted: str | None) -> None:
    """Speak the language that a request asks for first, as far as it is known."""
    _language.set("zh" if (accepted or "").strip().lower().startswith("zh") else "en")


def said(message: Message) -> str:
    """A message in the language of the request."""
    return message.said(_language.get())


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
    """An error that is reported to the client: a status, and a message like that of every other error."""

    def __init__(
        self, status: int, message: str | Message, headers: Mapping[str, str] | None = None, /, **values: object
    ) -> None:
        self.message = message if isinstance(message, Message) else Message(message, **values)
        super().__init__(status, str(self.message), headers=dict(headers or {}))


def problem_response(
    status: int, detail: Message, errors: Sequence[Mapping[str, str]] | None = None,
    headers: Mapping[str, str] | None = None, scope: Scope | None = None,
) -> Response:  # fmt: skip
    """A problem document as a response; for somebody who opens an address in a browser a page that says it."""
    if scope is not None and scope["method"] == "GET" and "text/html" in Request(scope).headers.get("accept", ""):
        sentence = html.escape(said(detail))
        start = html.escape(said(_START_AGAIN)) if status == 401 else ""
        page = f'<!doctype html><html><meta charset="utf-8"><title>collarclass</title><p>{start or sentence}</p></html>'
        return HTMLResponse(page, status, dict(headers or {}))
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body["detail"] = said(detail)
    if errors is not None:
        body["errors"] = list(errors)
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


def add_handlers(app: FastAPI) -> None:
    """Let every error of an application leave it as a problem document."""

    @app.exception_handler(HTTPException)
    async def told(request: Request, error: HTTPException) -> Response:
        if isinstance(error, Problem):
            detail = error.message
        else:  # the framework's own words are no sentences
            detail = _USUAL.get(error.status_code) or Message("{phrase}.", phrase=str(error.detail).rstrip("."))
        return problem_response(error.status_code, detail, headers=error.headers, scope=request.scope)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # The input is left out: it may be a whole ad.
        errors = [
            {"where": ".".join(map(str, e["loc"])).encode("utf-8", "replace").decode(), "message": e["msg"]}
            for e in error.errors()[:20]
        ]
        first = f"{errors[0]['where']}: {errors[0]['message']}" if errors else "?"
        detail = Message("{first}. See /openapi.json for what is allowed.", first=first)
        return problem_response(422, detail, errors)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        return unexpected(error)

    @app.exception_handler(CollarclassError)
    async def wrong_data(request: Request, error: CollarclassError) -> Response:
        return problem_response(400, error.message)


def log_unexpected(error: BaseException) -> None:
    """Log where an error happened, never what it said: that could quote an ad."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    _log.error("%s at %s", type(error).__name__, place)


def unexpected(error: BaseException) -> Response:
    """The reply to an error that nobody foresaw."""
    log_unexpected(error)
    detail = Message("Something went wrong in the program ({kind}); please report it.", kind=type(error).__name__)
    return problem_response(500, detail)


_START_AGAIN = Message(
    "This address is from an earlier start of the program: start it again as you did before, and use the page "
    "that opens."
)
_USUAL = {
    400: Message("The body is not JSON."),
    404: Message("There is nothing at this address; /openapi.json lists what there is."),
    405: Message("This address does not take that method; /openapi.json lists what it takes."),
}
