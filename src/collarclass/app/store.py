"""The projects of one server: labelled one after the other, kept in folders, the oldest forgotten first."""

from __future__ import annotations

import json
import os
import queue
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from collarclass.app.jobs import TABLE, Job, harmless_name
from collarclass.app.problems import Problem, log_unexpected
from collarclass.app.results import Results
from collarclass.app.reviews import Reviews
from collarclass.app.rows import rows_writer
from collarclass.app.schemas import LabelRequest
from collarclass.errors import CollarclassError
from collarclass.files.formats import COMPRESSIONS, name_format, result_name
from collarclass.files.label import label_file
from collarclass.files.layout import Layout
from collarclass.files.table import rewrite
from collarclass.messages import Message
from collarclass.model.model import Model
from collarclass.shares.read import digest_of_file

PREFIX = "collarclass-app-"
TARGETS = ("csv", "tsv", "jsonl", "parquet", "xlsx")
MAX_FILES = 20
MAX_BYTES = 5 << 30
_MIN_FREE_BYTES = 200 << 20  # bytes of the disk that no upload may take
_SUFFIXES = {compression: suffix for suffix, compression in COMPRESSIONS.items()}
_STATE = "file.json"
_DAY = 86_400.0


class CancelledError(Exception):
    """Raised inside a run to end it."""


class Store:
    """The files of one server, and the thread that labels them; without a folder to keep them in they go with it."""

    def __init__(self, model: Model, kept: Path | None = None) -> None:
        remove_orphans()
        self.model = model
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))  # for this user alone
        kept = kept or self.folder / "kept"
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.reviews = Reviews(kept / "reviews")
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

    def room(self, size: int = 0) -> None:
        """Refuse to fill the disk to the brim, by so many bytes more."""
        if shutil.disk_usage(self.folder).free < size + _MIN_FREE_BYTES:
            raise Problem(
                507, "The disk that holds {parent} is nearly full: make room, or set TMPDIR.",
                parent=self.folder.parent,
            )  # fmt: skip

    def add(self, job: Job) -> None:
        """Look at a file that has come, and make it a project."""
        job.size = job.path.stat().st_size
        home, place = job.place, self.shelf.folder / job.id
        with job.telling():
            job.look(Layout())
        place.mkdir(mode=0o700)
        job.path = Path(shutil.move(job.path, place / job.path.name))  # perhaps to another disk
        shutil.rmtree(home, ignore_errors=True)
        self.jobs[job.id] = job
        self.keep(job)

    @contextmanager
    def changing(self, job: Job) -> Iterator[None]:
        """Let nobody label a file, or change it in another way, meanwhile: two windows may show it."""
        self._check_idle(job)
        job.changing = True
        try:
            yield
        finally:
            job.changing = False

    @staticmethod
    def _check_idle(job: Job) -> None:
        if job.changing or job.state in ("waiting", "running"):
            raise Problem(409, "This file is being read or labelled, perhaps for another window: wait for it.")

    def add_source(self, job: Job, more: Job) -> None:
        """Let another file be part of the data set of a project, which is to be labelled anew."""
        more.look(Layout())
        name = f"source-{len(job.sources) + 2}{''.join(more.path.suffixes)}"
        shutil.move(more.path, job.place / name)
        job.sources.append(name)
        job.size += job.place.joinpath(name).stat().st_size
        job.name = f"{job.name} + {more.name}" if len(job.sources) == 1 else f"{job.name}, {more.name}"
        job.state, job.result = "ready", None
        self.keep(job)

    def drop(self, job: Job) -> None:
        """Forget a file and remove all of it."""
        job.dropped = True
        job.cancelled.set()
        self.jobs.pop(job.id, None)
        if job.state not in ("waiting", "running"):  # otherwise the thread that writes there removes it
            self._remove(job)

    def _remove(self, job: Job) -> None:
        self.shelf.forget(job.id)
        shutil.rmtree(job.place, ignore_errors=True)

    def keep(self, job: Job) -> None:
        """Have a project there again after the next start, as it is now."""
        for name in self.shelf.keep(job.id, job.state_to_keep()):
            self.jobs.pop(name, None)

    def get(self, name: str) -> Job:
        """The file of an id."""
        try:
            return self.jobs[name]
        except KeyError:
            raise Problem(404, "There is no file of that id; it may have been removed.") from None

    def labelled(self, job: Job) -> Path:
        """The labelled file of a job that is done."""
        if job.state != "done" or job.result is None:
            raise Problem(409, "This file is not labelled (its state is '{state}').", state=job.state)
        return job.result

    def with_rows(self, job: Job) -> Path:
        """The labelled file of a job that is done and has rows."""
        path = self.labelled(job)
        if not job.rows:
            raise Problem(409, "This file has no rows: choose another sheet, or another row of column names.")
        return path

    def results(self, job: Job) -> Results:
        """The rows of a labelled file, with the labels that people gave them, one by one or in reviews."""
        self.with_rows(job)
        found = job.open_results()
        if found.take(self.reviews.labels_of(job) | {int(row): label for row, label in job.own.items()}):
            job.estimates.clear()
        return found

    def correct(self, job: Job, row: int, label: str | None) -> None:
        """Keep a person's label for a row, from 0, apart from the program's; None takes it back."""
        job.own = {**{key: value for key, value in job.own.items() if key != str(row)},
                   **({} if label is None else {str(row): label})}  # fmt: skip
        self.keep(job)

    def with_own_columns(self, job: Job) -> Path:
        """The labelled file with what people labelled and merged on the page in columns on the right."""
        path = self.labelled(job)
        added = self.results(job).by_people() if job.rows else None
        if added is None or not added.column_names:
            return path
        fresh = path.with_name(f"{secrets.token_hex(4)}.partial")  # another window may ask for it at the same time
        rewrite(str(path), str(path), fresh, added)
        return fresh.replace(path.with_name(f"own-{path.name}"))

    def start(self, job: Job, wanted: LabelRequest) -> None:
        """Label a file as soon as those before it are done."""
        target, title, texts = wanted.format, wanted.title, wanted.texts
        self._check_idle(job)
        own = "".join(Path(result_name(job.path.name)).suffixes) or ".csv"
        result, table = job.place / f"labelled{f'.{target}' if target else own}", job.place / TABLE
        for old in (job.result, table):
            if old is not None:
                old.unlink(missing_ok=True)
        job.forget_run()
        job.result, job.state, job.model, job.definition = result, "waiting", self.model.identity, wanted.definition
        job.date = wanted.date if "date" in wanted.model_fields_set else job.date
        job.groups = wanted.groups if wanted.groups is not None else job.groups
        if title is not None or texts:  # what was chosen goes with the file, whatever is made of it later
            job.title, job.texts = title, texts or []
            job.chosen = {key: value for key, value in (("title", title), ("text", (texts or [""])[0])) if value}
        if wanted.prefix:
            job.chosen["prefix"] = wanted.prefix
        self.keep(job)

        def progress(rows: int, share: float) -> None:
            if job.cancelled.is_set():
                raise CancelledError
            job.rows, job.share = rows, share

        def run() -> None:
            fresh = table.with_suffix(".partial")
            with rows_writer(fresh, job.columns, wanted.prefix) as add:
                done = label_file(
                    job.paths if job.sources else job.path, result, title=title, text=texts, code=wanted.code,
                    evidence=wanted.evidence, occupations=wanted.occupations, definition=wanted.definition,
                    prefix=wanted.prefix, min_confidence=wanted.min_confidence, sheet=job.layout.sheet,
                    header_row=job.layout.header_row, skip_rows=job.layout.skip_rows,
                    model=self.model, force=True, progress=progress, on_batch=add,
                )  # fmt: skip
            if done.rows:
                fresh.replace(table)
                job.digest = digest_of_file(result)
                job.open_results()
            job.rows, job.share, job.counts, job.noted = done.rows, 1.0, done.counts, done.noted
            job.bases = done.bases
            right = done.expected
            job.expected = None if right is None else [right.n, right.share, right.low, right.high, right.sources]

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
            if state != "done":  # nothing goes on from there: it may be labelled with other columns next
                for path in (*job.place.glob(".labelled*"), *job.place.glob("*.partial")):
                    path.unlink(missing_ok=True)
            job.state = state
            if job.dropped:
                self._remove(job)
            else:
                self.keep(job)


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
        job.error = Message("Something went wrong in the program ({kind}).", kind=type(error).__name__)
        return "failed"
    return "done"


def remove_orphans() -> None:
    """Remove what servers that were killed have left of this user's files."""
    if not hasattr(os, "getuid"):  # elsewhere asking after a process could end it
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        found = re.fullmatch(rf"{PREFIX}(\d+)-\w+", folder.name)
        if found and not folder.is_symlink() and folder.stat().st_uid == os.getuid():
            try:
                os.kill(int(found[1]), 0)
            except ProcessLookupError:
                shutil.rmtree(folder, ignore_errors=True)
            except OSError:  # of another user by now
                continue


class Shelf:
    """The folder of projects; one is there once its state is, and what has none after a day is removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        for place in folder.iterdir():
            if not (place / _STATE).exists() and time.time() - place.stat().st_mtime > _DAY:
                shutil.rmtree(place, ignore_errors=True)

    def _states(self) -> list[Path]:
        """The files of their states, the oldest first."""
        return sorted(self.folder.glob(f"*/{_STATE}"), key=lambda path: path.stat().st_mtime)

    def keep(self, name: str, state: dict[str, Any]) -> list[str]:
        """Write down what a project is, and give the names of older ones that had to be forgotten for it."""
        fresh = self.folder / name / f"{_STATE}.partial"
        fresh.write_text(json.dumps(state, ensure_ascii=False), "utf-8", "surrogatepass")
        fresh.replace(fresh.with_name(_STATE))
        others = [path.parent for path in reversed(self._states()) if path.parent.name != name]
        lost, size = [], 0
        for i, place in enumerate([self.folder / name, *others]):
            size += sum(path.stat().st_size for path in place.iterdir())
            if i and (i >= MAX_FILES or size > MAX_BYTES):
                lost.append(place.name)
                self.forget(place.name)
        return lost

    def forget(self, name: str) -> None:
        """Remove a project with all that belongs to it."""
        (self.folder / name / _STATE).unlink(missing_ok=True)
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def every(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Names and states of the projects, the oldest first; what is none is left alone."""
        for path in self._states():
            with suppress(OSError, ValueError):
                yield path.parent.name, dict(json.loads(path.read_text("utf-8", "surrogatepass")))
