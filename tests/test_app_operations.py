"""The server for those who run it: probes, metrics, the log of requests, proxies, workers and streams."""

from __future__ import annotations

import http.client
import importlib
import json
import logging
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="pip install collarclass[app]")
pytest.importorskip("httptools", reason="pip install collarclass[app]")

from app_server import Address, running

from collarclass import Model, classify, classify_many
from collarclass.app import labeller as labellers
from collarclass.app.guard import Access, Limits
from collarclass.app.server import create_app

SECRET = "xyzzy-plugh"
AD = {"title": "Technician", "text": f"Repair and program {SECRET} machines. Associate degree required."}


@pytest.fixture(scope="module")
def server(small_model: Model) -> Iterator[Address]:
    pytest.importorskip("prometheus_client", reason="pip install collarclass[app]")
    access = Access(loopback=False, token="key")
    with running(create_app(small_model, access=access, metrics=True, access_log=True, root_path="/collar/")) as found:
        found.headers["Authorization"] = "Bearer key"
        yield found


def test_probes_need_neither_name_nor_token(server: Address) -> None:
    stranger = Address(server.port)
    for probe in ("/healthz", "/readyz"):
        for host in ("10.1.2.3:8000", "pod-7.internal", ""):
            assert stranger.ask("GET", probe, headers={"Host": host}).json["status"] == "ok"
    assert stranger.ask("GET", "/v1/model", headers={"Host": "pod-7.internal"}).status == 421
    assert stranger.ask("GET", "/v1/model").status == 401
    assert stranger.ask("GET", "/metrics").status == 401


def test_a_proxy_may_strip_the_prefix_or_leave_it(server: Address) -> None:
    for path in ("/v1/model", "/collar/v1/model"):
        assert server.ask("GET", path).status == 200
    assert Address(server.port).ask("GET", "/collar/readyz").status == 200
    assert server.ask("GET", "/openapi.json").json["servers"] == [{"url": "/collar"}]
    entered = Address(server.port).ask("GET", "/collar/?token=key").headers
    assert entered["location"] == "/collar/"
    assert "Path=/collar/;" in entered["set-cookie"]
    assert Address(server.port).ask("GET", "/collar?token=key").headers["location"] == "/collar/?token=key"


def test_requests_are_counted_and_logged_without_what_they_say(
    server: Address, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "collarclass.app.requests"):
        server.ask("POST", "/v1/classify", AD)
        server.ask("GET", f"/v1/occupations?q={SECRET}")
        server.ask("GET", f"/{SECRET}")
        server.ask("POST", "/v1/classify", {"text": 5, SECRET: 1})
        text = server.ask("GET", "/metrics").body.decode()
        deadline = time.monotonic() + 10
        while "POST /v1/classify 422" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)  # the line is written behind the reply
    assert 'collarclass_requests_total{method="POST",route="/v1/classify",status="200"} 1.0' in text
    assert 'collarclass_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert 'collarclass_request_seconds_count{route="/v1/classify"} 2.0' in text
    assert "collarclass_waiting_requests 0.0" in text
    assert f'collarclass_ads_total{{label="{server.classify(**AD)["results"][0]["label"]}"}}' in text
    assert "POST /v1/classify 200" in caplog.text
    assert "POST /v1/classify 422" in caplog.text
    assert SECRET not in caplog.text + text


# -- streams -------------------------------------------------------------------------------------


def lines(server: Address, body: bytes, query: str = "") -> list[Any]:
    reply = server.ask("POST", f"/v1/classify/lines{query}", body, {"Content-Type": "application/x-ndjson"})
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in reply.body.splitlines()]


def test_a_stream_of_ads_is_labelled_line_by_line(server: Address, small_model: Model) -> None:
    ads = [AD, {"title": "Welder"}, {}, {"text": "焊工，学历不限。"}] * 100
    found = lines(server, b"\n".join(json.dumps(ad).encode() for ad in ads), "?definition=middle")
    expected = [
        classify(ad.get("text", ""), ad.get("title"), model=small_model, definition="middle").label for ad in ads[:4]
    ]
    assert [one["label"] for one in found] == expected * 100
    assert "evidence" not in found[0]
    assert "evidence" in lines(server, json.dumps(AD).encode(), "?evidence=true")[0]


def test_a_wrong_line_is_answered_in_its_place(server: Address) -> None:
    found = lines(server, b'{"title": "Welder"}\n\n{"title": 5}\nnot JSON\n[]\n{"pay": 1}\n{"title": "Welder"}')
    assert [list(one)[:1] for one in found] == [["label"], ["error"], ["error"], ["error"], ["error"], ["label"]]
    assert found[1]["error"].startswith("Line 2: title: Input should be a valid string; send an object")
    assert found[0] == found[-1]
    assert server.ask("POST", "/v1/classify/lines?definition=pink", b"{}").status == 422


def test_answers_come_while_ads_still_go_out(server: Address) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", "/v1/classify/lines")
    sent = {**server.headers, "Transfer-Encoding": "chunked", "Content-Type": "application/x-ndjson"}
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders()
    line = json.dumps(AD).encode() + b"\n"
    assert connection.sock is not None
    connection.send(b"%x\r\n%s\r\n" % (len(line), line))
    first = connection.sock.recv(65536)
    assert b"200 OK" in first
    while b'"label"' not in first:
        first += connection.sock.recv(65536)
    connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(line), line))
    rest = first
    while b"0\r\n\r\n" not in rest:
        rest += connection.sock.recv(65536)
    assert rest.count(b'"label"') == 2
    connection.close()


# -- busy, and too much --------------------------------------------------------------------------


def test_busy_is_told_from_too_much(small_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, label = threading.Event(), classify_many

    def slow(*args: Any, **options: Any) -> Any:
        go_on.wait(20)
        return label(*args, **options)

    monkeypatch.setattr(labellers, "classify_many", slow)
    with running(create_app(small_model, limits=Limits(answer=1.5), files=False)) as address:
        found: list[Any] = []
        first = threading.Thread(target=lambda: found.append(address.ask("POST", "/v1/classify", AD)))
        first.start()
        time.sleep(0.5)
        second = address.ask("POST", "/v1/classify", AD)
        first.join()
        go_on.set()
    assert (found[0].status, second.status) == (413, 503)
    assert "send fewer or shorter ads at once" in found[0].json["detail"]
    assert "busy with other requests" in second.json["detail"]
    assert second.headers["retry-after"] == "5"


# -- workers and clients -------------------------------------------------------------------------


def test_several_workers_label_ads_alone(small_model_path: Path) -> None:
    command = [sys.executable, "-m", "collarclass", "app", "--no-browser", "--workers", "2", "--no-token", "--metrics",
               "--model", str(small_model_path)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            for _ in range(240):
                try:
                    with urllib.request.urlopen(f"{address}readyz", timeout=5) as reply:
                        assert json.load(reply)["status"] == "ok"
                    break
                except OSError:
                    time.sleep(0.25)
            port = int(address.rstrip("/").rpartition(":")[2])
            assert Address(port).classify(**AD)["results"]
            assert Address(port).ask("GET", "/v1/files").status == 404
            with ThreadPoolExecutor(8) as threads:  # so that both get some
                list(threads.map(lambda _: Address(port).classify(**AD), range(39)))
                counted = list(threads.map(lambda _: Address(port).ask("GET", "/metrics").body.decode(), range(16)))
            line = 'collarclass_requests_total{method="POST",route="/v1/classify",status="200"} 40.0'
            assert all(line in text for text in counted)
        finally:
            process.terminate()


def test_a_client_made_from_the_openapi_document_works(
    server: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openapi_python_client", reason="makes the client")
    document = tmp_path / "openapi.json"
    document.write_bytes(server.ask("GET", "/openapi.json").body)
    config = tmp_path / "config.yml"
    config.write_text("post_hooks: []\nproject_name_override: made_client\npackage_name_override: made_client\n")
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", document, "--config", config,
         "--output-path", tmp_path / "client", "--meta", "none"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    (tmp_path / "client").rename(tmp_path / "made_client")
    monkeypatch.syspath_prepend(tmp_path)
    client = importlib.import_module("made_client").AuthenticatedClient(server.url, token="key")
    models = importlib.import_module("made_client.models")
    request = models.ClassifyRequest(**AD)
    call = importlib.import_module("made_client.api.ads.classify_v1_classify_post")
    reply = call.sync(client=client, body=request)
    assert reply.results[0].label == server.classify(**AD)["results"][0]["label"]
