"""One project: the files that were handed in, what was chosen, and what labelling them gave."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from collarclass.app.preview import look
from collarclass.app.problems import said
from collarclass.app.results import Results
from collarclass.definitions.definition import DEFAULT
from collarclass.errors import CollarclassError, DataError, refusal
from collarclass.files.formats import COMPRESSIONS, ENDINGS
from collarclass.files.layout import Layout
from collarclass.messages import Message

TABLE = "rows.arrow"  # of a labelled file's rows, beside it

_KEPT = ("name", "size", "columns", "title", "texts", "preview", "rows", "counts", "noted", "seconds", "chosen",
         "definition", "sheets", "date", "groups", "digest", "model", "sources", "merged", "own", "bases",
         "expected", "created")  # fmt: skip
_SHOWN = ("id", "name", "size", "columns", "title", "sheets", "date", "groups", "definition", "preview",
          "state", "rows", "counts", "noted", "digest", "created")  # fmt: skip
_KEPT_LAYOUT = ("sheet", "header_row", "skip_rows")
_OF_A_RUN = ("rows", "share", "counts", "noted", "error", "seconds", "cancelled", "chosen", "results", "digest",
             "truth", "estimates", "bases", "expected")  # fmt: skip


@dataclass(slots=True)
class Job:
    """One file, and what was done with it."""

    id: str  # random; also the name of its folder
    name: str  # as the client called it: shown, never used as a path
    path: Path
    size: int = 0  # in bytes
    columns: list[str] = field(default_factory=list)
    title: str | None = None
    texts: list[str] = field(default_factory=list)
    preview: list[dict[str, str]] = field(default_factory=list)
    state: str = "ready"  # or waiting, running, done, failed, cancelled
    rows: int = 0  # labelled so far
    share: float = 0.0  # of the work, 0 to 1; 0 where it is not known
    counts: dict[str, int] = field(default_factory=dict)
    noted: int = 0
    error: Message | None = None
    result: Path | None = None
    started: float = 0.0
    seconds: float = 0.0
    cancelled: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False
    changing: bool = False  # its layout or its sources, for some window
    chosen: dict[str, str] = field(default_factory=dict)  # columns and their prefix that only the user could tell
    definition: str = DEFAULT
    layout: Layout = field(default_factory=Layout)
    sheets: list[str] = field(default_factory=list)
    date: str | None = None
    groups: list[str] = field(default_factory=list)
    results: Results | None = None
    digest: str = ""  # of the labelled file
    truth: Path | None = None  # annotated ads, by which the shares are corrected
    estimates: dict[Any, pd.DataFrame] = field(default_factory=dict)  # shares, by the column of groups and the view
    model: str = ""  # that labelled it
    sources: list[str] = field(default_factory=list)  # names of the files that make one data set, in its folder
    merged: dict[str, dict[str, str]] = field(default_factory=dict)  # by column, names that stand for another one
    own: dict[str, str] = field(default_factory=dict)  # labels that a person gave single rows, by their number from 0
    bases: dict[str, int] = field(default_factory=dict)  # how many ads were judged from what
    expected: list[float] | None = None  # labels of ads, the share expected to be right, its range, and sources
    created: float = field(default_factory=time.time)
    profiled: tuple[Any, dict[str, Any]] | None = None  # what the file holds, and by which columns

    @property
    def place(self) -> Path:
        """The folder of all that belongs to it."""
        return self.path.parent

    @property
    def paths(self) -> list[str]:
        """The files that make the data set."""
        return [str(self.path), *(str(self.place / name) for name in self.sources)]

    def state_to_keep(self) -> dict[str, Any]:
        """What `reopen` needs."""
        plain = {name: getattr(self, name) for name in _KEPT}
        layout = {name: getattr(self.layout, name) for name in _KEPT_LAYOUT}
        files = {name: None if path is None else path.name for name, path in (
            ("path", self.path), ("result", self.result), ("truth", self.truth))}  # fmt: skip
        return {**plain, **files, "layout": layout, "done": self.state == "done"}

    @classmethod
    def reopen(cls, name: str, place: Path, state: dict[str, Any]) -> Job:
        """A project as it was kept; one whose labelling was interrupted is ready to be labelled."""
        job = cls(name, path=place / harmless_name(state["path"]), layout=Layout(**state["layout"]),
                  **{key: state[key] for key in _KEPT if key in state})  # fmt: skip
        for key in ("result", "truth"):
            setattr(job, key, None if state[key] is None else place / harmless_name(state[key]))
        if not job.path.exists():
            raise ValueError(f"{place} is not whole")
        if state["done"] and job.result is not None and job.result.exists() and (place / TABLE).exists():
            job.state, job.share = "done", 1.0
        return job

    def forget_run(self) -> None:
        """Be as before the first run."""
        blank = Job(self.id, self.name, self.path)
        for name in _OF_A_RUN:
            setattr(self, name, getattr(blank, name))

    def look(self, layout: Layout) -> None:
        """Find out where the table is, and what its columns hold."""
        found = look(self.path, layout)
        for name in found.__slots__:
            setattr(self, name, getattr(found, name))

    def open_results(self) -> Results:
        """The rows of the labelled file."""
        if self.results is None:
            prefix = self.chosen.get("prefix", "")
            self.results = Results(self.place / TABLE, self.columns, prefix, self.groups, self.date, self.merged)
        return self.results

    def shown(self) -> dict[str, Any]:
        """What a client sees of it."""
        seconds = time.monotonic() - self.started if self.state == "running" else self.seconds
        return {
            **{name: getattr(self, name) for name in _SHOWN}, "text": self.texts, "sheet": self.layout.sheet,
            "header_row": self.layout.header_row, "skip_rows": self.layout.skip_rows,
            "annotated": self.truth is not None, "share": round(self.share, 4), "seconds": round(seconds, 2),
            "error": None if self.error is None else said(self.error), "labelled_by": self.model,
            "result": self.result_name if self.state == "done" else None,
        }  # fmt: skip

    @property
    def result_name(self) -> str:
        """What the labelled file is called when it is downloaded."""
        stem = self.name
        for _ in range(2):
            root, dot, ending = stem.rpartition(".")
            if dot and f".{ending.lower()}" in {*COMPRESSIONS, *ENDINGS}:
                stem = root
        return f"{stem or 'ads'}-labelled{''.join(self.result.suffixes) if self.result else ''}"

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Let what goes wrong be told with the file under the name that its owner gave it."""
        try:
            yield
        except (CollarclassError, OSError) as error:
            raise DataError(self.told(error)) from None

    def told(self, error: CollarclassError | OSError) -> Message:
        """An error's message with the file under the name that its owner gave it."""
        message = refusal(error) if isinstance(error, OSError) else error.message
        paths = [path for path in (self.result, *map(Path, self.paths)) if path is not None and path.name]
        return message.renamed({form: self.name for path in paths for form in (str(path), path.name)})


def harmless_name(name: str) -> str:
    """The last part of a name, without what a file system or a terminal could take for something else."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').rstrip(". ").lstrip()[-120:]
    return f"ads{kept}" if kept.startswith(".") else kept or "ads.csv"
