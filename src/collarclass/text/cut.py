"""Any text cut into the title that names the job and the rest, with the way back to the caller's text.

What names a job is learnt: the caller gives the log-odds of each candidate. Slips and short forms are read as what they
stand for, and what stands beside the job in a line (pay, places, ways to hire) is set aside.
"""

from __future__ import annotations

import itertools
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from collarclass.text.ad_tokens import AdTokens
from collarclass.text.frames import Run, leaves_open, runs
from collarclass.text.markup import read_markup

MARGIN = 3.0  # log-odds above the least from which a run surely names a job: the first that does is the title
_MOST_RUNS = 40  # of a text that are asked whether they name the job
_VAGUE = -9.0  # log-odds of a rank or group without anything beside it
MAX_LETTERS = 400  # of a line, a Chinese character counting three
_HEADING = 60  # characters of a line that opens a post, and of the title that is looked for in it
# A line may open one post of several if it begins with "Post 2" or 岗位二, or if it is short and counts persons.
_NUMBERED = re.compile(
    r"\n\W{0,4}(?:post|position|role|vacancy|job|opening|招聘岗位|招聘职位|岗位|职位|崗位|職位)[ (（]?(?:no\.? ?|# ?)?"
    r"(?:\d{1,2}|[ivx]{1,4}|[一二三四五六七八九十]{1,2}|[a-f])\b",
    re.IGNORECASE,
)
_COUNTING = re.compile(
    r"[\d一二两兩三四五六七八九十数數] ?[名人位](?!\w)|若干|\d ?(?:posts?|positions?|vacanc\w+|openings?|nos)\b"
    r"|\bx ?\d{1,2}\b|\b\d{1,2} ?x\b",
    re.IGNORECASE,
)
_COUNTED = ("名", "人", "位", "若干", "posts", "vacanc")  # one of these stands in a text that counts its posts

MIN_LETTERS = 5  # of a word that is meant
_BY_FAR = 4  # times the rank by which the next of several words has to be rarer
_MOST_OF_CHINESE = 30  # characters of a text in which 前端 stands for a job, and not for a part of the work
_WORDS = re.compile(r"[^\W\d_]+")
_DENIED = frozenset(("no", "not", "non", "without", "nor", "never", "ex", "former"))

Job = Callable[[list[str]], list[float]]


@dataclass(frozen=True, slots=True)
class Change:
    """Words of a text that are read as others."""

    start: int
    end: int
    words: str


class Spelling:
    """The words that slips are found by: casefolded, the most frequent first.

    An unknown word that is one edit away from one known word of five letters or more counts as that word: one letter
    more, less or other, or two letters that changed places. Of several such words it is the one that is by far the most
    frequent.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = {word: rank for rank, word in enumerate(dict.fromkeys(words), 1)}
        self._alike: dict[tuple[int, int, str], list[str]] = {}  # by length, and by first or last letter

    def nearest(self, word: str) -> str | None:
        """The known word that is an edit away, if there is one alone or one that is by far the most frequent.

        >>> spelling = Spelling(["teacher", "programmer", "welder", "wilder", "techer"])
        >>> spelling.nearest("tacher"), spelling.nearest("porgrammer"), spelling.nearest("wlder")
        ('teacher', 'programmer', None)
        """
        if not self._alike:
            for known in self.words:
                if len(known) < MIN_LETTERS:
                    continue
                for end in (0, -1):
                    self._alike.setdefault((len(known), end, known[end]), []).append(known)
        # An edit leaves the first or the last letter as it is.
        found = {
            other
            for length in (len(word) - 1, len(word), len(word) + 1)
            for end in (0, -1)
            for other in self._alike.get((length, end, word[end]), ())
            if _is_one_edit(word, other)
        }
        best, *others = sorted(found, key=self.words.__getitem__) or [""]
        alone = all(self.words[other] >= _BY_FAR * self.words[best] for other in others)
        return best if best and alone else None


def words_of(text: str) -> list[str]:
    """The words in Latin letters, casefolded."""
    return [word.casefold() for word in _WORDS.findall(text) if word.isascii() or word < "\u0250"]


def _is_one_edit(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    k = next((i for i in range(len(one)) if one[i] != other[i]), len(one))
    if len(one) < len(other):
        return len(other) == len(one) + 1 and one[k:] == other[k + 1 :]
    swapped = one[k : k + 2] == other[k : k + 2][::-1] and one[k + 2 :] == other[k + 2 :]
    return swapped or one[k + 1 :] == other[k + 1 :]


@cache
def _short_forms() -> tuple[re.Pattern[str], dict[str, str]]:
    """Short forms as whole words; the Chinese ones only where nothing but a mark or an end stands beside them."""
    lines = (files("collarclass") / "text" / "short_forms.tsv").read_text("utf-8").splitlines()[1:]
    table = dict(line.split("\t")[:2] for line in lines)
    longest_first = "|".join(re.escape(form) for form in sorted(table, key=len, reverse=True))
    return re.compile(r"(?<![\w&+#/.、-])(?:" + longest_first + r")(?![\w&+#/、-])"), table


def changes(text: str, spelling: Spelling, is_known: Callable[[str], bool]) -> list[Change]:
    """The words of a text that are slips or short forms, in order; a word that `is_known` otherwise is no slip."""
    pattern, table = _short_forms()
    out = []
    for found in pattern.finditer(text):
        if len(text) > _MOST_OF_CHINESE and not found[0].isascii():
            continue
        before = text[: found.start()].split()
        if not before or before[-1].casefold().strip(",.;:") not in _DENIED:
            out.append(Change(found.start(), found.end(), table[found[0]]))
    taken = {i for change in out for i in range(change.start, change.end)}
    for found in _WORDS.finditer(text):
        word = found[0]
        acronym = word.isupper() and not text.isupper()
        if len(word) < MIN_LETTERS - 1 or found.start() in taken or not word.isascii() or acronym:
            continue
        plain = word.casefold()
        if plain not in spelling.words and not is_known(plain) and (other := spelling.nearest(plain)):
            out.append(Change(found.start(), found.end(), other))
    return sorted(out, key=lambda change: change.start)


@dataclass(frozen=True, slots=True)
class Line:
    """A text as it is read for words: its title on a line, then the rest; the rest alone where nothing names a job."""

    words: str
    title_end: int
    score: float  # log-odds that the title names a job, above the least; of the best candidate where none does
    vague: bool  # whether what stands for a title is a rank or a group alone
    several: bool  # whether there are other posts, which are left out
    left_open: str  # the word for a title that leaves the field open, if it is all that the title says
    starts: list[int]  # for each character of `words`, the place in the caller's text that it stands for
    ends: list[int]

    def map_tokens(self, words: AdTokens, text: AdTokens) -> tuple[array[int], array[int]]:
        """Between which tokens of the caller's text each token of `words` stands."""
        first, last = array("i"), array("i")
        for i in range(words.n):
            _, start, stop = words.span(i, i)
            first.append(text.token_at(self.starts[start]))
            last.append(max(text.token_at(max(self.ends[start:stop]) - 1), first[i]))
        return first or array("i", [0]), last or array("i", [0])


def rewritten(text: str, changes: Sequence[Change]) -> tuple[str, Sequence[int], Sequence[int]]:
    """A text with its changes made, and begin and end of what each character stands for."""
    if not changes:
        return text, range(len(text)), range(1, len(text) + 1)
    read, starts, ends, at = "", list[int](), list[int](), 0
    for change in (*changes, Change(len(text), len(text), "")):
        read += text[at : change.start] + change.words
        starts += [*range(at, change.start), *[change.start] * len(change.words)]
        ends += [*range(at + 1, change.start + 1), *[change.end] * len(change.words)]
        at = change.end
    return read, starts, ends


def cut(
    text: str,
    job: Job,
    least: float,
    title_end: int = 0,
    changes: Callable[[str], Sequence[Change]] = lambda text: (),
) -> Line:
    """Cut a text, plain or HTML; the job is first looked for in the title that the caller passed.

    `job` gives the log-odds that each of some titles names a job, `least` is what a title needs, and `changes` are the
    slips and short forms of a text, which are read as what they stand for.
    """
    visible, places = read_markup(text) if "<" in text or "&" in text else (text, None)
    title_end = title_end if places is None else int(places.searchsorted(title_end))
    read, starts, ends = rewritten(visible, changes(visible))
    found, best, chosen = _chosen(read, job, least, bisect_left(starts, title_end))
    if chosen is None:
        return Line("", 0, _VAGUE, False, False, "", [], [])
    score, start, end = best[chosen]
    posts = [n for n in sorted(best) if best[n][0] >= least + MARGIN or n == chosen]
    listed = found[posts[0]].start > 0 or "、" in read[found[posts[0]].end : found[posts[-1]].start]
    several = len(posts) > 1 and (listed or any(found[n].counted for n in posts))
    left_out = [found[n] for n in posts if several and n != chosen]
    vague = found[chosen].vague and score == _VAGUE
    title = read[start:end] if score >= least or vague else ""
    pieces = _pieces(read, [run for run in found if run not in left_out], (start, end) if title else None)
    words, from_, to = "", list[int](), list[int]()
    for first, last in pieces:
        words += read[first:last] or "\n"
        from_ += starts[first:last] or to[-1:]
        to += ends[first:last] or to[-1:]
    if places is not None:
        from_ = [int(places[start]) if start < len(places) else len(text) for start in from_]
        to = [int(places[end - 1]) + 1 if end else 0 for end in to]
    return Line(words, len(title), score - least, vague, several, leaves_open(title), from_, to)


def _chosen(
    text: str, job: Job, least: float, border: int
) -> tuple[list[Run], dict[int, tuple[float, int, int]], int | None]:
    """The runs of a text, the title that each gives, and which of them names the job."""
    found, spans = candidates(text)
    best = best_titles(found, spans, job([text[start:end] for _, start, end in spans]), least)
    return found, best, choose(best, found, least, border)


def job_in(title: str, job: Job, least: float) -> tuple[int, int]:
    """Where a title names the job; an empty place where it names none."""
    visible, places = read_markup(title) if "<" in title or "&" in title else (title, None)
    found, best, chosen = _chosen(visible, job, least, len(visible))
    if chosen is None or not (best[chosen][0] >= least or found[chosen].vague):
        return 0, 0
    start, end = best[chosen][1:]
    return (start, end) if places is None else (int(places[start]), int(places[end - 1]) + 1)


def is_line(text: str) -> bool:
    """Whether a text is so short that it is cut before its words are weighed.

    >>> is_line("Welder, nights"), is_line("word " * 100), is_line("招聘电工" * 40)
    (True, False, False)
    """
    return len(text) <= MAX_LETTERS and len(text) + 2 * sum(c >= "\u3400" for c in text) <= MAX_LETTERS


def one_post(text: str, title_end: int, job: Job, least: float) -> str:
    """A notice of several posts with blanks in place of those that are not judged; see `other_posts`."""
    for start, end in other_posts(text, title_end, job, least):
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def other_posts(text: str, title_end: int, job: Job, least: float) -> list[tuple[int, int]]:
    """Where a notice of several posts names others than the one of its title, or else than the first."""
    numbered = {found.start() for found in _NUMBERED.finditer("\n" + text)}
    if len(numbered) < 2 and not any(word in text for word in _COUNTED):
        return []
    lines, starts = text.split("\n"), [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    opening = [
        number
        for number, line in enumerate(lines)
        if starts[number] in numbered or (len(line) <= _HEADING and _COUNTING.search(line))
    ]
    if len(opening) < 2:
        return []
    named = ((number, _surest(lines[number][:_HEADING], job, least)) for number in opening)
    headings = [(number, name) for number, name in named if name]
    if len({name.casefold() for _, name in headings}) < 2:
        return []
    # Nothing tells where the last post ends: it is no longer than the longest of the others.
    firsts = [number for number, _ in headings]
    longest = max(end - first for first, end in itertools.pairwise(firsts))
    ends = [*firsts[1:], min(len(lines), firsts[-1] + longest)]
    title = _pairs(text[:title_end])
    shared = [len(title & _pairs(name)) / max(1, len(_pairs(name))) for _, name in headings]
    if not any(shared) and _surest(text[: min(title_end, _HEADING)], job, least):
        return []  # the title's post stands in front of the others
    own = headings[shared.index(max(shared))][1]
    others = [(first, end) for (first, name), end in zip(headings, ends, strict=True) if name != own]
    return [(starts[first], starts[end] - 1) for first, end in others]


def _surest(line: str, job: Job, least: float) -> str:
    """The first words of a line that surely name a job."""
    _, spans = candidates(line)
    titles = [line[start:end] for _, start, end in spans]
    return next((title for title, score in zip(titles, job(titles), strict=True) if score >= least + MARGIN), "")


def _pairs(words: str) -> set[str]:
    """Words in Latin letters and pairs of Chinese characters."""
    plain = words.casefold()
    return {*re.findall(r"[a-z]{3,}", plain), *(plain[i : i + 2] for i in range(len(plain) - 1) if plain[i] > "\u3400")}


def candidates(text: str) -> tuple[list[Run], list[tuple[int, int, int]]]:
    """The runs of a text, and what may be its title: number of the run, start and end."""
    found = runs(text)[:_MOST_RUNS]
    spans = [(n, run.start, end) for n, run in enumerate(found) if not run.vague for end in (run.end, *run.heads)]
    for number, run in enumerate(found):
        if run.vague and number + 1 < len(found) and not found[number + 1].vague:  # "Manager, IT"
            spans.append((number, run.start, found[number + 1].end))
    return found, spans


def best_titles(
    found: Sequence[Run], spans: Sequence[tuple[int, int, int]], scores: Sequence[float], least: float
) -> dict[int, tuple[float, int, int]]:
    """The title that each run gives: score, start and end. The shortest that surely names a job, or else the surest."""
    best = {number: (_VAGUE, run.start, run.end) for number, run in enumerate(found) if run.vague}
    for (number, start, end), score in zip(spans, scores, strict=True):
        known, sure = best.get(number), score >= least + MARGIN
        better = known is None or (end < known[2] or known[0] < least + MARGIN if sure else known[0] < score)
        if better and not (known is not None and known[0] >= least + MARGIN > score):
            best[number] = (float(score), start, end)
    return best


def choose(best: dict[int, tuple[float, int, int]], found: Sequence[Run], least: float, border: int = 0) -> int | None:
    """The first run that surely names a job, or else the surest; one of the title that was passed, if it does."""
    in_title = [n for n in best if found[n].start < border]
    for numbers in (in_title, list(best)):
        top = max((best[n][0] for n in numbers), default=least - 1)
        if top >= least:
            return next(n for n in sorted(numbers) if best[n][0] >= min(top, least + MARGIN))
    return max(best, key=lambda n: best[n][0], default=None)


def _pieces(text: str, found: Sequence[Run], title: tuple[int, int] | None) -> list[tuple[int, int]]:
    """The title and what else a text says, with the marks between words; an empty piece where a line ends."""
    pieces, before = [title] if title else [], -1
    for run in found:
        start, end = run.start, run.end
        if title and start < title[1] and title[0] < end:
            start = min(title[1], end)
        if not text[start:end].strip():
            continue
        if before >= 0 and not any(c.isalnum() for c in text[before:start]):
            start = before
        elif pieces:
            pieces.append((end, end))
        pieces.append((start, end))
        before = end
    return pieces
