"""What those who run the server want to know: probes, metrics, and a log of requests that never quotes an ad."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collarclass.app.labeller import Labeller
from collarclass.app.problems import Problem
from collarclass.app.schemas import Health
from collarclass.errors import import_optional

PROBES = ("/healthz", "/readyz")  # answered whatever the request's Host and token are
_log = logging.getLogger("collarclass.app.requests")


def operations_router(labeller: Labeller, metrics: Metrics | None) -> APIRouter:
    """Probes, and metrics where they are counted."""
    router = APIRouter(tags=["operations"])
    identity = labeller.model.identity

    @router.get("/healthz", response_model=Health, summary="Whether the server answers")
    async def health() -> Response:
        return JSONResponse({"status": "ok", "model": identity})

    @router.get("/readyz", response_model=Health, summary="Whether the server can take requests")
    async def ready() -> Response:
        if not labeller.is_ready:
            raise Problem(503, "The server is busy or ends: send requests elsewhere for now.", {"retry-after": "1"})
        return JSONResponse({"status": "ok", "model": identity})

    if metrics is not None:

        @router.get("/metrics", include_in_schema=False)
        async def measured() -> Response:
            return Response(metrics.text(), media_type=metrics.media_type)

    return router


class Metrics:
    """Counts for Prometheus.

    Several worker processes count together in the folder that the environment names, PROMETHEUS_MULTIPROC_DIR.

    Parameters
    ----------
    labeller : Labeller
        Whose waiting requests and labels are counted.
    """

    def __init__(self, labeller: Labeller) -> None:
        client = import_optional("prometheus_client", "/metrics", "app")
        self._client = client
        registry = client.CollectorRegistry()
        self.media_type: str = client.CONTENT_TYPE_LATEST
        names = ["method", "route", "status"]
        self._requests = client.Counter("collarclass_requests", "Requests answered", names, registry=registry)
        self._seconds = client.Histogram(
            "collarclass_request_seconds", "Seconds from request to end of reply", ["route"], registry=registry
        )
        self._ads = client.Counter("collarclass_ads", "Ads labelled", ["label"], registry=registry)
        waiting = client.Gauge(
            "collarclass_waiting_requests", "Requests that wait to be labelled", registry=registry,
            multiprocess_mode="livesum",
        )  # fmt: skip
        info = client.Gauge("collarclass_model", "The model", ["model"], registry=registry, multiprocess_mode="max")
        info.labels(labeller.model.identity).set(1)
        labeller.on_waiting = waiting.set
        labeller.on_label = lambda label, n: self._ads.labels(label).inc(n)
        self._registry = registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            self._registry = client.CollectorRegistry()
            import_optional("prometheus_client.multiprocess", "/metrics", "app").MultiProcessCollector(self._registry)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All counts in Prometheus' text format."""
        return bytes(self._client.generate_latest(self._registry))


class Watched:
    """An application whose requests are counted and logged: method, route and status, never address or body.

    Parameters
    ----------
    app : ASGI application
    count : callable or None
        Takes method, route, status and seconds.
    log : bool
        Whether to write a line for each request.
    """

    def __init__(self, app: ASGIApp, count: Callable[[str, str, int, float], Any] | None, log: bool) -> None:
        self.app, self._count, self._log_requests = app, count, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it was answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, size = time.perf_counter(), 0, 0

        async def noting(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "none")  # of the address only its pattern, which quotes nothing
            method = scope["method"] if scope["method"] in _METHODS else "other"
            if self._count is not None:
                self._count(method, route, status, seconds)
            if self._log_requests:
                _log.info("%s %s %d %d bytes %.0f ms", method, route, status, size, seconds * 1000)


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def log_requests() -> None:
    """Write a line for each request to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
