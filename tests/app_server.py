"""The application behind a real socket, for tests."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("fastapi", reason="the page needs the extra app")
pytest.importorskip("h11", reason="the page needs the extra app")
pytest.importorskip("uvicorn", reason="the page needs the extra app")

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from collarclass.app.server import SETTINGS, listen


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Address:
    """A running server."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    root: str = ""  # the path under which a proxy shows it

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.root}"

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """One request; a body that is not bytes is sent as JSON."""
        sent = {**self.headers, **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent = {"Content-Type": "application/json", **sent}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, sent)
            reply = connection.getresponse()
            return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def classify(self, **body: Any) -> Any:
        reply = self.ask("POST", "/v1/classify", body)
        assert reply.status == 200, reply.body
        return reply.json

    def upload(self, path: str, content: bytes) -> Reply:
        return self.ask("POST", path, content, {"Content-Type": "application/octet-stream"})

    def hand_in(self, content: bytes, name: str = "ads.csv", more: str = "") -> dict[str, Any]:
        reply = self.upload(f"/v1/files?name={quote(name, safe='')}{more}", content)
        assert reply.status == 201, reply.body
        return dict(reply.json)

    def wait_for(self, file: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        until = time.monotonic() + 60
        while not done(job := self.ask("GET", f"/v1/files/{file}").json):
            assert time.monotonic() < until, job
            time.sleep(0.01)
        return dict(job)

    def finished(self, file: str) -> dict[str, Any]:
        return self.wait_for(file, lambda job: job["state"] not in ("ready", "waiting", "running"))

    def label(self, file: str, **wanted: Any) -> dict[str, Any]:
        assert self.ask("POST", f"/v1/files/{file}/label", wanted).status == 202
        job = self.finished(file)
        assert job["state"] == "done", job
        return job

    def labelled(self, content: bytes, name: str = "ads.csv", **wanted: Any) -> str:
        """The id of a file that was handed in and labelled."""
        file = str(self.hand_in(content, name)["id"])
        self.label(file, **wanted)
        return file


def behind(root: str, app: ASGIApp) -> ASGIApp:
    """An application as a proxy shows it that strips a prefix, and knows nothing outside of it."""

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if not scope["path"].startswith(f"{root}/"):
                await Response(status_code=404)(scope, receive, send)
                return
            path = scope["path"].removeprefix(root)
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await app(scope, receive, send)

    return proxy


@contextmanager
def running(app: ASGIApp, root: str = "") -> Iterator[Address]:
    """Serve an application from a thread, behind a proxy where a root path is named."""
    app = behind(root, app) if root else app
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, **SETTINGS))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    try:
        yield Address(listening.getsockname()[1], root=root)
    finally:
        server.should_exit = True
        thread.join(10)
