"""What the library tells people: sentences as templates with values, rendered in English or Chinese."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["en", "zh"]
_MOST_ITEMS, _LONGEST_ITEM = 40, 80  # of a list, such as the columns of a file that is no table; its characters


class Message:
    """A sentence, or a part of one: a literal template and its values.

    `str(message)` is the English of Python and the command line. `message.said(lang)` is what a page or report shows:
    Chinese, or English that names what can be done there; both stand by template in `messages.json`.

    Parameters
    ----------
    template : str
        With a field for each value, as in `str.format`. Without values it is taken as it stands.
    **values : object
        A list is shown with commas between its items; a message among them is rendered in the same language. What is
        no text, number or message is kept as its text.

    Examples
    --------
    >>> found = Message("{name} has no rows.", name="ads.csv")
    >>> str(found), found.said("zh")
    ('ads.csv has no rows.', 'ads.csv 没有数据行。')
    """

    __slots__ = ("template", "values")
    template: str
    values: tuple[tuple[str, Any], ...]

    def __init__(self, template: str, /, **values: object) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", tuple((name, _kept(value)) for name, value in values.items()))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A Message is not changed: {name} cannot be set.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.template, self.values) == (other.template, other.values)

    def __hash__(self) -> int:
        return hash((self.template, self.values))

    def __str__(self) -> str:
        return self._render(self.template, None)

    def __repr__(self) -> str:
        return f"<Message {str(self)!r}>"

    def __reduce__(self) -> tuple[Callable[..., Message], tuple[object]]:
        return from_plain, (self.to_plain(),)

    def said(self, lang: Language) -> str:
        """The sentence for somebody who looks at a page or report.

        One without a Chinese rendering is said in English, with a word before it that it is.
        """
        table = translations()[lang]
        if lang == "en" or self.template in table:
            return self._render(table.get(self.template, self.template), lang)
        return f"程序的提示（英文）：{self.said('en')}"

    def renamed(self, names: Mapping[str, str]) -> Message:
        """The same with other names of files: values that are such a name, or begin with it, under the other one."""
        return Message(self.template, **{key: _renamed(value, names) for key, value in self.values})

    def to_plain(self) -> list[Any]:
        """The message as JSON can hold it; see `from_plain`."""
        values = {
            key: {"message": value.to_plain()} if isinstance(value, Message) else {"list": [*value]}
            if isinstance(value, tuple) else value
            for key, value in self.values
        }  # fmt: skip
        return [self.template, values]

    def _render(self, template: str, lang: Language | None) -> str:
        if not self.values:
            return template
        return _FORMATTER.vformat(template, (), {name: _shown(value, lang) for name, value in self.values})


def from_plain(plain: Any) -> Message:
    """A message from what `Message.to_plain` made.

    Examples
    --------
    >>> str(from_plain(["{name} has no rows.", {"name": "ads.csv"}]))
    'ads.csv has no rows.'
    """
    template, values = plain
    return Message(
        template,
        **{
            key: (from_plain(value["message"]) if "message" in value else value["list"])
            if isinstance(value, dict)
            else value
            for key, value in values.items()
        },
    )


def sentences(messages: Iterable[Message]) -> str:
    """Messages one after the other in one string of English, as a table holds them."""
    return "; ".join(map(str, messages))


@cache
def translations() -> dict[Language, dict[str, str]]:
    """By template, what a page says in English where that differs from the command line, and in Chinese."""
    english: dict[str, str] = {}
    chinese: dict[str, str] = {}
    for template, said in json.loads((files("collarclass") / "messages.json").read_text("utf-8")).items():
        if isinstance(said, dict):
            english[template] = said["en"]
            said = said["zh"]
        chinese[template] = said
    return {"en": english, "zh": chinese}


class _Formatter(string.Formatter):
    """Fields are plain names: no attribute or index of a value is ever looked at."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        return kwargs[field_name], field_name


_FORMATTER = _Formatter()


def _kept(value: object) -> object:
    """A value that can be compared, sent to another process and written."""
    if value is None or isinstance(value, str | int | float | Message):
        return value
    if isinstance(value, list | tuple):
        return tuple(map(str, value))
    item = getattr(value, "item", None)  # numpy's numbers
    return item() if callable(item) and getattr(value, "ndim", None) == 0 else str(value)


def _shown(value: object, lang: Language | None) -> object:
    if isinstance(value, Message):
        return str(value) if lang is None else value.said(lang)
    if isinstance(value, tuple):
        items = [item if len(item) <= _LONGEST_ITEM else f"{item[:_LONGEST_ITEM]}…" for item in value[:_MOST_ITEMS]]
        items += [f"… ({len(value):,})"] if len(value) > _MOST_ITEMS else []
        return ("、" if lang == "zh" else ", ").join(items) or ("无" if lang == "zh" else "none")
    return value


def _renamed(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, Message):
        return value.renamed(names)
    if isinstance(value, str):
        for path, name in names.items():
            if value == path or value.startswith(path + ","):  # as in 'ads.zip, jobs.csv'
                return name + value[len(path) :]
    return value
