"""What one ad was found to be: a label with its scores, its confidence and its reasons."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from collarclass.definitions.definition import DEFINITION_MARK
from collarclass.definitions.labels import DIMENSIONS, LABELS, Label
from collarclass.explain.html import as_html
from collarclass.explain.sentence import sentence, unclear_sentence
from collarclass.model.account import Account, Evidence, Reason
from collarclass.requirement_reader.requirement import Requirement
from collarclass.text.cells import well_formed
from collarclass.text.sections import Cell, place_in_cell
from collarclass.text.tokens import language

DECIMALS = 4
# What a result is given as outside Python, in this order; tables have it as `tables.schema.SCHEMA`.
FIELDS = (
    "label", "confidence", "second_label", "probabilities", "academic_score", "hands_on_score", "schooling_level",
    "schooling_status", "certificates", "vocational_certificate", "academic_certificate", "requirements", "reasons",
    "evidence", "basis", "note", "model",
)  # fmt: skip
SECOND = 0.25  # probability from which the second label is named: right for one ad in four, or for more
_Placed = TypeVar("_Placed", Evidence, Reason, Requirement)


def in_cells(found: tuple[_Placed, ...], text: str, cells: tuple[Cell, ...]) -> tuple[_Placed, ...]:
    """Evidence, reasons or requirements of a joined text, placed in the parts of the ad."""
    if not cells:
        return found
    out = []
    for item in found:
        if item.field == "text":
            name, start, end = place_in_cell(cells, item.start, item.end)
            offset = next(cell.start for cell in cells if cell.name == name)
            item = replace(item, field=name, start=start, end=end, text=text[offset + start : offset + end])
        out.append(item)
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Classification:
    """The label of one job ad, with everything that led to it.

    Attributes
    ----------
    label : {"white", "blue", "gray", "unclear"}
        The collar; "unclear" when the text gives too little to judge, with the reason in `note`.
    confidence : float or None
        Calibrated probability that an annotator would give this label, 0 to 1; None for "unclear", and for a
        label by the rules of a definition, which have none.
    probabilities : dict of str to float or None
        Of white, blue and gray; they sum to 1. None if the text says nothing at all, as are the scores.
    academic_score, hands_on_score : float or None
        The two dimensions, 0 to 1 (a quarter of the codebook's rating of 0 to 4). Not probabilities.
    schooling_level : str or None
        Stated schooling: basic, secondary, associate, bachelor, graduate; None when unstated.
    schooling_status : {"required", "preferred", "substitutable", "not_needed", "unstated"}
    requirements : tuple of Requirement
        Stated schooling, certificates, licences, experience, in reading order.
    note : str
        Why the label is "unclear"; empty otherwise.
    model : str
        Name and version of the model, and the definition if labels go by its rules.
    basis : {"ad", "title", "occupation"}
        What the label was judged from.
    certificates : tuple of str
        Certificates and licences that the ad asks for, in its words; driving licences left out.
    vocational_certificate, academic_certificate : str
        How a vocational certificate, and one that rests on study, is asked for, in the words of `schooling_status`.
    text, title : str or None
        The ad, as passed; of an ad in several parts, these joined under their headings.
    account : Account or None
        What the two ratings start from, and what schooling, title and words add; None when not asked for.
    words : str
        The few words that speak most for the label, as the column `collar_evidence` has them: of a row that was judged
        by its occupation's code, the occupation's title.
    cells : tuple of Cell
        Of an ad in several parts, where each stands in `text`.
    """

    label: Label
    confidence: float | None
    probabilities: dict[str, float | None]
    academic_score: float | None
    hands_on_score: float | None
    schooling_level: str | None
    schooling_status: str
    requirements: tuple[Requirement, ...]
    note: str
    model: str
    basis: str = "ad"
    certificates: tuple[str, ...] = ()
    vocational_certificate: str = "unstated"
    academic_certificate: str = "unstated"
    text: str = field(default="", repr=False)
    title: str | None = field(default=None, repr=False)
    account: Account | None = field(default=None, repr=False)
    words: str = field(default="", repr=False)
    cells: tuple[Cell, ...] = field(default=(), repr=False)

    @property
    def second_label(self) -> Label | None:
        """The label that comes second, where its probability is a quarter or more; None otherwise, and by rules.

        Examples
        --------
        >>> from collarclass import classify
        >>> classify(title="Welder").second_label is None
        True
        """
        return None if DEFINITION_MARK in self.model else second_label([*self.probabilities.values()])

    @property
    def intercept(self) -> dict[str, float]:
        """What each rating starts from; empty when evidence was not asked for."""
        return {} if self.account is None else dict(zip(DIMENSIONS, self.account.start, strict=True))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What the parts of the ad add to its two ratings, weightiest first; empty when evidence was not asked for.

        For each dimension ``intercept[dimension] + sum(e.weight for e in evidence if e.dimension == dimension)``
        is the rating, 0 to 4, of which the score is a quarter. Words stand where they come first, with what they add
        everywhere; other words together, and what lies beyond the scale, have an empty span.

        Examples
        --------
        >>> from collarclass import classify
        >>> [found.text for found in classify(title="Welder").evidence[:1]]
        ['Welder']
        """
        return () if self.account is None else in_cells(self.account.evidence(), self.text, self.cells)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The words that speak for the label, strongest first."""
        if self.account is None:
            return ()
        found = in_cells(self.account.reasons(self.label), self.text, self.cells)
        return tuple(reason for reason in found if reason.text)

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
