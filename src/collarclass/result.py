"""What one ad was found to be: a label with its scores, its confidence and its reasons."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from collarclass.definitions.labels import BASES, COLLARS, DIMENSIONS, LABELS, LEVELS, NOTES, STATUSES, Label
from collarclass.explain.html import as_html
from collarclass.explain.sentence import sentence, unclear_sentence
from collarclass.model.account import Account, Evidence, Part, account_of, few_words, terms_of
from collarclass.model.ad_reader import AdReader
from collarclass.model.model import Model
from collarclass.model.predict import Predictions, ask, requirements_of
from collarclass.requirement_reader.requirement import Cue, Requirement
from collarclass.text.cells import JoinedText, well_formed
from collarclass.text.tokens import language

_Placed = TypeVar("_Placed", Evidence, Requirement, Cue)
DECIMALS = 4
# What a result is given as outside Python, in this order; tables have it as `tables.schema.SCHEMA`.
FIELDS = (
    "label", "confidence", "second_label", "probabilities", "academic_score", "hands_on_score", "schooling_level",
    "schooling_status", "certificates", "vocational_certificate", "academic_certificate", "requirements", "reasons",
    "evidence", "basis", "note", "model",
)  # fmt: skip
SECOND = 0.25  # probability from which the second label is named: right for one ad in four, or for more
_DERIVED = ("second_label", "reasons", "evidence")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Classification:
    """The label of one job ad, with everything that led to it.

    It is a view of a row of the batch that was labelled. Evidence and requirements are made when they are asked for.

    Attributes
    ----------
    title, text : str or None
        The ad, as passed; of an ad in several parts, these joined under their headings.
    model : str
        Name and version of the model, and the definition if labels go by its rules.
    """

    _found: Predictions
    _row: int
    _ad: JoinedText
    title: str | None
    model: str
    _asks: Model | None  # by which evidence and requirements are made; None where they were not asked for
    _known: dict[str, Any] = field(default_factory=dict)  # what was made

    @property
    def text(self) -> str:
        """The ad, as passed; of an ad in several parts, these joined under their headings."""
        return self._ad.text

    @property
    def label(self) -> Label:
        """The collar: white, blue, gray; "unclear" when there is too little to judge, with the reason in `note`."""
        return COLLARS[self._code("label")]

    @property
    def confidence(self) -> float | None:
        """Calibrated probability that an annotator would give this label, 0 to 1.

        None for "unclear", and for a label by the rules of a definition, which have none.
        """
        none = self.label == "unclear" or self._found.by_rules
        return None if none else float(self._found.probabilities[self._row].max())

    @property
    def probabilities(self) -> dict[str, float | None]:
        """Of white, blue and gray; they sum to 1. None if the text says nothing at all, as are the scores."""
        return dict(zip(LABELS, map(_number, self._found.probabilities[self._row]), strict=True))

    @property
    def academic_score(self) -> float | None:
        """Academic credential, 0 to 1: a quarter of the codebook's rating of 0 to 4. Not a probability."""
        return _number(self._found.scores[self._row, 0])

    @property
    def hands_on_score(self) -> float | None:
        """Hands-on skill, in the same way."""
        return _number(self._found.scores[self._row, 1])

    @property
    def schooling_level(self) -> str | None:
        """Stated schooling: basic, secondary, associate, bachelor, graduate; None when unstated."""
        level = self._code("level")
        return LEVELS[level] if level >= 0 else None

    @property
    def schooling_status(self) -> str:
        """How it is asked for: required, preferred, substitutable (or experience), not_needed or unstated."""
        return STATUSES[self._code("status")]

    @property
    def certificates(self) -> tuple[str, ...]:
        """Certificates and licences that the ad asks for, by name; driving licences left out."""
        return self._found.certificates[self._row]

    @property
    def vocational_certificate(self) -> str:
        """How a vocational certificate is asked for, in the words of `schooling_status`."""
        return STATUSES[self._code("vocational_certificate")]

    @property
    def academic_certificate(self) -> str:
        """How a certificate that rests on study is asked for, in the same words."""
        return STATUSES[self._code("academic_certificate")]

    @property
    def basis(self) -> str:
        """What the label was judged from: "ad", "title" or "occupation"."""
        return BASES[self._code("basis")]

    @property
    def note(self) -> str:
        """Why the label is "unclear", or that an ad has more posts; otherwise empty."""
        return NOTES[self._code("note") or self._code("remark")]

    @property
    def words(self) -> str:
        """The few words that speak most for the label, as the column `collar_evidence` has them.

        Of a row that was judged by its occupation's code, the occupation's title.
        """
        if self.label == "unclear":
            return ""
        account = self.account
        return self._found.words[self._row] if account is None else few_words(account, self.label)

    @property
    def account(self) -> Account | None:
        """What the two ratings start from, and what schooling, title and words add; None when not asked for."""
        account: Account | None = None if self.basis == "occupation" else self._made("account", account_of)
        return account

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """Stated schooling, certificates, licences, experience, in reading order; empty when not asked for."""
        return self._placed(self._made("requirements", requirements_of) or ())

    def _code(self, name: str) -> int:
        return int(getattr(self._found, name)[self._row])

    def _made(self, name: str, question: Callable[[AdReader, str, str | None], Any]) -> Any:
        """What a function makes of the ad, made once; None where it was not asked for."""
        if name not in self._known and self._asks is not None:
            self._known[name] = ask(self._asks, self.text, self.title, question)
        return self._known.get(name)

    def _placed(self, found: tuple[_Placed, ...]) -> tuple[_Placed, ...]:
        """What stands in the ad's text, placed in the parts of the ad."""
        return tuple(map(self._put, found)) if self._ad.cells else found

    def _put(self, found: _Placed) -> _Placed:
        """One piece of them, and of a requirement its cue, but for a part's name."""
        if isinstance(found, Requirement) and found.cue is not None:
            cue = self._put(found.cue)
            found = replace(found, cue=cue if cue.text else None)
        if found.field != "text" or found.start is None or found.end is None:
            return found
        name, start, end, text = self._ad.place(found.start, found.end)
        return replace(found, field=name, start=start, end=end, text=text)

    def __reduce__(self) -> tuple[Any, ...]:
        """Send a row without its batch and model, with what these would be asked for."""
        known = {**self._known, "account": self.account, "requirements": self._made("requirements", requirements_of)}
        row = self._found.take([self._row])
        return Classification, (row, 0, self._ad, self.title, self.model, None, known)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Classification):
            return NotImplemented
        names = (*(name for name in FIELDS if name not in _DERIVED), "text", "title", "account", "words")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __hash__(self) -> int:
        return hash((self.label, self.model, self.text, self.title))

    @property
    def second_label(self) -> Label | None:
        """The label that comes second, where its probability is a quarter or more; None otherwise, and by rules.

        Examples
        --------
        >>> from collarclass import classify
        >>> classify(title="Welder").second_label is None
        True
        """
        return None if self._found.by_rules else second_label([*self.probabilities.values()])

    @property
    def intercept(self) -> dict[str, float]:
        """What each rating starts from; empty when evidence was not asked for."""
        return {} if self.account is None else dict(zip(DIMENSIONS, self.account.start, strict=True))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What the parts of the ad add to its two ratings, weightiest first; empty when evidence was not asked for.

        For each dimension ``intercept[dimension] + sum(e.weight for e in evidence if e.dimension == dimension)``
        is the rating, 0 to 4, of which the score is a quarter. Words stand where they come first, with what they add
        everywhere; other words together, and what lies beyond the scale, have no place: their `field`, `start` and
        `end` are None.

        Examples
        --------
        >>> from collarclass import classify
        >>> [found.text for found in classify(title="Welder").evidence[:1]]
        ['Welder']
        """
        return () if self.account is None else self._placed(self.account.evidence())

    @property
    def terms(self) -> tuple[Evidence, ...]:
        """The raw terms of the two ratings, weightiest first; empty when evidence was not asked for.

        They add up as `evidence` does, which gathers them into schooling, title and words: each n-gram of text and
        title where it stands first (`kind` "n-gram"), and each stated feature under its name ("schooling_bachelor").
        The ad is read for them again when they are first asked for; a row that was pickled before has none.

        Examples
        --------
        >>> from collarclass import classify
        >>> found = classify("MIG and TIG welding of steel frames. High school diploma.", "Welder")
        >>> academic = [term.weight for term in found.terms if term.dimension == "academic"]
        >>> round(found.intercept["academic"] + sum(academic), 4) == round(4 * found.academic_score, 4)
        True
        """
        return () if self.account is None else self._placed(self._made("terms", terms_of) or ())

    @property
    def reasons(self) -> tuple[Evidence, ...]:
        """The evidence that speaks for the label: of each rating the strongest first, then all others by strength.

        A part of the ad that speaks for the label through both ratings stands here twice. A rating without a reason
        has no word that stands out; `explain` says so.
        """
        if self.account is None:
            return ()
        return tuple(reason for reason in self._placed(self.account.reasons(self.label)) if reason.text)

    def explain(self, lang: str | None = None) -> str:
        """Say in one plain sentence why the ad got its label.

        Parameters
        ----------
        lang : {"en", "zh"}, optional
            Language of the sentence; that of the ad if not given.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If `lang` is another language.

        Examples
        --------
        >>> from collarclass import classify
        >>> classify("").explain()
        'Unclear: empty text.'
        """
        lang = lang or language(self.text.strip() or self.title or "")
        if self.label == "unclear":
            return unclear_sentence(self.note, lang)
        ratings = 4 * (self.academic_score or 0.0), 4 * (self.hands_on_score or 0.0)
        account = self.account or Account(ratings, ratings, ())
        if self.basis == "occupation":  # its ratings are all of the account
            middle = (2.0, 2.0)
            weights = ratings[0] - middle[0], ratings[1] - middle[1]
            account = Account(middle, ratings, (Part("title", None, None, None, self.words, weights),))
        schooling = self.schooling_level, self.schooling_status
        return well_formed(sentence(self.label, self.confidence, schooling, account, lang))

    def to_dict(self, max_evidence: int = 20) -> dict[str, Any]:
        """The result as plain values, ready for JSON.

        Parameters
        ----------
        max_evidence : int, default=20
            How many of the weightiest terms to give.

        Returns
        -------
        dict
            `FIELDS`, with the label as `collar`; scores and probabilities are rounded to four places.

        Examples
        --------
        >>> from collarclass import classify
        >>> classify("").to_dict()["note"]
        'empty text'
        """
        out = {}
        for name in FIELDS:
            value = self.evidence[:max_evidence] if name == "evidence" else getattr(self, name)
            digits = None if isinstance(value, tuple) else DECIMALS
            out["collar" if name == "label" else name] = plain(value, digits)
        return out

    def to_json(self, max_evidence: int = 20) -> str:
        """`to_dict` as one line of JSON; characters outside ASCII stay as they are, but for lone surrogates.

        Examples
        --------
        >>> from collarclass import classify
        >>> classify("").to_json()[:22]
        '{"collar": "unclear", '
        """
        return well_formed(json.dumps(self.to_dict(max_evidence), ensure_ascii=False))

    def __repr__(self) -> str:
        if self.label == "unclear":
            return f"<Classification {self.label}: {self.note}>"
        sure = "" if self.confidence is None else f" {self.confidence:.2f}"
        scores = f"academic {self.academic_score:.2f}, hands-on {self.hands_on_score:.2f}"
        return f"<Classification {self.label}{sure}: {scores}>"

    def _repr_html_(self) -> str:
        return well_formed(as_html(self.explain(), self.title, self.text, self.evidence, self.requirements))


def _number(value: float) -> float | None:
    """A number as Python has it, None where there is none."""
    return None if math.isnan(value) else float(value)


def second_label(probabilities: Sequence[float | None]) -> Label | None:
    """The label that comes second, where it is close; None where it is not.

    Parameters
    ----------
    probabilities : sequence of float or None
        Of white, blue and gray.

    Examples
    --------
    >>> second_label([0.6, 0.05, 0.35]), second_label([0.9, 0.02, 0.08])
    ('gray', None)
    """
    known = [p or 0.0 for p in probabilities]
    _, second, _ = sorted(range(len(LABELS)), key=lambda k: -known[k])
    return LABELS[second] if known[second] >= SECOND else None


def plain(value: Any, digits: int | None = None) -> Any:
    """A value as JSON has it, numbers rounded if wanted; `asdict` copies deeply, in ten times the time."""
    if isinstance(value, float):
        return None if not math.isfinite(value) else value if digits is None else round(value, digits)
    if isinstance(value, (tuple, list)):
        return [plain(part, digits) for part in value]
    if hasattr(value, "__slots__"):
        value = {name: getattr(value, name) for name in value.__slots__}
    return {name: plain(part, digits) for name, part in value.items()} if isinstance(value, dict) else value
