"""Mutate files of every format that is read, lexicons and models, and see what ends the process, fills it or lasts.

    python -m research.robustness.fuzz_files [--files 1000] [--seed 0] [--only xlsx] [--keep FOLDER]

A file is either read, or refused with one sentence; workbooks and Parquet are read by a child process with its limits,
one file after another until one ends it. Whatever else happens is
a finding: another exception, more than --memory MB in this process, or more time than a child has. The exit code is 1
if there is one. Needs POSIX.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import importlib.util
import io
import json
import random
import re
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from unittest import mock

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collarclass import classify, load_lexicon, load_model
from collarclass.errors import CollarclassError
from collarclass.files.layout import Layout
from collarclass.files.readers import open_reader
from collarclass.files.source import Limits
from collarclass.model.persistence import default_model_path
from collarclass.requirement_reader.lexicon import LEXICON_COLUMNS
from collarclass.tables.columns import Columns
from research.robustness import tally

Limits.row_bytes, Limits.columns, Limits.memory, Limits.seconds = 4 << 20, 1000, 2 << 30, 20.0
SLOW = {"lexicon": 20, "model": 20}  # so many times fewer of them
_NUMBERS = (b"0", b"-1", b"1048576", b"2147483648", b"4294967295", b"99999999999999999999", b"1e308", b"")
_BYTES = (b"\0", b"\xff", b"\x80", b"\x7f", b"<", b">", b'"', b"PK", b"PAR1", b"\n", b"{", b"[", b"\xff\xff\xff\xff")


def table() -> pd.DataFrame:
    """Rows of every type that files hold."""
    return pd.DataFrame(
        {
            "title": ["Welder", "电焊工", "", None, "Nurse"],
            "text": ["We weld steel frames.", "熟练焊接，学历不限。", "=1+1", "a\nb", "x" * 500],
            "n": [1, 2, 3, 4, 5],
            "pay": [1.5, None, -2e9, 0.1, 1e300],
            "open": [True, False, True, False, True],
            "posted": pd.to_datetime(["2024-05-01"] * 5),
        }
    )


def seeds() -> dict[str, list[bytes]]:
    """Whole files to mutate, by their endings."""
    rows = table()
    found: dict[str, list[bytes]] = {}
    for kind, engine in (("xlsx", "xlsxwriter"), ("xlsx", "openpyxl"), ("ods", "odf"), ("xls", "xlwt")):
        if importlib.util.find_spec(engine) is not None:
            out = io.BytesIO()
            _xls(rows, out) if kind == "xls" else rows.to_excel(out, index=False, engine=engine)  # type: ignore[arg-type]
            found.setdefault(kind, []).append(out.getvalue())
    found["parquet"] = []
    nested = pa.Table.from_pandas(rows).append_column("tags", pa.array([["a", "b"], [], None, ["c"], ["d"]]))
    nested = nested.append_column("job", pa.array([{"title": "Cook", "n": i} for i in range(5)]))
    nested = nested.append_column("kind", pa.array(["a", "b", "a", "b", "a"]).dictionary_encode())
    for options in ({"compression": "none"}, {"compression": "zstd"}, {"compression": "snappy", "version": "1.0"},
                    {"use_dictionary": False, "data_page_version": "2.0"}):  # fmt: skip
        out = io.BytesIO()
        pq.write_table(nested, out, row_group_size=2, **options)
        found["parquet"].append(out.getvalue())
    records = [json.loads(line) for line in rows.to_json(orient="records", lines=True, date_format="iso").splitlines()]
    found["json"] = [json.dumps(records, ensure_ascii=False).encode(), json.dumps(records, indent=1).encode("utf-16")]
    found["jsonl"] = ["".join(json.dumps(r) + "\n" for r in records).encode()]
    text = rows.to_csv(index=False)
    found["csv"] = [text.encode(name) for name in ("utf-8", "utf-16", "utf-32", "gb18030")]
    big = rows.sample(400, replace=True, random_state=0).to_csv(index=False).encode()
    found["csv.gz"] = [gzip.compress(big)]
    found["csv.zst"] = [bytes(pa.Codec("zstd").compress(big, asbytes=True))]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ads.csv", big)
    found["csv.zip"] = [out.getvalue()]
    lexicon = "\t".join(LEXICON_COLUMNS) + "\nflux welding\tfield\t\t\t\t\n焊工证\tcertificate\t\t\tvocational\towned\n"
    found["lexicon"] = [lexicon.encode()]
    folder = default_model_path()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.writestr(path.name, path.read_bytes())
    found["model"] = [out.getvalue()]
    return found


def _xls(rows: pd.DataFrame, out: BinaryIO) -> None:
    import xlwt  # type: ignore[import-untyped,import-not-found,unused-ignore]

    book = xlwt.Workbook()
    sheet = book.add_sheet("Ads")
    for j, name in enumerate(rows.columns):
        sheet.write(0, j, name)
        for i, value in enumerate(rows[name].astype(object).where(rows[name].notna(), None)):
            sheet.write(i + 1, j, value.to_pydatetime() if isinstance(value, pd.Timestamp) else value)
    book.save(out)


def mutate(content: bytes, chance: random.Random) -> bytes:
    """A file with some bytes, numbers or stretches changed, cut, doubled or moved."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        if not data:
            break
        at = chance.randrange(len(data))
        if chance.random() < 0.3:  # where most formats keep their indexes
            at = max(0, len(data) - 1 - chance.randrange(min(len(data), 600)))
        n = chance.choice((1, 1, 2, 4, 8, 64))
        match chance.randrange(8):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at : at + n] = chance.randbytes(n)
            case 2:
                data[at : at + n] = chance.choice(_BYTES)
            case 3:
                del data[at : at + n]
            case 4:
                data[at:at] = data[at : at + n] * chance.choice((1, 2, 100))
            case 5:
                other = chance.randrange(len(data))
                data[at : at + n] = data[other : other + n]
            case 6:
                numbers = list(re.finditer(rb"\d+", data))
                if numbers:
                    number = chance.choice(numbers)
                    data[number.start() : number.end()] = chance.choice(_NUMBERS)
            case _:
                del data[at:]
    return bytes(data)


def mutate_inside(content: bytes, chance: random.Random) -> bytes:
    """An archive with one of its members mutated, and packed again; now and then a digest of it is made right."""
    source, out = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    members = {name: source.read(name) for name in source.namelist()}
    victim = chance.choice([name for name in members if "theme" not in name])
    before, members[victim] = members[victim], mutate(members[victim], chance)
    if "model.json" in members and chance.random() < 0.7:
        old, new = (hashlib.sha256(part).hexdigest().encode() for part in (before, members[victim]))
        members["model.json"] = _signed(members["model.json"].replace(old, new))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in members.items():
            archive.writestr(name, part)
    return out.getvalue()


def _signed(content: bytes) -> bytes:
    """A model.json under its own digest, where it still is JSON."""
    try:
        head = json.loads(content)
        del head["sha256"]["model.json"]
        text = json.dumps(head, ensure_ascii=False, indent=1) + "\n"
        head["sha256"]["model.json"] = hashlib.sha256(text.encode()).hexdigest()
        return json.dumps(head).encode()
    except (ValueError, LookupError, TypeError):
        return content


class Patient(threading.Timer):
    """A timer that leaves a child more time, which counts its own: this machine may be busy with other things."""

    def __init__(self, interval: float, function: Callable[[], Any]) -> None:
        super().__init__(60 * interval, function)


def read(path: Path) -> int:
    """Read a file as a run does; the number of its rows."""
    if path.suffix == ".lexicon":
        return len(load_lexicon(path).group)
    if path.suffix == ".model":
        with tempfile.TemporaryDirectory(dir=path.parent) as folder, zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
            return len(classify("We weld steel frames.", "Welder", model=load_model(folder)).probabilities)
    with open_reader(path, Layout(every_column=True), lambda columns, *_: Columns(None, (columns[0],))) as reader:
        return sum(len(batch.rows()) for batch in reader.batches(100))


def outcome(path: Path, seconds: float) -> str:
    """What reading a file came to: "read", "refused", "ended" for a child that was, or what is wrong."""
    started = time.process_time()
    try:
        read(path)
        found = "read"
    except CollarclassError as error:
        said = str(error)
        found = "ended" if "cannot be read, because it is damaged or needs" in said else "refused"
        if "\n" in said.strip() or len(said) > 3000:
            found = f"no sentence: {said[:200]!r}"
    except BaseException as error:  # whatever else is a finding
        found = f"{type(error).__name__}: {str(error)[:200]}"
    taken = time.process_time() - started
    return f"{taken:.0f} seconds" if taken > seconds else found


def fuzz(kind: str, contents: list[bytes], n: int, seed: int, found: Callable[[bytes, str], None]) -> Counter[str]:
    """Read n mutated files of a format."""
    chance, counts = random.Random(f"{seed} {kind}"), Counter[str]()
    with tempfile.TemporaryDirectory() as folder, mock.patch("threading.Timer", Patient):
        path = Path(folder) / f"ads.{kind}"
        for _ in range(n):
            content = chance.choice(contents)
            inside = kind == "model" or (kind in ("xlsx", "ods") and chance.random() < 0.7)
            content = (mutate_inside if inside else mutate)(content, chance)
            path.write_bytes(content)
            what = outcome(path, Limits.seconds + 5)
            if what not in ("read", "refused", "ended"):
                found(content, what)
                what = "finding"
            counts[what] += 1
    return counts


def peak_memory() -> int:
    """The memory, in MB, that this process has taken at most; `ru_maxrss` would count the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def main() -> int:
    """Mutate and read files, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000, help="of each format; fewer lexicons and models")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", help="endings; all if not given")
    parser.add_argument("--memory", type=int, default=1500, help="MB that this process may have taken at most")
    parser.add_argument("--keep", type=Path, help="folder for the files of findings")
    parser.add_argument("--write", action="store_true", help="count the files in data/robustness.json")
    options = parser.parse_args()
    bad, total = 0, Counter[str]()
    for kind, contents in seeds().items():
        if kind not in (options.only or [kind]):
            continue

        def found(content: bytes, what: str, kind: str = kind) -> None:
            nonlocal bad
            bad += 1
            print(f"    {kind}: {what}", flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{options.seed}-{bad}.{kind}").write_bytes(content)

        counts = fuzz(kind, contents, options.files // SLOW.get(kind, 1), options.seed, found)
        total += counts
        listing = ", ".join(f"{n:,} {what}" for what, n in counts.most_common())
        print(f"{kind:8} {counts.total():7,} files: {listing}", flush=True)
    if options.write:
        tally.add("files", total.total(), bad)
    peak = peak_memory()
    print(f"all      {total.total():7,} files, {bad} findings, {peak} MB at most")
    return 1 if bad or peak > options.memory else 0


if __name__ == "__main__":
    sys.exit(main())
