"""The pages that people see: made by the server from templates, with all that was chosen in their address."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources import files
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from collarclass.api import classify_many
from collarclass.app.ads import nearest_occupations, occupation_rows, search, under_definitions
from collarclass.app.draw import small_plane
from collarclass.app.files import profile_of
from collarclass.app.here import ENVIRONMENT, HERE, Here, column_name, name_of
from collarclass.app.jobs import Job
from collarclass.app.preview import are_cells
from collarclass.app.problems import Problem
from collarclass.app.results import MONTH, SURE, YOURS, Results, View, definitions
from collarclass.app.reviews import Review, compare
from collarclass.app.rows import Coded
from collarclass.app.schemas import LabelRequest
from collarclass.app.shares import WHATS, Side, What, compared, estimate, figures_of, sides_of, warnings_of
from collarclass.app.store import TARGETS
from collarclass.definitions.labels import COLLARS
from collarclass.errors import CollarclassError, DataError
from collarclass.explain.palette import css_variables
from collarclass.report import charts
from collarclass.report.marks import pieces
from collarclass.report.words import NAMES
from collarclass.shares.methods import headline, methods_paragraph
from collarclass.shares.shares import MIN_ANNOTATIONS, RANGE, notes_of_rows, with_notes

_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_ROWS, _VALUES, _REVIEWED = 25, 40, 100
_MOMENT = 3.0  # seconds
_ROLES = ("", "title", "text", "code", "date", "group")


router = APIRouter(include_in_schema=False)
for _name in ENVIRONMENT.list_templates():  # compiled now, so that the first page need not wait for it
    ENVIRONMENT.get_template(_name)
_STATIC = {path.name: path for path in (HERE / "static").iterdir() if path.suffix in _KINDS}


def _show(path: str, make: Callable[[Here, dict[str, str]], Response]) -> None:
    """Answer at an address with a page; what went wrong is said on one, too."""

    def page(request: Request) -> Response:
        here = Here.of(request)
        try:
            return make(here, request.path_params)
        except Problem as problem:
            return here.page("sorry.j2", problem.status_code, message=problem.message.said(here.lang))
        except CollarclassError as error:
            return here.page("sorry.j2", 400, message=error.message.said(here.lang))

    router.add_api_route(path, page, methods=["GET"])


@router.post("/ad")
def long_ad(request: Request, sent: dict[str, Any]) -> Response:
    """An ad too long for an address."""
    return _ad(Here.of(request), str(sent.get("title", "")), str(sent.get("text", "")))


@router.get("/static/{name}")
async def static(name: str) -> Response:
    if name == "palette.css":
        looks = css_variables() + (files("collarclass") / "report" / "charts.css").read_text("utf-8")
        return Response(looks, media_type="text/css", headers={"cache-control": "no-cache"})
    if name not in _STATIC:
        raise Problem(404, "The page has no such file.")
    kind = f"{_KINDS[_STATIC[name].suffix]}; charset=utf-8"
    return FileResponse(_STATIC[name], headers={"content-type": kind, "cache-control": "no-cache"})


# -- before there is a file ------------------------------------------------------------------------


def _home(here: Here) -> Response:
    store = here.store
    recent = sorted(store.jobs.values(), key=lambda job: -job.created)
    return here.page("home.j2", jobs=recent, reviews=store.reviews.loose(store.jobs))


def _ad(here: Here, title: str, text: str) -> Response:
    if not (title.strip() or text.strip()):
        return here.page("ad.j2", title=title, text=text, found=None)
    found = classify_many([text], [title or None], True, model=here.store.model)[0]
    return here.page(
        "ad.j2", title=title, text=text, found=found, sentence=found.explain(here.lang),
        near=[_said_occupation(here, row) for row in nearest_occupations([found], 5)[0]],
        title_pieces=pieces(title, "title", found), text_pieces=pieces(text, "text", found),
        others=under_definitions([found])[0],
        plane=small_plane(occupation_rows(), here.lang, here.store.model, found),
    )  # fmt: skip


def _said_occupation(here: Here, row: Mapping[str, Any]) -> dict[str, Any]:
    zh = row["titles_zh"].split("; ")[0]
    return {**row, "name": zh if here.lang == "zh" and zh else row["title"]}


def _occupations(here: Here) -> Response:
    q, label = here.get("q"), here.get("label")
    rows = [_said_occupation(here, row) for row in search(q, 2000) if label in ("", row["label"])]
    code = here.get("code")
    shown = rows if code == "" else [row for row in rows if row["onet_code"] == code] + rows
    dots = [row for row in occupation_rows() if label in ("", row["label"])]
    return here.page(
        "occupations.j2", q=q, label=label, rows=rows[: int(here.get("most") or 40)], n=len(rows), code=code,
        chosen=next((row for row in shown if row["onet_code"] == code), None),
        plane=small_plane(dots, here.lang, None, None, code, lambda c: here.link(code=c)),
    )  # fmt: skip


# -- a project -------------------------------------------------------------------------------------


def _project(here: Here, job: Job) -> Response:
    here.parts["job"] = job
    if job.state in ("waiting", "running"):
        return here.page("running.j2", **pace_of(job))
    if job.state != "done" or here.get("columns"):
        return _import(here, job)
    if not job.rows:
        return here.page("sorry.j2", 409, message=here.say(
            "This file has no rows: choose another sheet, or another row of column names."))  # fmt: skip
    return _result(here, job)


def pace_of(job: Job) -> dict[str, Any]:
    """Ads a second, and the time left if what is left takes as long; nothing of a file that is done in a moment."""
    taken = time.monotonic() - job.started
    if job.state != "running" or not job.share or taken < _MOMENT:
        return {"rate": 0}
    left = round(taken * (1 - job.share) / job.share)
    return {"rate": round(job.rows / taken), "left": f"{left // 60}:{left % 60:02}"}


def _import(here: Here, job: Job) -> Response:
    """What is read from a file, before it is labelled or for labelling it anew."""
    roles = dict.fromkeys(job.columns, "")
    known = {job.date: "date"} | dict.fromkeys(job.texts, "text") | dict.fromkeys(job.groups, "group")
    known[job.title] = "title"  # where titles are all there is, they are the texts, too
    for i, name in enumerate(job.columns):
        roles[name] = here.get(f"c{i}", known.get(name, ""))
    by_role = {role: [name for name, own in roles.items() if own == role] for role in _ROLES}
    wanted = {
        "title": next(iter(by_role["title"]), None), "text": by_role["text"] or None,
        "code": next(iter(by_role["code"]), None), "date": next(iter(by_role["date"]), None),
        "groups": by_role["group"], "definition": here.get("definition", job.definition),
        "min_confidence": min(100.0, max(0.0, _number(here.get("least")))) / 100, "format": here.get("format") or None,
    }  # fmt: skip
    request = LabelRequest.model_validate(wanted)
    found: dict[str, Any] | None = None
    if wanted["title"] or wanted["text"]:
        found = profile_of(job, request)
    return here.page(
        "import.j2", roles=roles, role_names=_ROLES, wanted=wanted, profile=found, definitions=definitions(),
        formats=TARGETS, most_lack=found is not None and wanted["text"] and found["empty"] * 2 > found["rows"],
        nameless=are_cells(job.columns), error=None if job.error is None else job.error.said(here.lang),
    )  # fmt: skip


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def view_of(here: Here) -> View:
    """Which rows an address is about."""
    return View(here.get("q")[:200], tuple(here.all("f")[:40]), here.get("sort"))


def _result(here: Here, job: Job) -> Response:
    store, view = here.store, view_of(here)
    rows = store.results(job)
    typed = {name: here.get(name).strip() for name in ("range", "from", "to", "wrong")}  # a form; in an address a part
    here.query = [pair for pair in here.query if pair[0] not in typed]
    if typed["range"]:
        try:
            part = rows.part_between(typed["range"], typed["from"], typed["to"])
            chosen = rows.instead(view, part) if part else view
            return RedirectResponse(here.link(page=None, f=list(chosen.f)), 303)
        except DataError as error:
            typed["wrong"] = error.message.said(here.lang)
    mask = rows.mask(view)
    n = int(mask.sum())
    choices = rows.choices()
    by = here.get("by", "")
    by = by if by in choices else next((key for key in choices if key not in ("label", SURE, YOURS, "note")), "label")
    across = here.get("across", "label")
    across = across if across in choices else "label"
    shown = here.get("picture", "shares" if job.truth is not None else "schooling")
    shown = shown if shown in WHATS else "shares"
    sides = sides_of(store, job, view, here.get("with"), here.all("pair"))
    own = store.reviews.of(job)
    start = max(0, int(_number(here.get("page", "1")) - 1)) * _ROWS
    return here.page(
        "result.j2", rows=rows, view=view, n=n, filters=_filters(here, rows, view), choices=choices, by=by,
        across=across, column_name=lambda key: column_name(here, key), months=rows.months(), numbers=rows.numbers(),
        values=[(f"{by}:{value}", name_of(here, by, value)) for value in rows.coded(by).values[:_VALUES]],
        pair=here.all("pair"),
        some=rows.page(view, start, _ROWS)["rows"], start=start, pages=-(-n // _ROWS),
        alike=_merges(rows.alike(by), rows.columns, by), typed=typed, own=own,
        merged=[one for name, names in job.merged.items() for one in _merges(names, rows.columns, name)],
        by_hand=int(mask[list(rows.own)].sum()), yours=[f"{YOURS}:{label}" for label in COLLARS],
        disagreements=store.reviews.disagreements(own), pictures=WHATS, picture=shown,
        name_of=lambda key, value: name_of(here, key, value), other=here.get("with"),
        counted=_under_definitions(here, rows, mask), reviewed=min(_REVIEWED, job.rows), least=MIN_ANNOTATIONS,
        others=[one for one in store.jobs.values() if one.state == "done" and one.rows and one.id != job.id],
        titles_only=not job.texts or (job.bases.get("title", 0) > job.bases.get("ad", 0)),
        **(_answer(here, Side(store, job, view)) if n else {"warnings": [], "methods": ""}),
        **_sides(here, sides, shown, by, across),
    )  # fmt: skip


def _answer(here: Here, side: Side) -> dict[str, Any]:
    """The shares of the rows that are looked at, and what has to be said of them."""
    whole = estimate(side)
    counts = np.bincount(side.rows.labels[side.mask()], minlength=len(COLLARS))
    said = headline(whole)
    sentence = "" if said is None else said.said(here.lang) + ("。" if here.lang == "zh" else ".")
    if not sentence:  # what cannot be said in a sentence is neither drawn nor written below: counts alone
        whole = with_notes(whole.assign(share=whole["plain"], low=np.nan, high=np.nan, method="counted"), [
            tuple(note for note in row if note.template != RANGE) for row in notes_of_rows(whole)])  # fmt: skip
    return {
        "headline": sentence, "shares": _whole(here, whole, counts),
        "bar": charts.whole([(row["label"], row["share"], row["low"], row["high"]) for row in whole.to_dict("records")],
                            {label: here.say(NAMES[label]) for label in COLLARS}),
        "warnings": warnings_of(whole, here.lang),
        "methods": methods_paragraph(whole, model=side.job.model, language=here.lang),
    }  # fmt: skip


def _sides(
    here: Here, sides: Sequence[Side], picture: What, by: str, across: str
) -> dict[str, Any]:
    """Counts and pictures of what is looked at, or of two parts or files that stand beside each other."""
    filled = [one for one in sides if one.mask().any()]
    whole = len(filled) == len(sides)
    tables = []
    for one in filled:
        choices = one.rows.choices()
        if by in choices and across in choices:
            tables.append((one, _counts(here, one, by, across)))
    return {
        "sides": sides, "tables": tables,
        "drawn": figures_of(sides, picture, by, here.lang, partial(_chosen, here)) if whole else [],
        "two": compared(sides, here.lang) if whole and len(sides) > 1 else None,
    }  # fmt: skip


def _filters(here: Here, rows: Results, view: View) -> list[tuple[str, str]]:
    """What rows are chosen by, and the address without it."""
    out = [(here.say("contains “{words}”", words=view.q), here.link(q=None, page=None))] if view.q else []
    for chosen in view.f:
        column, value = rows.split(chosen)
        said = name_of(here, column, value) if value else here.say("(none)")
        if ".." in value and value not in rows.coded(column).values:
            low, _, high = value.partition("..")
            said = here.say("from {low} to {high}", low=low or "…", high=high or "…")
        out.append((f"{column_name(here, column)}: {said}", here.toggled(chosen)))
    return out


def _whole(here: Here, shares: Any, counts: Any) -> list[dict[str, Any]]:
    """The share of each label with its interval, or with the ads that it is counted from."""
    return [
        {**row, "n": n, "beside": here.say("{n:,} ads", n=n) if np.isnan(row["low"]) else here.say(
            "{low} to {high}", low=here.percent(row["low"]), high=here.percent(row["high"]))}
        for row, n in zip(shares.to_dict("records"), counts.tolist(), strict=True)
    ]  # fmt: skip


def _counts(here: Here, side: Side, by: str, across: str) -> dict[str, Any]:
    """Rows of each value of a column across those of another one, with links; and shares where they can be had."""
    rows, mask = side.rows, side.mask()
    first, second = rows.coded(by), rows.coded(across)
    found = first.table(mask, _single(second))
    order = [i for i in range(len(first.values)) if found[i].sum()]
    more = max(0, len(order) - (10_000 if here.get("all") else _VALUES))
    order = order[: len(order) - more]
    columns = [j for j in range(len(second.values)) if found[:, j].sum()][:8]
    corrected = _corrected(side, by) if across == "label" else {}
    link = partial(_chosen, here, side)
    lines = [
        _line(here, link, (by, across), first.values[i], [(second.values[j], int(found[i, j])) for j in columns],
              int(found[i].sum()), corrected)
        for i in order
    ]  # fmt: skip
    return {
        "lines": lines, "heads": [name_of(here, across, second.values[j]) for j in columns], "more": more,
        "none": int(found[-1].sum()), "none_href": link(f"{by}:"),
        "intervals": any(cell["interval"] for line in lines for cell in line["cells"]),
    }  # fmt: skip


def _corrected(side: Side, by: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Shares of groups with their intervals, by group and label; nothing where labels are only counted."""
    column = by if by == MONTH else by.removeprefix("=")
    if side.job.truth is None or (by != MONTH and column not in side.job.columns):
        return {}
    try:
        table = estimate(side, [column])
    except CollarclassError:
        return {}
    return {
        (str(row[column]), str(row["label"])): {"share": row["share"], "low": row["low"], "high": row["high"]}
        for row in table.to_dict("records")
        if row["method"] != "range" and not np.isnan(row["low"])
    }  # fmt: skip


def _chosen(here: Here, side: Side, *chosen: str) -> str:
    """The address of some rows of what is looked at, or of one of two that stand beside each other."""
    if side.job is here.parts["job"] and side.view == view_of(here):
        return here.toggled(*chosen, anchor="#ads")
    return here.link(f"/p/{side.job.id}", f=[*side.view.f, *chosen], q=side.view.q) + "#ads"


def _line(
    here: Here, link: Callable[..., str], columns: tuple[str, str], value: str, counts: Sequence[tuple[str, int]],
    total: int, corrected: Mapping[tuple[str, str], Mapping[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """The counts of one value of a column."""
    cells, parts, (by, across) = [], [], columns
    for i, (name, n) in enumerate(counts):
        estimated = corrected.get((value, name))
        share = n / total if estimated is None else estimated["share"]
        interval = "" if estimated is None else f"{100 * estimated['low']:.0f}–{100 * estimated['high']:.0f}"
        chosen = dict.fromkeys((f"{by}:{value}", f"{across}:{name}"))
        cells.append({"key": name, "n": n, "share": share, "interval": interval, "href": link(*chosen)})
        look = name if across == "label" else f"part{i % 6}"
        parts.append((look, name_of(here, across, name), round(share * total)))
    return {"name": name_of(here, by, value), "n": total, "cells": cells, "href": link(f"{by}:{value}"),
            "bar": charts.stack(parts, [str(cell["href"]) for cell in cells])}  # fmt: skip


def _single(coded: Coded) -> Coded:
    """A column with one value a row: of lists the first."""
    if coded.several is None:
        return coded
    first = np.array([*(own[0] if own else -1 for own in coded.several), -1], np.int32)
    return replace(coded, codes=first[coded.codes], several=None)


def _merges(names: Mapping[str, str], columns: Sequence[str], key: str) -> list[dict[str, Any]]:
    """Names of a column that stand for another one, or may, as the interface takes them."""
    column, kept = key.removeprefix("="), dict[str, list[str]]()
    for one, other in names.items():
        if one != other and column in columns:
            kept.setdefault(other, []).append(one)
    return [{"column": column, "names": own, "kept": other} for other, own in kept.items()]


def _under_definitions(here: Here, rows: Results, mask: Any) -> list[dict[str, Any]]:
    """The same rows counted under every definition that their columns suffice for: like beside like."""
    out = []
    for name, labels in rows.under_definitions.items():
        counts = dict(zip(COLLARS, np.bincount(labels[mask], minlength=len(COLLARS)).tolist(), strict=True))
        bar = charts.stack([(label, here.say(NAMES[label]), n) for label, n in counts.items()])
        out.append({"name": name, "counts": counts, "n": sum(counts.values()), "bar": bar})
    return out


def _row(here: Here, job: Job, row: str) -> Response:
    found, view = here.store.results(job), view_of(here)
    number = int(_number(row))
    one = found.ad(number - 1)
    every = found.rows_of(view)
    place = np.flatnonzero(every == number - 1)
    at = int(place[0]) if len(place) else None
    judged = classify_many([one["text"]], [one["title"] or None], True, model=here.store.model,
                           definition=job.definition)[0]  # fmt: skip
    step = {name: here.beside(f"/p/{job.id}/row/{every[i] + 1}")
            for name, i in (("before", (at or 0) - 1), ("behind", (len(every) if at is None else at) + 1))
            if at is not None and 0 <= i < len(every)}  # fmt: skip
    return here.page(
        "row.j2", job=job, one=one, judged=judged, sentence=judged.explain(here.lang), step=step, at=at, of=len(every),
        title_pieces=pieces(one["title"], "title", judged), text_pieces=pieces(one["text"], "text", judged),
        back=here.beside(f"/p/{job.id}"),
    )  # fmt: skip


# -- reviews ---------------------------------------------------------------------------------------


def _review(here: Here, review: Review) -> Response:
    reviews, job = here.store.reviews, here.store.jobs.get(review.project)
    done = sum(label is not None for label in review.labels)
    asked = here.get("ad")
    following = [i for i, label in enumerate(review.labels) if label is None]
    at = int(_number(asked)) if asked else (following[0] if following else None)
    if at is not None and not 0 <= at < len(review.ads):
        at = None
    next_at = next((i for i in following if at is not None and i > at), next((i for i in following if i != at), None))
    other = reviews.second(review)
    return here.page(
        "review.j2", review=review, job=job, done=done, at=at, ad=None if at is None else review.ads[at],
        text_pieces=[] if at is None else pieces(review.ads[at].text, "text"),
        after=here.link(ad=next_at) if next_at is not None else here.link(f"/r/{review.id}"),
        last=review.last(), other=other, compared=None if other is None else compare(review, other.rows()),
        keys={"white": "w", "blue": "b", "gray": "g", "unclear": "u"},
    )  # fmt: skip


_show("/", lambda here, given: _home(here))
_show("/ad", lambda here, given: _ad(here, here.get("title"), here.get("text")))
_show("/occupations", lambda here, given: _occupations(here))
_show("/p/{file}", lambda here, given: _project(here, here.store.get(given["file"])))
_show("/p/{file}/row/{row}", lambda here, given: _row(here, here.store.get(given["file"]), given["row"]))
_show("/r/{review}", lambda here, given: _review(here, here.store.reviews.get(given["review"])))
