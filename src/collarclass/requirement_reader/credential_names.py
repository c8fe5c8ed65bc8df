"""Certificates, licences and skill grades by name: the table, and which of its names a phrase means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

FILE, QUALIFIERS = "credential_names.tsv", "qualifiers.tsv"
UNNAMED = {  # of credentials that the table does not name, by kind
    "certificate": ("unnamed certificate", "未写明名称的证书"),
    "licence": ("unnamed licence", "未写明名称的执照"),
    "skill_grade": ("unnamed skill grade", "未写明工种的技能等级"),
}
_FOLDER = files("collarclass") / "requirement_reader" / "words"
_NOT_ALONE = "~"  # before an alias that is not looked for by itself
_WORD = re.compile(r"[a-z0-9+&]+|[\u3400-\u9fff]")
_IN_BRACKETS = re.compile(r"\s*[（(].*?[）)]")
_SAME = {  # words that say the same of a credential
    **dict.fromkeys(("license", "licenses", "licence", "licences", "licensed", "licensure"), "licence"),
    **dict.fromkeys(("certificate", "certificates", "certification", "certifications", "certified", "cert"), "cert"),
    **dict.fromkeys(("ticket", "tickets", "card", "cards", "papers"), "card"),
    **dict.fromkeys(("registered", "registration"), "registered"),
}
_SAYS_NOTHING = frozenset(("a", "an", "the", "of", "in", "as", "with", "for", "valid", "current", "full", "active"))
_MIN_LETTERS = 3  # of an alias that is looked for in longer phrases


@dataclass(frozen=True, slots=True)
class CredentialName:
    """A row of the table."""

    id: str  # never changes, whatever the names become
    name: str
    name_zh: str  # empty where Chinese ads use the English name
    kind: str  # certificate, licence or skill_grade
    nature: str  # academic or vocational
    country: str  # ISO 3166 code of the country that issues it; empty for international ones
    aliases: tuple[str, ...]
    searched: tuple[str, ...]  # aliases that are unmistakable by themselves, and are looked for in ads
    source: str  # whose register or list has it


@cache
def credential_names() -> tuple[CredentialName, ...]:
    """The table of names.

    >>> names = {row.name: row for row in credential_names()}
    >>> names["Class 1 Constructor (China)"].name_zh
    '一级建造师'
    """
    rows = []
    for number, name, name_zh, kind, nature, country, aliases, source in _rows(FILE):
        written = [alias.strip() for alias in aliases.split(";") if alias.strip()]
        searched = tuple(alias for alias in written if not alias.startswith(_NOT_ALONE))
        every = tuple(alias.removeprefix(_NOT_ALONE) for alias in written)
        rows.append(CredentialName(number, name, name_zh, kind, nature, country, every, searched, source))
    return tuple(rows)


@cache
def qualifiers() -> tuple[tuple[int, str, int], ...]:
    """Which name another one means in an ad that holds some words: number in the table, words, number of what is meant.

    >>> name, words, meant = qualifiers()[0]
    >>> credential_names()[name].name, words, credential_names()[meant].name
    ('Licensed Professional Counselor (LPC)', 'solicitor', 'Legal Practice Course (England & Wales)')
    """
    number = {row.id: place for place, row in enumerate(credential_names())}
    return tuple((number[name], words, number[meant]) for name, words, meant in _rows(QUALIFIERS))


def _rows(name: str) -> list[list[str]]:
    """The cells of a table's rows, without its head and its comments."""
    lines = (_FOLDER / name).read_text("utf-8").splitlines()[1:]
    return [line.split("\t") for line in lines if not line.startswith("#")]


def in_language(name: str, language: str) -> str:
    """A credential's name in English ("en") or Chinese ("zh"), of either name or its id; other words as they are.

    >>> in_language("一级建造师", "en"), in_language("class-1-constructor-china", "zh"), in_language("Acme badge", "zh")
    ('Class 1 Constructor (China)', '一级建造师', 'Acme badge')
    """
    return _in_both().get(name, (name, name))[language == "zh"]


@cache
def _in_both() -> dict[str, tuple[str, str]]:
    """Names in English and Chinese by either, and by the id of a credential."""
    both = {name: pair for pair in UNNAMED.values() for name in pair}
    for row in reversed(credential_names()):
        pair = row.name, row.name_zh or row.name
        both |= dict.fromkeys((*pair, row.id), pair)
    return both


def name_of(phrases: Sequence[str]) -> NDArray[np.int32]:
    """Which name each phrase means: number in the table, -1 for none.

    A phrase that is an alias means it; else one with the same words in other forms or another order; else the longest
    alias in it.

    >>> [credential_names()[i].name for i in name_of(["valid cdl class a", "licensed plumber", "电工证"])]
    ['CDL Class A', 'Plumbing License (unspecified)', 'Low-Voltage Electrician Permit (China)']
    >>> name_of(["certificate"]).tolist()
    [-1]
    """
    known, alike = _aliases()
    longest = max(len(words) for words in known)
    found = np.full(len(phrases), -1, dtype=np.int32)
    for i, phrase in enumerate(phrases):
        words = _words(phrase)
        number = known.get(words, alike.get(_normal(words), -1))
        for size in range(min(len(words), longest), 0, -1):
            if number >= 0:
                break
            runs = [words[k : k + size] for k in range(len(words) - size + 1)]
            number = next((known[run] for run in runs if run in known and len("".join(run)) >= _MIN_LETTERS), -1)
        found[i] = number
    return found


@cache
def _aliases() -> tuple[dict[tuple[str, ...], int], dict[frozenset[str], int]]:
    """Names and aliases as words, and as what they say in any order; of two with the same words the first counts."""
    known: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(credential_names()):
        for alias in (*row.aliases, _IN_BRACKETS.sub("", row.name), _IN_BRACKETS.sub("", row.name_zh), row.name):
            known.setdefault(_words(alias), number)
    known.pop((), None)
    alike: dict[frozenset[str], int] = {}
    for words, number in known.items():
        if len(words) > 1 and words[0].isascii():
            alike.setdefault(_normal(words), number)
    return known, alike


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold().replace("'s", "s").replace("’s", "s")))


def _normal(words: Sequence[str]) -> frozenset[str]:
    return frozenset(_SAME.get(word, word) for word in words) - _SAYS_NOTHING
