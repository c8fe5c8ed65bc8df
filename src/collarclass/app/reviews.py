"""Ads of a sample, labelled by hand one after the other, kept, and compared between annotators."""

from __future__ import annotations

import csv
import io
import json
import math
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from collarclass.annotation.agreement import agreement
from collarclass.annotation.answers import ad_key, columns_of
from collarclass.annotation.review import Ad, read_ads
from collarclass.app.jobs import Job
from collarclass.app.problems import Problem
from collarclass.definitions.labels import COLLARS
from collarclass.errors import DataError
from collarclass.files.table import iter_table, read_table
from collarclass.report.marks import excerpt
from collarclass.shares.files import sample_file
from collarclass.shares.read import SAMPLE_PROBABILITY, SAMPLE_ROW, SAMPLE_SOURCE, SAMPLE_STRATUM
from collarclass.shares.sample import answered_share, most_useful_first
from collarclass.text.cells import guarded

MAX_REVIEW_ADS = 5000
_MAX_DIFFERENT_ADS = 200


@dataclass(slots=True)
class Review:
    """Ads and the labels that one annotator gave them."""

    id: str
    name: str
    annotator: str
    ads: list[Ad]
    labels: list[str | None] = field(default_factory=list)  # None where there is none yet
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
        return {
            "id": self.id, "name": self.name, "annotator": self.annotator, "source": self.source,
            "useful_first": SAMPLE_ROW in self.ads[0].sample, "n": len(self.ads),
            "done": sum(label is not None for label in self.labels), "labels": self.labels,
        }  # fmt: skip

    @property
    def source(self) -> str:
        """The digest of the labelled file that the ads were drawn from; nothing of other ads."""
        return self.ads[0].sample.get(SAMPLE_SOURCE, "")

    def rows(self) -> list[dict[str, str]]:
        """All ads with the labels given so far, as rows of a file."""
        return [
            {"title": ad.title, "text": ad.text, "label": label or "", "annotation_note": self.notes.get(str(i), ""),
             **ad.sample}
            for i, (ad, label) in enumerate(zip(self.ads, self.labels, strict=True))
        ]  # fmt: skip

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
    different = [{"ad": i, "title": excerpt(review.ads[i].title or review.ads[i].text), "first": a, "second": b}
                 for i, a, b in pairs if a != b]  # fmt: skip
    return {**numbers, "different": different[:_MAX_DIFFERENT_ADS]}


class Reviews:
    """The reviews of a server, in the order they were last worked on; of their folder what is none is left alone."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.folder = folder
        self.every: dict[str, Review] = {}
        for path in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime):
            with suppress(OSError, ValueError, TypeError, KeyError):
                kept = json.loads(path.read_text("utf-8"))
                self.every[path.stem] = Review(**{**kept, "ads": [Ad(**ad) for ad in kept["ads"]]})

    def get(self, name: str) -> Review:
        """The review of an id."""
        if name not in self.every:
            raise Problem(404, "There is no review of that id; it may have been removed.")
        return self.every[name]

    def keep(self, review: Review) -> None:
        """Have it there again after the next start; it is whole on the disk at any time."""
        fresh = self.folder / f"{review.id}.partial"
        fresh.write_text(json.dumps(asdict(review), ensure_ascii=False), "utf-8")
        fresh.replace(self.folder / f"{review.id}.json")
        self.every[review.id] = review

    def remove(self, name: str) -> None:
        """Forget a review."""
        del self.every[self.get(name).id]
        (self.folder / f"{name}.json").unlink(missing_ok=True)

    def of(self, job: Job) -> list[Review]:
        """The reviews of a project."""
        return [one for one in self.every.values() if one.project == job.id]

    def forget(self, job: Job) -> None:
        """Forget the reviews of a project."""
        for review in self.of(job):
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
        return [one for one in self.every.values() if one.project not in jobs]

    def second(self, review: Review) -> Review | None:
        """A review of the same ads by somebody else."""
        for one in reversed(self.every.values()):
            same = (one.project, one.source) == (review.project, review.source)
            if one.annotator != review.annotator and same and any(one.labels):
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


