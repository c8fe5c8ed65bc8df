"""The application put together, and started on this machine."""

from __future__ import annotations

import asyncio
import html
import os
import secrets
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from collarclass._version import __version__
from collarclass.api import default_model
from collarclass.app import ads, annotating, files, pages, shares
from collarclass.app.ads import Labeller
from collarclass.app.guard import Access, Guard, Limits, ip_address
from collarclass.app.problems import ProblemDocument, add_handlers, problem_response
from collarclass.app.store import PREFIX, Store
from collarclass.errors import DataError
from collarclass.messages import Message
from collarclass.model.model import Model
from collarclass.occupation.lookup import index

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
    root_path: str = "",
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
    root_path : str
        Where a proxy has put the server, such as "/collar".

    Returns
    -------
    ASGI application
    """
    model, limits = model or default_model(), limits or Limits()
    labeller, store = Labeller(model, limits.answer), Store(model, kept)

    class Reply(JSONResponse):
        def render(self, content: Mapping[str, Any]) -> bytes:
            return super().render({"model": store.model.identity, **content})

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        labeller.close()
        await asyncio.to_thread(store.close)

    app = FastAPI(
        title="collarclass",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,  # those pages load their scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        default_response_class=Reply,
        responses=dict.fromkeys((400, 401, 403, 404, 408, 409, 413, 415, 421, 422, 500, 503, 507), _PROBLEM),
    )
    add_handlers(app)
    app.state.store, app.state.labeller = store, labeller
    for part in (ads, files, shares, annotating, pages):
        app.include_router(part.router)
    return Guard(app, access or Access(), limits, model.identity, root_path.rstrip("/"))


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
    address = ip_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    model: Model | None = None,
    token: str | None = None,
    no_token: bool = False,
    hosts: Iterable[str] = (),
    browser: bool = True,
    root_path: str = "",
    say: Callable[[str], Any] = print,
) -> None:
    """Serve the page and its interface until interrupted, as the options of `collarclass app` say.

    The port 0 is that of the last start, or a free one; `say` takes each line that is shown to the user.
    """
    loopback = is_loopback(host)
    if no_token and (token or not loopback):
        what = Message("a token")
        if not token:
            what = Message("the address {host}, which other machines can reach", host=host)
        raise DataError("--no-token does not go with {what}: leave one of them off.", what=what)
    token = None if no_token else token or secrets.token_urlsafe(24)
    listening = listen(host, port) if port or not loopback else listen_as_before(host, data_folder() / "port")
    port = listening.getsockname()[1]
    access = Access(loopback, frozenset(name.lower() for name in (*hosts, *(() if loopback else (host,)))), token)
    app = create_app(model, access=access, kept=data_folder(), root_path=root_path)
    config = uvicorn.Config(app, timeout_graceful_shutdown=3, **SETTINGS)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/" + (f"?token={token}" if token else "")
    say(address)
    if not loopback:
        say("Warning: other machines can reach this server, without encryption; the token in the address is its key.")
    if no_token:
        say("Warning: every user of this machine can read what is handed in here.")
    threading.Thread(target=index, daemon=True).start()  # so that the first answer need not wait for it
    asyncio.run(_run(uvicorn.Server(config), listening, address if browser else None))


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


def listen_as_before(host: str, kept: Path) -> socket.socket:
    """Take the port of the last start, so that bookmarks stay; a free one if it is taken.

    The token is new at each start: while the program does not run, another user of this machine could listen here, and
    would be sent the one that the browser holds.
    """
    with suppress(OSError, ValueError, DataError):
        return listen(host, int(kept.read_text()))
    listening = listen(host, 0)
    with suppress(OSError):
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.write_text(str(listening.getsockname()[1]))
    return listening


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
        raise DataError(
            "Cannot listen on {host}, port {port} ({reason}): choose another --port or --host.", host=host, port=port,
            reason=reason,
        ) from None  # fmt: skip
    return listening


HEAD_SECONDS = 10.0  # for the head of a request
UNREAD_SECONDS = 60.0  # in which nothing of a reply is read
MAX_HEAD_BYTES = 64 << 10
MAX_CONNECTIONS = 200  # beyond which a client that is not served makes room
_NO_REQUEST = Message("This is no request of HTTP, or its head has more than {kilobytes} KB.",
                      kilobytes=MAX_HEAD_BYTES >> 10)  # fmt: skip


class Connection(H11Protocol):
    """A connection that is closed when the head of a request does not come in time, or a reply is not read.

    hypercorn has no limit of connections, and granian none of the time in which a reply is read; uvicorn with h11 reads
    no further request while one is answered, but would keep a connection that has sent nothing, half a head, or half
    the body of a request that was refused, or that reads no reply. Where there are many, the one whose last request
    was served longest ago makes room: who is served counts, not who knocks.
    """

    _served = 0.0  # when the last request that was let in had its reply, or when the client came
    _head: asyncio.TimerHandle | None = None  # until the head has to be there
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first head; where there are many, the client goes that has waited longest to be served."""
        if len(self.connections) >= MAX_CONNECTIONS:
            others = (one for one in self.connections if isinstance(one, Connection) and not one._is_served())
            oldest = min(others, key=lambda one: one._served, default=None)
            if oldest is not None:
                oldest.transport.abort()
                self.connections.discard(oldest)  # it hears so later, and must not be chosen again until then
                oldest._stop()
        super().connection_made(transport)
        self._served = self.loop.time()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Take what has come; from a whole head on, and until the reply is there, the application sets the time."""
        super().handle_events()
        self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next head, unless it has come already; the rest of a refused body counts as that wait."""
        if self.scope.get("let_in"):
            self._served = self.loop.time()
        super().on_response_complete()
        self._wait()

    def pause_writing(self) -> None:
        """Much of a reply waits to be read."""
        super().pause_writing()
        self._read_soon()

    def resume_writing(self) -> None:
        """Most of it was read."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, in the form of every error, and hang up."""
        answer = problem_response(400, _NO_REQUEST)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%b\r\n%b" % (head, bytes(answer.body)))
        self.transport.close()

    def _is_served(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete and bool(self.scope.get("let_in"))

    def _wait(self) -> None:
        refused = self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY
        if self.transport.is_closing():
            self._stop(reading=False)
            self._read_soon()
        elif not refused and self.conn.their_state is not h11.IDLE:
            self._stop(reading=False)
        elif self._head is None:
            self._head = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _give_up(self) -> None:
        self._head = None
        self.transport.close()  # when the reply before was read
        self._read_soon()

    def _read_soon(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def _stop(self, reading: bool = True) -> None:
        for name in ("_head", "_unread") if reading else ("_head",):
            timer = getattr(self, name)
            if timer is not None:
                timer.cancel()
                setattr(self, name, None)


SETTINGS: dict[str, Any] = {  # of uvicorn
    "log_level": "warning",
    "access_log": False,  # an address can hold a token or the name of a file
    "server_header": False,
    "ws": "none",
    "http": Connection,
    # Of connections and of tasks, of which one connection has two while its next request follows a reply.
    "limit_concurrency": 3 * MAX_CONNECTIONS,
    "h11_max_incomplete_event_size": MAX_HEAD_BYTES,
}
