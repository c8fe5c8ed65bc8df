"""How much each search tried and broke, kept in data/robustness.json and shown on the page of promises.

The searches count into it with --write.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "data" / "robustness.json"
PAGE = ROOT / "docs" / "contributors" / "promises.md"
_PLACE = re.compile(r"(?<=<!-- searches -->\n).*?(?=<!-- end of searches -->)", re.DOTALL)
SEARCHES = {
    "ads": "`research/robustness/fuzz.py`: generated ads, each labelled in four ways, in other orders and batches",
    "calls": "`research/robustness/io_faults.py`: calls on files that failed, in runs from and to every format",
    "ends": "calls on files at which the process was ended",
    "allocations": "allocations that failed",
    "files": "`research/robustness/fuzz_files.py`: mutated files of every format, lexicons and model folders",
    "bombs": "`research/robustness/bombs.py`: small files that unpack to hundreds of megabytes, one of each kind",
    "kills": "`research/robustness/faults.py`: runs killed at a random moment and resumed",
    "full disk": "runs on a full disk",
    "little memory": "runs with too little memory",
    "crash images": "crash images: what a power cut leaves",
    "damaged sources": "damaged sources",
    "dead workers": "workers killed, and runs ended with workers alive",
    "concurrent runs": "several runs with one target",
    "model folders": "kinds of damage to a model folder",
    "patterns": "hostile patterns, at three lengths, two ways of labelling",
}


def add(search: str, tried: int, broken: int) -> None:
    """Count what a search has tried, and write the page."""
    kept = json.loads(KEPT.read_text("utf-8"))
    for name, n in (("tried", tried), ("broken", broken)):
        kept[search][name] += n
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    PAGE.write_text(_PLACE.sub(lambda _: table(), PAGE.read_text("utf-8")), "utf-8")


def table() -> str:
    """The counts, as the page shows them."""
    kept = json.loads(KEPT.read_text("utf-8"))
    rows = [f"| {words} | {kept[name]['tried']:,} | {kept[name]['broken']:,} |" for name, words in SEARCHES.items()]
    return "\n".join(["| search | tried | broken |", "|---|---:|---:|", *rows, ""])
