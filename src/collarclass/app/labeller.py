"""One thread that labels: requests that wait at the same time are labelled in one batch.

A batch costs little more than one ad, so that a server under load becomes faster, not slower; and the
results are the same, because no ad's result depends on its neighbours.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.api import classify_many
from collarclass.app.problems import Problem
from collarclass.app.schemas import Ad, Result
from collarclass.definitions.definition import DEFAULT, Definition, Facts, builtin_definitions, load_definition
from collarclass.definitions.labels import COLLARS, LABELS, LEVELS, STATUSES, UNCLEAR
from collarclass.model.model import Model
from collarclass.occupation.lookup import index
from collarclass.occupation.table import occupations
from collarclass.result import DECIMALS, FIELDS, Classification, plain
from collarclass.text.first_line import title_of

_MAX_WAITING_REQUESTS = 256
_MAX_BATCH_ADS = 64  # ads of small requests that are put into one batch
MAX_EVIDENCE = 60
_FIELDS = [name for name, field in Result.model_fields.items() if name in FIELDS and field.is_required()]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a result should have beside the label.

    Attributes
    ----------
    evidence : bool
        The words that decided, what is asked for, and a sentence.
    lang : str, optional
        Of the sentence.
    definitions : bool
        What other definitions of the labels would say.
    nearest : int
        How many occupations that answer to the title.
    definition : str
        What the labels mean.
    min_confidence : float
        Below which a label becomes "unclear".
    """

    evidence: bool = True
    lang: str | None = None
    definitions: bool = False
    nearest: int = 0
    definition: str = DEFAULT
    min_confidence: float = 0.0

    @property
    def batch(self) -> tuple[bool, str, float]:
        """What ads that are labelled in one batch have in common; the first, whether it is known what they ask for."""
        return self.evidence or self.definitions, self.definition, self.min_confidence


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    ads: Sequence[Ad]
    wanted: Wanted
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[bytes]
    begun: threading.Event = field(default_factory=threading.Event)


class Labeller:
    """Labels ads for requests, away from the event loop.

    Parameters
    ----------
    model : Model
    patience : float
        Seconds after which a request is given up.

    Attributes
    ----------
    on_waiting : callable
        Gets the number of requests that wait, when it changes.
    on_label : callable
        Gets each label that was given, and how often.
    """

    def __init__(self, model: Model, patience: float) -> None:
        self.model, self.patience = model, patience
        self.on_waiting: Callable[[int], Any] = lambda n: None
        self.on_label: Callable[[str, int], Any] = lambda label, n: None
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._waiting = 0
        self._thread = threading.Thread(target=self._work, name="labeller", daemon=True)
        self._thread.start()

    async def classify(self, ads: Sequence[Ad], wanted: Wanted) -> bytes:
        """Results as a JSON array."""
        if self._waiting >= _MAX_WAITING_REQUESTS:
            raise Problem(503, "The server is busy: try again in a moment.", {"retry-after": "1"})
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bytes] = loop.create_future()
        task = _Task(ads, wanted, loop, done)
        self._count_waiting(1)
        self._tasks.put(task)
        try:
            return await asyncio.wait_for(done, self.patience)
        except TimeoutError:
            if not task.begun.is_set():
                detail = f"The server was busy with other requests for {self.patience:g} seconds: try again later."
                raise Problem(503, detail, {"retry-after": "5"}) from None
            detail = f"Labelling took more than {self.patience:g} seconds: send fewer or shorter ads at once."
            raise Problem(413, detail) from None
        finally:
            self._count_waiting(-1)

    def _count_waiting(self, change: int) -> None:
        self._waiting += change
        self.on_waiting(self._waiting)

    @property
    def is_ready(self) -> bool:
        """Whether a request would be taken."""
        return self._thread.is_alive() and self._waiting < _MAX_WAITING_REQUESTS

    def close(self) -> None:
        """Let the thread end."""
        self._tasks.put(None)
        self._thread.join(5)

    def _work(self) -> None:
        while (first := self._tasks.get()) is not None:
            together, size = [first], len(first.ads)
            while size < _MAX_BATCH_ADS:
                try:
                    task = self._tasks.get_nowait()
                except queue.Empty:
                    break
                if task is None:
                    self._tasks.put(None)
                    break
                together.append(task)
                size += len(task.ads)
            batches: dict[tuple[bool, str, float], list[_Task]] = {}
            for task in together:
                if not task.done.cancelled():
                    batches.setdefault(task.wanted.batch, []).append(task)
            for (reading, definition, least), tasks in batches.items():
                self._label(tasks, reading, definition, least)

    def _label(self, tasks: Sequence[_Task], reading: bool, definition: str, min_confidence: float) -> None:
        ads = [ad for task in tasks for ad in task.ads]
        for task in tasks:
            task.begun.set()
        try:
            every = classify_many(
                [ad.text for ad in ads],
                [ad.title for ad in ads],
                reading,
                codes=[ad.code or "" for ad in ads],
                definition=definition,
                min_confidence=min_confidence,
                model=self.model,
            )
            for label, n in Counter(one.label for one in every).items():
                self.on_label(label, n)
            found = iter(every)
            answers = [_as_json([next(found) for _ in task.ads], task.wanted) for task in tasks]
        except Exception as error:
            for task in tasks:
                task.loop.call_soon_threadsafe(_fail, task.done, error)
            return
        for task, answer in zip(tasks, answers, strict=True):
            task.loop.call_soon_threadsafe(_settle, task.done, answer)


def _settle(done: asyncio.Future[bytes], answer: bytes) -> None:
    if not done.done():
        done.set_result(answer)


def _fail(done: asyncio.Future[bytes], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)


def _as_json(found: Sequence[Classification], wanted: Wanted) -> bytes:
    results = [as_dict(one, wanted) for one in found]
    if wanted.definitions:
        for result, labels in zip(results, under_definitions(found), strict=True):
            result["definitions"] = labels
    if wanted.nearest:
        for result, occupations in zip(results, nearest_occupations(found, wanted.nearest), strict=True):
            result["occupations"] = occupations
    return json.dumps(results, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def as_dict(found: Classification, wanted: Wanted) -> dict[str, Any]:
    """One result as plain values, in the shape of the schema `Result`."""
    out = {name: plain(getattr(found, name), DECIMALS) for name in _FIELDS}
    if wanted.evidence:
        out["explanation"] = found.explain(wanted.lang)
        out |= {name: plain(getattr(found, name), DECIMALS) for name in ("requirements", "reasons")}
        out["evidence"] = plain(found.weightiest(MAX_EVIDENCE), DECIMALS)
    return out


@cache
def definitions() -> tuple[Definition, ...]:
    """The built-in definitions that an ad alone is enough for."""
    every = (load_definition(name) for name in builtin_definitions())
    return tuple(found for found in every if "occupation" not in found.needs)


def under_definitions(found: Sequence[Classification]) -> list[dict[str, str]]:
    """The label of each ad under each definition."""
    names = COLLARS

    def codes(statuses: Iterable[str]) -> NDArray[np.int8]:
        return np.array([STATUSES.index(status) for status in statuses], np.int8)

    probabilities = np.array([[one.probabilities[label] for label in LABELS] for one in found])
    unclear = [one.label == "unclear" for one in found]
    facts = Facts(
        label=np.where(unclear, UNCLEAR, probabilities.argmax(axis=1)).astype(np.int8),
        probabilities=probabilities,
        scores=np.array([[one.academic_score, one.hands_on_score] for one in found]),
        level=np.array([LEVELS.index(one.schooling_level) if one.schooling_level else -1 for one in found], np.int8),
        status=codes(one.schooling_status for one in found),
        academic_certificate=codes(one.academic_certificate for one in found),
        vocational_certificate=codes(one.vocational_certificate for one in found),
    )
    labels = {one.name: one.apply(facts) for one in definitions()}
    return [{name: names[of_ads[i]] for name, of_ads in labels.items()} for i in range(len(found))]


def nearest_occupations(found: Sequence[Classification], n: int) -> list[list[dict[str, Any]]]:
    """The occupations that answer to each ad's title; of an ad without one, to a short first line."""
    titles = [title_of(one.text, one.title) for one in found]
    table, nearest = occupations(), index().nearest(titles, n)
    columns = ["onet_code", "title", "label", "academic_rating", "hands_on_rating"]
    out = []
    for title, rows, similarities in zip(titles, nearest.row, nearest.similarity, strict=True):
        known = [(int(row), float(s)) for row, s in zip(rows, similarities, strict=True) if s > 0]
        of_ad = [dict(zip(columns, table.iloc[row][columns].tolist(), strict=True)) for row, _ in known]
        for occupation, (row, similarity) in zip(of_ad, known, strict=True):
            occupation |= {"similarity": round(similarity, 4), "reason": index().reason(title, row)}
        out.append(of_ad)
    return out
