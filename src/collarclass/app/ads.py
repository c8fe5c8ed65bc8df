"""`/v1/classify`, `/v1/occupations` and `/v1/model`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from collarclass import __version__
from collarclass.app.labeller import Labeller, Wanted, definitions
from collarclass.app.problems import Problem
from collarclass.app.schemas import (
    ClassifyReply,
    ClassifyRequest,
    ModelReply,
    Occupation,
    OccupationsReply,
)
from collarclass.definitions.labels import DIMENSIONS, LABELS
from collarclass.errors import DataError
from collarclass.model.model import Model
from collarclass.occupation.lookup import lookup_occupation
from collarclass.occupation.table import occupations as occupation_table

_STEPS = 33
_NEAREST = 10
_TEXT_COLUMNS = ("onet_code", "isco08", "csco22", "title", "titles_en", "titles_zh", "label", "why")


def ads_router(labeller: Labeller) -> APIRouter:
    """The part of the interface that needs no file."""
    router = APIRouter()
    model = labeller.model

    @router.post(
        "/v1/classify",
        response_model=ClassifyReply,
        tags=["ads"],
        summary="Label one ad, or up to 1,000",
        openapi_extra={"x-max-ads": 1000},
    )
    async def classify(request: ClassifyRequest) -> Response:
        results = await labeller.classify(request.every, wanted_of(request))
        # Put together by hand: the results are JSON already, and checking them again would double the time.
        body = b'{"model":' + json.dumps(model.identity).encode() + b',"results":' + results + b"}"
        return Response(body, media_type="application/json")

    @router.get("/v1/occupations", response_model=OccupationsReply, tags=["occupations"],
                summary="The table of occupations, or the nearest ones of a title or code")  # fmt: skip
    async def occupations(
        q: Annotated[str, Query(max_length=200, description="A title in English or Chinese, or a code.")] = "",
        limit: Annotated[int, Query(ge=1, le=2000)] = 2000,
    ) -> Response:
        found = search(q, limit)
        return JSONResponse({"model": model.identity, "count": len(found), "occupations": found})

    @router.get("/v1/model", response_model=ModelReply, tags=["model"], summary="The model, and how it decides")
    async def about() -> Response:
        return JSONResponse(
            {
                "model": model.identity,
                "version": __version__,
                "labels": LABELS,
                "dimensions": DIMENSIONS,
                "facts": json.loads(json.dumps(model.facts, default=str)),
                "limits": model.limits,
                "definitions": [
                    {"name": d.name, "summary": d.summary, "summary_zh": d.summary_zh, "source": d.source}
                    for d in definitions()
                ],
                "steps": _STEPS,
                "regions": regions(model),
            }
        )

    @router.get("/v1/occupations/{code}", response_model=Occupation, tags=["occupations"],
                summary="One occupation by its O*NET-SOC code")  # fmt: skip
    async def occupation(code: str) -> Response:
        for row in occupation_rows():
            if row["onet_code"] == code:
                return JSONResponse({**row, "model": model.identity})
        raise Problem(404, "There is no occupation of that code; /v1/occupations lists all.")

    return router


def wanted_of(request: ClassifyRequest) -> Wanted:
    """What a request asks for."""
    return Wanted(**{field.name: getattr(request, field.name) for field in fields(Wanted)})


def regions(model: Model) -> list[list[float]]:
    """Probabilities of white, blue and gray over the plane of the two scores."""
    steps = np.linspace(0.0, 1.0, _STEPS)
    hands_on, academic = np.meshgrid(steps, steps, indexing="ij")
    scores = np.column_stack((academic.ravel(), hands_on.ravel()))
    found: list[list[float]] = np.round(model.probabilities(scores), 3).tolist()
    return found


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
