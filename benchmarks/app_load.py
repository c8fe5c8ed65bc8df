"""Load on `collarclass app`: requests a second with 8 clients, and ads a second in batches.

python benchmarks/app_load.py [--seconds 30] [--clients 8]

The server runs on one core (where the system can pin it), the clients on the others. Each client keeps
one connection and sends the project's written ads one after the other. Prints a Markdown table. Rates by
the server's own processor time change little when the machine has other work; times do.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]


def read_ads(n: int) -> list[dict[str, str]]:
    """Some of the project's written ads, English and Chinese in turns."""
    rows = []
    for lang in ("en", "zh"):
        with (ROOT / "data" / "ads" / f"{lang}.csv").open(encoding="utf-8", newline="") as file:
            rows.append([{"title": row["title"], "text": row["text"]} for row in csv.DictReader(file)][: n // 2])
    return [ad for pair in zip(*rows, strict=False) for ad in pair]


def start() -> tuple[subprocess.Popen[str], int]:
    """The installed command on a free port, and that port."""
    command = [sys.executable, "-m", "collarclass", "app", "--no-browser"]
    if hasattr(os, "sched_setaffinity"):
        core = min(os.sched_getaffinity(0))
        code = (
            f"import os, runpy; os.sched_setaffinity(0, {{{core}}}); "
            "runpy.run_module('collarclass', run_name='__main__')"
        )
        command = [sys.executable, "-c", code, "app", "--no-browser"]
        os.sched_setaffinity(0, os.sched_getaffinity(0) - {core} or {core})
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline().rsplit(":", 1)[1].strip("/\n"))


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has taken; NaN where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def post(connection: http.client.HTTPConnection, body: bytes) -> bytes:
    """One request; the reply's body."""
    connection.request("POST", "/v1/classify", body, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    found = reply.read()
    assert reply.status == 200, found
    return found


def load(port: int, bodies: list[bytes], clients: int, seconds: float) -> np.ndarray:
    """Seconds that each request took."""
    took: list[float] = []
    until = time.monotonic() + seconds

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        i = number
        while time.monotonic() < until:
            begun = time.monotonic()
            post(connection, bodies[i % len(bodies)])
            took.append(time.monotonic() - begun)
            i += clients

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return np.array(took)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    ads = read_ads(2000)
    characters = sum(len(ad["text"]) for ad in ads) / len(ads)
    process, port = start()
    try:
        time.sleep(1)
        print(f"Ads of {characters:.0f} characters on average; one core for the server.\n")
        print("| what | clients | a second | a second of the processor | median | p99 |\n|---|---|---|---|---|---|")
        for evidence, size in ((True, 1), (False, 1), (True, 1000), (False, 1000)):
            if size == 1:
                bodies = [json.dumps({**ad, "evidence": evidence}).encode() for ad in ads]
            else:
                bodies = [json.dumps({"ads": ads[i : i + size], "evidence": evidence}).encode() for i in (0, 1000)]
            clients = options.clients if size == 1 else 1
            load(port, bodies, clients, 1)
            before = cpu_seconds(process.pid)
            took = load(port, bodies, clients, options.seconds)
            used = cpu_seconds(process.pid) - before
            rate, by_cpu = size * len(took) / (took.sum() / clients), size * len(took) / used
            name = ("one ad" if size == 1 else f"{size:,} ads") + (", evidence" if evidence else ", labels only")
            unit = "requests" if size == 1 else "ads"
            median, p99 = np.quantile(took, (0.5, 0.99)) * 1000
            rates = f"{rate:,.0f} {unit} | {by_cpu:,.0f} {unit}"
            print(f"| {name} | {clients} | {rates} | {median:,.0f} ms | {p99:,.0f} ms |", flush=True)
    finally:
        process.terminate()
        process.wait(10)
    from collarclass import classify_many

    for evidence in (True, False):
        texts, titles = [ad["text"] for ad in ads], [ad["title"] for ad in ads]
        classify_many(texts[:100], titles[:100], evidence)
        begun = time.process_time()
        classify_many(texts, titles, evidence)
        rate = len(ads) / (time.process_time() - begun)
        print(f"| `classify_many`{'' if evidence else ', labels only'}, no server | | | {rate:,.0f} ads | | |")


if __name__ == "__main__":
    main()
