"""`/v1/reviews`: ads of a sample, labelled by hand one after the other, and compared between annotators."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse

from collarclass.annotation.agreement import agreement
from collarclass.annotation.answers import ad_key, columns_of
from collarclass.annotation.review import Ad, read_ads
from collarclass.app.jobs import Job, harmless_name
from collarclass.app.problems import Problem
from collarclass.app.schemas import (
    AnswerRequest,
    ReviewRequest,
)
from collarclass.app.shares import Lang, use_annotations
from collarclass.app.store import Store
from collarclass.app.uploads import UPLOAD, Name, download, labelled, receive, with_own_labels, with_rows
from collarclass.definitions.labels import COLLARS
from collarclass.errors import CollarclassError, DataError
from collarclass.files.table import iter_table, read_table
from collarclass.shares.files import sample_file
from collarclass.shares.read import SAMPLE_PROBABILITY, SAMPLE_ROW, SAMPLE_SOURCE, SAMPLE_STRATUM
from collarclass.shares.sample import answered_share, most_useful_first
from collarclass.shares.shares import MIN_ANNOTATIONS
from collarclass.text.cells import guarded

MAX_REVIEW_ADS = 5000
_MAX_DIFFERENT_ADS = 200
Annotator = Annotated[str, Query(max_length=100, description="Who labels.")]
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
    notes: dict[str, str] = field(default_factory=dict)  # by the number of the ad
    project: str = ""  # the id of the labelled file that the ads were drawn from
    order: list[int] = field(default_factory=list)  # numbers of the ads that were labelled, the last one last

    def last(self) -> int | None:
        """The ad that was labelled last, to take it back."""
        return next((i for i in reversed(self.order) if self.labels[i] is not None), None)

    def answered(self, number: int, label: str | None, was: str | None, note: str | None) -> Review:
        """The review with a label of an ad, unless it got another one meanwhile than the annotator saw."""
        now, notes = self.labels[number], self.notes
        if was is not None and (now or "") != was:
            raise Problem(
                409, "This ad has been labelled in another window meanwhile: look at it again before you change it."
            )
        if note is not None:
            notes = {k: v for k, v in notes.items() if k != str(number)} | ({str(number): note} if note else {})
        labels = [*self.labels[:number], label, *self.labels[number + 1 :]]
        return replace(self, labels=labels, notes=notes, order=[*(i for i in self.order if i != number), number])

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
            {
                "title": ad.title,
                "text": ad.text,
                "label": label or "",
                "annotation_note": self.notes.get(str(i), ""),
                **ad.sample,
            }
            for i, (ad, label) in enumerate(zip(self.ads, self.labels, strict=True))
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


def begin(path: Path, name: str, annotator: str, n: int, chosen: Mapping[str, str] | None = None) -> Review:
    """A review of the ads in a file: a sample, an earlier review, or a labelled file to draw from."""
    columns, chosen = next(iter_table(path)).columns, dict(chosen or {})
    drawn = path.with_name(f"sample-{secrets.token_hex(4)}.csv")
    try:
        if chosen.get("prefix", "") + "collar" in columns and SAMPLE_ROW not in columns:
            sample_file(path, drawn, n, **chosen)  # type: ignore[arg-type]
            path = drawn
        table = read_table(path)
        ads = read_ads(path, title=chosen.get("title"), text=chosen.get("text"))
    finally:
        drawn.unlink(missing_ok=True)
    if not ads:
        raise DataError("{name} holds no ad: choose a file that does.", name=name)
    if len(ads) > MAX_REVIEW_ADS:
        raise DataError(
            "{name} holds {n_ads:,} ads, more than a person reads: draw a sample, or label it first.", name=name,
            n_ads=len(ads),
        )  # fmt: skip
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


def compare(review: Review, second: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Agreement with another annotator's labels of the same ads."""
    theirs = {ad_key(row): row["label"] for row in second if row.get("label") in COLLARS}
    pairs = []
    for i, (ad, label) in enumerate(zip(review.ads, review.labels, strict=True)):
        other = theirs.get(ad_key({"title": ad.title, "text": ad.text, **ad.sample}))
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


class Reviews:
    """The reviews of a server, in the order they were last worked on.

    Parameters
    ----------
    folder : Path
        Where they are kept; what is no review is left alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.every: dict[str, Review] = {}
        for path in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime):
            with suppress(OSError, ValueError, TypeError, KeyError):
                self.every[path.stem] = Review.load(path)

    def get(self, name: str) -> Review:
        """The review of an id."""
        if name not in self.every:
            raise Problem(404, "There is no review of that id; it may have been removed.")
        return self.every[name]

    def keep(self, review: Review) -> None:
        """Have it there again after the next start."""
        review.save(self.folder)
        self.every[review.id] = review

    def remove(self, name: str) -> None:
        """Forget a review."""
        del self.every[self.get(name).id]
        (self.folder / f"{name}.json").unlink(missing_ok=True)

    def of(self, job: Job) -> list[Review]:
        """The reviews of a project."""
        return [
            one for one in self.every.values() if one.project == job.id or (one.source and one.source == job.digest)
        ]

    def forget(self, job: Job, others: Iterable[Job]) -> None:
        """Forget the reviews of a project, but for those that another one has, too."""
        held = {one.id for other in others for one in self.of(other)}
        for review in self.of(job):
            if review.id not in held:
                self.remove(review.id)

    def labels_of(self, job: Job) -> dict[int, str]:
        """What people labelled in the reviews of a project, by row from 0; nothing where they differ."""
        given: dict[int, set[str]] = {}
        for review in self.of(job):
            for ad, label in zip(review.ads, review.labels, strict=True):
                if label is not None and SAMPLE_ROW in ad.sample:
                    given.setdefault(int(ad.sample[SAMPLE_ROW]) - 1, set()).add(label)
        return {row: labels.pop() for row, labels in given.items() if len(labels) == 1}

    def loose(self, jobs: Mapping[str, Job]) -> list[Review]:
        """Reviews of ads that belong to no project."""
        held = {one.id for job in jobs.values() for one in self.of(job)}
        return [one for one in self.every.values() if one.id not in held]

    def second(self, review: Review) -> Review | None:
        """A review of the same ads by somebody else."""
        for one in reversed(self.every.values()):
            if one.annotator != review.annotator and one.source == review.source and any(one.labels):
                with suppress(DataError):
                    compare(review, one.rows())
                    return one
        return None

    def disagreements(self, own: Sequence[Review]) -> list[dict[str, Any]]:
        """Ads of a project that two annotators labelled differently, to be settled."""
        for i, first in enumerate(own):
            for second in own[i + 1 :]:
                if first.annotator != second.annotator:
                    with suppress(DataError):
                        return [{**one, "review": first, "second_by": second.annotator}
                                for one in compare(first, second.rows())["different"]]  # fmt: skip
        return []


def _shown(store: Store, review: Review, status: int = 200) -> Response:
    return JSONResponse({"model": store.model.identity, **review.shown()}, status)


def reviews_router(store: Store, reviews: Reviews) -> APIRouter:
    """The part of the interface that begins reviews, and corrects shares by them."""
    router = APIRouter(tags=["reviews"])
    model = store.model.identity

    async def keep(job: Job, path: Path, annotator: str, n: int, project: str = "") -> Review:
        try:
            review = await asyncio.to_thread(begin, path, job.name, annotator, n, job.chosen)
        except CollarclassError as error:
            raise DataError(job.told(error)) from None
        review.project = project
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
        return _shown(store, await keep(job, labelled(job), request.annotator, request.n, job.id), 201)

    @router.post("/v1/files/{file}/reviewed",
                 summary="Correct a file's shares by all reviews of its samples")  # fmt: skip
    async def reviewed(file: str, lang: Lang = "en") -> Response:
        job = store.get(file)
        with_rows(job)
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


def annotation_router(store: Store, reviews: Reviews) -> APIRouter:
    """The part of the interface by which one ad after the other is labelled by hand."""
    router = APIRouter(tags=["reviews"])
    model, get = store.model.identity, reviews.get

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
        path = await asyncio.to_thread(with_own_labels, job, reviews.labels_of(job))
        return FileResponse(path, media_type="application/octet-stream", filename=job.result_name)

    @router.delete("/v1/files/{file}", status_code=204,
                   summary="Remove a file, its result, and what was labelled by hand of it")  # fmt: skip
    async def remove_file(file: str) -> Response:
        job = store.get(file)
        reviews.forget(job, [other for other in store.jobs.values() if other is not job])
        store.drop(job)
        return Response(status_code=204)

    @router.delete("/v1/reviews/{review}", status_code=204, summary="Forget a review")
    async def remove(review: str) -> Response:
        reviews.remove(review)
        return Response(status_code=204)

    return router
