"""Files that were handed in: labelled one after the other in a private folder; the results stay, if they are to."""

from __future__ import annotations

import os
import queue
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from collarclass.app.kept import Shelf
from collarclass.app.messages import on_the_page, said
from collarclass.app.problems import Problem, log_unexpected
from collarclass.app.profile import propose
from collarclass.app.results import Results, ResultsWriter
from collarclass.app.schemas import LabelRequest
from collarclass.definitions.definition import DEFAULT
from collarclass.errors import CollarclassError, DataError, refusal
from collarclass.files.batch import Batch
from collarclass.files.formats import COMPRESSIONS, ENDINGS, FORMATS, name_format, open_source
from collarclass.files.label import label_file
from collarclass.files.layout import Layout
from collarclass.files.readers import open_reader
from collarclass.model.model import Model
from collarclass.shares.read import digest_of_file
from collarclass.tables.columns import Columns, choose_columns

PREFIX = "collarclass-app-"
TABLE = "rows.arrow"  # of a labelled file's rows, beside it
TARGETS = ("csv", "tsv", "jsonl", "parquet", "xlsx")
ONLY_RESULT = "Of this file only the result was kept: hand it in again to label it anew."
_PREVIEW_ROWS = 5
_ROWS_TO_PROPOSE = 1000
_PREVIEW_CHARACTERS = 160
_MIN_FREE_BYTES = 200 << 20  # bytes of the disk that no upload may take
_SUFFIXES = {compression: suffix for suffix, compression in COMPRESSIONS.items()}

_KEPT = ("name", "size", "columns", "title", "texts", "preview", "rows", "counts", "noted", "seconds", "chosen",
         "definition", "sheets", "lists", "date", "groups", "digest", "model")  # fmt: skip
_KEPT_LAYOUT = ("sheet", "header_row", "skip_rows", "records")


class CancelledError(Exception):
    """Raised inside a run to end it."""


@dataclass(slots=True)
class Job:
    """One file, and what was done with it.

    Attributes
    ----------
    id : str
        Random; also the name of its folder.
    name : str
        As the client called it: shown, never used as a path.
    path : Path
    size : int
        In bytes.
    state : {"ready", "waiting", "running", "done", "failed", "cancelled"}
    rows : int
        Ads labelled so far.
    share : float
        Of the work, 0 to 1; 0 where it is not known.
    """

    id: str
    name: str
    path: Path
    size: int = 0
    columns: list[str] = field(default_factory=list)
    title: str | None = None
    texts: list[str] = field(default_factory=list)
    preview: list[dict[str, str]] = field(default_factory=list)
    state: str = "ready"
    rows: int = 0
    share: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    noted: int = 0
    error: str | None = None
    result: Path | None = None
    started: float = 0.0
    seconds: float = 0.0
    cancelled: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False
    chosen: dict[str, str] = field(default_factory=dict)  # columns and their prefix that only the user could tell
    definition: str = DEFAULT
    layout: Layout = field(default_factory=Layout)
    sheets: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)  # of objects, in a JSON object
    date: str | None = None
    groups: list[str] = field(default_factory=list)
    results: Results | None = None
    digest: str = ""  # of the labelled file
    truth: Path | None = None  # annotated ads, by which the shares are corrected
    estimates: dict[str, pd.DataFrame] = field(default_factory=dict)  # shares, by the column that makes groups
    model: str = ""  # that labelled it
    reopened: bool = False  # after the program was started anew, without the file itself

    @property
    def place(self) -> Path:
        """Where the result is, and what belongs to it."""
        assert self.result is not None
        return self.result.parent

    def state_to_keep(self) -> dict[str, Any]:
        """What `reopen` needs."""
        assert self.result is not None
        plain = {name: getattr(self, name) for name in _KEPT}
        truth = None if self.truth is None else self.truth.name
        layout = {name: getattr(self.layout, name) for name in _KEPT_LAYOUT}
        return {**plain, "layout": layout, "result": self.result.name, "truth": truth}

    @classmethod
    def reopen(cls, name: str, place: Path, state: dict[str, Any]) -> Job:
        """A finished job as it was kept."""
        job = cls(name, state["name"], Path(), **{key: state[key] for key in _KEPT if key != "name"})
        job.layout, job.result = Layout(**state["layout"]), place / harmless_name(state["result"])
        job.truth = None if state["truth"] is None else place / harmless_name(state["truth"])
        job.state, job.share, job.reopened = "done", 1.0, True
        if not job.result.exists() or not (place / TABLE).exists():
            raise ValueError(f"{place} is not whole")
        return job

    def open_results(self) -> Results:
        """The rows of the labelled file."""
        if self.results is None:
            prefix = self.chosen.get("prefix", "")
            self.results = Results(self.place / TABLE, self.columns, prefix, self.groups, self.date)
        return self.results

    def shown(self) -> dict[str, Any]:
        """What a client sees of it."""
        seconds = time.monotonic() - self.started if self.state == "running" else self.seconds
        return {
            "id": self.id,
            "name": self.name,
            "size": self.size,
            "columns": self.columns,
            "title": self.title,
            "text": self.texts,
            "sheets": self.sheets,
            "sheet": self.layout.sheet,
            "lists": self.lists,
            "records": self.layout.records,
            "header_row": self.layout.header_row,
            "skip_rows": self.layout.skip_rows,
            "date": self.date,
            "groups": self.groups,
            "annotated": self.truth is not None,
            "definition": self.definition,
            "preview": self.preview,
            "state": self.state,
            "rows": self.rows,
            "share": round(self.share, 4),
            "seconds": round(seconds, 2),
            "counts": self.counts,
            "noted": self.noted,
            "error": None if self.error is None else said(self.error),
            "digest": self.digest,
            "result": self.result_name if self.state == "done" else None,
            "labelled_by": self.model,
            "reopened": self.reopened,
        }

    @property
    def result_name(self) -> str:
        """What the labelled file is called when it is downloaded."""
        stem = self.name
        for _ in range(2):
            root, dot, ending = stem.rpartition(".")
            if dot and f".{ending.lower()}" in {*COMPRESSIONS, *ENDINGS}:
                stem = root
        return f"{stem or 'ads'}-labelled{''.join(self.result.suffixes) if self.result else ''}"

    def told(self, error: BaseException) -> str:
        """An error's message with the file under the name that its owner gave it."""
        message = refusal(error) if isinstance(error, OSError) else str(error)
        for path in (self.result, self.path):
            if path is not None:
                message = message.replace(str(path), self.name).replace(path.name, self.name)
        message = message.replace(str(self.path.parent), "").strip()
        return on_the_page(message)


def harmless_name(name: str) -> str:
    """The last part of a name, without what a file system or a terminal could take for something else."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').rstrip(". ").lstrip()[-120:]
    return f"ads{kept}" if kept.startswith(".") else kept or "ads.csv"


class Store:
    """The files of one server, and the thread that labels them.

    Parameters
    ----------
    model : Model
    kept : Path, optional
        A folder for labelled files and labels given by hand, which stay when the program ends; without one they go
        with it.
    """

    def __init__(self, model: Model, kept: Path | None = None) -> None:
        remove_orphans()
        self.model = model
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))  # for this user alone
        kept = kept or self.folder / "kept"
        self.reviews = kept / "reviews"
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.reviews.mkdir(mode=0o700, exist_ok=True)
        self.shelf = Shelf(kept / "files")
        self.jobs: dict[str, Job] = {}
        for name, state in self.shelf.every():
            with suppress(ValueError, TypeError, KeyError):
                self.jobs[name] = Job.reopen(name, self.shelf.folder / name, state)
        self._runs: queue.SimpleQueue[tuple[Job, Callable[[], None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="files", daemon=True)
        self._thread.start()

    def new(self, name: str) -> Job:
        """A place for a file that is about to come."""
        shown = harmless_name(name)
        # The name inside says what a .zip holds.
        kind, compression = name_format(shown, "csv" if shown.lower().endswith(".zip") else None)
        job = Job(id=secrets.token_hex(8), name=shown, path=Path())
        home = self.folder / job.id
        home.mkdir(mode=0o700)
        job.path = home / f"source{'.' + kind.name if kind else ''}{_SUFFIXES.get(compression, '')}"
        return job

    def room(self) -> None:
        """Refuse to fill the disk to the brim."""
        if shutil.disk_usage(self.folder).free < _MIN_FREE_BYTES:
            raise Problem(507, f"The disk that holds {self.folder.parent} is nearly full: make room, or set TMPDIR.")

    def add(self, job: Job) -> None:
        """Look at a file that has come, and keep it."""
        job.size = job.path.stat().st_size
        try:
            inspect(job, Layout())
        except (CollarclassError, OSError) as error:
            self.drop(job)
            raise DataError(job.told(error)) from None
        self.jobs[job.id] = job

    def drop(self, job: Job) -> None:
        """Forget a file and remove all of it."""
        job.dropped = True
        job.cancelled.set()
        self.jobs.pop(job.id, None)
        if job.state not in ("waiting", "running"):  # otherwise the thread that writes there removes it
            self._remove(job)

    def _remove(self, job: Job) -> None:
        self.shelf.forget(job.id)
        if not job.reopened:
            shutil.rmtree(job.path.parent, ignore_errors=True)

    def keep(self, job: Job) -> None:
        """Have a labelled file there again after the next start, as it is now."""
        for name in self.shelf.keep(job.id, job.state_to_keep()):
            self.jobs.pop(name, None)

    def get(self, name: str) -> Job:
        """The file of an id."""
        try:
            return self.jobs[name]
        except KeyError:
            raise Problem(404, "There is no file of that id; it may have been removed.") from None

    def start(self, job: Job, wanted: LabelRequest) -> None:
        """Label a file as soon as those before it are done."""
        target, title, texts = wanted.format, wanted.title, wanted.texts
        if job.state in ("waiting", "running"):
            raise Problem(409, "This file is being labelled already: wait for it, or cancel it.")
        if job.reopened:
            raise Problem(409, ONLY_RESULT)
        source, compression = name_format(job.path.name, "csv")
        kind = FORMATS[target or (source.written_as if source is not None else "csv")]
        compression = compression if target is None and kind.text else ""
        place = self.shelf.begin(job.id)
        result, table = place / f"labelled.{kind.name}{_SUFFIXES.get(compression, '')}", place / TABLE
        job.result, job.state, job.rows, job.share, job.error, job.seconds = result, "waiting", 0, 0.0, None, 0.0
        job.model = self.model.identity
        job.counts, job.cancelled = {}, threading.Event()
        job.definition, job.chosen, job.results, job.truth = wanted.definition, {}, None, None
        job.digest = ""
        job.estimates.clear()
        job.date = wanted.date if "date" in wanted.model_fields_set else job.date
        job.groups = wanted.groups if wanted.groups is not None else job.groups
        if title is not None and title != job.title:
            job.chosen["title"] = title
        if texts and texts != job.texts:
            job.chosen["text"] = texts[0]
        if wanted.prefix:
            job.chosen["prefix"] = wanted.prefix

        def progress(rows: int, share: float) -> None:
            if job.cancelled.is_set():
                raise CancelledError
            job.rows, job.share = rows, share

        def run() -> None:
            with ResultsWriter(table, job.columns, wanted.prefix) as rows:
                done = label_file(
                    job.path, result, title=title, text=texts, code=wanted.code, evidence=wanted.evidence,
                    occupations=wanted.occupations, definition=wanted.definition, prefix=wanted.prefix,
                    min_confidence=wanted.min_confidence, sheet=job.layout.sheet, header_row=job.layout.header_row,
                    skip_rows=job.layout.skip_rows, records=job.layout.records, model=self.model, force=True,
                    progress=progress, on_batch=rows.add,
                )  # fmt: skip
            if done.rows:
                job.digest = digest_of_file(result)
                job.open_results()
            job.rows, job.share, job.counts, job.noted = done.rows, 1.0, done.counts, done.noted

        self._runs.put((job, run))

    def close(self) -> None:
        """Stop whatever runs and remove everything."""
        for job in list(self.jobs.values()):
            job.cancelled.set()
        self._runs.put(None)
        self._thread.join(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _work(self) -> None:
        while (task := self._runs.get()) is not None:
            job, run = task
            job.started = time.monotonic()
            state = "cancelled" if job.cancelled.is_set() else _outcome(job, run)
            job.seconds = time.monotonic() - job.started
            if state == "done" and job.rows:
                self.keep(job)
            elif state != "done":
                self.shelf.forget(job.id)
            job.state = state
            if job.dropped:
                self._remove(job)


def _outcome(job: Job, run: Callable[[], None]) -> str:
    """Run a job, and say how it ended."""
    job.state = "running"
    try:
        run()
    except CancelledError:
        return "cancelled"
    except (CollarclassError, OSError) as error:
        job.error = job.told(error)
        return "failed"
    except Exception as error:
        log_unexpected(error)
        job.error = f"Something went wrong in the program ({type(error).__name__})."
        return "failed"
    return "done"


def inspect(job: Job, layout: Layout) -> None:
    """Find out where a file's table is, which columns hold titles, texts, dates and groups, and how it begins."""
    job.title, job.texts = None, []

    def choose(columns: list[str], where: str, kinds: Mapping[Hashable, str]) -> Columns:
        job.columns = [str(column) for column in columns]
        try:
            found = choose_columns(columns, where=where, kinds=kinds)
        except DataError:  # left to the user, who sees the columns
            return Columns(None, (columns[0],))
        job.title, job.texts = (None if found.title is None else str(found.title)), list(map(str, found.texts))
        return found

    source = open_source(str(job.path))
    try:
        reader = open_reader(source, layout, choose)
        job.columns = list(map(str, reader.names))
        job.sheets, job.lists = list(getattr(reader, "sheets", [])), list(getattr(reader, "lists", []))
        rows = next(iter(reader.batches(_ROWS_TO_PROPOSE)), Batch(lambda batch: [])).rows()
        header_row = reader.header_row if reader.format in ("csv", "excel") else None
        job.layout = replace(
            layout, sheet=reader.sheet, header_row=header_row, records=getattr(reader, "records", None)
        )
        job.date, job.groups = propose(rows, job.columns, [job.title or "", *job.texts])
        job.preview = [
            {str(k): "" if v is None else " ".join(str(v).split())[:_PREVIEW_CHARACTERS] for k, v in row.items()}
            for row in rows[:_PREVIEW_ROWS]
        ]
    finally:
        source.close()


def remove_orphans() -> None:
    """Remove what servers that were killed have left of this user's files."""
    if not hasattr(os, "getuid"):  # elsewhere asking after a process could end it
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        found = re.fullmatch(rf"{PREFIX}(\d+)-\w+", folder.name)
        if not found or folder.is_symlink() or folder.stat().st_uid != os.getuid():
            continue
        try:
            os.kill(int(found[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
