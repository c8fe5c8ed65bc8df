"""Where the time of labelling goes, room by room, in nanoseconds for each character of the ads.

    python benchmarks/rooms.py [--model FOLDER] [--rounds 7] [--evidence] [FILE ...]

Ads are those of run.py, or the columns title and text of CSV files. Each room's functions are timed without what they
call of other rooms; of several rounds the least counts, so that other work on the machine changes little.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# Each function that begins a room, by the module that calls it.
ROOMS: tuple[tuple[str, str, str], ...] = (
    ("batches and titles", "model.predict", "_predict"),
    ("batches and titles", "model.model", "join_titles"),
    ("markup", "text.tokens", "read_markup"),
    ("layout", "text.tokens", "_lay_out"),
    ("tokens", "model.model", "tokenize"),
    ("n-grams", "model.model", "count_terms"),
    ("phrases", "requirement_reader.mentions", "find_phrases"),
    ("mentions", "requirement_reader.reader", "find_mentions"),
    ("context", "requirement_reader.reader", "context_features"),
    ("context", "requirement_reader.reader", "sum_context"),
    ("weights of mentions", "requirement_reader.reader", "decide"),
    ("weights of mentions", "requirement_reader.reader", "judge"),
    ("features and notes", "model.model", "read_requirements"),
    ("level and status", "requirement_reader.reader", "combine"),
    ("features and notes", "model.predict", "_judge_ads"),
    ("sums of words", "model.model:Model", "ratings"),
    ("sums of words", "model.model:Block", "weigh"),
    ("evidence", "model.predict", "runs_of_batch"),
    ("evidence", "model.predict", "deciding_words"),
    ("certificates", "model.predict", "certificate_names"),
    ("certificates", "model.predict", "certificate_status"),
    ("titles alone", "model.predict", "_judge_titles"),
    ("columns", "tables.dataframe", "judged_table"),
)


class Clock:
    """Time spent in each room, without that in rooms called from there."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = {}
        self.stack: list[list[Any]] = []

    def timed(self, room: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def run(*args: Any, **kwargs: Any) -> Any:
            inner = [0]
            self.stack.append(inner)
            begin = time.thread_time_ns()
            try:
                return function(*args, **kwargs)
            finally:
                whole = time.thread_time_ns() - begin
                self.stack.pop()
                self.spent[room] = self.spent.get(room, 0) + whole - inner[0]
                if self.stack:
                    self.stack[-1][0] += whole

        return run


def measure(texts: list[str], titles: list[str], model: Any, rounds: int, evidence: bool) -> dict[str, float]:
    """Nanoseconds a character in each room, the least of some rounds, batch by batch."""
    from collarclass.labelling.options import Options
    from collarclass.model.predict import chunks
    from collarclass.tables.dataframe import label_columns

    clock = Clock()
    for room, place, name in ROOMS:
        module, _, owner = place.partition(":")
        home = importlib.import_module(f"collarclass.{module}")
        home = getattr(home, owner) if owner else home
        setattr(home, name, clock.timed(room, getattr(home, name)))
    label = clock.timed("all else", label_columns)
    options = Options.of(model, evidence=evidence)
    n_characters = sum(map(len, texts)) + sum(map(len, titles))
    total: dict[str, float] = {}
    for some, heads in chunks(texts, titles):
        least: dict[str, int] = {}
        for _ in range(rounds):
            clock.spent = {}
            label(some, heads, options=options)
            least = {room: min(spent, least.get(room, spent)) for room, spent in clock.spent.items()}
        for room, spent in least.items():
            total[room] = total.get(room, 0.0) + spent / n_characters
    return total


def read(paths: list[Path]) -> tuple[list[str], list[str]]:
    """Texts and titles of files, or of the ads of run.py."""
    if not paths:
        from run import make_ads

        ads = make_ads(1200)
        return [text for _, text, _ in ads], [title for title, _, _ in ads]
    csv.field_size_limit(1 << 30)
    rows: list[dict[str, str]] = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return [row.get("text") or "" for row in rows], [row.get("title") or "" for row in rows]


def main() -> None:
    """Measure and print a table."""
    from collarclass import load_model
    from collarclass.kernel.library import description
    from collarclass.model.persistence import default_model_path

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", type=Path, nargs="*")
    options.add_argument("--model", type=Path, default=default_model_path())
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--evidence", action="store_true")
    options.add_argument("--json", action="store_true", help="write an object of numbers")
    given = options.parse_args()
    texts, titles = read(given.files)
    found = measure(texts, titles, load_model(given.model), given.rounds, given.evidence)
    if given.json:
        print(json.dumps(found))
        return
    print(f"{description()}, {len(texts):,} ads")
    for room, spent in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{spent:7.2f}  {room}")
    print(f"{sum(found.values()):7.2f}  altogether")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
