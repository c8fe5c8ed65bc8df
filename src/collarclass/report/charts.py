"""Charts as SVG whose colours are the page's, so that one drawing serves light, dark and paper."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS

SIZE = 320.0  # of the plane, in user units: text of 11 units stays readable on a narrow page
_ACROSS = 18  # hexagons
_RADIUS = SIZE / _ACROSS / math.sqrt(3)
_LEFT, _BOTTOM, _MARGINAL, _TOP = 36.0, 40.0, 34.0, 22.0
_GAP = 2 * _RADIUS  # between plane and histograms: hexagons at a score of 1 reach over the frame
Place = Callable[[float, float], tuple[float, float]]
_DASHES = {"white": "2 3", "blue": "7 3", "gray": ""}


def tag(name: str, content: str = "", **attributes: object) -> str:
    pairs = "".join(f' {k.rstrip("_").replace("_", "-")}="{html.escape(str(v))}"' for k, v in attributes.items())
    return f"<{name}{pairs}>{content}</{name}>"


def number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def hexagons(
    scores: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Ads counted into hexagons on the plane of the two scores: their centres, ads, and the ads' commonest label.

    Examples
    --------
    >>> centre, count, label = hexagons(np.array([[0.5, 0.5], [0.5, 0.51], [0.9, 0.1]]), np.array([2, 2, 0]))
    >>> count.tolist(), label.tolist()
    ([2, 1], [2, 0])
    """
    if not len(scores):
        return np.zeros((0, 2)), np.zeros(0, np.int64), np.zeros(0, np.int64)
    width = 1 / _ACROSS
    height = width * math.sqrt(3) / 2
    x, y = scores[:, 0].astype(float), scores[:, 1].astype(float)
    best = np.full(len(x), np.inf)
    centre = np.zeros((len(x), 2))
    for shift in (0, 1):  # rows of hexagons are shifted by half a width in turn: the nearest centre counts
        row = 2 * np.round((y / height - shift) / 2) + shift
        column = np.round(x / width - shift / 2) + shift / 2
        distance = (x - column * width) ** 2 + (y - row * height) ** 2
        nearer = distance < best
        best[nearer] = distance[nearer]
        centre[nearer] = np.column_stack([column * width, row * height])[nearer]
    places, of = np.unique(centre.round(6), axis=0, return_inverse=True)
    table = np.zeros((len(places), len(LABELS)), np.int64)
    np.add.at(table, (of.ravel(), labels), 1)
    return places, table.sum(axis=1), table.argmax(axis=1)


def plane(
    scores: NDArray[np.floating], labels: NDArray[np.integer], borders: Sequence[Sequence[tuple[float, float]]],
    words: dict[str, str],
) -> str:  # fmt: skip
    """The density of ads on the plane, hexagon by hexagon, with the distribution of each score at its side."""
    centre, count, label = hexagons(scores, labels)
    top = max(1, int(count.max(initial=1)))
    width, height = _LEFT + SIZE + _GAP + _MARGINAL, _TOP + _MARGINAL + _GAP + SIZE + _BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return _LEFT + x * SIZE, _TOP + _MARGINAL + _GAP + (1 - y) * SIZE

    parts = [_axes(place, words)]
    for (x, y), n, k in zip(centre, count, label, strict=True):
        px, py = place(float(x), float(y))
        strength = 0.2 + 0.8 * math.log1p(n) / math.log1p(top)
        ratings = f"{words['academic_score']} {4 * x:.1f}, {words['hands_on_score']} {4 * y:.1f}"
        tip = tag("title", html.escape(f"{ratings}: {n:,}"))
        parts.append(tag("path", tip, class_=f"hex {LABELS[k]}", d=_hexagon(px, py), opacity=f"{strength:.2f}"))
    for line in borders:
        points = " ".join(",".join(map(number, place(x, y))) for x, y in line)
        parts.append(tag("polyline", class_="border", points=points))
    parts += _marginals(scores, labels, place)
    return _svg(width, height, "".join(parts), words["plane_alt"])


def _hexagon(x: float, y: float) -> str:
    corners = [(x + _RADIUS * math.sin(a), y + _RADIUS * math.cos(a)) for a in np.arange(6) * math.pi / 3]
    return "M" + "L".join(f"{number(a)} {number(b)}" for a, b in corners) + "Z"


def _axes(place: Place, words: dict[str, str]) -> str:
    out = []
    for value in (0, 0.25, 0.5, 0.75, 1):
        x, bottom = place(value, 0)
        left, y = place(0, value)
        out.append(tag("line", class_="grid", x1=number(x), x2=number(x), y1=number(place(0, 1)[1]), y2=number(bottom)))
        out.append(tag("line", class_="grid", y1=number(y), y2=number(y), x1=number(left), x2=number(place(1, 0)[0])))
        out.append(tag("text", f"{4 * value:g}", class_="tick mid", x=number(x), y=number(bottom + 20)))
        out.append(tag("text", f"{4 * value:g}", class_="tick end", x=number(left - 11), y=number(y + 4)))
    x, y = place(0.5, 0)
    name = html.escape(words["academic_score"] + " →")
    out.append(tag("text", name, class_="name mid", x=number(x), y=number(y + 36)))
    out.append(tag("text", html.escape("↑ " + words["hands_on_score"]), class_="name", x=0, y=12))
    return "".join(out)


def _marginals(scores: NDArray[np.floating], labels: NDArray[np.integer], place: Place) -> list[str]:
    """Stacked histograms of the academic score above the plane and of the hands-on score beside it."""
    edges = np.linspace(0, 1, 21)
    out = []
    for d in range(2):
        counts = np.stack([np.histogram(scores[labels == k, d], edges)[0] for k in range(len(LABELS))])
        scale = _MARGINAL / max(1, counts.sum(axis=0).max())
        base = np.zeros(len(edges) - 1)
        for k, name in enumerate(LABELS):
            for i in np.flatnonzero(counts[k]).tolist():
                length = counts[k, i] * scale
                if d == 0:
                    (x, _), (x2, y) = place(edges[i], 1), place(edges[i + 1], 1)
                    box = {"x": x + 0.5, "y": y - _GAP - base[i] - length, "width": x2 - x - 1, "height": length}
                else:
                    (x, y2), (_, y) = place(1, edges[i]), place(1, edges[i + 1])
                    box = {"x": x + _GAP + base[i], "y": y + 0.5, "width": length, "height": y2 - y - 1}
                out.append(tag("rect", class_=f"bar {name}", **{k2: number(v) for k2, v in box.items()}))
                base[i] += length
    return out


Share = tuple[float, float, float, float]  # corrected, its interval (NaN where there is none), and as counted


def are_periods(values: Sequence[str]) -> bool:
    """Whether values are months, quarters or years.

    Examples
    --------
    >>> are_periods(["2025-01", "2025-02"]), are_periods(["north"]), are_periods([])
    (True, False, False)
    """
    return bool(values) and all(
        value[:4].isdigit() and len(value) in (4, 7) and value[4:5] in ("", "-") for value in values
    )


def _ceiling(share: float) -> float:
    """The end of an axis of shares, whose quarters are round numbers."""
    return next(end for end in (0.04, 0.08, 0.2, 0.4, 0.6, 0.8, 1.0) if share <= end + 1e-9)


def lines(periods: Sequence[str], shares: dict[str, list[Share]], names: dict[str, str], alt: str) -> str:
    """Shares over time with their intervals; labels differ in dash and mark as well as in colour."""
    width, height, left, bottom, top = 340.0, 210.0, 30.0, 24.0, 10.0
    known = [value for rows in shares.values() for row in rows for value in row if not math.isnan(value)]
    ceiling = _ceiling(max(known, default=1.0))
    step = (width - left - 14) / max(1, len(periods) - 1)

    def place(i: float, share: float) -> tuple[float, float]:
        x = left + 4 + i * step if len(periods) > 1 else (left + width) / 2
        return x, top + (1 - share / ceiling) * (height - top - bottom)

    parts = []
    for i in range(5):
        y = place(0, ceiling * i / 4)[1]
        parts.append(tag("line", class_="grid", x1=left, x2=width - 6, y1=number(y), y2=number(y)))
        parts.append(tag("text", f"{100 * ceiling * i / 4:g}", class_="tick end", x=left - 5, y=number(y + 4)))
    every = max(1, math.ceil(len(periods) / 5))
    for i, period in enumerate(periods):
        if i % every == 0:
            x = place(i, 0)[0]
            anchor = "mid" if 0 < i < len(periods) - 1 or len(periods) == 1 else ("start" if i == 0 else "end")
            parts.append(tag("text", html.escape(period), class_=f"tick {anchor}", x=number(x), y=height - 7))
    for name, values in shares.items():
        parts.append(_series(name, names[name], periods, values, place))
    return _svg(width, height, "".join(parts), alt)


def _series(name: str, said: str, periods: Sequence[str], values: list[Share], place: Place) -> str:
    known = not any(math.isnan(low) for _, low, _, _ in values)  # without an interval only the line is drawn
    upper = [place(i, high) for i, (_, _, high, _) in enumerate(values)] if known else []
    lower = [place(i, low) for i, (_, low, _, _) in enumerate(values)] if known else []
    band = " ".join(f"{number(x)},{number(y)}" for x, y in (*upper, *reversed(lower)))
    points = [place(i, share) for i, (share, _, _, _) in enumerate(values)]
    line = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    parts = [
        tag("polygon", class_=f"band {name}", points=band),
        tag("polyline", class_=f"series {name}", points=line, stroke_dasharray=_DASHES.get(name, "")),
    ]
    for i, ((x, y), period, (share, low, high, plain)) in enumerate(zip(points, periods, values, strict=True)):
        interval = f" ({100 * low:.1f}–{100 * high:.1f})" if known else ""
        tip = html.escape(f"{said}, {period}: {100 * share:.1f}%{interval}; {100 * plain:.1f}%")
        level = number(place(i, plain)[1])
        parts.append(tag("line", class_="notch", x1=number(x - 5), x2=number(x + 5), y1=level, y2=level))
        parts.append(mark(name, x, y, tip))
        if len(periods) == 1 and known:
            ends = {"y1": number(upper[0][1]), "y2": number(lower[0][1])}
            parts.append(tag("line", class_="whisker", x1=number(x), x2=number(x), **ends))
    return "".join(parts)


def intervals(
    values: Sequence[str], shares: dict[str, list[Share]], names: dict[str, str], alt: str, width: float | None = None
) -> str:
    """Shares of groups below each other: a mark, its interval where there is one, and a notch at the share counted.

    With a width, of a picture to keep; without one the drawing is as wide as its place.
    """
    lane, head, gap, top = 11.0, 17.0, 9.0, 24.0
    named = any(values)
    block = lane * len(shares) + gap + (head if named else 4)
    height = top + block * len(values) + 20
    known = [value for rows in shares.values() for row in rows for value in row if not math.isnan(value)]
    ceiling = _ceiling(max(known, default=1.0))

    def x(share: float) -> str:
        return _along(0.012 + 0.97 * share / ceiling, width)

    parts = []
    for i in range(5):
        line, anchor = x(ceiling * i / 4), ("start", "mid", "mid", "mid", "end")[i]
        parts.append(tag("line", class_="grid", x1=line, x2=line, y1=top - 4, y2=number(height - 16)))
        parts.append(tag("text", f"{100 * ceiling * i / 4:g}%", class_=f"tick {anchor}", x=line, y=number(height - 3)))
    at = 6.0
    for label in shares:
        parts.append(mark(label, at, 8))
        parts.append(tag("text", html.escape(names[label]), class_="tick", x=number(at + 8), y=12))
        at += 24 + 7 * _breadth(names[label])
    for i, value in enumerate(values):
        y0 = top + i * block
        if named:
            parts.append(tag("text", html.escape(value), class_="name", x=0, y=number(y0 + 12)))
        y0 += head if named else 4
        for k, (label, rows) in enumerate(shares.items()):
            share, low, high, plain = rows[i]
            y = y0 + lane * (k + 0.5) + 1
            if not math.isnan(low):
                parts.append(tag("line", class_="whisker", x1=x(low), x2=x(high), y1=y, y2=y))
            parts.append(tag("line", class_="notch", x1=x(plain), x2=x(plain), y1=number(y - 4), y2=number(y + 4)))
            said = "" if math.isnan(low) else f" ({100 * low:.1f}–{100 * high:.1f})"
            tip = html.escape(f"{value}, {names[label]}: {100 * share:.1f}%{said}; {100 * plain:.1f}%")
            place = {"x": x(share), "y": number(y), "overflow": "visible"}
            parts.append(tag("svg", mark(label, 0, 0, tip), **place))
    return _drawn(width, height, "".join(parts), alt)


def stacked(
    values: Sequence[str], counts: Sequence[Sequence[int]], labels: Sequence[str], alt: str,
    *, of: int, most: float | None = None, width: float | None = None, link: Callable[[str, str], str] | None = None,
) -> str:  # fmt: skip
    """Horizontal bars under their names: one for each value, cut by label, as long as its part of `of` ads.

    `most` is the part of all ads at the end of the scale, the largest here if not given; `width` is as in `intervals`;
    `link` takes a value and a label and gives the address that this part of a bar leads to.
    """
    block, height = 34.0, 34.0 * len(values) + 4
    top = most or max((sum(row) / max(1, of) for row in counts), default=1.0) or 1.0
    parts = []
    for i, (value, row) in enumerate(zip(values, counts, strict=True)):
        y, at = i * block, 0.0
        said = f"{sum(row):,} ({100 * sum(row) / max(1, of):.0f}%)"
        parts.append(tag("text", html.escape(value), class_="name", x=0, y=number(y + 12)))
        parts.append(tag("text", said, class_="tick end", x=_along(1, width), y=number(y + 12)))
        for label, n in zip(labels, row, strict=True):
            if n:
                length = n / max(1, of) / top
                box = {"x": _along(at, width), "y": number(y + 17), "width": _along(length, width), "height": 11}
                bar = tag("rect", tag("title", f"{n:,}"), class_=f"bar {label}", **box)
                parts.append(linked(bar, link(value, label) if link else ""))
                at += length
    return _drawn(width, height, "".join(parts), alt, "group" if link else "img")


def _along(share: float, width: float | None) -> str:
    """A place along a drawing: a part of its width, whatever that is, or of a known one."""
    return percent(share) if width is None else number(share * width)


def _drawn(width: float | None, height: float, content: str, alt: str, role: str = "img") -> str:
    if width is not None:
        return _svg(width, height, content, alt)
    return tag("svg", content, class_="fluid", width="100%", height=number(height), role=role, aria_label=alt)


def _breadth(text: str) -> int:
    return sum(2 if c > "\u2e80" else 1 for c in text)


def whole(shares: Sequence[tuple[str, float, float, float]], names: Mapping[str, str]) -> str:
    """One bar of all ads as wide as its place: the share of each label, and below it where its end may lie."""
    parts, at, said = [], 0.0, []
    for label, share, low, high in shares:
        tip = f"{names[label]}: {100 * share:.1f}%"
        parts.append(tag("rect", tag("title", html.escape(tip)), class_=f"bar {label}", x=percent(at), y=0,
                         width=percent(share), height=30))  # fmt: skip
        if share > 0.06:
            parts.append(tag("text", f"{100 * share:.0f}%", class_=f"on {label} mid", x=percent(at + share / 2), y=20))
        if not math.isnan(low):
            tip += f" ({100 * low:.1f}–{100 * high:.1f}%)"
            begin, end = percent(min(1.0, at + low)), percent(min(1.0, at + high))
            for y1, y2, x1, x2 in ((38, 38, begin, end), (34, 42, begin, begin), (34, 42, end, end)):
                parts.append(tag("line", class_="whisker", x1=x1, x2=x2, y1=y1, y2=y2))
        said.append(tip)
        at += share
    height = 44 if any(not math.isnan(low) for _, _, low, _ in shares) else 31
    return tag("svg", "".join(parts), class_="fluid whole", width="100%", height=height, role="img",
               aria_label="; ".join(said))  # fmt: skip


def stack(parts: Sequence[tuple[str, str, int]], links: Sequence[str] = ()) -> str:
    """A thin bar as wide as its place, cut into parts: a class of each, a name and ads; it may lead somewhere."""
    total, at, out = max(1, sum(n for *_, n in parts)), 0.0, []
    for i, (look, name, n) in enumerate(parts):
        bar = tag("rect", tag("title", html.escape(f"{name}: {n:,}")), class_=f"bar {look}", x=percent(at / total),
                  y=0.5, width=percent(n / total), height=13)  # fmt: skip
        out.append(linked(bar, links[i] if links else ""))
        at += n
    return tag("svg", "".join(out), class_="fluid stack", width="100%", height=14, aria_hidden="true")


def linked(shape: str, href: str) -> str:
    """A shape that leads somewhere when it is clicked; who uses the keyboard follows the links beside the chart."""
    return tag("a", shape, href=href, tabindex=-1) if href else shape


def percent(share: float) -> str:
    """A length along a drawing that is as wide as its place."""
    return f"{100 * share:.2f}%"


def mark(label: str, x: float, y: float, tip: str = "") -> str:
    """A ring for white, a square for blue, a diamond for gray and a dotted disc for unclear."""
    title = tag("title", tip) if tip else ""
    if label == "gray":
        path = f"M{number(x)} {number(y - 4)}L{number(x + 4)} {number(y)}L{number(x)} {number(y + 4)}"
        return tag("path", title, class_="dot gray", d=f"{path}L{number(x - 4)} {number(y)}Z")
    if label == "blue":
        return tag("rect", title, class_="dot blue", x=number(x - 3.2), y=number(y - 3.2), width=6.4, height=6.4)
    dotted = {"stroke_dasharray": "1.2 1.2"} if label == "unclear" else {}
    return tag("circle", title, class_=f"dot {label}", cx=number(x), cy=number(y), r=3.4, **dotted)


def beside(charts: Sequence[str], names: Sequence[str], alt: str) -> str:
    """Charts beside each other under their names."""
    head, gap = 22.0, 26.0
    x, height, parts = 0.0, 0.0, []
    for chart, name in zip(charts, names, strict=True):
        w, h, content = inside(chart)
        body = tag("text", html.escape(name), class_="name", x=0, y=14)
        body += tag("g", content, transform=f"translate(0 {head})")
        parts.append(tag("g", body, transform=f"translate({number(x)} 0)"))
        x, height = x + w + gap, max(height, h + head)
    return _svg(x - gap, height, "".join(parts), alt)


def inside(svg: str) -> tuple[float, float, str]:
    """Width, height and content of a chart."""
    found = re.match(r'<svg viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>(.*)</svg>\Z', svg, re.DOTALL)
    assert found is not None
    return float(found[1]), float(found[2]), found[3]


def wrapped(text: str, most: float) -> list[str]:
    """Lines of so many letters; Chinese, which is twice as wide, may be cut before any letter.

    Examples
    --------
    >>> wrapped("Low-voltage electrician licence", 20), wrapped("四川省", 4)
    (['Low-voltage', 'electrician licence'], ['四川', '省'])
    """
    out, line, used = [], "", 0.0
    for word in re.findall(r"(?:[\u2e80-\uffef]|[^\s\u2e80-\uffef]+)[，。、；：？！”’）》]*|\s+", text):
        size = _breadth(word)
        if used + size > most and line.strip():
            out.append(line.strip())
            line, used = "", 0.0
        line, used = line + word, used + size
    return [*out, line.strip()] if line.strip() else out


def _svg(width: float, height: float, content: str, alt: str) -> str:
    box = f"0 0 {number(width)} {number(height)}"
    return tag("svg", content, viewBox=box, role="img", aria_label=alt)
