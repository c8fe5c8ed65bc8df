"""What stands before every request: hosts, origins, token, sizes, time, and the headers of every reply.

A page of another site, open in the same browser, can send requests to 127.0.0.1 and, by pointing its
own name there (DNS rebinding), read the answers. So a request must name this machine as its host, and
must come from this page or from no page at all.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collarclass.app.problems import Problem, choose_language, problem_response, unexpected

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
PROBES = ("/healthz", "/readyz")  # answered whatever the request's Host and token are
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_LAST_PORT = 65_535
_HOST = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s\[\]:@/]+))(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may take at most.

    Attributes
    ----------
    body : int
        Bytes of a JSON body. Files are bounded by the disk alone.
    wait : float
        Seconds without a byte of a body, after which the request is given up.
    rate : int
        Bytes a second that a body must come by, after the first `wait` seconds.
    answer : float
        Seconds for labelling the ads of one request.
    """

    body: int = 16 << 20
    wait: float = 30.0
    rate: int = 100
    answer: float = 30.0


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask.

    Attributes
    ----------
    loopback : bool
        Whether only this machine is served.
    hosts : frozenset of str
        Further names under which this machine may be addressed.
    token : str, optional
        What every request must carry. Without one every user and program of this machine may ask.
    """

    loopback: bool = True
    hosts: frozenset[str] = frozenset()
    token: str | None = None

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this machine: an IP address cannot be rebound, a name can."""
        name = _without_port(host)
        return name in _LOOPBACK_NAMES or name in self.hosts or (not self.loopback and ip_address(name) is not None)

    def knows_token(self, given: str | None) -> bool:
        """Whether a token is the right one, in constant time."""
        return self.token is None or (
            given is not None and hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())
        )


def ip_address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a name is, if it is one."""
    with suppress(ValueError):
        return ipaddress.ip_address(name)
    return None


class Guard:
    """The outermost application."""

    def __init__(self, app: ASGIApp, access: Access, limits: Limits, identity: str, root_path: str = "") -> None:
        self.app, self.access, self.limits, self._root_path = app, access, limits, root_path
        self._headers = (*_HEADERS, (b"collarclass-model", identity.encode("ascii", "replace")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, pass it on, and add headers to the reply."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        scope["root_path"] = self._root_path
        choose_language(next((v.decode("latin-1") for k, v in scope["headers"] if k == b"accept-language"), None))
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in self._headers if h[0] not in there)]
                if b"cache-control" not in there:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        try:
            if (answer := self._refusal(scope)) is None:
                scope["let_in"] = route_path(scope) not in PROBES  # such a client keeps its connection
                await self.app(scope, self._bounded(scope, receive), send_with_headers)
                return
        except Problem as problem:
            answer = problem_response(problem.status_code, problem.message, headers=problem.headers, scope=scope)
        except Exception as error:  # after the application's own handler has replied, it is raised again
            if started:
                return
            answer = unexpected(error)
        if not started:
            await answer(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        """The reply to a request that may not pass, or to one that brings the token in its address."""
        if route_path(scope) in PROBES:  # whose senders know neither name nor token, and learn nothing from them
            return None
        request = Request(scope)

        def one(name: str) -> str:
            found = request.headers.getlist(name)
            return found[0] if len(found) == 1 else ""

        host = one("host")
        if not self.access.knows_host(host):
            raise Problem(421, "This server does not answer under that name: use its address, or --allow-host.")
        if any(origin.partition("://")[2] != host for origin in request.headers.getlist("origin")):
            raise Problem(403, "A page of another origin may not use this server.")
        # Another port of localhost is the same site, and not this page.
        if one("sec-fetch-site") not in ("", "same-origin", "none") and route_path(scope) != "/":
            raise Problem(403, "A page of another site may not use this server.")
        if request.method not in ("GET", "HEAD", "OPTIONS"):  # refused before any of the body is waited for
            kind, encoding = one("content-type").split(";")[0].strip().lower(), one("content-encoding") or "identity"
            if kind in _FORM_TYPES:
                raise Problem(
                    415, "A body of type {kind} is not taken: send application/json, or a file's bytes as "
                    "application/octet-stream.", kind=kind,
                )  # fmt: skip
            if encoding.strip().lower() != "identity":
                raise Problem(415, "A body in the encoding {encoding} is not taken: send it as it is.",
                              encoding=encoding)  # fmt: skip
            length = one("content-length")
            if not is_upload(scope) and length.isdecimal() and int(length) > self.limits.body:
                raise self._too_large()
        return self._token_refusal(request, host)

    def _too_large(self) -> Problem:
        return Problem(
            413, "The body has more than {megabytes} MB: send fewer ads at once, or a file.",
            megabytes=self.limits.body >> 20,
        )  # fmt: skip

    def _token_refusal(self, request: Request, host: str) -> Response | None:
        path, root = route_path(request.scope), f"{request.scope['root_path']}/"
        if path == "" and request.method in ("GET", "HEAD"):  # the page's own links begin at the slash
            return RedirectResponse(root + (f"?{request.url.query}" if request.url.query else ""), 307)
        if self.access.token is None:
            return None
        # Browsers keep the cookies of all ports of a machine together.
        cookie = f"collarclass_token_{host.rpartition(':')[2]}".replace(".", "_").replace("]", "")
        query = parse_qs(request.url.query)
        if path == "/" and "token" in query and self.access.knows_token(query.pop("token")[0]):
            # The cookie stands in for the token from here on, so that the address can be shown.
            rest = f"?{urlencode(query, doseq=True)}" if query else ""
            answer = RedirectResponse(root + rest, 303)
            # Lax, because the browser comes here from a file; the check of origins keeps other sites' pages off.
            answer.set_cookie(cookie, self.access.token, httponly=True, samesite="lax", path=root)
            return answer
        shown = [value.partition(" ") for value in request.headers.getlist("authorization")]
        given = [token for scheme, _, token in shown if scheme.lower() == "bearer"]
        if not any(map(self.access.knows_token, (*given, request.cookies.get(cookie)))):
            raise Problem(
                401,
                "This server asks for a token: open the address that it printed when it started, or send the "
                "header 'Authorization: Bearer TOKEN'.",
                {"www-authenticate": "Bearer"},
            )
        return None

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """The body of a request, with bounds on its size and on how long it may stall."""
        limit = None if is_upload(scope) else self.limits.body
        wait, rate = self.limits.wait, self.limits.rate
        seen, whole, waited = 0, False, 0.0

        async def bounded() -> Message:
            nonlocal seen, whole, waited
            if whole:  # what follows is the client going away, which may take as long as the reply
                return await receive()
            began = time.monotonic()
            try:
                message = await asyncio.wait_for(receive(), min(wait, wait + seen / rate - waited))
            except TimeoutError:
                raise Problem(
                    408, "Nothing of the body came for {wait:g} seconds, or less than {rate} bytes a second.",
                    wait=wait, rate=rate,
                ) from None  # fmt: skip
            waited += time.monotonic() - began
            seen += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if limit is not None and seen > limit:
                raise self._too_large()
            return message

        return bounded


def route_path(scope: Scope) -> str:
    """The path of a request below the place where a proxy has put the server."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def is_upload(scope: Scope) -> bool:
    """Whether a request brings a file or a stream, of any size, instead of JSON."""
    path = route_path(scope)
    return scope["method"] == "POST" and (
        path in ("/v1/files", "/v1/reviews") or path.endswith(("/annotations", "/more"))
    )


def _without_port(host: str) -> str:
    """The name or address in a Host header; nothing of one that is none, such as "[::1].evil.example"."""
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or 0) > _LAST_PORT:
        return ""
    return (found["address"] or found["name"]).lower()
