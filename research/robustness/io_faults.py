"""Make every call on a file fail in turn while a file is labelled, and end the process at every one of them.

    python -m research.robustness.io_faults [--only csv] [--every 1] [--memory 400] [--model FOLDER]

As SQLite is tested: a run is made once and its calls counted (open, read, write, seek, fsync, truncate, rename, unlink,
mkdir, chmod, flock, mmap, close, in Python or in native code). Then it is made again for each call, which fails once,
fails from there on as on a full disk, or ends the process; a write is half done by then. Afterwards the target is
whole, or what it was before; an error was one sentence; and the next run finishes it to the same bytes and leaves
nothing but the result and its journal. With --memory, so many allocations of a run fail in turn, too. The exit code is
1 if there is a finding. Needs Linux and a C compiler.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import mmap
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collarclass import DataError, Model, label_file, load_model
from collarclass.files import resumable_output, workers
from collarclass.files.target import work_files
from research.robustness import tally

OFF, COUNT, FAIL_ONCE, FAIL_ON, KILL = range(5)
FAULTS = {
    "fails once": (FAIL_ONCE, errno.EIO),
    "fails from there on": (FAIL_ON, errno.ENOSPC),
    "ends the process": (KILL, 0),
}
TARGETS = ("csv", "csv.gz", "jsonl.zst", "json", "parquet", "xlsx")
OLD = b"what stood there before"
_BATCH = 10
_ENDS = "the end of the process"
_HEAD = struct.Struct("qqqq32s")
_REFUSED, _BROKEN = 3, 4  # exit codes of a run: a sentence, or an exception


@dataclass(frozen=True)
class Case:
    """A run to break.

    Attributes
    ----------
    name : str
    target : str
        Its ending.
    source : str
        Its name.
    resume : bool
        Whether an interrupted run is resumed.
    replaces : bool
        Whether a target is there already.
    """

    name: str
    target: str
    source: str = "ads.csv"
    resume: bool = False
    replaces: bool = False


CASES = [
    *(Case(target, target) for target in TARGETS),
    *(Case(f"{target}, resumed", target, resume=True) for target in ("csv", "parquet")),
    *(Case(f"{target}, replaced", target, replaces=True) for target in ("csv", "parquet")),
    Case("from parquet", "csv", "ads.parquet"),
    Case("from xlsx", "xlsx", "ads.xlsx"),
]


@dataclass
class Outcome:
    """What was tried, and what went wrong."""

    faults: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


class Bench:
    """A folder whose calls can be made to fail, in processes forked from this one.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.folder = Path(os.environ["IO_FAULTS_FOLDER"])
        self._control = mmap.mmap(os.open(os.environ["IO_FAULTS_CONTROL"], os.O_RDWR), _HEAD.size)
        self._wholes: dict[tuple[str, str], bytes] = {}
        self._said = self.folder.parent / "said"
        resumable_output._SYNC_EVERY = 0.0  # each batch is synchronised: more calls to break
        workers.label_batch = _remembered(workers.label_batch)

    def arm(self, mode: int, at: int = 0, error: int = 0) -> None:
        """Choose the call that is broken."""
        self._control[:] = _HEAD.pack(mode, at, error, 0, b"")

    def state(self) -> tuple[int, str]:
        """How many calls there were, and what the broken one was."""
        *_, calls, name = _HEAD.unpack(self._control[:])
        return calls, name.rstrip(b"\0").decode()

    def prepare(self, case: Case) -> Path:
        """A fresh folder as the run will find it."""
        self.arm(OFF)
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("", "out", "tmp"):
            (self.folder / name).mkdir()
        make_source(self.folder / case.source)
        target = self.folder / "out" / f"ads.{case.target}"
        if case.replaces:
            target.write_bytes(OLD)
        if case.resume:
            with contextlib.suppress(KeyboardInterrupt):
                self.label(case, target, progress=_interrupt)
        return target

    def label(self, case: Case, target: Path, **options: Any) -> None:
        """Make the target."""
        label_file(
            self.folder / case.source, target, model=self.model, batch_size=_BATCH, resume=True, force=case.replaces,
            **options,
        )  # fmt: skip

    def whole(self, case: Case) -> bytes:
        """What an unbroken run makes."""
        key = (case.source, case.target)
        if key not in self._wholes:
            target = self.prepare(Case("", case.target, case.source))
            self.label(case, target)
            self._wholes[key] = target.read_bytes()
        return self._wholes[key]

    def run(self, case: Case, target: Path, before: Callable[[], object]) -> tuple[int, str]:
        """Make the target in a process of its own; its exit code, or a signal below 0, and what it said."""
        self._said.write_text("")
        pid = os.fork()
        if pid == 0:
            code = 0
            try:
                before()
                self.label(case, target)
            except DataError as error:
                code, said = _REFUSED, str(error)
            except BaseException as error:
                code, said = _BROKEN, f"{type(error).__name__}: {error}"
            self.disarm()
            if code:
                self._said.write_text(said)
            os._exit(code)
        _, status = os.waitpid(pid, 0)
        self.disarm()
        return os.waitstatus_to_exitcode(status), self._said.read_text()

    def disarm(self) -> None:
        """Let all calls pass again."""
        self._control[:8] = struct.pack("q", OFF)

    def wrong(self, case: Case, target: Path, code: int, said: str, *, allowed: tuple[int, ...]) -> str:
        """What is wrong after a broken run and the next one, or nothing."""
        whole = self._wholes[case.source, case.target]
        found = target.read_bytes() if target.exists() else None
        made = found is not None and _same(found, whole)
        if not made and found != (OLD if case.replaces else None):
            return f"half a target ({code})"
        if code == 0 and not made:
            return "no whole target, and no error"
        if code not in (0, *allowed):
            return f"exit code {code}: {said}"
        if code == _REFUSED and (len(said) > 1000 or "\n" in said):
            return f"no sentence: {said}"
        try:
            self.label(case, target)
        except DataError as error:
            return f"the next run is refused: {error}"
        if not _same(target.read_bytes(), whole):
            return "the next run makes another target"
        journal, *_ = work_files(target)
        left = sorted(p.name for p in target.parent.iterdir() if p not in (target, journal))
        return f"left behind: {left}" if left else ""


def _same(found: bytes, whole: bytes) -> bool:
    """Whether two files are the same; archives may differ in how they are laid out, where a seek has failed."""
    if found == whole or not zipfile.is_zipfile(io.BytesIO(found)):
        return found == whole
    archives = [zipfile.ZipFile(io.BytesIO(content)) for content in (found, whole)]
    members = [{name: archive.read(name) for name in archive.namelist()} for archive in archives]
    return members[0] == members[1]


def make_source(path: Path) -> None:
    """Write some ads."""
    texts = ["MIG welding of steel frames.", "Degree in law required.\nPrepare reports.", "熟练焊接，学历不限。", ""]
    rows = {"id": [str(i) for i in range(60)], "title": ["Welder"] * 60, "text": [texts[i % 4] for i in range(60)]}
    if path.suffix == ".csv":
        lines = [f'{i},{t},"{x}"\n' for i, t, x in zip(*rows.values(), strict=True)]
        path.write_text("id,title,text\n" + "".join(lines), "utf-8")
        return
    import pandas as pd

    table = pd.DataFrame(rows)
    table.to_parquet(path) if path.suffix == ".parquet" else table.to_excel(path, index=False)


def _remembered(label: Callable[..., Any]) -> Callable[..., Any]:
    """Labels of a batch, found once: what is broken here are calls on files."""
    known: dict[str, Any] = {}

    def remembered(options: Any, *batch: Any) -> Any:
        key = repr(batch)
        if key not in known:
            known[key] = label(options, *batch)
        return known[key]

    return remembered


def _interrupt(done: int, share: float) -> None:
    if done >= 3 * _BATCH:
        raise KeyboardInterrupt


def break_calls(bench: Bench, case: Case, every: int = 1, first: int = 1) -> Outcome:
    """Break each call of a run in each way, or some of them."""
    out = Outcome()
    bench.whole(case)
    target = bench.prepare(case)
    code, said = bench.run(case, target, lambda: bench.arm(COUNT))
    if code:
        out.findings.append(f"{case.name}: fails unbroken: {said}")
        return out
    calls, _ = bench.state()
    for at in range(first, calls + 1, every):
        for how, (mode, error) in FAULTS.items():
            target = bench.prepare(case)
            code, said = bench.run(case, target, lambda m=mode, a=at, e=error: bench.arm(m, a, e))  # type: ignore[misc]
            _, name = bench.state()
            allowed = (_REFUSED, -signal.SIGKILL) if mode == KILL else (_REFUSED,)
            wrong = bench.wrong(case, target, code, said, allowed=allowed)
            out.faults[_ENDS if mode == KILL else name or "none"] += 1
            if wrong:
                out.findings.append(f"{case.name}, call {at} ({name}) {how}: {wrong}")
    return out


def break_allocations(bench: Bench, case: Case, n: int) -> Outcome:
    """Let single allocations of a run fail, at n places that lie closer together at its beginning."""
    import _testcapi  # type: ignore[import-not-found]

    out = Outcome()
    bench.whole(case)
    place = 1.0
    for _ in range(n):
        target = bench.prepare(case)
        start = int(place)
        code, said = bench.run(case, target, lambda s=start: _testcapi.set_nomemory(s, s + 1))  # type: ignore[misc]
        # Python itself ends in the few places where it cannot go on.
        allowed = (_REFUSED, _BROKEN, 1, -signal.SIGABRT, -signal.SIGSEGV)
        wrong = bench.wrong(case, target, code, said, allowed=allowed)
        out.faults["allocation"] += 1
        if wrong:
            out.findings.append(f"{case.name}, allocation {start}: {wrong}")
        place *= 1 + 14 / n  # e to the 14th is a million
    return out


@contextlib.contextmanager
def shim() -> Any:
    """The environment in which calls can be broken."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        raise SystemExit("This needs Linux and a C compiler.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        source = Path(__file__).with_suffix(".c")
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", folder / "shim.so", source, "-ldl"], check=True)
        (folder / "control").write_bytes(bytes(_HEAD.size))
        yield {
            **os.environ,
            "LD_PRELOAD": str(folder / "shim.so"),
            "IO_FAULTS_FOLDER": str(folder / "work"),
            "IO_FAULTS_CONTROL": str(folder / "control"),
            "TMPDIR": str(folder / "work" / "tmp"),
            "OPENBLAS_NUM_THREADS": "1",
        }


def main() -> int:
    """Break every call and print a table."""
    from collarclass.model.persistence import default_model_path

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=[case.name for case in CASES], help="all if not given")
    parser.add_argument("--every", type=int, default=1, help="break every so many-th call")
    parser.add_argument("--first", type=int, default=1, help="number of the first call to break")
    parser.add_argument("--memory", type=int, default=0, help="allocations of each run that fail")
    parser.add_argument("--model", type=Path, default=default_model_path())
    parser.add_argument("--write", action="store_true", help="count the faults in data/robustness.json")
    options = parser.parse_args()
    if "IO_FAULTS_CONTROL" not in os.environ:
        with shim() as environment:
            return subprocess.run([sys.executable, "-m", __spec__.name, *sys.argv[1:]], env=environment).returncode
    bench = Bench(load_model(options.model))
    total: Counter[str] = Counter()
    bad = 0
    for case in CASES:
        if case.name not in (options.only or [case.name]):
            continue
        outcomes = [break_calls(bench, case, options.every, options.first)]
        if options.memory:
            outcomes.append(break_allocations(bench, case, options.memory))
        for outcome in outcomes:
            faults = ", ".join(f"{n} {name}" for name, n in outcome.faults.most_common())
            print(f"{case.name:18} {outcome.faults.total():5} faults: {faults}", flush=True)
            for finding in outcome.findings:
                print("   ", finding, flush=True)
            total += outcome.faults
            bad += len(outcome.findings)
    if options.write:
        ends, allocations = total[_ENDS], total["allocation"]
        tally.add("calls", total.total() - ends - allocations, bad)
        tally.add("ends", ends, 0)
        tally.add("allocations", allocations, 0)
    print(f"{'all':18} {total.total():5} faults, {bad} findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
