"""The server's side of a connection, which waits for a client only so long and takes no head of any size."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from collarclass.app.problems import problem_response

HEAD_SECONDS = 10.0  # for the head of a request
UNREAD_SECONDS = 60.0  # in which nothing of a reply is read
MAX_HEAD_BYTES = 64 << 10
MAX_CONNECTIONS = 300  # beyond which requests are answered with 503
_SPARE_CONNECTIONS = 50


class Connection(HttpToolsProtocol):
    """A connection that is closed when the head of its next request is too long or does not come in time.

    uvicorn itself would always keep one that has sent nothing, or half a head, or that reads no reply. Where there
    are many, the one that has waited longest for a head makes room, so that clients which only wait keep no others out.
    """

    _waits_until: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _head: int | None = None  # how long the head is so far; None outside of one

    @property
    def waits_since(self) -> float | None:
        """When it began to wait for a head, in its event loop's time; None while a request is answered."""
        return self._waits_until.when() if self._waits_until is not None else None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first head; the connection that has waited longest goes, where there are many."""
        if len(self.connections) >= MAX_CONNECTIONS - _SPARE_CONNECTIONS:
            waiting = [(one.waits_since, one) for one in self.connections if isinstance(one, Connection)]
            idle = [(since, one) for since, one in waiting if since is not None]
            if idle:
                min(idle, key=lambda pair: pair[0])[1].transport.abort()
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_more()
        self._is_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless they make a head too long."""
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response(f"The head of a request has {MAX_HEAD_BYTES >> 10} KB at most.")

    def on_message_begin(self) -> None:
        """Count the bytes of a head."""
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole, and the request will be answered."""
        self._head = None
        self._wait_no_more()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next head, unless it has come already."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._wait()

    def pause_writing(self) -> None:
        """Much of a reply waits to be read."""
        super().pause_writing()
        self._is_read()
        self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Most of it was read."""
        self._is_read()
        super().resume_writing()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, in the form of every error, and hang up."""
        answer = problem_response(400, msg)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%b\r\n%b" % (head, bytes(answer.body)))
        self.transport.close()

    def _wait(self) -> None:
        self._wait_no_more()
        self._waits_until = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _give_up(self) -> None:
        self._waits_until = None
        self.transport.close()  # when the reply before was read
        if self._unread is None:
            self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._waits_until is not None:
            self._waits_until.cancel()
            self._waits_until = None
