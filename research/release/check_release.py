"""Build wheel and source, install each in an environment of its own, and use it there.

    python -m research.release.check_release [FOLDER]

The files are left in the folder, `dist` if not given. CONTRIBUTING says how a release is made from them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from research.release.build_wheel import ROOT
from research.release.build_wheel import main as build_wheel

USED = (
    ["--version"],
    ["classify", "--title", "Welder", "MIG welding of steel frames. No schooling needed."],
    ["label", str(ROOT / "examples" / "job_ads.csv"), "-o", "labelled.csv"],
    ["occupation", "mechatronics technician"],
)


def use(package: Path) -> None:
    """Install a package where nothing else is, and run commands away from the sources."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        commands = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin")
        subprocess.run([commands / "python", "-m", "pip", "install", "-q", package], check=True)
        for arguments in USED:
            subprocess.run([commands / "collarclass", *arguments], check=True, cwd=folder)
    print(f"{package.name} installs and works.")


def main() -> int:
    """Build, install, use."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"
    if status := build_wheel():
        return status
    source = [sys.executable, "-m", "build", "--sdist", "--outdir", str(folder), str(ROOT)]
    subprocess.run(source, check=True, capture_output=True)
    packages = sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")], key=lambda path: path.stat().st_mtime)[-2:]
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *packages], check=True)
    for package in packages:
        use(package)
    return 0


if __name__ == "__main__":
    sys.exit(main())
