"""The interface for programs, over a real socket: what it answers, and whom it refuses."""

from __future__ import annotations

import asyncio
import html
import http.client
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.parse import quote

import pytest
import uvicorn
from app_server import Address, Reply, running
from command import run
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from collarclass import __version__, classify, classify_many, lookup_occupation
from collarclass.api import default_model
from collarclass.app.ads import MAX_EVIDENCE
from collarclass.app.guard import Access, Limits
from collarclass.app.here import HERE
from collarclass.app.server import MAX_CONNECTIONS, SETTINGS, Connection, create_app, is_loopback, serve
from collarclass.definitions.labels import LABELS

AD = {"title": "Technician", "text": "Repair and program packaging machines. Associate degree required."}
SECRET = "xyzzy-plugh"
ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples" / "job_ads.csv"
HEAD = "POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
REFUSED = HEAD.replace("localhost", "evil.example")


@pytest.fixture(scope="module")
def server() -> Iterator[Address]:
    with running(create_app(limits=Limits(body=2 << 20, wait=0.5))) as address:
        yield address


def problem(reply: Reply, status: int) -> str:
    """The sentence of a problem document; it has to be one."""
    assert reply.status == status, reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    found = reply.json
    assert {"type", "title", "status", "detail"} <= set(found)
    assert found["status"] == status
    assert found["detail"].endswith(".")
    return str(found["detail"])


# -- answers -------------------------------------------------------------------------------------


def test_one_ad_is_what_the_library_says(server: Address) -> None:
    reply = server.classify(**AD)
    found = classify(AD["text"], AD["title"])
    [result] = reply["results"]
    assert reply["model"] == found.model
    assert result["label"] == found.label
    assert result["confidence"] == pytest.approx(found.confidence, abs=1e-4)
    assert result["probabilities"] == pytest.approx(found.probabilities, abs=1e-4)
    assert result["explanation"] == found.explain()
    assert [r["text"] for r in result["requirements"]] == [r.text for r in found.requirements]
    assert [r["cue"] for r in result["requirements"]] == [r.cue and asdict(r.cue) for r in found.requirements]
    assert [r["text"] for r in result["reasons"]] == [r.text for r in found.reasons]
    weights = [e["weight"] for e in result["evidence"]]
    assert weights == pytest.approx([e.weight for e in found.evidence[:MAX_EVIDENCE]], abs=1e-4)


def test_offsets_count_code_points_in_the_text_that_was_sent(server: Address) -> None:
    text = "🔧🔧 Schweißer gesucht: " + AD["text"]
    [result] = server.classify(text=text, title="👷 Welder")["results"]
    fields = {"text": text, "title": "👷 Welder"}
    pieces = [*result["evidence"], *result["reasons"], *result["requirements"]]
    assert pieces
    for piece in pieces:
        assert (fields[piece["field"]] if piece["text"] else "")[piece["start"] : piece["end"]] == piece["text"]


def test_many_ads_keep_their_order_and_may_be_titles_alone(server: Address) -> None:
    ads: list[dict[str, Any]] = [AD, {"text": ""}, {"title": "Lawyer"}, {"title": None, "text": AD["text"]}] * 250
    results = server.classify(ads=ads, evidence=False)["results"]
    expected = classify_many([ad.get("text", "") for ad in ads], [ad.get("title") for ad in ads], evidence=False)
    assert [r["label"] for r in results] == [c.label for c in expected]
    assert set(results[0]) & {"explanation", "requirements", "reasons", "evidence"} == set()
    assert problem(server.ask("POST", "/v1/classify", {"ads": [AD] * 1001}), 422).startswith("body.ads: ")


def test_the_explanation_comes_in_the_language_asked_for(server: Address) -> None:
    [result] = server.classify(**AD, lang="zh")["results"]
    assert result["explanation"] == classify(AD["text"], AD["title"]).explain("zh")


def test_other_definitions_say_what_the_library_applies(server: Address) -> None:
    ads = [
        AD,
        {"title": "Lawyer", "text": "Law degree required. Review contracts, advise managers and draft policies."},
        {"title": "设备技师", "text": "大专及以上学历，持高级技工证，负责设备维修和调试，编写程序。"},
        {"text": ""},
    ]
    results = server.classify(ads=ads, definitions=True)["results"]
    listed = [one["name"] for one in server.ask("GET", "/v1/model").json["definitions"]]
    assert all(list(result["definitions"]) == listed for result in results)
    assert [r["definitions"]["article"] for r in results] == [r["label"] for r in results]
    assert results[3]["definitions"] == dict.fromkeys(listed, "unclear")
    for result in results[:3]:
        distance = result["academic_score"] - result["hands_on_score"]
        middle = "white" if distance >= 0.4 else "blue" if distance < -0.4 else "gray"
        assert result["definitions"]["middle"] == middle
    assert results[2]["definitions"]["dual-certificate"] == "gray"
    assert results[1]["definitions"]["dual-certificate"] == "white"  # no vocational certificate is asked for
    [bare] = server.classify(**AD, definitions=True, evidence=False)["results"]
    assert bare["definitions"] == results[0]["definitions"]
    assert "evidence" not in bare


def test_nearest_occupations_are_those_of_the_lookup(server: Address) -> None:
    ads = [{"title": "Mechatronics technician"}, {"text": "电焊工\n熟练焊接钢结构，学历不限。"}, {"text": "x " * 100}]
    named, first_line, none = server.classify(ads=ads, nearest=3)["results"]
    expected = lookup_occupation("Mechatronics technician", n=3)
    assert [(o["onet_code"], o["reason"]) for o in named["occupations"]] == [(m.onet_code, m.reason) for m in expected]
    assert first_line["occupations"][0]["onet_code"] == lookup_occupation("电焊工")[0].onet_code
    assert none["occupations"] == []


def test_the_basis_is_told(server: Address) -> None:
    [alone] = server.classify(title="Web designer")["results"]
    assert alone["basis"] == "title"
    assert server.classify(**AD)["results"][0]["basis"] == "ad"


def test_requests_at_the_same_time_do_not_mix(server: Address) -> None:
    ads = [{"title": f"Welder {i}", "text": "Weld frames. " * i + AD["text"] * (i % 3)} for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda ad: server.classify(**ad)["results"][0], ads))
    for ad, result in zip(ads, found, strict=True):
        assert result["confidence"] == pytest.approx(classify(ad["text"], ad["title"]).confidence, abs=1e-4)


def test_occupations_by_title_and_code_in_both_languages(server: Address) -> None:
    everything = server.ask("GET", "/v1/occupations").json
    assert everything["count"] == len(everything["occupations"]) > 900
    for wanted, code in (("mechatronics", "17-3024.00"), ("17-3024", "17-3024.00"), ("电焊工", "51-4121.00")):
        found = server.ask("GET", f"/v1/occupations?q={quote(wanted)}&limit=50").json["occupations"]
        assert code in [row["onet_code"] for row in found], wanted
    [nearest] = server.ask("GET", f"/v1/occupations?q={quote('CNC programmer')}&limit=1").json["occupations"]
    match = lookup_occupation("CNC programmer", n=1)[0]
    assert (nearest["onet_code"], nearest["similarity"]) == (match.onet_code, match.similarity)
    assert server.ask("GET", "/v1/occupations?q=9999").json["count"] == 0
    one = server.ask("GET", "/v1/occupations/51-4121.00").json
    assert one["label"] == "blue"
    assert "no occupation" in problem(server.ask("GET", "/v1/occupations/00-0000.00"), 404)


def test_the_model_says_who_it_is_and_how_it_decides(server: Address) -> None:
    found = server.ask("GET", "/v1/model").json
    assert found["version"] == __version__
    assert found["labels"] == list(LABELS)
    health = server.ask("GET", "/healthz")
    assert health.json == {"status": "ok", "model": found["model"]}
    assert health.headers["collarclass-model"] == found["model"]


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "body"),
        ({"text": 3}, "body.text"),
        ({"txt": "a"}, "body.txt"),
        ({"text": "a", "ads": [{"text": "b"}]}, "body"),
        ({"ads": []}, "body.ads"),
        ({"ads": [{"text": "a"}, {"text": None}]}, "body.ads.1.text"),
        ({"text": "a", "evidence": "yes"}, "body.evidence"),
        ({"text": "a" * 1_000_001}, "body.text"),
        ([], "body"),
    ],
)
def test_a_wrong_field_is_named_and_not_quoted(server: Address, body: Any, place: str) -> None:
    reply = server.ask("POST", "/v1/classify", body)
    problem(reply, 422)
    assert reply.json["errors"][0]["where"] == place
    assert len(reply.body) < 1000


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"text": "\\ud800"}', b"[" * 100_000, b'{"text": NaN}'])
def test_what_is_not_json_is_said_to_be_so(server: Address, body: bytes) -> None:
    reply = server.ask("POST", "/v1/classify", body, {"Content-Type": "application/json"})
    problem(reply, reply.status)
    assert reply.status in (400, 422)


def test_unknown_addresses_and_methods(server: Address) -> None:
    assert "openapi.json" in problem(server.ask("GET", "/v1/nothing"), 404)
    assert "openapi.json" in problem(server.ask("GET", "/v1/classify"), 405)
    for path in ("/static/..%2fserver.py", "/static/%2e%2e/server.py", "/../server.py", "/static/nothing.js"):
        problem(server.ask("GET", path), 404)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_beyond_the_limit_is_refused_in_the_middle(server: Address, declared: bool) -> None:
    body = json.dumps({"text": "a" * (3 << 20)}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        size = f"Content-Length: {len(body)}" if declared else "Transfer-Encoding: chunked"
        head = f"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{size}\r\n\r\n"
        connection.sendall(head.encode())
        try:
            for i in range(0, len(body), 1 << 16):
                piece = body[i : i + (1 << 16)]
                connection.sendall(piece if declared else f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        except OSError:
            pass  # the server has hung up already
        assert b" 413 " in connection.recv(1000)


def test_a_body_that_stalls_is_given_up(server: Address) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Content-Length: 100\r\n\r\n{"text"'
        )
        assert b" 408 " in connection.recv(1000)


def test_a_body_that_drips_is_given_up(server: Address) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(HEAD.encode() + b"Content-Length: 100000\r\n\r\n")
        with suppress(OSError):  # the server hangs up
            for _ in range(50):
                connection.sendall(b" ")
                time.sleep(0.05)
        assert b" 408 " in connection.recv(1000)


@pytest.mark.parametrize("sent", ["", HEAD, HEAD + "X: "], ids=["nothing", "half a head", "half a line"])
def test_a_connection_without_a_request_is_closed(sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collarclass.app.server.HEAD_SECONDS", 0.3)
    with running(create_app()) as address:
        with socket.create_connection(("127.0.0.1", address.port), timeout=30) as connection:
            connection.sendall(sent.encode())
            assert connection.recv(1000) == b""
        with socket.create_connection(("127.0.0.1", address.port), timeout=30) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + sent.encode())
            assert b" 200 " in connection.recv(1000)
            while connection.recv(1000):
                pass


def test_the_rest_of_a_refused_body_has_the_time_of_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collarclass.app.server.HEAD_SECONDS", 0.3)
    with (
        running(create_app()) as address,
        socket.create_connection(("127.0.0.1", address.port), timeout=30) as connection,
    ):
        connection.sendall(REFUSED.encode() + b"Content-Length: 1000\r\n\r\n")
        assert b" 421 " in connection.recv(1000)
        with suppress(ConnectionError):  # the server hangs up
            for _ in range(999):
                connection.sendall(b"a")
                time.sleep(0.01)
            pytest.fail("the rest of the body was waited for")


FLOODS = {
    "idle": [""],
    "half a head": [HEAD],
    "half a body after a refusal": [REFUSED + "Content-Length: 9\r\n\r\n", "a"],
    "pipelined": [f"{REFUSED}\r\n" * 20],
    "pipelined, then half a body": [f"{REFUSED}\r\n" * 20 + REFUSED + "Content-Length: 9\r\n\r\n", "a"],
}


@pytest.mark.parametrize("sent", FLOODS.values(), ids=FLOODS)
def test_connections_that_are_not_served_keep_nobody_out(sent: list[str]) -> None:
    owner = {"Authorization": "Bearer right"}
    with running(create_app(access=Access(token="right"))) as address, ExitStack() as opened:
        connections = []
        for _ in range(305):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", address.port), timeout=30))
            connections.append(connection)
            with suppress(ConnectionError):  # it made room already
                for number, part in enumerate(sent):
                    if number:  # what comes after the reply to the first
                        assert connection.recv(1000)
                    connection.sendall(part.encode())
        assert {address.ask("GET", "/healthz").status for _ in range(8)} == {200}
        assert {address.ask("POST", "/v1/classify", AD, owner).status for _ in range(8)} == {200}
        with suppress(ConnectionError):
            while connections[0].recv(1000):
                pass


def test_many_connections_at_one_moment_make_room_for_each_other() -> None:
    # All in one turn of the event loop, in which none of those that are hung up on is told so.
    loop = asyncio.new_event_loop()
    config = uvicorn.Config(create_app(), **SETTINGS)
    config.load()
    state = ServerState()
    made = [Connection(config, state, {}, loop) for _ in range(400)]
    transports = [Mock(is_closing=lambda: False, get_extra_info=lambda name: None) for _ in made]
    for one, transport in zip(made, transports, strict=True):
        one.connection_made(transport)
    gone = [transport.abort.call_count for transport in transports]
    assert set(gone) == {0, 1}
    assert len(state.connections) <= MAX_CONNECTIONS
    for one in made:
        one.connection_lost(None)
    loop.close()


def test_a_client_that_sends_ahead_fills_no_memory() -> None:
    # Requests are read as they are answered, not kept: the client's own socket holds what it sent ahead.
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1000 + b"\r\n\r\n"
    started, release = threading.Event(), threading.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            started.set()
            await asyncio.to_thread(release.wait, 20)
            await Response()(scope, receive, send)

    with running(slow) as address, socket.create_connection(("127.0.0.1", address.port), timeout=30) as connection:
        connection.sendall(request)
        assert started.wait(20)
        connection.settimeout(0.5)
        sent = 0
        with suppress(TimeoutError):
            for _ in range(50_000):  # 50 MB
                sent += connection.send(request)
        release.set()
        assert sent < 20 << 20


@pytest.mark.parametrize("start", [f"{HEAD}X: ", "GET /", f"{HEAD}Content-Length: 0\r\n\r\n{HEAD}X: "])
def test_a_head_of_any_length_is_refused(server: Address, start: str) -> None:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    with connection, suppress(OSError):  # the server hangs up
        connection.sendall(start.encode())
        for _ in range(1000):
            connection.sendall(b"a" * 4096)
        pytest.fail("4 MB were taken")
    assert server.ask("POST", "/v1/classify", AD).status == 200


@pytest.mark.parametrize("sent", [b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n"])
def test_what_is_no_request_is_a_problem(server: Address, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(sent)
        found = http.client.HTTPResponse(connection)
        found.begin()
        problem(Reply(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read()), 400)


def test_a_client_that_reads_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collarclass.app.server.UNREAD_SECONDS", 0.3)
    dropped = threading.Event()

    async def until_gone(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        gone = asyncio.create_task(until_gone(receive))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done():
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
            await asyncio.sleep(0)
        dropped.set()

    with running(endless) as address, socket.create_connection(("127.0.0.1", address.port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert dropped.wait(30)


def test_labelling_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr("collarclass.app.ads.classify_many", lambda *a, **k: release.wait(5) and [])
    with running(create_app(limits=Limits(answer=0.2))) as address:
        reply = address.ask("POST", "/v1/classify", AD)
        release.set()
    assert "fewer or shorter" in problem(reply, 413)


@pytest.mark.parametrize("length", ["3000000", "9" * 19])
def test_a_body_that_says_it_is_too_large_is_not_waited_for(server: Address, length: str) -> None:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"{HEAD}Content-Length: {length}\r\n\r\n".encode())
        assert b" 413 " in connection.recv(1000)
    assert time.monotonic() - begun < 0.4  # the server waits half a second for a body


def test_an_upload_that_says_it_is_larger_than_the_disk_is_refused_at_once(server: Address) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            b"POST /v1/files?name=a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Length: 9999999999999999999\r\n\r\n"
        )
        assert b" 507 " in connection.recv(1000)


def test_a_body_in_another_encoding_is_refused(server: Address) -> None:
    """JSON under the name of gzip would be read as what it is not."""
    assert "gzip" in problem(server.ask("POST", "/v1/classify", AD, {"Content-Encoding": "gzip"}), 415)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "", "10.0.0.1"),
        *("[::1].evil.example", "[::1]:80.evil.example", "localhost:80:90", "localhost:x", "a@localhost"),
        "localhost:99999",
    ],
)
def test_another_host_name_is_refused(server: Address, host: str) -> None:
    """A page of evil.example whose name was pointed at 127.0.0.1 sends that name."""
    problem(server.ask("GET", "/v1/model", headers={"Host": host}), 421)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:80", "[::1]:8000", "LOCALHOST:1"])
def test_the_names_of_this_machine_are_taken(server: Address, host: str) -> None:
    assert server.ask("GET", "/healthz", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_origins_are_refused(server: Address, headers: dict[str, str]) -> None:
    problem(server.ask("POST", "/v1/classify", AD, headers), 403)
    problem(server.ask("GET", "/v1/model", headers=headers), 403)


def test_the_own_page_is_served_and_a_link_from_elsewhere_opens_it(server: Address) -> None:
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    assert server.ask("POST", "/v1/classify", AD, own).status == 200
    assert server.ask("GET", "/", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"])
def test_what_a_form_of_another_page_can_send_is_refused(server: Address, kind: str) -> None:
    reply = server.ask("POST", "/v1/classify", json.dumps(AD).encode(), {"Content-Type": kind})
    assert kind.split(";")[0] in problem(reply, 415)


def test_every_reply_has_the_headers_that_keep_a_page_shut_in(server: Address) -> None:
    for path in ("/", "/v1/model", "/nothing", "/openapi.json"):
        headers = server.ask("GET", path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    for path in (*HERE.glob("templates/*.j2"), *HERE.glob("static/*")):
        text = path.read_text("utf-8")
        assert not re.findall(r"https?://(?!www\.w3\.org/)", text), path
        if path.suffix == ".j2":
            assert not re.findall(r"<style|\sstyle=|\son\w+=|javascript:|\|\s*safe", text), path
            assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
        if path.suffix == ".js":
            assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), path


# -- the token -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def locked() -> Iterator[Address]:
    with running(create_app(access=Access(False, frozenset({"planner.example"}), SECRET))) as address:
        yield address


def test_beyond_loopback_everything_asks_for_the_token(locked: Address) -> None:
    for path in ("/", "/static/app.js", "/v1/model", "/openapi.json", "/?token=wrong"):
        reply = locked.ask("GET", path)
        assert "token" in problem(reply, 401)
        assert reply.headers["www-authenticate"] == "Bearer"
    for given in ("Bearer", "Bearer wrong", f"Basic {SECRET}", SECRET, f"Bearer {SECRET}x", "Bearer ü"):
        problem(locked.ask("GET", "/v1/model", headers={"Authorization": given.encode().decode("latin-1")}), 401)
    assert locked.ask("GET", "/healthz").status == 200
    assert locked.ask("GET", "/v1/model", headers={"Authorization": f"Bearer {SECRET}"}).status == 200


def test_the_printed_address_turns_the_token_into_a_cookie(locked: Address) -> None:
    reply = locked.ask("GET", f"/?token={SECRET}&lang=zh")
    assert (reply.status, reply.headers["location"]) == (303, "/?lang=zh")
    cookie = reply.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    name, _, value = cookie.split(";")[0].partition("=")
    assert name == f"collarclass_token_{locked.port}"  # that of another port stays beside it
    assert locked.ask("GET", "/v1/model", headers={"Cookie": f"{name}={value}; collarclass_token_1=x"}).status == 200
    problem(locked.ask("GET", "/v1/model", headers={"Cookie": f"{name}=wrong"}), 401)
    problem(locked.ask("GET", "/v1/model", headers={"Cookie": f"collarclass_token_1={value}"}), 401)


def test_beyond_loopback_addresses_and_named_hosts_are_taken(locked: Address) -> None:
    token = {"Authorization": f"Bearer {SECRET}"}
    for host, status in (("192.168.1.5:8000", 200), ("planner.example", 200), ("evil.example", 421)):
        assert locked.ask("GET", "/v1/model", headers={**token, "Host": host}).status == status


# -- nothing of an ad is logged ------------------------------------------------------------------


def test_an_unexpected_error_is_logged_by_its_place_alone(
    server: Address,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def broken(texts: list[str], *args: Any, **options: Any) -> None:
        raise RuntimeError(f"cannot read {texts[0]}")

    monkeypatch.setattr("collarclass.app.ads.classify_many", broken)
    with caplog.at_level(logging.DEBUG):
        reply = server.ask("POST", "/v1/classify", {"text": SECRET})
    assert "RuntimeError" in problem(reply, 500)
    written = caplog.text + "".join(capfd.readouterr())
    assert "RuntimeError" in written
    assert SECRET not in written + reply.body.decode()


# -- the command ---------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels given by hand are kept in the user's data folder; that of a test is its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command while it serves, and the address that it printed."""
    process, address = start(*options)
    try:
        yield process, address
    finally:
        process.terminate()
        process.communicate(timeout=15)


def start(*options: str) -> tuple[subprocess.Popen[str], str]:
    """The command, and the address that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "collarclass", "app", "--no-browser", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_the_command_prints_its_address_serves_and_ends_clean() -> None:
    process, address = start()
    try:
        found = re.fullmatch(r"(http://127\.0\.0\.1:(\d+)/)\?token=([\w-]{30,})", address)
        assert found is not None
        with urllib.request.urlopen(found[1] + "healthz", timeout=10) as reply:
            assert json.load(reply)["status"] == "ok"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(found[1] + "v1/files", timeout=10)
        asked = urllib.request.Request(found[1] + "v1/files", headers={"Authorization": f"Bearer {found[3]}"})
        with urllib.request.urlopen(asked, timeout=10) as reply:
            assert json.load(reply)["files"] == []
        port = found[2]
        taken = subprocess.run(
            [sys.executable, "-m", "collarclass", "app", "--no-browser", "--port", port],
            capture_output=True,
            text=True,
            check=False,
        )
        assert taken.returncode == 1
        assert f"port {port}" in taken.stderr
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in err
    with started() as (_, other):  # a bookmark stays, and the token does not
        pass
    assert other.startswith(f"{found[1]}?token=")
    assert other != address
    assert not [*Path(tempfile.gettempdir()).glob(f"collarclass-app-{process.pid}-*")]


@pytest.mark.slow
def test_an_address_that_others_reach_comes_with_a_warning_and_a_token() -> None:
    with started("--host", "0.0.0.0") as (process, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{30,}", address)
        assert process.stdout is not None
        assert "other machines" in process.stdout.readline()


def test_without_a_token_the_command_serves_this_machine_alone() -> None:
    with started("--no-token") as (process, address):
        assert process.stdout is not None
        assert "every user of this machine" in process.stdout.readline()
        with urllib.request.urlopen(address + "v1/files", timeout=10) as reply:
            assert json.load(reply)["files"] == []
    for others in (["--host", "0.0.0.0"], ["--token", "x"]):
        done = run("app", "--no-browser", "--no-token", *others, code=1)
        assert "--no-token does not go with" in done.stderr


def test_the_browser_is_started_without_the_token_among_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, int, str]] = []

    def look(uri: str) -> None:
        page = Path(urllib.request.url2pathname(uri.removeprefix("file://")))
        opened.append((uri, page.parent.stat().st_mode & 0o77, page.read_text()))
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("webbrowser.open", look)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite run in the background ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            serve(model=default_model(), token=SECRET, say=lambda line: None)
    finally:
        signal.signal(signal.SIGINT, before)
    ((uri, others, content),) = opened
    assert SECRET not in uri
    assert others == 0
    assert f"/?token={SECRET}" in html.unescape(content)


def test_which_addresses_are_this_machine_alone() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.1", "example.org", "")))


# -- the generated schema ------------------------------------------------------------------------


def test_the_openapi_document_has_examples_that_work(server: Address) -> None:
    document = server.ask("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    for example in document["components"]["schemas"]["ClassifyRequest"]["examples"]:
        assert server.classify(**example)["results"]


@pytest.mark.slow
def test_replies_are_as_the_schema_says(server: Address) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    job = server.upload("/v1/files?name=ads.csv&start=true", EXAMPLES.read_bytes()).json
    review = server.upload("/v1/reviews?name=ads.csv", EXAMPLES.read_bytes()).json
    while server.ask("GET", f"/v1/files/{job['id']}").json["state"] in ("waiting", "running"):
        pass
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    schema.config.base_url = server.url
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:
        conforms(operation, {"file": job["id"], "review": review["id"]})


def conforms(operation: Any, known: dict[str, str]) -> None:
    """Send requests that the schema makes up, some to what is there, and hold the replies to it."""
    import hypothesis
    import schemathesis

    # Whether bytes are a table, or columns, rows and views are those of a file, is not for the schema to say.
    path = operation.path
    free = operation.method == "post" and path.startswith(("/v1/files", "/v1/reviews"))
    chosen = ("/rows", "/rows/{row}", "/rows.csv", "/shares", "/picture.svg", "/agreement", "/names", "/ads/{number}")
    free = free or path.endswith(chosen)
    left_out = schemathesis.checks.CHECKS.get_by_names(["positive_data_acceptance"]) if free else []

    def check(case: Any) -> None:
        case.call_and_validate(excluded_checks=left_out)
        if operation.method != "delete" and set(known) & set(case.path_parameters or {}):
            case.path_parameters |= {k: v for k, v in known.items() if k in case.path_parameters}
            case.call_and_validate(excluded_checks=left_out)

    quick = hypothesis.settings(max_examples=8, suppress_health_check=list(hypothesis.HealthCheck))
    quick(hypothesis.given(case=operation.as_strategy())(check))()


# -- the documentation ---------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_documented_requests_work(server: Address, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "reference" / "api_http.md").read_text("utf-8").replace("http://127.0.0.1:8000", server.url)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    fences = re.findall(r"```(python|console)\n(.*?)```", page, re.DOTALL)
    ran = 0
    for language, body in fences:
        if "planner.example" in body or "collarclass app" in body:
            continue
        script = body if language == "python" else re.sub(r"^\$ ", "", body, flags=re.MULTILINE)
        command = [sys.executable, "-c", script] if language == "python" else ["bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, (script, done.stderr)
        assert "problem" not in done.stdout
        ran += 1
    assert ran == 3
    labelled = (tmp_path / "labelled.csv").read_text("utf-8-sig")
    assert labelled.splitlines()[0].startswith("id,job_title,description,region,posted,collar,")


def test_the_documentation_names_every_request(server: Address) -> None:
    page = (ROOT / "docs" / "reference" / "api_http.md").read_text("utf-8")
    for path, methods in server.ask("GET", "/openapi.json").json["paths"].items():
        plain = re.sub(r"\{(file|review)\}", "{id}", path).replace("{code}", "17-3024.00")
        assert plain in page, (methods, path)
