"""Label small files that are made to fill the memory, one of each way for each reader, and measure what they take.

    python -m research.robustness.bombs [--memory 700] [--write]

Each unpacks to hundreds of megabytes: a row, a cell, a name, white space, brackets, members or columns without end, a
cell far away, shared strings. Each is labelled by a process of its own, or refused with one sentence; more than
--memory MB in it is a finding, as is anything else. The exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import gzip
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from research.robustness import tally

_MB = 1 << 20
_TIMES = 150  # megabytes that a text file unpacks to
_LABEL = """
import sys
from pathlib import Path
from collarclass import label_file
from collarclass.errors import CollarclassError
source, target, model = sys.argv[1:]
try:
    label_file(source, target, model=model, evidence=False)
    said = ""
except CollarclassError as error:
    said = str(error)
status = Path("/proc/self/status").read_text()
print(int(status.split("VmHWM:")[1].split()[0]) // 1024, said)
"""
# What stands first, what is repeated a megabyte long, and what stands last.
TEXTS = {
    "row.csv": (b"text\n", b"a", b""),
    "quoted row.csv": (b'id,text\n1,"', b"a\n", b'"'),
    "name.csv": (b"", b"a", b""),
    "quoted name.csv": (b'"', b"a\n", b'"'),
    "cells.csv": (b"text\n", b",", b""),
    "columns.csv": (b"text", b",", b""),
    "zeros.csv": (b"text\n", b"\0", b""),
    "utf-16.csv": ("\ufefftext\n".encode("utf-16-le"), "熟".encode("utf-16-le"), b""),
    "cells.tsv": (b"text\tb\n", b"\t", b""),
    "row.jsonl": (b'{"text": "', b"a", b'"}\n'),
    "list.jsonl": (b'{"text": "a", "x": [', b"1,", b"1]}\n"),
    "row.json": (b'[{"text": "', b"a", b'"}]'),
    "space.json": (b"", b" ", b"[]"),
    "depth.json": (b'[{"text": "a", "x": ', b'{"y":', b""),
    "wrapped.json": (b'{"a": "', b"a", b'", "ads": [{"text": "b"}]}'),
}


def texts(folder: Path) -> Iterator[Path]:
    """Compressed text files."""
    for name, (first, piece, last) in TEXTS.items():
        path = folder / f"{name}.gz"
        repeated = piece * (_MB // len(piece))
        path.write_bytes(b"".join(gzip.compress(part) for part in (first, *[repeated] * _TIMES, last) if part))
        yield path


def tables(folder: Path) -> Iterator[Path]:
    """Parquet and workbooks."""
    long = "x" * (5 * _MB)
    members = b"".join(b', "k%d": 1' % i for i in range(40_000))
    (folder / "members.jsonl").write_bytes(b'{"text": "a"' + members + b"}\n")
    yield folder / "members.jsonl"
    for name, columns in {
        "dictionary": {"text": pa.array([long] * 100).dictionary_encode()},
        "columns": {"text": ["a"], **{f"c{i}": [1] for i in range(20_000)}},
        "list": {"text": [["x" * 1000] * 200_000]},
        "cell": {"text": [long * 30]},
    }.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
        yield folder / f"{name}.parquet"
    row = b'<row r="%d"><c r="%s%d" t="%s">%s</c></row>'
    far = row % (1_048_576, b"XFD", 1_048_576, b"n", b"<v>1</v>")
    shared = b"".join(row % (i, b"A", i, b"s", b"<v>1</v>") for i in range(3, 40))
    own = row % (3, b"A", 3, b"inlineStr", b"<is><t>" + b"a" * (100 * _MB) + b"</t></is>")
    for name, rows in {"far": far, "shared": shared, "long": own}.items():
        _workbook(folder / f"{name}.xlsx", rows, b"a" * (30 * _MB))
        yield folder / f"{name}.xlsx"


def _workbook(path: Path, rows: bytes, string: bytes) -> None:
    made = io.BytesIO()
    pd.DataFrame({"text": []}).to_excel(made, index=False, engine="xlsxwriter")
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name).replace(b"</sheetData>", rows + b"</sheetData>")
            if name.endswith("sharedStrings.xml"):
                content = content.replace(b"<t>text</t>", b"<t>text</t></si><si><t>" + string + b"</t>")
            target.writestr(name, content)


def main() -> int:
    """Label the files and print a table."""
    from collarclass.model.persistence import default_model_path

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", type=int, default=700, help="MB that a process may have taken at most")
    parser.add_argument("--only", action="append", help="parts of names; all if not given")
    parser.add_argument("--write", action="store_true", help="count the files in data/robustness.json")
    options = parser.parse_args()
    tried = bad = most = 0
    with tempfile.TemporaryDirectory() as name:
        for path in (path for make in (texts, tables) for path in make(Path(name))):
            if options.only and not any(part in path.name for part in options.only):
                continue
            target = path.with_name("out.jsonl")
            target.unlink(missing_ok=True)
            command = [sys.executable, "-c", _LABEL, *map(str, (path, target, default_model_path()))]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            taken, _, said = done.stdout.partition(" ")
            good = done.returncode == 0 and int(taken) <= options.memory and said.count("\n") == 1
            outcome = "FINDING: " * (not good) + (said.strip()[-90:] or "labelled")
            print(f"{path.name:20} {taken:>5} MB {outcome}", flush=True)
            tried, bad, most = tried + 1, bad + (not good), max(most, int(taken or 0))
            path.unlink()
    if options.write:
        tally.add("bombs", tried, bad)
    print(f"{tried} files, {bad} findings, {most} MB at most")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
