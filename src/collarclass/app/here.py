"""A page's address, its language, and what templates say and link with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import jinja2
from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from collarclass._version import __version__
from collarclass.app.draw import drawing
from collarclass.app.results import SURE, YOURS
from collarclass.app.store import Store
from collarclass.definitions.labels import COLLARS, NOTES
from collarclass.messages import Language, Message, from_plain
from collarclass.report.marks import excerpt, plain
from collarclass.report.words import NAMES

HERE = Path(__file__).parent
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)  # fmt: skip
ENVIRONMENT.filters |= {
    "zipped": lambda keys, word: [(key, word(key)) for key in keys],
    "drawing": drawing, "excerpt": excerpt,
}


@dataclass
class Here:
    """Where a page stands: its address, its language, and what templates say and link with."""

    path: str  # below the place where a proxy has put the server
    query: list[tuple[str, str]]
    lang: Language
    root: str
    store: Store
    parts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request) -> Here:
        """Of a request; its language is the one chosen on the page, or else the browser's."""
        query = parse_qsl(request.url.query, keep_blank_values=True)
        accepted = request.headers.get("accept-language", "").strip().lower()
        chosen = dict(query).get("lang") or request.cookies.get("lang") or ("zh" if accepted[:2] == "zh" else "en")
        root = request.scope.get("root_path", "")
        path = request.scope["path"].removeprefix(root)
        return cls(path, [pair for pair in query if pair[0] != "lang"], "zh" if chosen == "zh" else "en", root,
                   request.app.state.store)  # fmt: skip

    def get(self, name: str, otherwise: str = "") -> str:
        """One value of the address."""
        return dict(self.query).get(name, otherwise)

    def all(self, name: str) -> list[str]:
        """Every value of a name in the address."""
        return [value for key, value in self.query if key == name]

    def say(self, template: str, /, **values: object) -> str:
        """A sentence in the page's language."""
        return Message(template, **values).said(self.lang)

    def link(self, path: str | None = None, /, **changes: Any) -> str:
        """An address: another page, or this one with some of its choices changed; None takes one away."""
        kept = [] if path is not None else [pair for pair in self.query if pair[0] not in changes]
        for name, value in changes.items():
            every = value if isinstance(value, list) else [value]
            kept += [(name, str(one)) for one in every if one not in (None, "")]
        base = self.root + quote(self.path if path is None else path)
        return base + (f"?{urlencode(kept)}" if kept else "")

    def beside(self, path: str) -> str:
        """Another page, or a file, of what this address has chosen."""
        return replace(self, path=path).link()

    def toggled(self, *chosen: str, anchor: str = "") -> str:
        """The same address with some values of columns chosen, or not any more where they were."""
        now = self.all("f")
        off = all(one in now for one in chosen)
        kept = [one for one in now if one not in chosen] if off else [*now, *(one for one in chosen if one not in now)]
        return self.link(f=kept, page=None) + anchor

    def notes(self, plain: Iterable[Any]) -> str:
        """The notes of a row, one after the other."""
        return ("；" if self.lang == "zh" else "; ").join(from_plain(note).said(self.lang) for note in plain)

    def number(self, value: float) -> str:
        return f"{value:,}"

    def percent(self, share: float, digits: int = 1) -> str:
        return f"{100 * share:.{digits}f}%"

    def day(self, seconds: float) -> str:
        """A date, and the time of today."""
        then = datetime.fromtimestamp(seconds).astimezone()
        return f"{then:%H:%M}" if then.date() == datetime.now(UTC).astimezone().date() else f"{then:%Y-%m-%d}"

    def page(self, template: str, status: int = 200, **content: Any) -> Response:
        """A page of a template."""
        w = {name: self.say(word) for name, word in NAMES.items()} | {"colon": self.say(": ")}
        html = ENVIRONMENT.get_template(template).render(
            here=self, _=self.say, w=w, model=self.store.model.identity, version=__version__, collars=COLLARS,
            json=_as_json, plain=plain, **self.parts, **content,
        )  # fmt: skip
        reply = HTMLResponse(html, status)
        reply.set_cookie("lang", self.lang, max_age=31_536_000, samesite="strict", path=f"{self.root}/")
        return reply


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def name_of(here: Here, key: str, value: str) -> str:
    """What a value of a column is called."""
    if key == "note":
        return here.say(value) if value in NOTES else value
    own = key in ("label", YOURS, "schooling", SURE)
    return here.say(NAMES[value]) if own and value in NAMES else value


def column_name(here: Here, key: str) -> str:
    """What a column is called."""
    return here.say(NAMES[key]) if key in NAMES and key != "title" else key.removeprefix("=")
