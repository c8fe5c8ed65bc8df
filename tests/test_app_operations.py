"""The server for those who run it: probes, the log of requests, and proxies."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import Address, running

from collarclass import Model, classify_many
from collarclass.app import ads as labellers
from collarclass.app.guard import Access, Limits
from collarclass.app.server import create_app

SECRET = "xyzzy-plugh"
AD = {"title": "Technician", "text": f"Repair and program {SECRET} machines. Associate degree required."}


@pytest.fixture(scope="module")
def server(small_model: Model) -> Iterator[Address]:
    access = Access(loopback=False, token="key")
    with running(create_app(small_model, access=access, root_path="/collar/")) as found:
        found.headers["Authorization"] = "Bearer key"
        yield found


def test_probes_need_neither_name_nor_token(server: Address) -> None:
    stranger = Address(server.port)
    for probe in ("/healthz", "/readyz"):
        for host in ("10.1.2.3:8000", "pod-7.internal", ""):
            assert stranger.ask("GET", probe, headers={"Host": host}).json["status"] == "ok"
    assert stranger.ask("GET", "/v1/model", headers={"Host": "pod-7.internal"}).status == 421
    assert stranger.ask("GET", "/v1/model").status == 401


def test_a_proxy_may_strip_the_prefix_or_leave_it(server: Address) -> None:
    for path in ("/v1/model", "/collar/v1/model"):
        assert server.ask("GET", path).status == 200
    assert Address(server.port).ask("GET", "/collar/readyz").status == 200
    assert server.ask("GET", "/openapi.json").json["servers"] == [{"url": "/collar"}]
    entered = Address(server.port).ask("GET", "/collar/?token=key").headers
    assert entered["location"] == "/collar/"
    assert "Path=/collar/;" in entered["set-cookie"]
    assert Address(server.port).ask("GET", "/collar?token=key").headers["location"] == "/collar/?token=key"


# -- streams -------------------------------------------------------------------------------------


def test_busy_is_told_from_too_much(small_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, label = threading.Event(), classify_many

    def slow(*args: Any, **options: Any) -> Any:
        go_on.wait(20)
        return label(*args, **options)

    monkeypatch.setattr(labellers, "classify_many", slow)
    with running(create_app(small_model, limits=Limits(answer=1.5))) as address:
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


@pytest.mark.slow
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
