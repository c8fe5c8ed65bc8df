"""`/v1/reviews`: begin a review, label its ads one after the other, and correct shares by what was labelled."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse

from collarclass.app.jobs import Job, harmless_name
from collarclass.app.problems import Problem
from collarclass.app.reviews import MAX_REVIEW_ADS, Review, begin
from collarclass.app.schemas import AnswerRequest, ReviewRequest
from collarclass.app.shares import Lang, use_annotations
from collarclass.app.store import Store
from collarclass.app.uploads import UPLOAD, Name, download, receive
from collarclass.errors import CollarclassError, DataError
from collarclass.shares.shares import MIN_ANNOTATIONS

Annotator = Annotated[str, Query(max_length=100, description="Who labels.")]
Whole = Annotated[bool, Query(description="Also the ads that have no label yet, to resume with.")]
Number = Annotated[int, Query(ge=1, le=MAX_REVIEW_ADS, description="Ads to draw from a labelled file.")]


def _shown(store: Store, review: Review, status: int = 200) -> Response:
    return JSONResponse({"model": store.model.identity, **review.shown()}, status)


def reviews_router(store: Store) -> APIRouter:
    """The part of the interface that begins reviews, and corrects shares by them."""
    router = APIRouter(tags=["reviews"])
    model, reviews = store.model.identity, store.reviews

    async def keep(job: Job, path: Path, annotator: str, n: int) -> Review:
        try:
            review = await asyncio.to_thread(begin, path, job.name, annotator, n, job.chosen)
        except CollarclassError as error:
            raise DataError(job.told(error)) from None
        # A sample that was drawn elsewhere belongs to the last file here that it is from.
        drawn_from = (one.id for one in reversed(store.jobs.values()) if review.source and one.digest == review.source)
        review.project = job.id if job.id in store.jobs else next(drawn_from, "")
        reviews.keep(review)
        return review

    @router.post("/v1/reviews", status_code=201, openapi_extra=UPLOAD,
                 summary="Begin with a sample, a labelled file, or a review to resume, as the body")  # fmt: skip
    async def create(request: Request, name: Name, annotator: Annotator = "1", n: Number = 100) -> Response:
        job = store.new(name)
        try:
            await receive(request, store, job.path)
            review = await keep(job, job.path, annotator, n)
        finally:
            store.drop(job)
        return _shown(store, review, 201)

    @router.post("/v1/files/{file}/review", status_code=201,
                 summary="Begin with a sample of a labelled file")  # fmt: skip
    async def from_file(file: str, request: ReviewRequest) -> Response:
        job = store.get(file)
        return _shown(store, await keep(job, store.labelled(job), request.annotator, request.n), 201)

    @router.post("/v1/files/{file}/reviewed",
                 summary="Correct a file's shares by all reviews of its samples")  # fmt: skip
    async def reviewed(file: str, lang: Lang = "en") -> Response:
        job = store.get(file)
        store.with_rows(job)
        own = reviews.of(job)
        if not any(any(review.labels) for review in own):
            raise Problem(409, "No ad of this file is labelled by hand yet: draw a sample and label it.")
        answers = sum(label is not None for review in own for label in review.labels)
        if answers < MIN_ANNOTATIONS:
            raise Problem(409, "{n} ads are labelled by hand: label {least} or more, then the shares are corrected.",
                          n=answers, least=MIN_ANNOTATIONS)  # fmt: skip
        truth = store.new("annotated.csv")
        try:
            table = pd.concat([pd.DataFrame(review.rows()).assign(annotator=review.annotator) for review in own])
            await asyncio.to_thread(table.to_csv, truth.path, index=False)
            found = await asyncio.to_thread(use_annotations, store, job, truth, lang)
        finally:
            store.drop(truth)
        return JSONResponse({"model": model, **found})

    return router


def annotation_router(store: Store) -> APIRouter:
    """The part of the interface by which one ad after the other is labelled by hand."""
    router = APIRouter(tags=["reviews"])
    model, reviews, get = store.model.identity, store.reviews, store.reviews.get

    def place(name: str, number: int) -> tuple[Review, int]:
        review = reviews.get(name)
        if not 0 <= number < len(review.ads):
            raise Problem(404, "This review has ads 0 to {n_ads}.", n_ads=len(review.ads) - 1)
        return review, number

    @router.get("/v1/reviews", summary="All reviews of this server")
    async def every() -> Response:
        return JSONResponse({"model": model, "reviews": [review.shown() for review in reviews.every.values()]})

    @router.get("/v1/reviews/{review}", summary="How far a review is")
    async def one(review: str) -> Response:
        return _shown(store, get(review))

    @router.get("/v1/reviews/{review}/ads/{number}",
                summary="One ad, without the model's label")  # fmt: skip
    async def ad(review: str, number: int) -> Response:
        found, i = place(review, number)
        one = {"number": i, "row": found.ads[i].row, "title": found.ads[i].title, "text": found.ads[i].text}
        return JSONResponse({"model": model, **one, "label": found.labels[i]})

    @router.put("/v1/reviews/{review}/ads/{number}", summary="Label an ad; null undoes it")
    async def answer(review: str, number: int, request: AnswerRequest) -> Response:
        found, i = place(review, number)
        answered = found.answered(i, request.label, request.was, request.note)
        reviews.keep(answered)
        return _shown(store, answered)

    @router.get("/v1/reviews/{review}/result", response_class=PlainTextResponse, responses=download("text/csv"),
                summary="The annotated ads as CSV")  # fmt: skip
    async def result(review: str, whole: Whole = False) -> Response:
        found = get(review)
        stem = harmless_name(found.name).rpartition(".")[0].encode("ascii", "ignore").decode() or "ads"
        headers = {"content-disposition": f'attachment; filename="{stem}-annotated.csv"'}
        return Response(found.as_csv(whole), media_type="text/csv", headers=headers)

    @router.get("/v1/files/{file}/result", response_class=FileResponse, responses=download("application/octet-stream"),
                summary="The labelled file")  # fmt: skip
    async def labelled_file(file: str) -> Response:
        job = store.get(file)
        path = await asyncio.to_thread(store.with_own_columns, job)
        return FileResponse(path, media_type="application/octet-stream", filename=job.result_name)

    @router.delete("/v1/files/{file}", status_code=204,
                   summary="Remove a file, its result, and what was labelled by hand of it")  # fmt: skip
    async def remove_file(file: str) -> Response:
        job = store.get(file)
        reviews.forget(job)
        store.drop(job)
        return Response(status_code=204)

    @router.delete("/v1/reviews/{review}", status_code=204, summary="Forget a review")
    async def remove(review: str) -> Response:
        reviews.remove(review)
        return Response(status_code=204)

    return router
