"""Text of strangers made safe for a terminal."""

from __future__ import annotations

import json
import unicodedata

import click

_KEPT = frozenset("\n\t\u3000")


def harmless(text: str) -> str:
    """A text without characters that would move the cursor, change colours or reverse the reading order.

    Ads come from strangers, and a terminal obeys control sequences in them. Control and format
    characters, private ones and lone surrogates are shown as their code instead.

    Examples
    --------
    >>> harmless("Cook \\x1b[31mred")
    'Cook \\\\x1b[31mred'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else _code(c) for c in text)


def say(text: str = "", err: bool = False, nl: bool = True) -> None:
    """Write to standard output, or standard error: all words of the commands go this way."""
    click.echo(harmless(text), err=err, nl=nl)


def say_json(text: str) -> None:
    """Write a JSON text, whose strings then hold as escapes of JSON what `harmless` would show as codes."""
    click.echo("".join(c if c.isprintable() or c in _KEPT else json.dumps(c)[1:-1] for c in text))


def as_utf_8(argument: str) -> str:
    """An argument of the command line as it was typed, where Python read it in a locale that is not UTF-8."""
    halves = [c for c in argument if "\ud800" <= c <= "\udfff"]
    if not halves or min(halves) < "\udc80" or max(halves) > "\udcff":  # others stand for no byte
        return argument
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _code(character: str) -> str:
    if unicodedata.category(character) == "Zs":  # a space of another width
        return " "
    return f"\\x{ord(character):02x}" if character.isascii() else ascii(character)[1:-1]
