"""What requests ask for: a file, a part of its rows, and bodies that are files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request

from collarclass.app.jobs import Job
from collarclass.app.problems import Problem
from collarclass.app.results import Results, View
from collarclass.app.store import Store
from collarclass.errors import DataError

_PIECE = 1 << 20
UPLOAD = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {
    "type": "string", "format": "binary"}}}}}  # fmt: skip
Answer = dict[str, Any]  # the model's name is put before it
Lang = Literal["en", "zh"]
Name = Annotated[str, Query(max_length=500, description="The file's name; its ending tells the format.")]
Q = Annotated[str, Query(max_length=200, description="What the title or the text contains.")]
Chosen = Annotated[list[str], Query(max_length=40, description="column:value, one of those of each column.")]


async def _store(request: Request) -> Store:
    found: Store = request.app.state.store
    return found


Files = Annotated[Store, Depends(_store)]


async def _file(store: Files, file: str) -> Job:
    return store.get(file)


File = Annotated[Job, Depends(_file)]


async def _rows(store: Files, job: File) -> Results:
    return store.results(job)


Rows = Annotated[Results, Depends(_rows)]


async def _part(q: Q = "", f: Chosen = []) -> View:  # noqa: B006
    return View(q, tuple(f))


Part = Annotated[View, Depends(_part)]


def download(kind: str) -> dict[int | str, dict[str, Any]]:
    """How the OpenAPI document describes a reply that is a file."""
    return {200: {"content": {kind: {}}, "description": "The file."}}


@asynccontextmanager
async def received(request: Request, store: Store, name: str) -> AsyncIterator[Job]:
    """The body of a request as a file, which is forgotten unless it becomes a project."""
    job = store.new(name)
    try:
        await _receive(request, store, job.path)
        yield job
    finally:  # the client may go away in the middle, too
        if job.id not in store.jobs:
            store.drop(job)


async def _receive(request: Request, store: Store, path: Path) -> None:
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
