"""What the labels mean, as configuration: a small TOML of rules, applied to predictions as arrays."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS, LEVELS, STATUSES, UNCLEAR
from collarclass.errors import DataError

DEFAULT = "article"
DEFINITION_MARK = ", definition "  # between a model's name and a definition's in `collar_model`
_NUMBERS = ("academic_score", "hands_on_score", "index")
_WORDS: dict[str, Sequence[str]] = {
    "collar": LABELS,
    "schooling_level": (*LEVELS, "unstated"),
    "schooling_status": STATUSES,
    "academic_certificate": STATUSES,
    "vocational_certificate": STATUSES,
    "occupation": (*LABELS, "unknown"),
}
_FIELDS = {"collar": "label", "schooling_level": "level", "schooling_status": "status"}  # of `Facts`
_WEIGHTS = ("academic", "hands_on", "constant")  # of the index
_KEYS = frozenset({"name", "summary", "summary_zh", "source", "weights", "rules", "fallback"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What definitions can refer to: arrays over the ads of a batch or a table. `Predictions` are such, with more."""

    label: NDArray[np.int8]  # the model's: index into `LABELS`, 3 for unclear
    probabilities: NDArray[np.float64]  # shape (n, 3)
    scores: NDArray[np.float64]  # academic and hands-on, 0 to 1, shape (n, 2)
    level: NDArray[np.int8]  # stated schooling: index into `LEVELS`, -1 if unstated
    status: NDArray[np.int8]  # how schooling is asked for: index into `STATUSES`
    academic_certificate: NDArray[np.int8] | None  # None in files labelled by versions that did not tell
    vocational_certificate: NDArray[np.int8] | None
    occupation: NDArray[np.int8] | None = None  # label of the nearest occupation, -1 if there is none


@dataclass(frozen=True, slots=True)
class Rule:
    """A label, and all the conditions that an ad must meet to get it."""

    label: int  # index into `LABELS`
    ranges: Mapping[str, tuple[float, float]]  # of a score or the index: at least the first, below the second
    words: Mapping[str, frozenset[int]]  # of what is stated: allowed codes


@dataclass(frozen=True, slots=True)
class Definition:
    """Which ads are white, blue and gray: the first rule that an ad meets decides.

    Attributes
    ----------
    name, summary, summary_zh, source : str
    rules : tuple of Rule
    fallback : tuple of int
        Labels for ads that meet no rule: the likeliest of them by the model's probabilities.
    weights : tuple of float
        Of academic score, hands-on score and 1 in the index that rules may refer to.
    """

    name: str
    summary: str
    rules: tuple[Rule, ...]
    fallback: tuple[int, ...]
    weights: tuple[float, float, float] = (0.0, 0.0, 0.0)
    summary_zh: str = ""
    source: str = ""

    @property
    def is_model(self) -> bool:
        """Whether labels and probabilities are the model's own."""
        return not self.rules and self.fallback == tuple(range(len(LABELS)))

    @property
    def is_of_scores(self) -> bool:
        """Whether rules decide that need nothing but the two scores."""
        return not self.is_model and self.needs <= {*_NUMBERS}

    @property
    def identity(self) -> str:
        """The name; of a definition that is not built in with the beginning of a digest of what decides."""
        if self.name in builtin_definitions() and self == _builtin(self.name):
            return self.name
        rules = [
            [rule.label, sorted(rule.ranges.items()), sorted((k, sorted(codes)) for k, codes in rule.words.items())]
            for rule in self.rules
        ]
        content = json.dumps([rules, self.fallback, self.weights])
        return f"{self.name} ({hashlib.sha256(content.encode()).hexdigest()[:8]})"

    @property
    def needs(self) -> frozenset[str]:
        """Names of the conditions that its rules use."""
        return frozenset(name for rule in self.rules for name in (*rule.ranges, *rule.words))

    def index(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weighted sum of the two scores."""
        a, h, start = self.weights
        return np.asarray(a * scores[:, 0] + h * scores[:, 1] + start, dtype=np.float64)

    def apply(self, facts: Facts) -> NDArray[np.int8]:
        """Label every ad.

        Parameters
        ----------
        facts : Facts

        Returns
        -------
        ndarray of int8
            Index into `LABELS`; 3 where the model says unclear.

        Raises
        ------
        DataError
            If a rule asks for the nearest occupation and `facts` has none.
        """
        if self.is_model:
            return facts.label
        allowed = np.full(len(LABELS), -1.0)
        allowed[list(self.fallback)] = 0.0
        out: NDArray[np.int8] = (np.nan_to_num(facts.probabilities) + allowed).argmax(axis=1).astype(np.int8)
        if len(self.fallback) == 1:
            out[:] = self.fallback[0]
        for rule in reversed(self.rules):
            out[self._meets(rule, facts)] = rule.label
        out[facts.label == UNCLEAR] = UNCLEAR
        return out

    def _meets(self, rule: Rule, facts: Facts) -> NDArray[np.bool_]:
        meets = np.ones(len(facts.label), dtype=bool)
        for name, (low, high) in rule.ranges.items():
            value = self.index(facts.scores) if name == "index" else facts.scores[:, _NUMBERS.index(name)]
            meets &= (value >= low) & (value < high)
        for name, codes in rule.words.items():
            meets &= np.isin(self._codes(name, facts), list(codes))
        return meets

    def _codes(self, name: str, facts: Facts) -> NDArray[np.int8]:
        codes: NDArray[np.int8] | None = getattr(facts, _FIELDS.get(name, name))
        if codes is None:
            raise DataError(
                "The definition {name!r} goes by {needed}, which is not in this table: label the ads anew with "
                "it (--definition).", name=self.name, needed=name.replace('_', ' '),
            )  # fmt: skip
        return np.where(codes < 0, len(_WORDS[name]) - 1, codes)  # the last word is for what is not there


@cache
def builtin_definitions() -> tuple[str, ...]:
    """Names of the definitions that come with the package, the default first."""
    folder = files("collarclass") / "definitions" / "builtin"
    names = sorted(Path(str(p)).stem for p in folder.iterdir() if str(p).endswith(".toml"))
    return (DEFAULT, *(name for name in names if name != DEFAULT))


def load_definition(name: str | os.PathLike[str]) -> Definition:
    """Read a definition: one of those built in, or a TOML file.

    Parameters
    ----------
    name : str or path-like

    Returns
    -------
    Definition

    Raises
    ------
    DataError
        If there is no such definition, or something in it is wrong.

    Examples
    --------
    >>> load_definition("dual-certificate").needs == {"schooling_level", "schooling_status", "vocational_certificate"}
    True
    """
    given = os.fspath(name)
    if given in builtin_definitions():
        return _builtin(given)
    path = Path(given)
    if path.suffix != ".toml" or not path.exists():
        raise DataError(
            "No definition {given!r}: choose one of {names}, or give a TOML file.", given=given,
            names=[*builtin_definitions()],
        )  # fmt: skip
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            "{path} is not TOML ({reason}): correct it, or start from a copy of a built-in one.", path=path,
            reason=error,
        ) from None  # fmt: skip
    found = parse_definition(content, str(path))
    if found.name in builtin_definitions():
        raise DataError(
            "{path}: {name!r} is the name of a built-in definition, give yours another.", path=path, name=found.name,
        )  # fmt: skip
    return found


@cache
def _builtin(name: str) -> Definition:
    path = files("collarclass") / "definitions" / "builtin" / f"{name}.toml"
    return parse_definition(tomllib.loads(path.read_text("utf-8")), f"{name}.toml")


def parse_definition(content: Mapping[str, Any], where: str = "the definition") -> Definition:
    """A definition from the content of a TOML file, `where`; an error names the key, what is allowed and was given."""
    if unknown := sorted(set(content) - _KEYS):
        raise _wrong(where, f"there is no setting {unknown[0]!r}; there are {', '.join(sorted(_KEYS))}")
    name = content.get("name")
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > 60:
        raise _wrong(where, "name should be a word or two that stand in the results")
    rules = content.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise _wrong(where, "rules should be tables, each beginning with [[rules]]")
    fallback = content.get("fallback", {})
    if not isinstance(fallback, dict) or set(fallback) != {"labels"}:
        raise _wrong(where, 'there should be a [fallback] with labels, for example labels = ["white", "blue"]')
    labels = _codes_of("fallback labels", fallback["labels"], LABELS, where)
    weights = content.get("weights", {})
    if not isinstance(weights, dict) or not set(weights) <= set(_WEIGHTS):
        raise _wrong(where, "weights may be academic, hands_on and constant")
    a, h, start = (_number(f"weight {k}", weights.get(k, 0.0), where) for k in _WEIGHTS)
    found = Definition(
        name=name,
        summary=str(content.get("summary", "")),
        rules=tuple(_rule(rule, f"{where}, rule {i}") for i, rule in enumerate(rules, 1)),
        fallback=tuple(labels),
        weights=(a, h, start),
        summary_zh=str(content.get("summary_zh", "")),
        source=str(content.get("source", "")),
    )
    if "index" in found.needs and not weights:
        raise _wrong(where, "a rule goes by the index, but there are no [weights] to make it of")
    return found


def _rule(rule: Mapping[str, Any], where: str) -> Rule:
    if rule.get("label") not in LABELS:
        raise _wrong(where, f"label is {rule.get('label')!r}; allowed are {', '.join(LABELS)}")
    ranges, words = {}, {}
    for name, value in rule.items():
        if name in _NUMBERS:
            if not isinstance(value, dict) or not value or not set(value) <= {"min", "below"}:
                raise _wrong(where, f"{name} should be a range such as {{ min = 0.5 }} or {{ min = 0.2, below = 0.5 }}")
            low = _number(f"{name} min", value.get("min", -np.inf), where)
            high = _number(f"{name} below", value.get("below", np.inf), where)
            if not low < high:
                raise _wrong(where, f"{name} has min {low:g} and below {high:g}: nothing lies between them")
            ranges[name] = low, high
        elif name in _WORDS:
            words[name] = frozenset(_codes_of(name, value, _WORDS[name], where))
        elif name != "label":
            allowed = ", ".join(("label", *_NUMBERS, *_WORDS))
            raise _wrong(where, f"there is no condition {name!r}; there are {allowed}")
    if not ranges and not words:
        raise _wrong(where, "it has no condition, so every ad would meet it: use [fallback]")
    return Rule(LABELS.index(rule["label"]), ranges, words)


def _codes_of(name: str, value: Any, allowed: Sequence[str], where: str) -> list[int]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given:
        raise _wrong(where, f"{name} should be a list of {', '.join(allowed)}")
    for word in given:
        if word not in allowed:
            raise _wrong(where, f"{name} has {word!r}; allowed are {', '.join(allowed)}")
    return [allowed.index(word) for word in given]


def _number(name: str, value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(where, f"{name} is {value!r}, which is not a number")
    return float(value)


def _wrong(where: str, what: str) -> DataError:
    return DataError("{where}: {what}.", where=where, what=what)
