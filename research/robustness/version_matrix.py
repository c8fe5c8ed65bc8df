"""Label the same ads under other Pythons, hash seeds, processor kernels and threads, and print a table of digests.

    python -m research.robustness.version_matrix [PYTHON ...] [--ads 500] [--out FILE]

Each PYTHON is an interpreter; those on the path and under ~/.pyenv that the library supports if none is given. The
newest libraries that it can have are installed for each in .venv/matrix. Kernels are those of OpenBLAS, which
numpy and scipy compute with, by the name that it says it runs, and numpy's own for instruction sets, the newest
switched off first. The exit code is 1 if two digests (of `research/robustness/label_digest.py`) differ.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv" / "matrix"
DIGEST = ("-m", "research.robustness.label_digest")
MINORS = range(11, 15)
HASH_SEEDS = ("0", "1", "4294967295", "random")
KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids")
THREADS = ("1", "2", "4")
_VERSION = "import platform; print(platform.python_version())"
_KERNEL = "import numpy, threadpoolctl; print(*{i['architecture'] for i in threadpoolctl.threadpool_info()})"
_SIMD = (
    "from numpy._core import _multiarray_umath as m; print(*(f for f in m.__cpu_dispatch__ if m.__cpu_features__[f]))"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One way to label: what is unlike the others, in words, and how to get it."""

    kind: str
    value: str
    python: str
    environment: dict[str, str] = field(default_factory=dict)


def _output(python: str, *arguments: str, **environment: str) -> str:
    fixed = {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    settings = {**os.environ, **fixed, **environment}
    done = subprocess.run([python, *arguments], env=settings, check=True, text=True, capture_output=True)
    return done.stdout.strip()


def pythons() -> Iterator[str]:
    """Interpreters of the versions supported."""
    for minor in MINORS:
        found = shutil.which(f"python3.{minor}")
        homes = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        yield from dict.fromkeys(str(path) for path in (*homes, "/usr/bin" / Path(f"python3.{minor}"), found) if path)


def equipped(python: str) -> str | None:
    """An environment of that Python with the newest libraries it can have; None if there is no such Python."""
    try:
        version = _output(python, "-c", _VERSION)
    except (OSError, subprocess.CalledProcessError):
        return None
    folder = FOLDER / version
    inside = folder / "bin" / "python"
    if not (folder / "ready").exists():
        wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
        try:
            subprocess.run([python, "-m", "venv", "--clear", folder], check=True, capture_output=True)
            subprocess.run([inside, "-m", "pip", "install", "-q", *wanted], check=True, capture_output=True)
        except subprocess.CalledProcessError as error:
            print(f"Python {version} is left out: {error.stderr.decode().strip().splitlines()[-1]}", file=sys.stderr)
            return None
        (folder / "ready").touch()
    return str(inside)


def runs(interpreters: list[str]) -> Iterator[Run]:
    """All ways to label; all but the first are unlike it in one thing."""
    here = sys.executable
    yield Run("as it is", f"Python {_output(here, '-c', _VERSION)}", here)
    seen = set()
    for python in interpreters:
        inside = equipped(python)
        if inside is not None and inside not in seen:
            seen.add(inside)
            yield Run("Python", _output(inside, "-c", _VERSION), inside)
    for number in HASH_SEEDS:
        yield Run("hash seed", number, here, {"PYTHONHASHSEED": number})
    yield from _kernels(here)
    for n in THREADS:
        yield Run("threads", n, here, {"OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n})


def _kernels(python: str) -> Iterator[Run]:
    seen = set()
    for asked in KERNELS:
        environment = {"OPENBLAS_CORETYPE": asked}
        runs_as = _output(python, "-c", _KERNEL, **environment)
        if runs_as not in seen:
            seen.add(runs_as)
            yield Run("OpenBLAS kernel", runs_as, python, environment)
    sets = _output(python, "-c", _SIMD).split()
    for k in range(len(sets) - 1, -1, -1):
        yield Run("numpy without", " ".join(sets[k:]), python, {"NPY_DISABLE_CPU_FEATURES": " ".join(sets[k:])})


def main() -> int:
    """Label in every way, and print the table as it goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", metavar="PYTHON")
    parser.add_argument("--ads", type=int, default=500, help="of each file")
    parser.add_argument("--out", type=Path, help="a file for the table")
    options = parser.parse_args()
    lines, digests = ["| what is changed | to | digest |", "|---|---|---|"], set()
    for run in runs(options.pythons or list(pythons())):
        try:
            digest = _output(run.python, *DIGEST, "--ads", str(options.ads), **run.environment)[:16]
        except subprocess.CalledProcessError as error:
            digest = f"failed: {error.stderr.strip().splitlines()[-1]}"
        digests.add(digest)
        lines.append(f"| {run.kind} | {run.value} | `{digest}` |")
        print(lines[-1], flush=True)
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines) - 2} runs, {len(digests)} digest{'s' * (len(digests) > 1)}")
    return 1 if len(digests) > 1 else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
