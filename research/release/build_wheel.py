"""Build the wheel twice with the time of the last commit, and say whether both are the same, byte for byte.

    python -m research.release.build_wheel [FOLDER]

The wheel is left in the folder, `dist` if not given; the exit code is 1 if the two differ, or if on Linux it would
not run on systems of the manylinux tag that is promised.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEWEST = (2, 28)  # version of glibc that a wheel may need


def build(folder: Path) -> Path:
    """A wheel in a folder; files get the time of the last commit, not of the build."""
    command = ["git", "log", "-1", "--format=%ct"]
    stamp = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", stamp)}
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)],
        env=environment, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel


def glibc_of(wheel: Path) -> tuple[int, int]:
    """The version of glibc that a wheel needs, by auditwheel."""
    command = [sys.executable, "-m", "auditwheel", "show", str(wheel)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r'following platform tag:\s*"manylinux_(\d+)_(\d+)', shown)
    return (int(found[1]), int(found[2])) if found else (99, 0)


def main() -> int:
    """Build, compare, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        wheels = build(Path(one)), build(Path(other))
        digests = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / wheels[0].name).write_bytes(wheels[0].read_bytes())
    same = digests[0] == digests[1]
    print(f"{wheels[0].name}: {digests[0]}" if same else f"two builds differ: {' and '.join(digests)}")
    if sys.platform == "linux" and not wheels[0].name.endswith("-any.whl"):
        version = glibc_of(folder / wheels[0].name)
        print("it needs glibc {}.{}".format(*version))
        same &= version <= NEWEST
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
