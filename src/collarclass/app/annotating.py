"""`/v1/reviews`: begin a review, label its ads one after the other, and correct shares by what was labelled."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from collarclass.app.asked import UPLOAD, Answer, File, Files, Lang, Name, download, received
from collarclass.app.jobs import Job, harmless_name
from collarclass.app.problems import Problem
from collarclass.app.reviews import MAX_REVIEW_ADS, Review, begin
from collarclass.app.schemas import AnswerRequest, ReviewRequest
from collarclass.app.shares import use_annotations
from collarclass.app.store import Store
from collarclass.shares.shares import MIN_ANNOTATIONS

Annotator = Annotated[str, Query(max_length=100, description="Who labels.")]
Whole = Annotated[bool, Query(description="Also the ads that have no label yet, to resume with.")]
Number = Annotated[int, Query(ge=1, le=MAX_REVIEW_ADS, description="Ads to draw from a labelled file.")]
router = APIRouter(tags=["reviews"])


async def _review(store: Files, review: str) -> Review:
    return store.reviews.get(review)


async def _place(review: Annotated[Review, Depends(_review)], number: int) -> int:
    if not 0 <= number < len(review.ads):
        raise Problem(404, "This review has ads 0 to {n_ads}.", n_ads=len(review.ads) - 1)
    return number


Asked = Annotated[Review, Depends(_review)]
Place = Annotated[int, Depends(_place)]


async def _begun(store: Store, job: Job, path: Path, annotator: str, n: int) -> Answer:
    with job.telling():
        review = await asyncio.to_thread(begin, path, job.name, annotator, n, job.chosen)
    # A sample that was drawn elsewhere belongs to the last file here that it is from.
    drawn_from = (one.id for one in reversed(store.jobs.values()) if review.source and one.digest == review.source)
    review.project = job.id if job.id in store.jobs else next(drawn_from, "")
    store.reviews.keep(review)
    return review.shown()


@router.post("/v1/reviews", status_code=201, openapi_extra=UPLOAD,
             summary="Begin with a sample, a labelled file, or a review to resume, as the body")  # fmt: skip
async def create(request: Request, store: Files, name: Name, annotator: Annotator = "1", n: Number = 100) -> Answer:
    async with received(request, store, name) as job:
        return await _begun(store, job, job.path, annotator, n)


@router.post("/v1/files/{file}/review", status_code=201, summary="Begin with a sample of a labelled file")
async def from_file(store: Files, job: File, wanted: ReviewRequest) -> Answer:
    return await _begun(store, job, store.labelled(job), wanted.annotator, wanted.n)


@router.post("/v1/files/{file}/annotations", openapi_extra=UPLOAD, tags=["shares"],
             summary="Annotated ads, handed in as the body: they correct the shares from now on")  # fmt: skip
async def annotated_file(request: Request, store: Files, job: File, name: Name, lang: Lang = "en") -> Answer:
    store.with_rows(job)
    async with received(request, store, name) as truth:
        return await asyncio.to_thread(use_annotations, store, job, truth, lang)


@router.post("/v1/files/{file}/reviewed", summary="Correct a file's shares by all reviews of its samples")
def reviewed(store: Files, job: File, lang: Lang = "en") -> Answer:
    store.with_rows(job)
    own = store.reviews.of(job)
    answers = sum(label is not None for review in own for label in review.labels)
    if not answers:
        raise Problem(409, "No ad of this file is labelled by hand yet: draw a sample and label it.")
    if answers < MIN_ANNOTATIONS:
        raise Problem(409, "{n} ads are labelled by hand: label {least} or more, then the shares are corrected.",
                      n=answers, least=MIN_ANNOTATIONS)  # fmt: skip
    truth = store.new("annotated.csv")
    try:
        table = pd.concat([pd.DataFrame(review.rows()).assign(annotator=review.annotator) for review in own])
        table.to_csv(truth.path, index=False)
        return use_annotations(store, job, truth, lang)
    finally:
        store.drop(truth)


@router.get("/v1/reviews", summary="All reviews of this server")
async def every_review(store: Files) -> Answer:
    return {"reviews": [review.shown() for review in store.reviews.every.values()]}


@router.get("/v1/reviews/{review}", summary="How far a review is")
async def one_review(review: Asked) -> Answer:
    return review.shown()


@router.get("/v1/reviews/{review}/ads/{number}", summary="One ad, without the model's label")
async def one_ad(review: Asked, number: Place) -> Answer:
    ad = review.ads[number]
    return {"number": number, "row": ad.row, "title": ad.title, "text": ad.text, "label": review.labels[number]}


@router.put("/v1/reviews/{review}/ads/{number}", summary="Label an ad; null undoes it")
async def answer(store: Files, review: Asked, number: Place, given: AnswerRequest) -> Answer:
    answered = review.answered(number, given.label, given.was, given.note)
    store.reviews.keep(answered)
    return answered.shown()


@router.get("/v1/reviews/{review}/result", response_class=PlainTextResponse, responses=download("text/csv"),
            summary="The annotated ads as CSV")  # fmt: skip
def annotated(review: Asked, whole: Whole = False) -> Response:
    stem = harmless_name(review.name).rpartition(".")[0].encode("ascii", "ignore").decode() or "ads"
    headers = {"content-disposition": f'attachment; filename="{stem}-annotated.csv"'}
    return Response(review.as_csv(whole), media_type="text/csv", headers=headers)


@router.delete("/v1/reviews/{review}", status_code=204, summary="Forget a review")
async def forget(store: Files, review: str) -> Response:
    store.reviews.remove(review)
    return Response(status_code=204)
