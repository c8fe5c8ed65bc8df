"""`/v1/reviews`: ads of a sample, labelled by hand one after the other, and compared between annotators."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from collarclass.annotation.agreement import agreement
from collarclass.annotation.answers import columns_of
from collarclass.annotation.review import Ad, read_ads
from collarclass.app.jobs import Job, Store, harmless_name
from collarclass.app.pictures import Lang, use_annotations
from collarclass.app.problems import Problem
from collarclass.app.schemas import (
    AdReply,
    AgreementReply,
    AnswerRequest,
    ReviewReply,
    ReviewRequest,
    ReviewsReply,
    SharesReply,
)
from collarclass.app.uploads import UPLOAD, Name, download, labelled, receive, with_rows
from collarclass.definitions.labels import COLLARS
from collarclass.errors import CollarclassError, DataError
from collarclass.files.table import iter_table, read_table
from collarclass.shares.files import sample_file
from collarclass.shares.read import SAMPLE_PROBABILITY, SAMPLE_ROW, SAMPLE_SOURCE, SAMPLE_STRATUM
from collarclass.shares.sample import answered_share, most_useful_first
from collarclass.text.formulas import guarded, unguarded

MAX_REVIEW_ADS = 5000
_MAX_DIFFERENT_ADS = 200
Annotator = Annotated[str, Query(max_length=100, description="Who labels.")]
Other = Annotated[str, Query(max_length=100, description="The id of the other review.")]
Whole = Annotated[bool, Query(description="Also the ads that have no label yet, to resume with.")]
Number = Annotated[int, Query(ge=1, le=MAX_REVIEW_ADS, description="Ads to draw from a labelled file.")]


@dataclass(slots=True)
class Review:
    """Ads and the labels that one annotator gave them.

    Attributes
    ----------
    labels : list of str or None
        One for each ad; None where there is none yet.
    """

    id: str
    name: str
    annotator: str
    ads: list[Ad]
    labels: list[str | None] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """What a client sees of it."""
        done = sum(label is not None for label in self.labels)
        return {
            "id": self.id,
            "name": self.name,
            "annotator": self.annotator,
            "source": self.source,
            "useful_first": SAMPLE_ROW in self.ads[0].sample,
            "n": len(self.ads),
            "done": done,
            "labels": self.labels,
        }

    @property
    def source(self) -> str:
        """The digest of the labelled file that the ads were drawn from; nothing of other ads."""
        return self.ads[0].sample.get(SAMPLE_SOURCE, "")

    def rows(self) -> list[dict[str, str]]:
        """All ads with the labels given so far, as rows of a file."""
        return [
            {"title": ad.title, "text": ad.text, "label": label or "", **ad.sample}
            for ad, label in zip(self.ads, self.labels, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Keep it on the disk, whole at any time."""
        fresh = folder / f"{self.id}.partial"
        fresh.write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")
        fresh.replace(folder / f"{self.id}.json")

    @classmethod
    def load(cls, path: Path) -> Review:
        """Read what `save` kept."""
        kept = json.loads(path.read_text("utf-8"))
        return cls(**{**kept, "ads": [Ad(**ad) for ad in kept["ads"]]})

    def as_csv(self, whole: bool) -> str:
        """A file for `shares`, `train` and `evaluate`; for a later sitting with the ads that have no label yet."""
        sampled = SAMPLE_ROW in self.ads[0].sample
        columns = columns_of(False, sampled)
        out = io.StringIO()
        file = csv.DictWriter(out, columns, restval="", extrasaction="ignore", lineterminator="\n")
        file.writeheader()
        rows = self.rows()
        answered = answered_share(pd.DataFrame(rows), [bool(row["label"]) for row in rows])
        for row, share in zip(rows, answered.tolist(), strict=True):
            if row["label"]:
                row["annotator"] = self.annotator
            elif not whole:
                continue
            if sampled and not whole:  # with the ads that have no label left out, nobody else could tell
                row[SAMPLE_PROBABILITY] = f"{float(row[SAMPLE_PROBABILITY]) * share:.10g}"
            file.writerow({name: guarded(cell) for name, cell in row.items()})
        return "\ufeff" + out.getvalue()  # with the mark that Excel needs


def begin(path: Path, name: str, annotator: str, n: int) -> Review:
    """A review of the ads in a file: a sample, an earlier review, or a labelled file to draw from."""
    columns = next(iter_table(path)).columns
    if "collar" in columns and SAMPLE_ROW not in columns:
        drawn = path.with_name(f"sample-{secrets.token_hex(4)}.csv")
        sample_file(path, drawn, n)
        path = drawn
    table = read_table(path)
    ads = read_ads(path)
    if not ads:
        raise DataError(f"{name} holds no ad: choose a file that does.")
    if len(ads) > MAX_REVIEW_ADS:
        raise DataError(f"{name} holds {len(ads):,} ads, more than a person reads: draw a sample, or label it first.")
    labels: list[str | None] = [None] * len(ads)
    if {"label", "annotator"} <= set(table.columns):
        # Another annotator's labels stay out of sight.
        own = [a == annotator for a in table["annotator"]]
        given = [label if mine and label in COLLARS else None for label, mine in zip(table["label"], own, strict=True)]
        labels = [given[ad.row - 1] for ad in ads]
    if SAMPLE_ROW in ads[0].sample:
        found = pd.DataFrame([ad.sample for ad in ads])[[SAMPLE_STRATUM, SAMPLE_PROBABILITY]].astype(float).to_numpy()
        order = most_useful_first(found[:, 0].astype(int), found[:, 1])
        ads, labels = [ads[i] for i in order], [labels[i] for i in order]
    return Review(secrets.token_hex(8), name, annotator, ads, labels)


def _key(values: dict[str, str]) -> tuple[str, ...]:
    """What an ad is known by: its row in a sample, or its words."""
    if values.get(SAMPLE_ROW):
        return values[SAMPLE_ROW], values.get(SAMPLE_SOURCE, "")
    return unguarded(values["title"]), unguarded(values["text"])


def compare(review: Review, second: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Agreement with another annotator's labels of the same ads."""
    theirs = {_key(row): row["label"] for row in second if row.get("label") in COLLARS}
    pairs = []
    for i, (ad, label) in enumerate(zip(review.ads, review.labels, strict=True)):
        other = theirs.get(_key({"title": ad.title, "text": ad.text, **ad.sample}))
        if label is not None and other is not None:
            pairs.append((i, label, other))
    if not pairs:
        raise DataError("No ad has a label in both reviews: give a review of the same sample.")
    found = agreement([first for _, first, _ in pairs], [other for _, _, other in pairs])
    numbers = {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in asdict(found).items()}
    different = [
        {"ad": i, "title": review.ads[i].title or review.ads[i].text[:80], "first": a, "second": b}
        for i, a, b in pairs
        if a != b
    ]
    return {**numbers, "different": different[:_MAX_DIFFERENT_ADS]}


def kept_reviews(folder: Path) -> dict[str, Review]:
    """The reviews of a folder, in the order they were last worked on; what is no review is left alone."""
    found = {}
    for path in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime):
        with suppress(OSError, ValueError, TypeError, KeyError):
            found[path.stem] = Review.load(path)
    return found


def reviews_router(store: Store) -> APIRouter:
    """The part of the interface that is about labelling by hand."""
    router = APIRouter(tags=["reviews"])
    model = store.model.identity
    folder = store.reviews
    reviews = kept_reviews(folder)

    def get(name: str) -> Review:
        if name not in reviews:
            raise Problem(404, "There is no review of that id; it may have been removed.")
        return reviews[name]

    def place(name: str, number: int) -> tuple[Review, int]:
        review = get(name)
        if not 0 <= number < len(review.ads):
            raise Problem(404, f"This review has ads 0 to {len(review.ads) - 1}.")
        return review, number

    def shown(review: Review, status: int = 200) -> Response:
        return JSONResponse({"model": model, **review.shown()}, status)

    async def keep(job: Job, path: Path, annotator: str, n: int) -> Review:
        try:
            review = await asyncio.to_thread(begin, path, job.name, annotator, n)
        except CollarclassError as error:
            raise DataError(job.told(error)) from None
        reviews[review.id] = review
        review.save(folder)
        return review

    @router.post("/v1/reviews", response_model=ReviewReply, status_code=201, openapi_extra=UPLOAD,
                 summary="Begin with a sample, a labelled file, or a review to resume, as the body")  # fmt: skip
    async def create(request: Request, name: Name, annotator: Annotator = "1", n: Number = 100) -> Response:
        job = store.new(name)
        try:
            await receive(request, store, job.path)
            review = await keep(job, job.path, annotator, n)
        finally:
            store.drop(job)
        return shown(review, 201)

    @router.post("/v1/files/{file}/review", response_model=ReviewReply, status_code=201,
                 summary="Begin with a sample of a labelled file")  # fmt: skip
    async def from_file(file: str, request: ReviewRequest) -> Response:
        job = store.get(file)
        return shown(await keep(job, labelled(job), request.annotator, request.n), 201)

    @router.get("/v1/reviews", response_model=ReviewsReply, summary="All reviews of this server")
    async def every() -> Response:
        return JSONResponse({"model": model, "reviews": [review.shown() for review in reviews.values()]})

    @router.get("/v1/reviews/{review}", response_model=ReviewReply, summary="How far a review is")
    async def one(review: str) -> Response:
        return shown(get(review))

    @router.get("/v1/reviews/{review}/ads/{number}", response_model=AdReply,
                summary="One ad, without the model's label")  # fmt: skip
    async def ad(review: str, number: int) -> Response:
        found, i = place(review, number)
        one = {"number": i, "row": found.ads[i].row, "title": found.ads[i].title, "text": found.ads[i].text}
        return JSONResponse({"model": model, **one, "label": found.labels[i]})

    @router.put("/v1/reviews/{review}/ads/{number}", response_model=ReviewReply, summary="Label an ad; null undoes it")
    async def answer(review: str, number: int, request: AnswerRequest) -> Response:
        found, i = place(review, number)
        found.labels[i] = request.label
        found.save(folder)
        return shown(found)

    @router.get("/v1/reviews/{review}/result", response_class=PlainTextResponse, responses=download("text/csv"),
                summary="The annotated ads as CSV")  # fmt: skip
    async def result(review: str, whole: Whole = False) -> Response:
        found = get(review)
        stem = harmless_name(found.name).rpartition(".")[0].encode("ascii", "ignore").decode() or "ads"
        headers = {"content-disposition": f'attachment; filename="{stem}-annotated.csv"'}
        return Response(found.as_csv(whole), media_type="text/csv", headers=headers)

    @router.post("/v1/reviews/{review}/second", response_model=AgreementReply, openapi_extra=UPLOAD,
                 summary="Agreement with a second annotator's review, handed in as the body")  # fmt: skip
    async def second(request: Request, review: str, name: Name) -> Response:
        found = get(review)
        job = store.new(name)
        try:
            await receive(request, store, job.path)
            table = await asyncio.to_thread(read_table, job.path)
            if not {"title", "text", "label"} <= set(table.columns):
                raise DataError(f"{job.name} is not a review: it should have columns title, text and label.")
            rows = [{str(k): str(v) for k, v in row.items()} for row in table.to_dict("records")]
            compared = await asyncio.to_thread(compare, found, rows)
        except CollarclassError as error:
            raise DataError(job.told(error)) from None
        finally:
            store.drop(job)
        return JSONResponse({"model": model, **compared})

    @router.get("/v1/reviews/{review}/agreement", response_model=AgreementReply,
                summary="Agreement with another review of this server")  # fmt: skip
    async def agreed(review: str, other: Other) -> Response:
        first, second = get(review), get(other)
        return JSONResponse({"model": model, **await asyncio.to_thread(compare, first, second.rows())})

    @router.post("/v1/files/{file}/reviewed", response_model=SharesReply,
                 summary="Correct a file's shares by all reviews of its samples")  # fmt: skip
    async def reviewed(file: str, lang: Lang = "en") -> Response:
        job = store.get(file)
        with_rows(job)
        own = [review for review in reviews.values() if review.source == job.digest]
        if not any(any(review.labels) for review in own):
            raise Problem(409, "No ad of this file is labelled by hand yet: draw a sample and label it.")
        truth = store.new("annotated.csv")
        try:
            table = pd.concat([pd.DataFrame(review.rows()).assign(annotator=review.annotator) for review in own])
            await asyncio.to_thread(table.to_csv, truth.path, index=False)
            found = await asyncio.to_thread(use_annotations, store, job, truth, lang)
        finally:
            store.drop(truth)
        return JSONResponse({"model": model, **found})

    @router.delete("/v1/reviews/{review}", status_code=204, summary="Forget a review")
    async def remove(review: str) -> Response:
        del reviews[get(review).id]
        (folder / f"{review}.json").unlink(missing_ok=True)
        return Response(status_code=204)

    return router
