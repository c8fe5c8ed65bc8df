"""A headless Chromium: driven over its DevTools protocol for tests of pages, or started once for a picture."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DRIVEN = ("--disable-dev-shm-usage", "--remote-debugging-port=0", "--remote-allow-origins=*")
_PATIENCE = 20.0


def find_browser() -> str | None:
    """The path of a Chromium or Chrome, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def take_picture(address: str, target: Path, width: int, height: int) -> None:
    """Write a picture of a page, in English, once it has come to rest."""
    browser = find_browser()
    if browser is None:
        raise SystemExit("No Chromium or Chrome on the path: install one for the pictures of pages.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [browser, *FLAGS, "--hide-scrollbars", "--lang=en", f"--user-data-dir={folder}"]
        command += [f"--window-size={width},{height}", "--virtual-time-budget=8000", f"--screenshot={target}", address]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


class Page:
    """One tab."""

    def __init__(self, browser: str, folder: Path) -> None:
        from websocket import create_connection

        log = (folder / "browser.log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [browser, *FLAGS, *DRIVEN, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        address = ""
        until = time.monotonic() + _PATIENCE
        while not address and time.monotonic() < until and self._process.poll() is None:
            time.sleep(0.05)
            found = re.search(r"DevTools listening on (\S+)", Path(log.name).read_text("utf-8"))
            address = found[1] if found else ""
        if not address:
            self.close()
            raise RuntimeError(f"{browser} did not start: {Path(log.name).read_text('utf-8')[-500:]}")
        self._socket = create_connection(address, timeout=_PATIENCE, suppress_origin=True)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events on the way are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return dict(answer["result"])
            self.events.append(answer)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script: str) -> Any:
        """Wait until a JavaScript expression is true."""
        return self.until(lambda: self.run(script))

    def until(self, done: Callable[[], Any]) -> Any:
        end = time.monotonic() + _PATIENCE
        while not (value := done()):
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.05)
        return value

    def size(self, width: int, height: int) -> None:
        """Give the window a size, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def open(self, path: Path) -> None:
        """Load a page."""
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, exceptions, and requests that left the page."""
        self.run("0")
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "warning", "assert"}:
                found.append(json.dumps(params["args"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
                found.append(params["entry"]["text"])
            elif method == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith(("file:", "data:", "blob:", "about:")):
                    found.append(f"request to {url}")
        return found

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
