"""The one account of an ad's two ratings: what each starts from, and what schooling, title and words add to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from collarclass.definitions.labels import BASES, DIMENSIONS
from collarclass.features.ngrams import stop_words
from collarclass.model.ad_reader import AdReader
from collarclass.model.borders import shown, whole_words
from collarclass.requirement_reader.outcomes import FEATURES

MAX_WORDS, MAX_SHOWN = 20, 5  # words that an account names, and that a file shows
_TITLE_ALONE, _MAX_RATING = BASES.index("title"), 4.0
_OF_SCHOOLING = FEATURES.index("pursuing") + 1  # features before it are of schooling
MIN_WEIGHT, _MIN_SHARE = 0.1, 0.2  # of ratings, and of the weightiest word: what counts less is not named
_SIDES = {"white": (1, -1), "blue": (-1, 1), "gray": (1, 1)}
_WORD, _TITLE = -2, -3  # as whose part a token counts; else the finding whose words it is of, -1 for none
_EXACT = 1e-9
_OPENING = {")": "(", "）": "（"}  # brackets by what closes them


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one part of an ad adds to one of its ratings, and where it stands.

    Attributes
    ----------
    field : {"title", "text"}
        Which of the two texts that the caller passed.
    start, end : int
        Offsets there: ``title_or_text[start:end] == evidence.text``; equal for what has no place of its own.
    text : str
        The words themselves; of several alike the first.
    dimension : {"academic", "hands_on"}
        The rating that it adds to.
    weight : float
        How much, on the ratings' scale of 0 to 4: negative lowers the score.
    kind : {"schooling", "requirement", "title", "words", "other words", "beyond the scale"}
        Stated schooling; other stated requirements; the title as a whole; a word; all other words together; and by
        how much the sum lies beyond the scale's ends.
    """

    field: str
    start: int
    end: int
    text: str
    dimension: str
    weight: float
    kind: str = "words"


@dataclass(frozen=True, slots=True)
class Reason:
    """Words that speak for an ad's label.

    Attributes
    ----------
    field : {"title", "text"}
    start, end : int
        Offsets there.
    text : str
    dimension : {"academic", "hands_on"}
        The rating through which they speak most.
    strength : float
        By how much they move the rating to the label's side, 0 to 4.
    """

    field: str
    start: int
    end: int
    text: str
    dimension: str
    strength: float


class Part(NamedTuple):
    """A part of an account: what it is, where it stands, and what it adds to the two ratings."""

    kind: str
    field: str
    start: int
    end: int
    text: str
    weights: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Account:
    """An ad's two ratings as sums: of each, ``start + sum of parts`` is the rating, 0 to 4.

    Attributes
    ----------
    start, ratings : tuple of float
        Academic and hands-on.
    parts : tuple of Part
        Schooling first, then other requirements, the title, words by weight, all other words, what is beyond the scale.
    """

    start: tuple[float, float]
    ratings: tuple[float, float]
    parts: tuple[Part, ...]

    def evidence(self) -> tuple[Evidence, ...]:
        """What each part adds to each rating, weightiest first."""
        found = [
            Evidence(part.field, part.start, part.end, part.text, dimension, weight, part.kind)
            for part in self.parts
            for dimension, weight in zip(DIMENSIONS, part.weights, strict=True)
            if weight
        ]
        return tuple(sorted(found, key=lambda e: (-abs(e.weight), e.field, e.start, e.dimension)))

    def reasons(self, label: str) -> tuple[Reason, ...]:
        """The words that speak for a label, or without one for the sides of the two ratings, strongest first."""
        return tuple(
            Reason(part.field, part.start, part.end, part.text, DIMENSIONS[d], strength)
            for strength, d, part in self.towards(self.sides(label))
        )

    def towards(self, sides: tuple[int, int], least: float = MIN_WEIGHT) -> list[tuple[float, int, Part]]:
        """The parts whose words move the ratings most to some sides: by how much, which rating, and the part.

        A word that stands in the title is left to the title.
        """
        title, found = "", []
        for part in self.parts:
            academic, hands_on = sides[0] * part.weights[0], sides[1] * part.weights[1]
            pull = max(academic, hands_on)
            if part.kind == "title":
                title = shown(part.text).casefold()
            if pull >= least and part.text and academic + hands_on > 0:
                if part.kind != "words" or not all(word in title for word in shown(part.text).casefold().split()):
                    found.append((pull, int(hands_on > academic), part))
        found.sort(key=lambda pull: -pull[0])
        return [pull for pull in found if pull[0] >= _MIN_SHARE * found[0][0]]

    def sides(self, label: str) -> tuple[int, int]:
        """The side of each rating that a label stands for: 1 for much, -1 for little."""
        academic, hands_on = (1 if rating >= _MAX_RATING / 2 else -1 for rating in self.ratings)
        return _SIDES.get(label, (academic, hands_on))


def account_of(reader: AdReader, text: str, title: str | None) -> Account:
    """The account of the ad that was read."""
    reader.share_out()
    source, shares = _Source(reader, text, title or ""), reader.shares
    stated, leading = _stated(reader)
    _own(reader, stated, leading)
    parts = []
    findings = sorted(stated)
    if leading in stated:
        findings.remove(leading)
        findings.insert(0, leading)
    for finding in findings:
        academic, hands_on = shares.sum_of(finding)
        academic, hands_on = stated[finding][0] + academic, stated[finding][1] + hands_on
        first, last = source.place(finding)
        parts.append(source.part("schooling" if finding == leading else "requirement", first, last, academic, hands_on))
    first = last = -1
    for i in range(reader.tokens.n_title):
        if shares.owner[i] == _TITLE:
            first, last = i if first < 0 else first, i
    if first >= 0:
        academic, hands_on = shares.sum_of(_TITLE)
        parts.append(source.job(first, last, academic, hands_on))
    words = source.words()
    academic, hands_on = shares.sum_of(_WORD)
    for word in words:
        academic -= word.weights[0]
        hands_on -= word.weights[1]
    parts += words
    parts.append(source.part("other words", -1, -1, academic, hands_on))
    ratings = reader.score[0] * _MAX_RATING, reader.score[1] * _MAX_RATING
    academic, hands_on = ratings[0] - reader.intercept[0], ratings[1] - reader.intercept[1]
    for part in parts:
        academic -= part.weights[0]
        hands_on -= part.weights[1]
    if abs(academic) > _EXACT or abs(hands_on) > _EXACT:
        parts.append(source.part("beyond the scale", -1, -1, academic, hands_on))
    return Account((reader.intercept[0], reader.intercept[1]), ratings, tuple(parts))


def _stated(reader: AdReader) -> tuple[dict[int, tuple[float, float]], int]:
    """What each finding adds to the two ratings, -1 for none, and the one that carries the schooling."""
    found = reader.requirements
    stated: dict[int, tuple[float, float]] = {}
    carrier = list(found.carrier)
    leading = next((finding for finding in carrier[:_OF_SCHOOLING] if finding >= 0), -1)
    for k, value in enumerate(list(found.features) if reader.share[0] > 0 else []):
        if value:
            finding = leading if k < _OF_SCHOOLING else carrier[k]
            academic, hands_on = stated.get(finding, (0.0, 0.0))
            stated[finding] = academic + reader.stated_part(k, 0), hands_on + reader.stated_part(k, 1)
    return stated, leading


def _own(reader: AdReader, stated: dict[int, tuple[float, float]], leading: int) -> None:
    """Say what each token is counted as: a word, the title, or the finding whose words it is of."""
    found, shares = reader.requirements, reader.shares
    shares.own(0, shares.n, _WORD)
    if reader.basis != _TITLE_ALONE:
        shares.own(0, reader.tokens.n_title, _TITLE)
    for finding in stated:
        if finding >= 0:
            shares.own(found.first_of(finding), found.last_of(finding) + 1, finding)
    for finding, decides in enumerate(list(found.decides[: found.n]) if leading in stated else []):
        if decides:
            shares.own(found.first_of(finding), found.last_of(finding) + 1, leading)


class _Source:
    """The ad that was read, from which parts take their words."""

    def __init__(self, reader: AdReader, text: str, title: str) -> None:
        self.reader, self.tokens, self.text, self.title = reader, reader.tokens, text, title

    def place(self, finding: int) -> tuple[int, int]:
        """First and last token of a finding; -1 of none."""
        if finding < 0:
            return -1, -1
        return self.reader.requirements.first_of(finding), self.reader.requirements.last_of(finding)

    def span(self, first: int, last: int) -> tuple[str, str, int, int]:
        """Field, its whole text, and offsets of some tokens."""
        in_title, start, end = self.tokens.span(first, last)
        return ("title", self.title, start, end) if in_title else ("text", self.text, start, end)

    def part(self, kind: str, first: int, last: int, academic: float, hands_on: float) -> Part:
        """A part that stands at some tokens; at none, one without a place."""
        if first < 0:
            return Part(kind, "text", 0, 0, "", (academic, hands_on))
        field, text, start, end = self.span(first, last)
        end += _closing(text, start, end)
        if kind == "schooling":
            end -= _trailing(text[start:end])
        return Part(kind, field, start, end, text[start:end], (academic, hands_on))

    def job(self, first: int, last: int, academic: float, hands_on: float) -> Part:
        """The title as a part, which stands at what names the job in it: no place, pay or number.

        A line of the text that was taken for a title and names no job stands nowhere.
        """
        field, text, start, end = self.span(first, last)
        if field == "title":
            start, end = 0, len(text)
        words_alone = text.isalpha() or (text.isascii() and text.replace(" ", "").isalpha())
        if field == "text" or not words_alone:
            begin, stop = self.reader.job_in(text[start:end])
            if begin < stop:
                start, end = whole_words(text, start + begin, start + stop)
            elif field == "text":
                return Part("title", field, 0, 0, "", (academic, hands_on))
        end += _closing(text, start, end)
        return Part("title", field, start, end, text[start:end], (academic, hands_on))

    def words(self) -> list[Part]:
        """The weightiest words that count for themselves, each with what it adds wherever it stands."""
        listed = self.reader.words.read(self.tokens, self.reader.shares, _WORD)
        found: dict[tuple[str, str], tuple[str, int, int, float, float]] = {}
        for first, last, academic, hands_on in listed.strongest(MAX_WORDS):
            field, text, start, end = self.span(first, last)
            if not self.tokens.ideograph[first]:
                start, end = whole_words(text, start, end)
            same = field, shown(text[start:end]).casefold()
            if same in found:  # in other forms of writing
                _, start, end, more, by_hand = found[same]
                academic, hands_on = more + academic, by_hand + hands_on
            if same[1].isalpha() or any(map(str.isalpha, same[1])):
                found[same] = field, start, end, academic, hands_on
        return self.phrases(sorted(found.values()))

    def phrases(self, words: list[tuple[str, int, int, float, float]]) -> list[Part]:
        """Words, of which those that stand side by side and pull to one side are one: "machine learning"."""
        found: list[Part] = []
        before: Part | None = None
        for field, start, end, academic, hands_on in words:
            text = self.title if field == "title" else self.text
            if before is not None and before.field == field and before.end in (start, start - 1):
                _, _, begin, stop, _, (more, by_hand) = before
                if (stop == start or text[stop] == " ") and academic * more + hands_on * by_hand > 0:
                    start, academic, hands_on = begin, academic + more, hands_on + by_hand
                    found.pop()
            before = Part("words", field, start, end, text[start:end], (academic, hands_on))
            found.append(before)
        found.sort(key=_weakness)
        return found


def _weakness(part: Part) -> float:
    return -abs(part.weights[0]) - abs(part.weights[1])


def _closing(text: str, start: int, end: int) -> int:
    """1 where a bracket that words opened closes right behind them, else 0."""
    closing = text[end : end + 1]
    opening = _OPENING.get(closing)
    return int(opening is not None and text.count(opening, start, end) > text.count(closing, start, end))


def _trailing(words: str) -> int:
    """How many characters at the end of some words are function words and blanks: " in" of "Degree in"."""
    kept = words
    while " " in kept and kept.split().pop().casefold() in stop_words():
        kept = kept.rsplit(None, 1)[0]
    return len(words) - len(kept)


def few_words(account: Account, label: str) -> str:
    """The few words of an account that speak most for a label, as files hold them."""
    words: dict[str, str] = {}
    for _, _, part in account.towards(account.sides(label)):
        found = shown(part.text)
        words.setdefault(found.casefold(), found)
    return "; ".join([*words.values()][:MAX_SHOWN])
