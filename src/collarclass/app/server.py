"""The application put together, and started on this machine."""

from __future__ import annotations

import asyncio
import html
import inspect
import ipaddress
import os
import secrets
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, Response
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from collarclass import __version__
from collarclass.api import default_model
from collarclass.app.ads import ads_router
from collarclass.app.connection import MAX_CONNECTIONS, Connection
from collarclass.app.guard import Access, Guard, Limits
from collarclass.app.jobs import PREFIX, Store
from collarclass.app.labeller import Labeller
from collarclass.app.lines import lines_router
from collarclass.app.operations import Metrics, Watched, log_requests, operations_router
from collarclass.app.pictures import pictures_router
from collarclass.app.problems import Problem, ProblemDocument, add_handlers
from collarclass.app.reviews import reviews_router
from collarclass.app.rows import rows_router
from collarclass.app.uploads import files_router
from collarclass.errors import DataError
from collarclass.explain.palette import DARK, LIGHT
from collarclass.model.model import Model
from collarclass.occupation.lookup import index

STATIC = Path(__file__).parent / "static"
SETTINGS: dict[str, Any] = {  # of uvicorn
    "log_level": "warning",
    "access_log": False,  # an address can hold a token or the name of a file
    "server_header": False,
    "ws": "none",
    "http": Connection,
    "limit_concurrency": MAX_CONNECTIONS,
}
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_PROBLEM = {"model": ProblemDocument, "content": {"application/problem+json": {}}}
_DESCRIPTION = """Labels job ads, job titles and files of them white, blue or gray collar by two scores: academic
credential and hands-on skill. Offsets count Unicode code points, as Python's `str` does. Every error is a
problem document (RFC 9457); every reply names the model, in its body or the header `Collarclass-Model`."""


def create_app(
    model: Model | None = None,
    *,
    access: Access | None = None,
    limits: Limits | None = None,
    kept: Path | None = None,
    metrics: bool = False,
    access_log: bool = False,
    root_path: str = "",
    files: bool = True,
) -> ASGIApp:
    """The application, for any ASGI server.

    Parameters
    ----------
    model : Model, optional
        The shipped model if not given.
    access : Access, optional
        Who may ask; if not given every user of this machine may, without a token.
    limits : Limits, optional
        What a request may take.
    kept : Path, optional
        A folder for labelled files and labels given by hand, which stay there; without one they are removed when the
        application ends.
    metrics : bool
        Whether to count requests for Prometheus, at `/metrics`.
    access_log : bool
        Whether to log each request: method, route, status, size and time, never what it says.
    root_path : str
        Where a proxy has put the server, such as "/collar".
    files : bool
        Whether to take files and show the page. Both keep files in the process, so that only one may serve them.

    Returns
    -------
    ASGI application
    """
    model, limits = model or default_model(), limits or Limits()
    labeller, store = Labeller(model, limits.answer), Store(model, kept) if files else None
    measured = Metrics(labeller) if metrics else None
    root_path = root_path.rstrip("/")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        labeller.close()
        if store is not None:
            await asyncio.to_thread(store.close)

    app = FastAPI(
        title="collarclass",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,  # those pages load their scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        responses=dict.fromkeys((400, 401, 403, 404, 408, 409, 413, 415, 421, 422, 500, 501, 503, 507), _PROBLEM),
    )
    add_handlers(app)
    app.include_router(ads_router(labeller))
    app.include_router(lines_router(labeller))
    app.include_router(operations_router(labeller, measured))
    if store is not None:
        app.include_router(files_router(store))
        app.include_router(rows_router(store))
        app.include_router(pictures_router(store))
        app.include_router(reviews_router(store))
        _add_page(app)
    guarded = Guard(app, access or Access(), limits, model.identity, root_path)
    if measured is None and not access_log:
        return guarded
    return Watched(guarded, measured.count if measured is not None else None, access_log)


def _add_page(app: FastAPI) -> None:
    """The page's own files, by name: nothing else of the disk can be asked for."""
    files = {path.name: path for path in STATIC.iterdir() if path.suffix in _KINDS}

    def sent(path: Path) -> Response:
        kind = f"{_KINDS[path.suffix]}; charset=utf-8"
        return FileResponse(path, headers={"content-type": kind, "cache-control": "no-cache"})

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return sent(files["index.html"])

    @app.get("/static/palette.css", include_in_schema=False)
    async def palette() -> Response:
        return Response(palette_css(), media_type="text/css", headers={"cache-control": "no-cache"})

    @app.get("/static/{name}", include_in_schema=False)
    async def static(name: str) -> Response:
        if name not in files:
            raise Problem(404, "The page has no such file.")
        return sent(files[name])


def palette_css() -> str:
    """The colours that reports and notebooks have, too, as variables of a style sheet."""
    light, dark = (
        " ".join([f"color-scheme: {scheme};", *(f"--{name}: {value};" for name, value in colours.items())])
        for scheme, colours in (("light", LIGHT), ("dark", DARK))
    )
    return (
        f":root {{ {light} }}\n:root[data-theme='dark'] {{ {dark} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root:not([data-theme='light']) {{ {dark} }} }}\n"
    )


def data_folder() -> Path:
    """Where this user's programs keep their data."""
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return home / "collarclass"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    model: Model | None = None,
    token: str | None = None,
    no_token: bool = False,
    hosts: Iterable[str] = (),
    browser: bool = True,
    metrics: bool = False,
    access_log: bool = False,
    root_path: str = "",
    workers: int = 1,
    say: Callable[[str], Any] = print,
) -> None:
    """Serve the page and its interface until interrupted.

    Parameters
    ----------
    host : str
        The address to listen on.
    port : int
        0 for a free one.
    model : Model, optional
    token : str, optional
        What every request must carry, in its address, as a cookie or as a header; made up if not given.
    no_token : bool
        Whether every user and program of this machine may ask without one.
    hosts : iterable of str
        Further names under which the server may be addressed.
    browser : bool
        Whether to open the page.
    metrics, access_log : bool
    root_path : str
        As in `create_app`.
    workers : int
        Processes that answer. Several of them label ads alone: files and the page are of one process.
    say : callable
        Takes each line that is shown to the user.

    Raises
    ------
    DataError
        If the address cannot be listened on.
    """
    loopback = is_loopback(host)
    if no_token and (token or not loopback):
        what = "a token" if token else f"the address {host}, which other machines can reach"
        raise DataError(f"--no-token does not go with {what}: leave one of them off.")
    token = None if no_token else token or secrets.token_urlsafe(24)
    listening = listen(host, port)
    port = listening.getsockname()[1]
    access = Access(loopback, frozenset(name.lower() for name in (*hosts, *(() if loopback else (host,)))), token)
    config = uvicorn.Config(
        partial(
            _app,
            model,
            access,
            kept=data_folder(),
            metrics=metrics,
            access_log=access_log,
            root_path=root_path,
            files=workers == 1,
        ),
        factory=True,
        workers=workers,
        timeout_graceful_shutdown=3,
        **SETTINGS,
    )
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/" + (f"?token={token}" if token else "")
    say(address)
    if not loopback:
        say("Warning: other machines can reach this server, without encryption; the token in the address is its key.")
    if no_token:
        say("Warning: every user of this machine can read what is handed in here.")
    if workers > 1:
        say(f"{workers} processes label ads; files and the page need --workers 1.")
        supervisor: Any = Multiprocess
        needs_target = "target" in inspect.signature(supervisor).parameters  # uvicorn before 0.54
        run = {"target": uvicorn.Server(config).run} if needs_target else {}
        with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:
            if metrics:  # so that each process can say what all have counted
                os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
            supervisor(config, sockets=[listening], **run).run()
        return
    threading.Thread(target=index, daemon=True).start()  # so that the first answer need not wait for it
    asyncio.run(_run(uvicorn.Server(config), listening, address if browser else None))


def _app(model: Model | None, access: Access, **options: Any) -> ASGIApp:
    """The application of one process."""
    if options["access_log"]:
        log_requests()
    return create_app(model, access=access, **options)


async def _run(server: uvicorn.Server, listening: socket.socket, address: str | None) -> None:
    async def open_page(page: Path) -> None:
        while not server.started:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(webbrowser.open, page.as_uri())

    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:  # for this user alone
        opening = None
        if address is not None:
            # Other users can see with what arguments a browser is started, so the address stands in a file.
            page = Path(folder) / "open.html"
            page.write_text(f'<meta http-equiv="refresh" content="0; url={html.escape(address)}">', "utf-8")
            opening = asyncio.create_task(open_page(page))
        try:
            await server.serve([listening])
        finally:
            if opening is not None:
                opening.cancel()


def listen(host: str, port: int) -> socket.socket:
    """Take a port; an address that cannot be had is an error that says so."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, proto)
        if sys.platform != "win32":  # there it would let another program take the port as well
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"Cannot listen on {host}, port {port} ({reason}): choose another --port or --host.") from None
    return listening
