"""Write the table of the bias of plain counting into docs/understanding/limits.md.

It comes from the confusion counts of the figures on real ads that the project keeps.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS
from research.docs.figures import ROOT, between, markdown
from research.measure.cards import FIGURES

PAGES = {"en": ROOT / "docs" / "understanding" / "limits.md", "zh": ROOT / "docs" / "understanding" / "limits.zh.md"}
START, END = "<!-- bias of plain counting -->", "<!-- end of bias -->"
STREAMS = {  # true shares of white, blue and gray
    "as rated": None,
    "even": (1 / 3, 1 / 3, 1 / 3),
    "offices": (0.65, 0.20, 0.15),
    "works": (0.20, 0.65, 0.15),
    "few gray": (0.48, 0.48, 0.04),
}
LANGUAGES: dict[str, dict[str, str]] = {
    "en": {"en": "English", "zh": "Chinese"},
    "zh": {"en": "英文", "zh": "中文"},
}
HEADINGS = {
    "en": ("language", "stream", "true white, blue, gray", "counted", "bias, points"),
    "zh": ("语言", "广告构成", "真实比例：白、蓝、灰", "直接计数", "偏差（百分点）"),
}
NAMES: dict[str, dict[str, str]] = {
    "en": {
        "as rated": "the rated ads as they are",
        "even": "as many of each",
        "offices": "mostly office work",
        "works": "mostly manual work",
        "few gray": "hardly any gray",
    },
    "zh": {
        "as rated": "已评广告的原有比例",
        "even": "三类各占三分之一",
        "offices": "以办公岗位为主",
        "works": "以体力岗位为主",
        "few gray": "几乎没有灰领",
    },
}


def counted(confusion: dict[str, dict[str, int]], shares: tuple[float, ...] | None) -> NDArray[np.float64]:
    """True and counted shares of a stream whose ads are mislabelled as often as the rated ones.

    `confusion` counts by true and by found label; ads labelled unclear are left out, as a count leaves them out. If no
    true `shares` are given, those of the rated ads are used.

    Examples
    --------
    >>> errors = {"white": {"white": 9, "blue": 0, "gray": 1}, "blue": {"white": 0, "blue": 10, "gray": 0},
    ...           "gray": {"white": 5, "blue": 0, "gray": 5}}
    >>> counted(errors, (0.5, 0.0, 0.5)).round(2).tolist()
    [[0.5, 0.0, 0.5], [0.7, 0.0, 0.3]]
    """
    table = np.array([[confusion[t][f] for f in LABELS] for t in LABELS], float)
    true = table.sum(axis=1) / table.sum() if shares is None else np.array(shares)
    return np.stack([true, true @ (table / table.sum(axis=1, keepdims=True))])


def bias_table(figures: dict[str, Any], language: str = "en") -> str:
    """The table as Markdown, in a language of the documentation."""
    rows = []
    for code, called in LANGUAGES[language].items():
        for stream, shares in STREAMS.items():
            true, found = counted(figures[code]["confusion"], shares)
            cells = [", ".join(f"{share:.1%}" for share in row) for row in (true, found)]
            bias = ", ".join(f"{100 * d:+.1f}" for d in found - true)
            rows.append([called, NAMES[language][stream], *cells, bias])
    return markdown(HEADINGS[language], rows, 5)


def write_tables() -> None:
    """Put the tables between the marks of the pages."""
    figures = json.loads(FIGURES.read_text("utf-8"))
    for language, page in PAGES.items():
        between(page, START, END, bias_table(figures, language))


if __name__ == "__main__":
    write_tables()
