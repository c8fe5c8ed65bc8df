"""Break runs of `collarclass label` in every way at hand, and see whether rows are ever lost, mixed or invented.

    python -m research.robustness.faults [--rounds 20] [--seed 0] [--model FOLDER] [--keep FOLDER]

Kinds of fault: kills, a full disk, little memory, crash images (what a power cut leaves), damaged sources, dead
workers, concurrent runs. Each prints how many were made, how many ended as they must, and the findings; the exit
code is 1 if there is a finding. With --keep the files of a finding are kept.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collarclass import DataError, label_file
from research.robustness import tally

FORMATS = ("csv", "csv.gz", "jsonl.zst", "json", "parquet")
BATCH = 50
RUN = """
import sys, time
from collarclass import label_file
from collarclass.errors import CollarclassError
source, target, model, resume, n_jobs, limit, memory, rest = sys.argv[1:9]
import resource
for what, most in ((resource.RLIMIT_FSIZE, int(limit)), (resource.RLIMIT_AS, int(memory))):
    if most:
        resource.setrlimit(what, (most, most))
try:
    label_file(
        source, target, model=model, batch_size=50, resume=resume == "resume", n_jobs=int(n_jobs),
        progress=lambda rows, share: time.sleep(float(rest)),
    )
except (CollarclassError, MemoryError) as error:
    print(error, file=sys.stderr)
    sys.exit(1)
"""


@dataclass
class Outcome:
    """How often a fault was made, and what went wrong."""

    made: int = 0
    findings: list[str] = field(default_factory=list)

    def check(self, good: bool, what: str) -> None:
        """Count one fault, and keep what is wrong."""
        self.made += 1
        if not good:
            self.findings.append(what)

    def resumes(self, shop: Workshop, target: Path, kind: str, fault: str = "") -> None:
        """Count a broken run, which has to be resumed to the bytes of an unbroken one."""
        wrong = shop.finish(target, kind)
        self.check(not wrong, f"{kind}{', ' * bool(fault)}{fault}: {wrong}")


class Workshop:
    """A folder with a source, a model, and unbroken results to compare with.

    Parameters
    ----------
    folder, model : Path
    rows : int
    seed : int
    rest : float
        Seconds that a run rests after each batch, so that a short one can be broken in its middle.
    """

    def __init__(self, folder: Path, model: Path, rows: int, seed: int, rest: float = 0.0) -> None:
        self.folder, self.model, self.random, self.rest = folder, model, random.Random(seed), rest
        self.source = folder / "ads.csv"
        self.rows = rows
        texts = (
            "MIG welding of steel frames in our workshop, no schooling needed.",
            "Bachelor's degree in accounting required.\nPrepare reports, advise managers.",
            "熟练焊接钢结构，学历不限，包吃住。",
            "",
        )
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["id", "title", "text"])
        writer.writerows((i, "Welder", texts[i % 4]) for i in range(rows))
        self.source.write_text(out.getvalue(), "utf-8", newline="")
        self._whole: dict[str, bytes] = {}

    def whole(self, kind: str) -> bytes:
        """What an unbroken run makes."""
        if kind not in self._whole:
            path = self.folder / "whole" / f"out.{kind}"
            path.parent.mkdir(exist_ok=True)
            label_file(self.source, path, model=self.model, batch_size=BATCH)
            self._whole[kind] = path.read_bytes()
        return self._whole[kind]

    def target(self, kind: str) -> Path:
        """A fresh place for a result."""
        return Path(tempfile.mkdtemp(dir=self.folder)) / f"out.{kind}"

    def targets(self, rounds: int) -> Iterator[tuple[str, Path]]:
        """Fresh places for results of each format in turn."""
        for kind in itertools.islice(itertools.cycle(FORMATS), rounds):
            yield kind, self.target(kind)

    def start(
        self, target: Path, resume: bool = False, n_jobs: int = 1, limit: int = 0, memory: int = 0
    ) -> subprocess.Popen[bytes]:
        """Begin a run in a process of its own."""
        how = ["resume" if resume else "", str(n_jobs), str(limit), str(memory), str(self.rest)]
        command = [sys.executable, "-c", RUN, str(self.source), str(target), str(self.model), *how]
        return subprocess.Popen(command, stderr=subprocess.PIPE)

    def finish(self, target: Path, kind: str) -> str:
        """Resume a broken run here; gives what is wrong with the result, or nothing."""
        try:
            done = label_file(self.source, target, model=self.model, batch_size=BATCH, resume=True)
        except DataError as error:
            return f"refused to resume: {error}"
        if target.read_bytes() != self.whole(kind):
            return "the result differs from that of an unbroken run"
        left = [p.name for p in target.parent.iterdir() if p not in (target, journal(target))]
        if left:
            return f"left behind: {left}"
        return "" if done.rows == self.rows else f"{done.rows} rows"


def journal(target: Path) -> Path:
    """Where the journal of a target lies."""
    return target.with_name(f".{target.name}.collarclass-journal")


def wait_for_rows(process: subprocess.Popen[bytes], target: Path, lines: int = 2) -> None:
    """Wait until a run has synchronised some batches, or is over."""
    while process.poll() is None:
        try:
            if journal(target).read_bytes().count(b"\n") > lines:
                return
        except FileNotFoundError:
            pass
        time.sleep(0.002)


def kills(shop: Workshop, rounds: int) -> Outcome:
    """SIGKILL at a random moment, up to three times, then resume."""
    out = Outcome()
    for kind, target in shop.targets(rounds):
        for attempt in range(shop.random.randint(1, 3)):
            process = shop.start(target, resume=attempt > 0)
            if shop.random.random() < 0.8:
                wait_for_rows(process, target)
            time.sleep(shop.random.random() * 0.5)
            process.kill()
            process.communicate()
            if target.exists():
                break
        out.resumes(shop, target, kind)
    return out


def full_disk(shop: Workshop, rounds: int) -> Outcome:
    """No more than so many bytes can be written to a file; then there is room again."""
    out = Outcome()
    for kind, target in shop.targets(rounds):
        process = shop.start(target, limit=shop.random.randint(0, len(shop.whole(kind))))
        _, err = process.communicate()
        said = err.decode()
        out.check(
            process.returncode == 0 or (said.count("\n") == 1 and "Traceback" not in said), f"{kind}: {said[-300:]}"
        )
        out.resumes(shop, target, kind)
    return out


def little_memory(shop: Workshop, rounds: int) -> Outcome:
    """No more than so much address space, from what a run begins with up to what it needs; then there is enough."""
    out = Outcome()
    for kind, target in shop.targets(rounds):
        process = shop.start(target, memory=shop.random.randint(300, 1500) << 20)
        process.communicate()
        out.resumes(shop, target, kind)
    return out


def stop_after(rows: int) -> Callable[[int, float], None]:
    """A progress callable that interrupts a run as Ctrl-C does."""

    def progress(done: int, share: float) -> None:
        if done >= rows:
            raise KeyboardInterrupt

    return progress


def crash_images(shop: Workshop, rounds: int) -> Outcome:
    """What a power cut can leave: a file cut short, zeroed blocks, flipped bits, a torn journal, in any mixture.

    A torn journal head cannot be resumed, and must be refused with a sentence; a run without resume then
    starts anew. All else is resumed.
    """
    out = Outcome()
    for kind, target in shop.targets(rounds):
        progress = stop_after(shop.random.randrange(BATCH, shop.rows))
        with contextlib.suppress(KeyboardInterrupt):
            label_file(shop.source, target, model=shop.model, batch_size=BATCH, progress=progress)
        path = journal(target)
        partial = target.with_name(f".{target.name}.collarclass-partial")
        torn = False
        for harm in shop.random.sample((_cut, _zero, _flip), shop.random.randint(1, 2)):
            harm(partial, shop.random, 0)
        if shop.random.random() < 0.5:
            first = path.read_bytes().index(b"\n") + 1
            _cut(path, shop.random, 0 if shop.random.random() < 0.2 else first)
            torn = path.stat().st_size < first
        wrong = shop.finish(target, kind)
        if torn and wrong.startswith("refused to resume") and "is damaged: run again without resume" in wrong:
            label_file(shop.source, target, model=shop.model, batch_size=BATCH)
            wrong = "" if target.read_bytes() == shop.whole(kind) else "the run anew differs"
        out.check(not wrong, f"{kind}: {wrong}")
    return out


def _cut(path: Path, rng: random.Random, start: int) -> None:
    os.truncate(path, rng.randint(start, max(start, path.stat().st_size)))


def _zero(path: Path, rng: random.Random, start: int) -> None:
    content = bytearray(path.read_bytes())
    at = rng.randint(start, max(start, len(content)))
    content[at : at + 4096] = bytes(len(content[at : at + 4096]))
    path.write_bytes(content)


def _flip(path: Path, rng: random.Random, start: int) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def damaged_sources(shop: Workshop, rounds: int) -> Outcome:
    """Sources with flipped bits, zeroed blocks or their end missing: labelled, or refused with a sentence."""
    out = Outcome()
    kinds = [*FORMATS, "xlsx", "tsv", "jsonl"]
    for i in range(rounds * 3):
        kind = kinds[i % len(kinds)]
        source = shop.target(kind)
        source.write_bytes(shop.whole(kind))
        shop.random.choice((_cut, _zero, _flip))(source, shop.random, 0)
        target = source.with_name("again.csv")
        try:
            label_file(source, target, model=shop.model, prefix="x_", text="text", title="title")
        except DataError as error:
            refused = str(error)
            good = len(refused) < 2000 and "\n" not in refused.strip() and str(target) not in refused
            out.check(good and not target.exists(), f"{kind}: {refused[:300]}")
        except BaseException as error:  # whatever else is a finding
            out.check(False, f"{kind}: {type(error).__name__}: {str(error)[:300]}; {source}")
        else:
            out.check(target.exists(), f"{kind}: no result")
    return out


def children(pid: int) -> list[int]:
    """Processes that a process has started, and theirs."""
    found, todo = [], [pid]
    while todo:
        listing = Path(f"/proc/{todo.pop()}/task")
        try:
            tasks = list(listing.iterdir())
        except OSError:
            continue
        for task in tasks:
            try:
                todo += (own := [int(p) for p in (task / "children").read_text().split()])
                found += own
            except OSError:
                continue
    return found


def _gone(pids: list[int], seconds: float = 8) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def dead_workers(shop: Workshop, rounds: int) -> Outcome:
    """A worker killed, or the parent ended by SIGTERM or SIGKILL: a sentence, no worker left, and a whole result."""
    out = Outcome()
    if not Path("/proc/self/task").exists():
        return out
    for i, (kind, target) in enumerate(shop.targets(rounds)):
        process = shop.start(target, n_jobs=2)
        wait_for_rows(process, target)
        workers = children(process.pid)
        victim = ("worker", "SIGTERM", "SIGKILL")[i % 3]
        if process.poll() is None:
            if victim == "worker":
                for pid in workers[:1]:
                    os.kill(pid, signal.SIGKILL)
            else:
                process.send_signal(getattr(signal, victim))
        _, err = process.communicate()
        said = err.decode()
        if victim == "worker" and process.returncode:
            out.check("A worker process was ended" in said and "Traceback" not in said, f"{kind}: {said[-300:]}")
        left = [pid for pid in workers if _alive(pid)]
        out.check(_gone(left), f"{kind}, {victim}: workers left alive")
        out.resumes(shop, target, kind, victim)
    return out


def concurrent_runs(shop: Workshop, rounds: int) -> Outcome:
    """Several runs with one target at a time: one makes it, whole, and the others say that it is taken."""
    out = Outcome()
    for kind, target in shop.targets(rounds):
        runs = [shop.start(target) for _ in range(3)]
        said = [run.communicate()[1].decode() for run in runs]
        winners = sum(run.returncode == 0 for run in runs)
        polite = all("by another run" in s or "already" in s or "meanwhile" in s for s in said if s)
        out.check(winners >= 1 and polite, f"{kind}: {winners} finished; {said}")
        out.check(target.exists() and target.read_bytes() == shop.whole(kind), f"{kind}: the result is not whole")
    return out


FAULTS: dict[str, Callable[[Workshop, int], Outcome]] = {
    "kills": kills,
    "full disk": full_disk,
    "little memory": little_memory,
    "crash images": crash_images,
    "damaged sources": damaged_sources,
    "dead workers": dead_workers,
    "concurrent runs": concurrent_runs,
}


def main() -> int:
    """Make the faults and print a table."""
    from collarclass.model.persistence import default_model_path

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=default_model_path())
    parser.add_argument("--only", action="append", choices=list(FAULTS), help="kinds of fault; all if not given")
    parser.add_argument("--keep", type=Path, help="folder for the files of findings")
    parser.add_argument("--write", action="store_true", help="count the faults in data/robustness.json")
    options: Any = parser.parse_args()
    bad = 0
    for name in options.only or FAULTS:
        folder = Path(tempfile.mkdtemp())
        outcome = FAULTS[name](Workshop(folder, options.model, options.rows, options.seed), options.rounds)
        bad += len(outcome.findings)
        if options.write:
            tally.add(name, outcome.made, len(outcome.findings))
        print(f"{name:16} {outcome.made:5} checked, {outcome.made - len(outcome.findings):5} as they must", flush=True)
        for finding in outcome.findings:
            print("   ", finding, flush=True)
        if outcome.findings and options.keep:
            shutil.copytree(folder, options.keep / name.replace(" ", "_"))
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
