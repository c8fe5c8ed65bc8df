"""What is made when the package is built: the compiled kernel and the compiled lexicon, each only if it can be.

    python hatch_build.py      makes both in the source folder

Without a compiler, or without numpy, the package is the same but slower: nothing here may fail.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT / "src" / "collarclass"
SOURCE = PACKAGE / "kernel" / "kernel.c"
LEXICON = PACKAGE / "requirement_reader" / "words" / "compiled.npz"
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
# Sums have to be those of numpy to the last bit: no fused multiplication, no reordering.
MACOS = "11.0"  # the oldest that the kernel is compiled for
FLAGS = ("-std=c99", "-O3", "-fPIC", "-shared", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra")


def compilers() -> list[list[str]]:
    """Commands to try: the one that `CC` names, and no other; without it, the usual ones."""
    named = os.environ.get("CC")
    return [shlex.split(named)] if named else [["cc"], ["gcc"], ["clang"]]


def build_kernel() -> Path | None:
    """Compile the kernel beside its source."""
    target = SOURCE.with_suffix(SUFFIX)
    target.unlink(missing_ok=True)
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    system = {"win32": ["-static-libgcc"], "darwin": [f"-mmacosx-version-min={MACOS}"]}.get(sys.platform, [])
    flags = [*FLAGS, *system, f'-DSOURCE_DIGEST="{digest}"', *shlex.split(os.environ.get("CFLAGS", ""))]
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    for compiler in compilers():
        try:
            subprocess.run([*compiler, *flags, str(SOURCE), "-o", str(fresh), "-lm"], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"The kernel was not compiled by {compiler[0]}: {error}", file=sys.stderr)
            fresh.unlink(missing_ok=True)
        else:
            fresh.replace(target)
            return target
    return None


def build_lexicon() -> Path | None:
    """Compile the lexicon; it reads its words by the package itself, and so needs numpy."""
    LEXICON.unlink(missing_ok=True)
    # By sys.path, as pip takes the folder of an editable install out of PYTHONPATH.
    code = "import sys; sys.path.insert(0, sys.argv[1]); "
    code += "from collarclass.requirement_reader.lexicon import save_compiled; save_compiled()"
    command = [sys.executable, "-c", code, str(PACKAGE.parent)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(f"The lexicon was not compiled: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    return LEXICON if LEXICON.exists() else None


def wheel_tag() -> str:
    """Of a wheel with a kernel, which runs on any Python of one platform."""
    name = sysconfig.get_platform()
    if sys.platform == "darwin":  # a Python for two kinds of processors compiles for the one that it runs on
        name = f"macosx-{MACOS}-{platform.machine()}"
    return "py3-none-" + name.replace("-", "_").replace(".", "_")


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script
    pass
else:

    class KernelHook(BuildHookInterface):
        """Adds to a wheel, or to an editable install, what could be made."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            kernel, lexicon = build_kernel(), build_lexicon()
            build_data["artifacts"] += [
                str(path.relative_to(ROOT).as_posix()) for path in (kernel, lexicon) if path is not None
            ]
            if kernel is not None:
                build_data["pure_python"] = False
                build_data["tag"] = wheel_tag()


if __name__ == "__main__":
    print(*(path.relative_to(ROOT) for path in (build_kernel(), build_lexicon()) if path is not None), sep="\n")
