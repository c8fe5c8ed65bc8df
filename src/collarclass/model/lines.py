"""Lines: texts so short that they are cut by what the model knows of titles before their words are weighed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from collarclass.model.model import TitleModel
from collarclass.text.cut import Line, best_titles, candidates, choose, cut, other_posts
from collarclass.text.markup import read_markup
from collarclass.text.spelling import Spelling, changes, words_of

MAX_LETTERS = 400  # of a line, a Chinese character counting three
_UNKNOWN = -9.0  # log-odds that a title of unknown words alone names a job


class LineCutter:
    """Cuts lines by a model.

    Parameters
    ----------
    model : TitleModel
    job_of : callable
        Log-odds that a title names a job.
    is_known : callable
        Whether a word, casefolded, is in a vocabulary of the model.
    """

    def __init__(self, model: TitleModel, job_of: Callable[[str], float], is_known: Callable[[str], bool]) -> None:
        self.spelling = Spelling(bytes(model.words).decode("ascii").split())
        self.least, self.job_of, self.is_known = float(model.min_job[0]), job_of, is_known

    def cut(self, text: str, title_end: int) -> Line:
        """Cut a title line and a text, or either alone; `title_end` is 0 where no title was passed."""
        visible, places = read_markup(text) if "<" in text or "&" in text else (text, None)
        end = title_end if places is None else int(places.searchsorted(title_end))
        line = cut(visible, changes(visible, self.spelling, self.is_known), self.jobs, self.least, end)
        if places is None:
            return line
        starts = [int(places[start]) if start < len(places) else len(text) for start in line.starts]
        ends = [int(places[end - 1]) + 1 if end else 0 for end in line.ends]
        return replace(line, starts=starts, ends=ends)

    def one_post(self, text: str, title_end: int) -> str:
        """A notice of several posts with blanks in place of those that are not judged."""
        for start, end in other_posts(text, title_end, self.jobs, self.least):
            text = text[:start] + " " * (end - start) + text[end:]
        return text

    def job_in(self, title: str) -> tuple[int, int]:
        """Where a title names the job; an empty place where it names none."""
        found, spans = candidates(title)  # slips need no correction to find where the job stands
        best = best_titles(found, spans, self.jobs([title[start:end] for _, start, end in spans]), self.least)
        chosen = choose(best, found, self.least, len(title))
        if chosen is None or not (best[chosen][0] >= self.least or found[chosen].vague):
            return 0, 0
        return best[chosen][1:]

    def jobs(self, titles: list[str]) -> list[float]:
        """Log-odds that each of some titles names a job."""
        return [self.job_of(title) if self.known_share(title) > 0 else _UNKNOWN for title in titles]

    def known_share(self, title: str) -> float:
        """The share of a title's words, of those in Latin letters, that are known."""
        words = words_of(title)
        return sum(word in self.spelling.words or self.is_known(word) for word in words) / len(words) if words else 1.0


def is_line(text: str) -> bool:
    """Whether a text is a line.

    Examples
    --------
    >>> is_line("Welder, nights"), is_line("word " * 100), is_line("招聘电工" * 40)
    (True, False, False)
    """
    return len(text) <= MAX_LETTERS and len(text) + 2 * sum(c >= "\u3400" for c in text) <= MAX_LETTERS
