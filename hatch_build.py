"""What is made when the package is built: the compiled modules and the compiled lexicon, each only if it can be.

    python hatch_build.py      makes both in the source folder

Without a compiler, Cython or numpy the package is the same but slower: nothing here may fail. With `BOUNDS=1` in the
environment the modules are compiled with checks of every index, for tests.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT / "src" / "collarclass"
LEXICON = PACKAGE / "requirement_reader" / "words" / "compiled.npz"
MACOS = "11.0"  # the oldest that is compiled for
# Sums have to be the same on every machine: no fused multiplication, no reordering.
C_FLAGS = ("-O3", "-fPIC", "-shared", "-ffp-contract=off", "-fno-strict-aliasing", "-w")
# Of newer systems the oldest symbols, so that what is built here runs on systems of glibc 2.28.
OLD_SYMBOLS = """
#if defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver exp,exp@GLIBC_2.2.5");
__asm__(".symver log,log@GLIBC_2.2.5");
__asm__(".symver pow,pow@GLIBC_2.2.5");
#endif
"""
DIRECTIVES = tuple(
    part
    for name in (
        f"boundscheck={bool(os.environ.get('BOUNDS'))}",
        "wraparound=False",
        "initializedcheck=False",
        "cdivision=True",
        "annotation_typing=False",
        "infer_types=True",
    )
    for part in ("-X", name)
)


def compilers() -> list[list[str]]:
    """Commands to try: the one that `CC` names, and no other; without it, the usual ones."""
    named = os.environ.get("CC")
    return [shlex.split(named)] if named else [["cc"], ["gcc"], ["clang"]]


def load_compiled() -> ModuleType:
    """The package's module that says what is to be compiled."""
    sys.path.insert(0, str(PACKAGE.parent))
    try:
        from collarclass import compiled
    finally:
        sys.path.pop(0)
    return compiled


def types_of(path: Path, known: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """The files of types that a module is compiled with: its own, and those that it names."""
    types = path.with_suffix(".pxd")
    known |= {types}
    for room, module in re.findall(r"(?m)^(?:from|cimport) collarclass\.(\w+)\.(\w+)", types.read_text("utf-8")):
        named = PACKAGE / room / f"{module}.pxd"
        if named not in known:
            known |= types_of(named, known)
    return known


def module_digests(compiled: ModuleType) -> dict[str, str]:
    """What each compiled module is to be made of: a digest of its source and types, by its file's name."""
    return {
        f"{path.parent.name}/{path.stem}{compiled.SUFFIX}": compiled.digest_of([path, *sorted(types_of(path))])
        for path in compiled.sources()
    }


def build_modules() -> list[Path]:
    """Compile the modules that have their types in a file beside them; all or none."""
    compiled = load_compiled()
    folder, wanted, made = compiled.FOLDER, module_digests(compiled), compiled.made_of()
    modules, binaries = made.get("modules", {}), made.get("binaries", {})
    stale = [
        name
        for name, digest in wanted.items()
        if modules.get(name) != digest or not is_as_made(compiled, folder / name, binaries.get(name))
    ]
    folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = dict(zip(stale, pool.map(compile_module, stale, [folder] * len(stale)), strict=True))
    good = [name for name in wanted if done.get(name, True)]
    for path in folder.glob("*/*"):
        if path.relative_to(folder).as_posix() not in wanted:  # of a module that is gone
            path.unlink()
    made = {
        "sources": compiled.sources_digest() if len(good) == len(wanted) else None,
        "modules": {name: wanted[name] for name in good},
        "binaries": {name: compiled.digest_of([folder / name]) for name in good},
    }
    compiled.MADE_OF.write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    return [compiled.MADE_OF, *(folder / name for name in good)] if len(good) == len(wanted) else []


def is_as_made(compiled: ModuleType, binary: Path, digest: str | None) -> bool:
    """Whether a compiled module is there as it was made."""
    return binary.exists() and compiled.digest_of([binary]) == digest


def compile_module(name: str, folder: Path) -> bool:
    """Compile one module into a folder; whether that went well."""
    room, module = name.split(".", 1)[0].split("/")
    target = folder / name
    target.parent.mkdir(exist_ok=True)
    source = target.with_name(f"{module}.{os.getpid()}.c")
    translate = [sys.executable, "-m", "cython", "-3", *DIRECTIVES, f"collarclass/{room}/{module}.py"]
    library = f"python{sys.version_info.major}{sys.version_info.minor}"
    system = {
        "darwin": ["-undefined", "dynamic_lookup", f"-mmacosx-version-min={MACOS}"],
        "win32": ["-static-libgcc", "-DMS_WIN64", f"-L{Path(sys.base_prefix) / 'libs'}", f"-l{library}"],
    }.get(sys.platform, [])
    include = f"-I{sysconfig.get_paths()['include']}"
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        subprocess.run([*translate, "-o", str(source)], check=True, cwd=PACKAGE.parent)
        source.write_text(source.read_text("utf-8") + OLD_SYMBOLS, "utf-8")
        for compiler in compilers():
            flags = [*C_FLAGS, *system, include, *shlex.split(os.environ.get("CFLAGS", ""))]
            if subprocess.run([*compiler, *flags, str(source), "-o", str(fresh), "-lm"], check=False).returncode == 0:
                fresh.replace(target)
                return True
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{name} was not compiled: {error}", file=sys.stderr)
    finally:
        source.unlink(missing_ok=True)
        fresh.unlink(missing_ok=True)
    return False


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


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script
    pass
else:

    class CompilingHook(BuildHookInterface):
        """Adds to a wheel, or to an editable install, what could be made."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            modules, lexicon = build_modules(), build_lexicon()
            build_data["artifacts"] += [
                str(path.relative_to(ROOT).as_posix()) for path in (*modules, lexicon) if path is not None
            ]
            if modules:
                build_data["pure_python"] = False
                build_data["infer_tag"] = True


if __name__ == "__main__":
    modules, lexicon = build_modules(), build_lexicon()
    print(*(path.relative_to(ROOT) for path in (*modules, lexicon) if path is not None), sep="\n")
    if not modules or lexicon is None:
        print("Not everything was compiled, see above: until it is, ads are read slowly.", file=sys.stderr)
