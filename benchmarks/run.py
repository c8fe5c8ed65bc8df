"""Measure throughput, memory and start-up, beside scikit-learn and fastText, and write RESULTS.md.

    python benchmarks/run.py [--most 1000000] [--model FOLDER] [--out benchmarks/RESULTS.md]

Ads are made from data/ads: an ad, then sentences of others, up to 2,600 characters. Rates on one core
are by processor time, so that other work on the machine changes little; what counts are the ratios.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

ROOT = Path(__file__).resolve().parents[1]
LENGTH = 2600
N_ADS = 6000
ROUNDS = 5
PART = 500  # ads at a time, where several threads or processes share them
MILLION = 1_000_000
SHORT_LENGTH = 700  # characters of an ad of the file of a million

ON_DISK = """
import glob, os, resource, sys, threading, time
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(sys.argv[1])])
source, target, model, way = sys.argv[2:6]
highest = {}

def watch():  # ru_maxrss would count the process that started this one, too
    while True:
        workers = [pid for path in glob.glob("/proc/self/task/*/children") for pid in open(path).read().split()]
        for pid in ["self", *workers]:
            try:
                with open(f"/proc/{pid}/status") as file:
                    highest[pid] = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
            except (OSError, StopIteration):
                continue
        time.sleep(0.2)

threading.Thread(target=watch, daemon=True).start()
started = time.perf_counter()
if way == "pandas":
    import pickle, pandas as pd
    with open(model, "rb") as file:
        pipeline = pickle.load(file)
    ads = pd.read_csv(source)
    p = pipeline.predict_proba(ads["title"].fillna("") + "\\n" + ads["text"].fillna(""))
    for k, name in enumerate(pipeline.classes_):
        ads["p_" + name] = p[:, k].round(4)
    ads["collar"] = pipeline.classes_[p.argmax(axis=1)]
    ads.to_csv(target, index=False)
else:
    from collarclass import label_file
    label_file(source, target, model=model, force=True, evidence="evidence" in way,
               n_jobs=int(way[-1]) if way[-1].isdigit() else 1)
wall = time.perf_counter() - started
own = resource.getrusage(resource.RUSAGE_SELF)
time.sleep(0.5)
print(wall, own.ru_utime + own.ru_stime, sum(highest.values()) / 1024)
"""


def make_ads(n: int, length: int = LENGTH, seed: int = 0) -> list[tuple[str, str, str]]:
    """Make English ads: title, text, label."""
    with (ROOT / "data" / "ads" / "en.csv").open(encoding="utf-8", newline="") as file:
        own = [(r["title"], r["text"], r["label"]) for r in csv.DictReader(file)]
    sentences = [s for _, text, _ in own for s in re.split(r"(?<=[.!?])\s+|\n+", text) if len(s) > 40]
    rng = random.Random(seed)
    ads = []
    for i in range(n):
        title, text, label = own[i % len(own)]
        while len(text) < length:
            text += ("\n" if rng.random() < 0.3 else " ") + rng.choice(sentences)
        ads.append((title, text[:length], label))
    return ads


def fastest(ways: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Least processor time of each way in some rounds, in seconds; a round tries them all, one after another."""
    times = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.process_time()
            way()
            times[name] = min(times[name], time.process_time() - started)
    return times


def rivals(ads: list[tuple[str, str, str]], folder: Path) -> dict[str, Callable[[list[str]], Any]]:
    """The usual pipelines, fitted on the ads; what they find does not matter here."""
    import pickle

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts = [f"{title}\n{text}" for title, text, _ in ads]
    labels = [label for _, _, label in ads]
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2), LogisticRegression(max_iter=200, C=10)
    )
    pipeline.fit(texts, labels)
    with (folder / "pipeline.pkl").open("wb") as file:
        pickle.dump(pipeline, file)
    found: dict[str, Callable[[list[str]], Any]] = {
        "scikit-learn TF-IDF 1-2-grams + LogisticRegression": pipeline.predict_proba
    }
    try:
        import fasttext
    except ImportError:
        print("fastText is not installed: left out")
        return found
    lines = [" ".join(t.lower().split()) for t in texts]
    (folder / "train.txt").write_text(
        "".join(f"__label__{k} {line}\n" for k, line in zip(labels, lines, strict=True)), "utf-8"
    )
    for n, words in ((1, "words"), (2, "words and bigrams")):
        model = fasttext.train_supervised(
            str(folder / "train.txt"), wordNgrams=n, dim=100, epoch=3, thread=1, verbose=0
        )

        def predict(texts: list[str], model: Any = model) -> Any:
            # The lower level call: `predict` of fasttext-wheel fails under NumPy 2.
            return model.f.multilinePredict([" ".join(t.lower().split()) for t in texts], 3, 0.0, "strict")

        found[f"fastText, {words}, dim 100 (C++)"] = predict
    return found


def in_memory(ads: list[tuple[str, str, str]], model: Any, folder: Path) -> list[list[str]]:
    """Ads a second in one process on one core."""
    from collarclass import classify, classify_many
    from collarclass.labelling.options import Options
    from collarclass.tables.dataframe import label_columns

    titles = [title for title, _, _ in ads]
    texts = [text for _, text, _ in ads]
    joined = [f"{title}\n{text}" for title, text, _ in ads]
    ways: dict[str, Callable[[], Any]] = {
        name: lambda predict=predict: predict(joined)  # type: ignore[misc]
        for name, predict in rivals(ads, folder).items()
    }
    ways["collarclass, columns (label_table, label_file)"] = lambda: label_columns(
        texts, titles, options=Options.of(model, evidence=False)
    )
    ways["collarclass, columns with evidence"] = lambda: label_columns(
        texts, titles, options=Options.of(model)
    )
    ways["collarclass, classify_many(evidence=False)"] = lambda: classify_many(
        texts, titles, False, model=model
    )
    ways["collarclass, classify_many, with evidence"] = lambda: [  # made when it is asked for
        found.evidence for found in classify_many(texts, titles, model=model)
    ]
    ways["collarclass, classify, one ad a call"] = lambda: [
        classify(text, title, evidence=False, model=model) for text, title in zip(texts, titles, strict=True)
    ]
    rates = {name: len(ads) / seconds for name, seconds in fastest(ways).items()}
    base = next(iter(rates.values()))
    return [[name, f"{rate:,.0f}", f"{rate / base:.1f}"] for name, rate in rates.items()]


def in_threads(ads: list[tuple[str, str, str]], model: Path) -> list[list[str]]:
    """Ads a second by wall time in one thread, in two, and in two processes; and without compiled code."""
    from joblib import Parallel, delayed

    from collarclass.labelling.options import Options
    from collarclass.tables.dataframe import label_columns

    parts = [[[ad[k] for ad in ads[at : at + PART]] for k in (1, 0)] for at in range(0, len(ads), PART)]
    ways = {"one thread": (1, "sequential"), "two threads": (2, "threading"), "two processes": (2, "loky")}
    rows = []
    for name, (n_jobs, backend) in ways.items():
        rates = []
        for evidence in (False, True):
            options, seconds = Options.of(model, evidence=evidence), []
            for _ in range(ROUNDS):
                started = time.perf_counter()
                Parallel(n_jobs, backend=backend)(delayed(label_columns)(*part, options=options) for part in parts)
                seconds.append(time.perf_counter() - started)
            rates.append(f"{len(ads) / min(seconds):,.0f}")
        rows.append([name, *rates])
    code = (
        "import json, sys, time; from collarclass import classify_many; ads = json.load(sys.stdin); "
        "classify_many(['']); t = time.process_time(); classify_many([a[1] for a in ads], [a[0] for a in ads], False); "
        "print(len(ads) / (time.process_time() - t))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(ads[:200]), check=True, capture_output=True, text=True,
        env={**_environment(), "COLLARCLASS_COMPILED": "off"},
    )  # fmt: skip
    return [*rows, ["not compiled, one thread", f"{float(done.stdout):,.0f}", ""]]


def write_ads(ads: list[tuple[str, str, str]], n: int, path: Path) -> None:
    """A CSV of n ads with changed ids."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "title", "text"])
        for i in range(n):
            out.writerow([f"ad-{i}", *ads[i % len(ads)][:2]])


def on_disk(cores: int, source: Path, target: Path, model: Path, way: str) -> tuple[float, float, float]:
    """Wall and processor seconds, and peak megabytes with its workers', of labelling a file in a process of its own."""
    command = [sys.executable, "-c", ON_DISK, str(cores), str(source), str(target), str(model), way]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=_environment())
    wall, cpu, peak = map(float, done.stdout.split())
    return wall, cpu, peak


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    # Bytecode is kept, as it is of installed packages.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": path}


def files(ads: list[tuple[str, str, str]], model: Path, folder: Path, most: int) -> list[list[str]]:
    """Growth from a thousand ads up, beside pandas and scikit-learn."""
    rows: list[list[str]] = []
    source, target = folder / "ads.csv", folder / "out.csv"
    for n in (n for n in (1_000, 10_000, 100_000) if n <= most):
        print(f"file of {n:,} ads")
        write_ads(ads, n, source)
        size = source.stat().st_size / 1e6
        ours = on_disk(1, source, target, model, "plain")
        theirs = on_disk(1, source, target, folder / "pipeline.pkl", "pandas")
        cells = [f"{n:,}", f"{size:,.0f}", f"{n / ours[1]:,.0f}", f"{ours[2]:,.0f}"]
        rows.append([*cells, f"{n / theirs[1]:,.0f}", f"{theirs[2]:,.0f}", f"{theirs[1] / ours[1]:.1f}"])
    return rows


def million(model: Path, folder: Path) -> list[list[str]]:
    """A million shorter ads on one core and on two: wall time, so nothing else is to run beside it."""
    source, target = folder / "ads.csv", folder / "out.csv"
    write_ads(make_ads(N_ADS, SHORT_LENGTH), MILLION, source)
    command, rows = "collarclass label ads.csv -o out.csv", []
    ways = ((1, " --no-evidence", "plain"), (1, "", "evidence"), (2, " --no-evidence --n-jobs 2", "plain2"))
    for cores, options, way in ways:
        if cores > len(os.sched_getaffinity(0)):
            continue
        print(f"a million ads, {cores} cores, {way}")
        wall, _, peak = on_disk(cores, source, target, model, way)
        rows.append([f"`{command}{options}`", str(cores), f"{wall:.1f}", f"{MILLION / wall:,.0f}", f"{peak:,.0f}"])
    source.unlink()
    return rows


def start_up(model: Path) -> list[list[str]]:
    """Seconds of wall time, best of several cold processes."""

    def cold(*args: str) -> float:
        times = []
        for _ in range(7):
            started = time.perf_counter()
            subprocess.run([sys.executable, *args], check=True, capture_output=True, env=_environment())
            times.append(time.perf_counter() - started)
        return min(times)

    def inside(setup: str, what: str) -> float:
        code = f"import time; {setup}; t = time.perf_counter(); {what}; print(time.perf_counter() - t)"
        command = [sys.executable, "-c", code]
        runs = (
            subprocess.run(command, check=True, capture_output=True, text=True, env=_environment())
            for _ in range(7)
        )
        return min(float(run.stdout) for run in runs)

    folder = repr(str(model))
    load = inside("from collarclass import load_model; import collarclass.model.model", f"load_model({folder})")
    ad = "Welder wanted: MIG welding of steel frames, two shifts."
    return [
        ["`import collarclass`", f"{inside('pass', 'import collarclass'):.3f}"],
        ["loading the model", f"{load:.3f}"],
        ["`import numpy, scipy`, from cold", f"{cold('-c', 'import numpy, scipy'):.3f}"],
        ["`import numpy, scipy.sparse`, from cold", f"{cold('-c', 'import numpy, scipy.sparse'):.3f}"],
        [
            "`from collarclass import classify; classify(ad)`, from cold",
            f"{cold('-c', f'from collarclass import classify; classify({ad!r})'):.3f}",
        ],
        [
            "`collarclass classify` from cold",
            f"{cold('-m', 'collarclass', 'classify', ad, '-m', str(model)):.3f}",
        ],
    ]


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """What it ran on."""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        cpu = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[0]
    parts = [
        f"{datetime.date.today()}",
        f"{cpu}, {os.cpu_count()} cores",
        f"Python {platform.python_version()}",
    ]
    for name in ("numpy", "pandas", "pyarrow", "scikit-learn", "fasttext-wheel"):
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(parts)


def main() -> None:
    """Measure and write the results."""
    from collarclass import load_model
    from collarclass.compiled import description
    from collarclass.model.persistence import default_model_path

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--most", type=int, default=1_000_000, help="rows of the largest file")
    options.add_argument("--model", type=Path, default=default_model_path())
    options.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "RESULTS.md")
    given = options.parse_args()
    ads = make_ads(N_ADS)
    model = load_model(given.model)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        memory = in_memory(ads, model, folder)
        disk = files(ads, given.model, folder, given.most)
        whole = million(given.model, folder) if given.most >= MILLION else []
    names = ["rows", "MB", "ads/s", "peak MB", "pandas + scikit-learn ads/s", "peak MB", "times as fast"]
    text = f"""# Results

Made by `make bench`, {machine()}; model {model.identity}, {description()}.
Seconds are this machine's, at a load average of {os.getloadavg()[0]:.0f}; the ratios are what counts.

## In memory, one core

{N_ADS:,} English ads of {LENGTH:,} characters, made from data/ads; least processor time of {ROUNDS}
rounds, all in one process.

{table(["", "ads/s", "times scikit-learn"], memory)}

## Threads and processes, columns, wall time

{table(["", "ads/s", "with evidence"], in_threads(ads, given.model))}

## Files, one core

CSV in, CSV out, each in a process of its own, start and model load included; rates by processor time.

{table(names, disk)}

## A million ads, one core and two

Of {SHORT_LENGTH} characters each, CSV in, CSV out: wall time, start and model load included; memory is that of the
command and its workers together. Not measured where the table is empty.

{table(["command", "cores", "s", "ads/s", "peak MB"], whole)}

## Start-up, seconds

{table(["", "s"], start_up(given.model))}
"""
    notes = ROOT / "benchmarks" / "NOTES.md"
    if notes.exists():
        text += "\n" + notes.read_text("utf-8")
    given.out.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
