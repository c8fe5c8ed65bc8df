"""Ads shown one by one in a terminal, without the model's guess, and a label taken by one key."""

from __future__ import annotations

import heapq
import math
import os
import shutil
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import east_asian_width

from collarclass.annotation.agreement import Agreement, agreement
from collarclass.annotation.answers import AnswerFile, ad_key, columns_of
from collarclass.api import classify
from collarclass.definitions.labels import RATINGS, allowed_labels
from collarclass.errors import DataError
from collarclass.files.readers import FileInput, TableInput, count_bases
from collarclass.files.table import iter_table, read_table
from collarclass.model.model import Model
from collarclass.result import Classification
from collarclass.shares.read import NOT_RANDOM, SAMPLE_COLUMNS, SAMPLE_ROW, SAMPLE_SOURCE, ad_columns, ads_of
from collarclass.text.cells import unguarded

LABEL_KEYS = {"w": "white", "b": "blue", "g": "gray", "u": "unclear"}
_PROMPT = "[w]hite [b]lue [g]ray [u]nclear  [s]kip [z] undo [n]ote  [m]odel's guess [r]equirements  [q]uit"
_PAGE_PROMPT = "[space] next page [p]revious"
_WORDS = 6
_RATING_NAMES = ("academic credential", "hands-on skill")


@dataclass(frozen=True, slots=True)
class Ad:
    """An ad to be annotated: its row in the file, counted from 1, and the columns of the sample that it is from."""

    row: int
    title: str
    text: str
    sample: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where the annotator sits: keys come in, text goes out."""

    read_key: Callable[[], str]
    write: Callable[[str], None]
    width: int = 0
    height: int = 0

    def size(self) -> tuple[int, int]:
        """Columns and lines for text."""
        found = shutil.get_terminal_size((80, 30))
        return self.width or min(found.columns, 100), self.height or max(found.lines - 6, 8)

    def read_line(self, prompt: str) -> str:
        """Text up to the end of a line."""
        self.write(prompt)
        out = ""
        while (key := self.read_key()) not in {"\n", "\r", ""}:
            out = out[:-1] if key in {"\x7f", "\b"} else out + key
            self.write(key if key.isprintable() else "")
        self.write("\n")
        return out.strip()


def read_ads(
    source: str | os.PathLike[str],
    *,
    title: str | None = None,
    text: str | None = None,
    on_read: Callable[[TableInput], object] | None = None,
) -> list[Ad]:
    """The ads of a sample, in its order; those without any text are left out. `on_read` gets what was read."""
    return [ad for ad, _ in _read(source, title, text, None, on_read)]


def least_certain(
    source: str | os.PathLike[str],
    *,
    title: str | None = None,
    text: str | None = None,
    prefix: str = "",
    most: int = 500,
    on_read: Callable[[TableInput], object] | None = None,
) -> list[Ad]:
    """The ads of a labelled file that the model is least sure of, unclear ones last, in bounded memory.

    Good for teaching a model, and unfit for shares: they are no random sample. `on_read` gets what was read.
    """
    ads = _read(source, title, text, prefix, on_read)
    found = heapq.nsmallest(most, ads, key=lambda pair: (pair[1], pair[0].row))
    return [Ad(ad.row, ad.title, ad.text, {SAMPLE_SOURCE: NOT_RANDOM}) for ad, _ in found]


def _read(
    source: str | os.PathLike[str],
    title: str | None,
    text: str | None,
    prefix: str | None,
    on_read: Callable[[TableInput], object] | None,
) -> Iterator[tuple[Ad, float]]:
    at = 0
    others: dict[str, tuple[str, ...]] = {}
    opened: list[FileInput] = []
    bases: Counter[str] = Counter()
    for rows in iter_table(source, on_open=opened.append):
        titles, texts = ads_of(rows, title, text, Path(source).name)
        confidence = [0.0] * len(rows)
        if prefix is not None:
            name = prefix + "collar_confidence"
            if name not in rows:
                raise DataError(
                    "No column {name!r} in {name_2}: label the file first with 'collarclass label', or name the "
                    "prefix of its columns.", name=name, name_2=Path(source).name,
                )  # fmt: skip
            confidence = [_number(value) for value in rows[name]]
            others = {"confidence": (name,)}
            bases.update(count_bases(rows.get(prefix + "collar_basis", ())))
        samples = [name for name in SAMPLE_COLUMNS if name in rows]
        for i, values in enumerate(rows.to_dict("records")):
            at += 1
            sample = {name: str(values[name]) for name in samples}
            ad = Ad(at, unguarded(titles[i]), unguarded(texts[i]), sample)
            if ad.text.strip() or ad.title.strip():
                yield ad, confidence[i]
    if on_read is not None:
        chosen = ad_columns(rows, title, text)
        on_read(TableInput(at, opened[0].reading(chosen), others, dict(bases)))


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.inf


def review(
    ads: list[Ad],
    target: str | os.PathLike[str],
    terminal: Terminal,
    *,
    annotator: str = "1",
    ratings: bool = False,
    model: Model | None = None,
) -> int:
    """Ask for a label of each ad, and for the two ratings, and write each answer at once; gives how many were labelled.

    A CSV that is there is continued: ads that this annotator has answered are not asked for again, and a second
    annotator answers into the same file under another name. The model's guess is shown on demand.
    """
    sampled = bool(ads) and SAMPLE_ROW in ads[0].sample
    answers = AnswerFile(target, columns_of(ratings, sampled))
    done = {ad_key(row) for row in answers.rows() if row["annotator"] == annotator}
    todo = [ad for ad in ads if ad_key(_answer(ad)) not in done]
    session = _Session(answers, terminal, annotator, ratings, model, len(ads), len(ads) - len(todo))
    at = 0
    while 0 <= at < len(todo):
        step = session.ask(todo[at])
        if step is None:
            break
        at = max(0, at + step)
    return session.labelled


def _answer(ad: Ad) -> dict[str, str]:
    return {"title": ad.title, "text": ad.text, **ad.sample}


@dataclass(slots=True)
class _Session:
    """One sitting: what has been answered, and what the annotator sees."""

    answers: AnswerFile
    terminal: Terminal
    annotator: str
    ratings: bool
    model: Model | None
    of: int  # ads in all
    before: int  # of them answered in other sittings
    labelled: int = 0
    path: list[int] = field(default_factory=list)  # steps taken, so that undo finds back past skipped ads

    def ask(self, ad: Ad) -> int | None:
        """Show an ad until it is answered; gives how far to go on, None to stop."""
        note, saw, page = "", "", 0
        pages = _pages(ad, *self.terminal.size())
        self._show(pages, page)
        while True:
            key = self.terminal.read_key()
            folded = key.lower()
            if folded in {"q", ""}:
                return None
            if folded in LABEL_KEYS:
                if self._take(ad, LABEL_KEYS[folded], note, saw):
                    self.path.append(1)
                    return 1
                self._show(pages, page)
            elif folded == "s":
                self.terminal.write("skipped\n\n")
                self.path.append(0)
                return 1
            elif folded == "z":
                if (back := self._undo()) is not None:
                    return back
            elif folded == "n":
                note = self.terminal.read_line("note: ")
            elif folded == "m":
                saw = "yes"
                self.terminal.write(_guess(self._found(ad)))
            elif folded == "r":
                self.terminal.write(_stated(self._found(ad)))
            elif key in {" ", "\n", "\r", "p", "P"} and len(pages) > 1:
                page = max(0, page - 1) if folded == "p" else min(len(pages) - 1, page + 1)
                self._show(pages, page)

    def _found(self, ad: Ad) -> Classification:
        return classify(ad.text, ad.title or None, model=self.model)

    def _show(self, pages: list[str], page: int) -> None:
        done = self.before + self.labelled
        many = f", page {page + 1} of {len(pages)}" if len(pages) > 1 else ""
        turn = f"\n{_PAGE_PROMPT}" if len(pages) > 1 else ""
        head = f"--- {done + 1} of {self.of}, {100 * done // max(1, self.of)} % done{many}"
        self.terminal.write(f"{head}\n{pages[page]}\n{_PROMPT}{turn}\n")

    def _take(self, ad: Ad, label: str, note: str, saw: str) -> bool:
        """Write an answer, unless the annotator thinks better of it at a rating."""
        answer = _answer(ad) | {"label": label, "annotator": self.annotator, "annotation_note": note, "saw_model": saw}
        self.terminal.write(label + "\n")
        if self.ratings and label != "unclear":
            values = []
            for name, column in zip(_RATING_NAMES, RATINGS, strict=True):
                value = _rating(self.terminal, name)
                if value is None:
                    return False
                values.append(value)
                answer[column] = f"{value:g}"
            if label not in allowed_labels(*values):
                fitting = " or ".join(sorted(allowed_labels(*values)))
                self.terminal.write(f"These ratings stand for {fitting}: label it again.\n")
                return False
        self.answers.add(answer)
        self.labelled += 1
        self.terminal.write("\n")
        return True

    def _undo(self) -> int | None:
        back = 0
        while self.path:
            back -= 1
            if self.path.pop():
                self.answers.undo()
                self.labelled -= 1
                self.terminal.write("taken back\n\n")
                return back
        self.terminal.write("nothing to take back\n")
        return back or None


def _rating(terminal: Terminal, name: str) -> float | None:
    """A rating from 0 to 4 in halves; None if the annotator gives up."""
    while True:
        given = terminal.read_line(f"{name}, 0 to 4 in halves (empty: label again): ")
        if not given:
            return None
        value = _number(given.replace(",", "."))
        if 0 <= value <= 4 and (2 * value).is_integer():
            return value
        terminal.write("Write a number such as 0, 1.5 or 4.\n")


def _guess(found: Classification) -> str:
    words = [f"{' '.join(r.text.split())} ({r.dimension.replace('_', '-')})" for r in found.reasons[:_WORDS]]
    sure = "" if found.confidence is None else f", {found.confidence:.0%} sure"
    return f"model: {found.label}{sure}; {'; '.join(words) or found.note or 'no single word decided'}\n"


def _stated(found: Classification) -> str:
    asked = [f"{' '.join(r.text.split())} ({r.kind}, {r.status.replace('_', ' ')})" for r in found.requirements]
    return f"stated: {'; '.join(asked) or 'nothing on schooling, certificates or experience'}\n"


def _pages(ad: Ad, width: int, height: int) -> list[str]:
    """The whole ad, wrapped and cut into pages."""
    lines = [line for part in (ad.title, ad.text) if part for line in [*_wrapped(part, width), ""]][:-1]
    return ["\n".join(lines[i : i + height]) for i in range(0, len(lines), height)] or [""]


def _wrapped(text: str, width: int) -> list[str]:
    out: list[str] = []
    for paragraph in text.replace("\r\n", "\n").split("\n"):
        wide = any(east_asian_width(c) in "WF" for c in paragraph)
        out += textwrap.wrap(paragraph, width // 2 if wide else width) or [""]
    return out


def agreement_of(path: str | os.PathLike[str]) -> tuple[Agreement, list[tuple[str, str, str]]] | None:
    """Agreement of the first two annotators of a file, and the ads they differ on: title, one label, other label.

    None where only one has annotated, or no ad in common.
    """
    by: dict[str, dict[tuple[str, ...], dict[str, str]]] = {}
    for row in read_table(path).to_dict("records"):
        values = {str(name): unguarded(str(value)) for name, value in row.items()}
        by.setdefault(values.get("annotator", ""), {})[ad_key(values)] = values
    first, second = [*by.values(), {}, {}][:2]
    both = [(one, second[key]) for key, one in first.items() if key in second]
    if not both:
        return None
    found = agreement([one["label"] for one, _ in both], [other["label"] for _, other in both])
    pairs = [(one["title"], one["label"], other["label"]) for one, other in both]
    return found, [(title, one, other) for title, one, other in pairs if one != other]
