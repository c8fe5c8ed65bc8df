"""The one account of an ad's two ratings: what each starts from, and what schooling, title and words add to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from collarclass.definitions.labels import BASES, DIMENSIONS
from collarclass.features.ad_words import words_in
from collarclass.model.ad_reader import AdReader
from collarclass.text.cells import shown
from collarclass.requirement_reader.outcomes import FEATURES

MAX_WORDS, MAX_SHOWN = 12, 5  # words that an account names, and that a file shows
LINE = (1.5, 2.5)  # ratings between which either side may be the label's
_TITLE_ALONE, _MAX_RATING = BASES.index("title"), 4.0
_OF_SCHOOLING, _N_FEATURES = FEATURES.index("pursuing") + 1, len(FEATURES)  # the first ones are of schooling
# Of ratings, and of the weightiest word: what counts less is not named, and of a rating without such words, at all.
_MIN_WEIGHT, _MIN_SHARE, _LEAST = 0.1, 0.2, 0.05
_SIDES = {"white": (0, -1), "blue": (-1, 1), "gray": (1, 1)}  # 0: white has both
_WORD, _TITLE = -2, -3  # as whose part a token counts; else the finding whose words it is of, -1 for none
_EXACT = 1e-9  # a weight that is less is none
_OPENING = {")": "(", "）": "（"}  # brackets by what closes them


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one part of an ad adds to one of its ratings, and where it stands.

    Attributes
    ----------
    field : {"title", "text"} or None
        Which of the two texts that the caller passed; None for what has no place of its own.
    start, end : int or None
        Offsets there: ``title_or_text[start:end] == evidence.text``; None without a place.
    text : str
        The words themselves; of several alike the first.
    dimension : {"academic", "hands_on"}
        The rating that it adds to.
    weight : float
        How much, on the ratings' scale of 0 to 4: negative lowers the score.
    kind : str
        "schooling", stated; "requirement", another stated one; "title", as a whole; "words", one or a few that belong
        together; "other words", all of them; "beyond the scale", by how much the sum lies beyond its ends. Of a raw
        term "n-gram", or the name of a stated feature.
    """

    field: str | None
    start: int | None
    end: int | None
    text: str
    dimension: str
    weight: float
    kind: str = "words"


class Part(NamedTuple):
    """A part of an account: what it is, where it stands, and what it adds to the two ratings."""

    kind: str
    field: str | None
    start: int | None
    end: int | None
    text: str
    weights: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Account:
    """An ad's two ratings as sums: of each, ``start + sum of parts`` is the rating, 0 to 4.

    Schooling is the first part, then come other requirements, the title, words by weight, and what is left.
    """

    start: tuple[float, float]
    ratings: tuple[float, float]
    parts: tuple[Part, ...]

    def evidence(self) -> tuple[Evidence, ...]:
        """What each part adds to each rating, weightiest first."""
        found = [_evidence(part, d) for part in self.parts for d, weight in enumerate(part.weights)]
        found = [one for one in found if abs(one.weight) > _EXACT]
        return tuple(sorted(found, key=lambda e: (-abs(e.weight), e.field or "", e.start or 0, e.dimension)))

    def reasons(self, label: str) -> tuple[Evidence, ...]:
        """The evidence that speaks for a label: of each rating the strongest first, then all others by strength."""
        return tuple(_evidence(part, d) for _, part, d in self.pulls(label))

    def pulls(self, label: str) -> list[tuple[float, Part, int]]:
        """By how much which parts move which rating to a label's side, as `reasons`."""
        first, rest = [], []
        for d, side in enumerate(self.sides(label)):
            found = [(pull, part, d) for pull, part in self.towards(d, side)]
            first += found[:1]
            rest += found[1:]
        return sorted(first, key=_by_strength) + sorted(rest, key=_by_strength)

    def towards(self, d: int, side: int) -> list[tuple[float, Part]]:
        """The parts whose words move a rating most to a side, and by how much; where all are weak the strongest alone.

        Words that stand in the title, or in a stronger part, are left to that; schooling has no part in the work.
        """
        told = next((part.text.casefold() for part in self.parts if part.kind == "title"), "")
        pulls = [(side * part.weights[d], part) for part in self.parts if part.text]
        found: list[tuple[float, Part]] = []
        for pull, part in sorted((pull for pull in pulls if pull[0] >= _LEAST), key=_by_strength):
            if found and pull < max(_MIN_WEIGHT, _MIN_SHARE * found[0][0]):
                break
            if d and part.kind == "schooling":
                continue
            if part.kind == "words":
                words = part.text.casefold()
                if all(word in told for word in words.split()):
                    continue
                told += words
            found.append((pull, part))
        return found

    def sides(self, label: str) -> list[int]:
        """The side of each rating, 1 for much and -1 for little: its own; near the middle the label's or its way."""
        return [
            -1 if rating < LINE[0] else 1 if rating >= LINE[1] else side or (1 if rating >= start else -1)
            for rating, start, side in zip(self.ratings, self.start, _SIDES.get(label, (0, 0)), strict=True)
        ]


def account_of(reader: AdReader, text: str, title: str | None) -> Account:
    """The account of the ad that was read."""
    reader.share_out()
    source, shares = _Source(reader, text, title or ""), reader.shares
    stated, leading = _stated(reader)
    _own(reader, stated, leading)
    parts = []
    for finding in [leading] * (leading in stated) + sorted(stated.keys() - {leading}):
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
    parts += words
    academic, hands_on = shares.sum_of(_WORD)
    academic, hands_on = _rest(academic, hands_on, words)
    parts.append(source.part("other words", -1, -1, academic, hands_on))
    return source.account(parts)


def _rest(academic: float, hands_on: float, parts: list[Part]) -> tuple[float, float]:
    """What is left of two sums without some parts."""
    for part in parts:
        academic -= part.weights[0]
        hands_on -= part.weights[1]
    return academic, hands_on


def _stated(reader: AdReader) -> tuple[dict[int, tuple[float, float]], int]:
    """What each finding adds to the two ratings, -1 for none, and the one that carries the schooling."""
    found, leading = reader.requirements, -1
    stated: dict[int, tuple[float, float]] = {}
    for k in range(_N_FEATURES):
        if k < _OF_SCHOOLING and leading < 0:
            leading = found.carrier[k]
    for k in range(_N_FEATURES if reader.share[0] > 0 else 0):
        if found.features[k] != 0:
            finding = leading if k < _OF_SCHOOLING else found.carrier[k]
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
    for finding in range(found.n if leading in stated else 0):
        if found.decides[finding]:
            shares.own(found.first_of(finding), found.last_of(finding) + 1, leading)


def terms_of(reader: AdReader, text: str, title: str | None) -> tuple[Evidence, ...]:
    """The raw terms of the ad that was read: each n-gram where it stands first, and each stated feature."""
    source, share = _Source(reader, text, title or ""), list(reader.share)
    maps = None if reader.line is None else reader.line.map_tokens(reader.line_tokens, reader.tokens)
    blocks = [(reader.text_terms, reader.scale), (reader.title_terms, reader.scale)] if share[0] else []
    blocks += [(reader.bare, [1 - part for part in share])] if min(share) < 1 else []
    parts = []
    for terms, scale in blocks:
        for k in range(terms.n):
            term, value, first, last = terms.term[k], terms.value[k], terms.first[k], terms.last[k]
            first, last = (first, last) if maps is None else (maps[0][first], maps[1][last])
            academic, hands_on = terms.weight[term, 0] * scale[0], terms.weight[term, 1] * scale[1]
            parts.append(source.part("n-gram", first, last, value * academic, value * hands_on))
    for k, name in enumerate(FEATURES if share[0] else ()):
        if reader.requirements.features[k]:
            first, last = source.place(reader.requirements.carrier[k])
            parts.append(source.part(name, first, last, reader.stated_part(k, 0), reader.stated_part(k, 1)))
    return source.account(parts).evidence()


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
            return Part(kind, None, None, None, "", (academic, hands_on))
        field, text, start, end = self.span(first, last)
        end += _closing(text, start, end)
        if kind in ("schooling", "requirement"):
            end -= _trailing(text[start:end])
        return Part(kind, field, start, end, text[start:end], (academic, hands_on))

    def account(self, parts: list[Part]) -> Account:
        """The account of some parts, with one more for what lies beyond the scale."""
        start, score = self.reader.intercept, self.reader.score
        ratings = score[0] * _MAX_RATING, score[1] * _MAX_RATING
        academic, hands_on = _rest(ratings[0] - start[0], ratings[1] - start[1], parts)
        if abs(academic) > _EXACT or abs(hands_on) > _EXACT:
            parts.append(self.part("beyond the scale", -1, -1, academic, hands_on))
        return Account((start[0], start[1]), ratings, tuple(parts))

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
                start, end = _whole(text, start + begin, start + stop)
            elif field == "text":
                return Part("title", None, None, None, "", (academic, hands_on))
        end = _before_pay(text, start, end)
        end += _closing(text, start, end)
        return Part("title", field, start, end, text[start:end], (academic, hands_on))

    def words(self) -> list[Part]:
        """The weightiest words that count for themselves, each with what it adds wherever it stands."""
        listed = self.reader.words.read(self.tokens, self.reader.shares, _WORD)
        found = []
        for first, last, academic, hands_on in listed.strongest(self.tokens, MAX_WORDS, _LEAST):
            field, text, start, end = self.span(first, last)
            found.append(Part("words", field, start, end, text[start:end], (academic, hands_on)))
        return found


def _before_pay(text: str, start: int, end: int) -> int:
    """Where a title ends that goes on with pay and perks: 女工 of 女工月薪5千包食宿."""
    if text.isascii():
        return end
    places = (text.find(word, start + 2, end) for word in words_in("pay_words.txt"))
    kept = text[start : min((place for place in places if place > 0), default=end)]
    return start + len(kept.rstrip(" +-,，、/（("))


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """A run of a text, widened to the words that it begins and ends in: "2nd Line Engineer", "A&E Consultant"."""
    while start > 0 and text[start].isascii() and _is_of_word(text[start - 1]):
        start -= 1
    while end < len(text) and text[end - 1].isascii() and _is_of_word(text[end]):
        end += 1
    return start, end


def _is_of_word(character: str) -> bool:
    return character == "&" or (character.isascii() and character.isalnum())


def _closing(text: str, start: int, end: int) -> int:
    """1 where a bracket that words opened closes right behind them, else 0."""
    closing = text[end : end + 1]
    opening = _OPENING.get(closing)
    return int(opening is not None and text.count(opening, start, end) > text.count(closing, start, end))


def _trailing(words: str) -> int:
    """How many characters at the end of some words are function words and blanks: " in" of "Degree in"."""
    kept = words
    while " " in kept and kept.split().pop().casefold() in words_in("stop_words.txt"):
        kept = kept.rsplit(None, 1)[0]
    return len(words) - len(kept)


def few_words(account: Account, label: str) -> str:
    """The few words of an account that speak most for a label, as files hold them."""
    words: dict[str, str] = {}
    for _, part, _ in account.pulls(label):
        found = shown(part.text)
        words.setdefault(found.casefold(), found)
    return "; ".join([*words.values()][:MAX_SHOWN])


def _evidence(part: Part, d: int) -> Evidence:
    return Evidence(part.field, part.start, part.end, part.text, DIMENSIONS[d], part.weights[d], part.kind)


def _by_strength(pull: tuple[float, Part] | tuple[float, Part, int]) -> float:
    return -pull[0]
