"""`/v1/classify/lines`: ads as newline-delimited JSON in, results in the same order out, as they are ready."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from collarclass.app.labeller import Labeller, Wanted
from collarclass.app.problems import Problem
from collarclass.app.schemas import Ad, DefinitionName

_MAX_LINE_BYTES = 8 << 20
_MAX_BATCH_ADS = 64
_MEDIA_TYPE = "application/x-ndjson"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {_MEDIA_TYPE: {"schema": {"type": "string", "description": "One ad a line, as a JSON object."}}},
    }
}


def lines_router(labeller: Labeller) -> APIRouter:
    """The part of the interface that labels streams of any length."""
    router = APIRouter()

    @router.post(
        "/v1/classify/lines",
        response_class=Response,
        responses={200: {"content": {_MEDIA_TYPE: {"schema": {"type": "string"}}}}},
        openapi_extra=_BODY,
        tags=["ads"],
        summary="Label a stream of ads, one JSON object a line",
    )
    async def lines(
        request: Request,
        evidence: bool = False,
        lang: Literal["en", "zh"] | None = None,
        definition: DefinitionName = "article",
        min_confidence: Annotated[float, Query(ge=0, le=1)] = 0.0,
    ) -> Response:
        wanted = Wanted(evidence=evidence, lang=lang, definition=definition, min_confidence=min_confidence)
        return _Stream(_answers(labeller, request.stream(), wanted))

    return router


class _Stream(Response):
    """A reply in pieces. Starlette's own would take the request's body for the client's going away."""

    media_type = _MEDIA_TYPE

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces as they come."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async for piece in self._pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except ClientDisconnect:
            return
        await send({"type": "http.response.body", "body": b""})


async def _answers(labeller: Labeller, body: AsyncIterator[bytes], wanted: Wanted) -> AsyncIterator[bytes]:
    """One line for each line: a result, or what is wrong with it."""
    number = 0
    async for batch in _batches(body):
        read = [_ad(line, number + i) for i, line in enumerate(batch, 1)]
        number += len(batch)
        ads = [ad for ad in read if isinstance(ad, Ad)]
        try:
            results = iter(json.loads(await labeller.classify(ads, wanted)) if ads else ())
        except Problem as problem:  # the reply has begun: what is wrong can only stand in it
            yield _line({"error": str(problem.detail)})
            return
        yield b"".join(_line(next(results) if isinstance(ad, Ad) else {"error": ad}) for ad in read)


async def _batches(body: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """The lines of a body in batches, as many as have come; blank ones are none."""
    rest = b""
    async for part in body:
        *lines, rest = (rest + part).split(b"\n")
        if len(rest) > _MAX_LINE_BYTES:
            rest, lines = b"", [*lines, rest]  # said to be too long, and the stream ends with it
        lines = [line for line in lines if line.strip()]
        for i in range(0, len(lines), _MAX_BATCH_ADS):
            yield lines[i : i + _MAX_BATCH_ADS]
    if rest.strip():
        yield [rest]


def _ad(line: bytes, number: int) -> Ad | str:
    """The ad of a line, or a sentence that says what is wrong with it."""
    if len(line) > _MAX_LINE_BYTES:
        return f"Line {number} has more than {_MAX_LINE_BYTES >> 20} MB: send shorter ads."
    try:
        return Ad.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        what = ": ".join([*map(str, first["loc"]), first["msg"]])
        return f"Line {number}: {what}; send an object with text, title and code."


def _line(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
