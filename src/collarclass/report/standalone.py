"""Charts as files of their own: colours, caption and a note about the method are in the picture."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from collarclass.explain.palette import LIGHT
from collarclass.report.charts import inside, number, tag, wrapped

# What the classes of charts look like; names of colours are those of the palette.
_LOOKS: tuple[tuple[str, dict[str, str]], ...] = (
    ("grid", {"stroke": "hair"}),
    ("border", {"fill": "none", "stroke": "ink", "stroke-dasharray": "1.5 2", "opacity": ".55"}),
    ("tick", {"font-size": "11", "fill": "soft"}),
    ("name", {"font-size": "11.5", "fill": "ink"}),
    ("mid", {"text-anchor": "middle"}),
    ("end", {"text-anchor": "end"}),
    ("whisker", {"stroke": "soft", "stroke-width": "1.6"}),
    ("notch", {"stroke": "soft", "stroke-width": "1"}),
    ("hex", {"stroke": "sheet", "stroke-width": ".6"}),
    ("series", {"fill": "none", "stroke-width": "2"}),
    ("band", {"opacity": ".16"}),
    ("dot", {"stroke-width": "1.4", "stroke": "sheet"}),
)


def standalone(svg: str, caption: str, note: str) -> str:
    """A chart that needs no page: with colours of its own, on white, its caption above and a note below it."""
    width, height, content = inside(svg)
    content = re.sub(r'class="([^"]*)"', lambda match: _attributes(match[1].split()), content)
    above, below = wrapped(caption, width / 7.8), wrapped(note, width / 4.4)
    top, pad = 16.0 * len(above) + 12, 12.0
    whole = (width + 2 * pad, top + height + 11.0 * len(below) + 26)
    lines_above = [
        tag("text", html.escape(line), x=pad, y=number(20 + 16 * i), font_size=13, font_weight=600, fill=LIGHT["ink"])
        for i, line in enumerate(above)
    ]
    lines_below = [
        tag("text", html.escape(line), x=pad, y=number(top + height + 20 + 11 * i), font_size=8.5, fill=LIGHT["soft"])
        for i, line in enumerate(below)
    ]
    size = {"width": number(whole[0]), "height": number(whole[1])}
    return tag(
        "svg",
        tag("title", html.escape(caption))
        + tag("rect", fill="#ffffff", **size)
        + "".join(lines_above)
        + tag("g", content, transform=f"translate({pad} {top})")
        + "".join(lines_below),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {size['width']} {size['height']}",
        font_family="system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif",
        **size,
    )


def _attributes(names: Sequence[str]) -> str:
    """What classes look like on white, as attributes; a label's colours go before those of a kind of mark."""
    out: dict[str, str] = {}
    for name, looks in _LOOKS:
        if name in names:
            out |= {key: LIGHT.get(value, value) for key, value in looks.items()}
    label = next((name for name in names if f"{name}-fill" in LIGHT), None)
    if label is not None:
        fill = LIGHT[f"{label}-fill"]
        line = LIGHT["white-line"] if label == "white" else fill
        if "series" in names:
            out["stroke"] = line
        elif "band" in names:
            out["fill"] = line
        else:
            out["fill"] = fill
            if label == "white":
                out |= {"stroke": line, "stroke-width": out.get("stroke-width", ".6")}
            elif label == "unclear" and "dot" in names:
                out["stroke"] = LIGHT["soft"]
    return " ".join(f'{key}="{value}"' for key, value in out.items())
