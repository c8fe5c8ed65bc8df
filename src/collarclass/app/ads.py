"""`/v1/classify`, `/v1/occupations`, `/v1/model` and probes; one thread labels for all requests."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from collarclass._version import __version__
from collarclass.api import classify_many
from collarclass.app.asked import Answer, Files
from collarclass.app.problems import Problem
from collarclass.app.results import definitions
from collarclass.app.schemas import ClassifyReply, ClassifyRequest, Result
from collarclass.definitions.labels import COLLARS, DIMENSIONS, LABELS
from collarclass.errors import DataError
from collarclass.labelling.options import Options
from collarclass.model.model import Model
from collarclass.occupation.lookup import index, lookup_occupation
from collarclass.occupation.table import occupations as occupation_table
from collarclass.result import DECIMALS, FIELDS, Classification, plain
from collarclass.shares.read import facts_of
from collarclass.tables.schema import to_frame
from collarclass.text.cells import title_of

_MAX_WAITING_REQUESTS = 256
MAX_EVIDENCE = 60
_FIELDS = [name for name, field in Result.model_fields.items() if name in FIELDS and field.is_required()]
_NEAREST = 10
_TEXT_COLUMNS = ("onet_code", "isco08", "csco22", "title", "titles_en", "titles_zh", "label", "why")


router = APIRouter()


@router.post("/v1/classify", response_model=ClassifyReply, tags=["ads"], summary="Label one ad, or up to 1,000",
             openapi_extra={"x-max-ads": 1000})  # fmt: skip
async def classify(request: Request, wanted: ClassifyRequest) -> Response:
    labeller: Labeller = request.app.state.labeller
    results = await labeller.classify(wanted)
    # Put together by hand: the results are JSON already, and checking them again would double the time.
    identity = Options.of(labeller.model, definition=wanted.definition).identity
    body = b'{"model":' + json.dumps(identity).encode() + b',"results":' + results + b"}"
    return Response(body, media_type="application/json")


@router.get("/v1/occupations", tags=["occupations"],
            summary="The table of occupations, or the nearest ones of a title or code")  # fmt: skip
def some_occupations(
    q: Annotated[str, Query(max_length=200, description="A title in English or Chinese, or a code.")] = "",
    limit: Annotated[int, Query(ge=1, le=2000)] = 2000,
) -> Answer:
    found = search(q, limit)
    return {"count": len(found), "occupations": found}


@router.get("/v1/occupations/{code}", tags=["occupations"], summary="One occupation by its O*NET-SOC code")
async def one_occupation(code: str) -> Answer:
    for row in occupation_rows():
        if row["onet_code"] == code:
            return row
    raise Problem(404, "There is no occupation of that code; /v1/occupations lists all.")


@router.get("/v1/model", tags=["model"], summary="The model, and how it decides")
async def about(store: Files) -> Answer:
    model = store.model
    return {
        "version": __version__, "labels": LABELS, "dimensions": DIMENSIONS,
        "facts": json.loads(json.dumps(model.facts, default=str)), "limits": model.limits,
        "definitions": [{name: getattr(one, name) for name in ("name", "summary", "summary_zh", "source")}
                        for one in definitions()],
    }  # fmt: skip


@router.get("/healthz", tags=["operations"], summary="Whether the server answers")
async def health() -> Answer:
    return {"status": "ok"}


@router.get("/readyz", tags=["operations"], summary="Whether the server can take requests")
async def ready(request: Request) -> Answer:
    if not request.app.state.labeller.is_ready:
        raise Problem(503, "The server is busy or ends: send requests elsewhere for now.", {"retry-after": "1"})
    return {"status": "ok"}


@cache
def occupation_rows() -> tuple[dict[str, Any], ...]:
    """The table of occupations as plain values."""
    columns = [*_TEXT_COLUMNS, "academic_rating", "hands_on_rating"]
    rows = occupation_table()[columns].to_dict("records")
    return tuple({str(k): v if isinstance(v, float) else str(v) for k, v in row.items()} for row in rows)


def search(wanted: str, most: int) -> list[dict[str, Any]]:
    """Occupations for a query: the nearest ones of a title or code, then those that have all its words."""
    if not wanted.strip():
        return list(occupation_rows()[:most])
    by_code = {row["onet_code"]: row for row in occupation_rows()}
    try:
        nearest = lookup_occupation(wanted, n=_NEAREST)
    except DataError:  # a code that no occupation has
        nearest = []
    found = {m.onet_code: {**by_code[m.onet_code], "similarity": m.similarity, "reason": m.reason} for m in nearest}
    for row in _with_words(wanted.casefold().split()):
        found.setdefault(row["onet_code"], row)
    return list(found.values())[:most]


def _with_words(words: Sequence[str]) -> list[dict[str, Any]]:
    """Occupations whose titles and codes have every word; titles that begin with the first one before others."""
    found = []
    for row in occupation_rows():
        names = [row["title"], *row["titles_en"].split("; "), *row["titles_zh"].split("; ")]
        codes = " ".join((row["onet_code"], row["isco08"], row["csco22"]))
        everything = " ".join((*names, codes)).casefold()
        if all(word in everything for word in words):
            begins = any(name.casefold().startswith(words[0]) for name in (*names, codes))
            found.append((not begins, row["onet_code"], row))
    return [row for _, _, row in sorted(found, key=lambda hit: hit[:2])]


class Labeller:
    """Labels ads for requests, away from the event loop; `patience` is in seconds, until a request is given up."""

    def __init__(self, model: Model, patience: float) -> None:
        self.model, self.patience = model, patience
        self._waiting, self._closed = 0, False
        self._thread = ThreadPoolExecutor(1, "labeller")

    async def classify(self, wanted: ClassifyRequest) -> bytes:
        """Results as a JSON array."""
        if not self.is_ready:
            raise Problem(503, "The server is busy: try again in a moment.", {"retry-after": "1"})
        begun = threading.Event()

        def label() -> bytes:
            begun.set()
            return self._label(wanted)

        self._waiting += 1
        try:
            running = asyncio.get_running_loop().run_in_executor(self._thread, label)
            return await asyncio.wait_for(running, self.patience)
        except TimeoutError:
            if not begun.is_set():
                raise Problem(
                    503, "The server was busy with other requests for {seconds:g} seconds: try again later.",
                    {"retry-after": "5"}, seconds=self.patience,
                ) from None  # fmt: skip
            raise Problem(
                413, "Labelling took more than {seconds:g} seconds: send fewer or shorter ads at once.",
                seconds=self.patience,
            ) from None  # fmt: skip
        finally:
            self._waiting -= 1

    @property
    def is_ready(self) -> bool:
        """Whether a request would be taken."""
        return not self._closed and self._waiting < _MAX_WAITING_REQUESTS

    def close(self) -> None:
        """Take no more requests."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _label(self, wanted: ClassifyRequest) -> bytes:
        ads = wanted.every
        found = classify_many(
            [ad.text for ad in ads], [ad.title for ad in ads], wanted.evidence or wanted.definitions,
            codes=[ad.code or "" for ad in ads], definition=wanted.definition, min_confidence=wanted.min_confidence,
            model=self.model,
        )  # fmt: skip
        results = [_as_dict(one, wanted) for one in found]
        if wanted.definitions:
            for result, labels in zip(results, under_definitions(found), strict=True):
                result["definitions"] = labels
        if wanted.nearest:
            for result, occupations in zip(results, nearest_occupations(found, wanted.nearest), strict=True):
                result["occupations"] = occupations
        return json.dumps(results, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _as_dict(found: Classification, wanted: ClassifyRequest) -> dict[str, Any]:
    """One result as plain values, in the shape of the schema `Result`."""
    out = {name: plain(getattr(found, name), DECIMALS) for name in _FIELDS}
    if wanted.evidence:
        out["explanation"] = found.explain(wanted.lang)
        out |= {name: plain(getattr(found, name), DECIMALS) for name in ("requirements", "reasons")}
        out["evidence"] = plain(found.evidence[:MAX_EVIDENCE], DECIMALS)
    return out


def under_definitions(found: Sequence[Classification]) -> list[dict[str, str]]:
    """The label of each ad under each definition."""
    facts = facts_of(to_frame(found))
    labels = {one.name: one.apply(facts) for one in definitions()}
    return [{name: COLLARS[of_ads[i]] for name, of_ads in labels.items()} for i in range(len(found))]


def nearest_occupations(found: Sequence[Classification], n: int) -> list[list[dict[str, Any]]]:
    """The occupations that answer to each ad's title; of an ad without one, to a short first line."""
    titles = [title_of(one.text, one.title) for one in found]
    nearest = index().nearest(titles, n)
    return [
        [{**occupation_rows()[row], "similarity": round(near, 4), "reason": index().reason(title, row)}
         for row, near in zip(rows.tolist(), similarity.tolist(), strict=True) if near > 0]
        for title, rows, similarity in zip(titles, nearest.row, nearest.similarity, strict=True)
    ]  # fmt: skip
