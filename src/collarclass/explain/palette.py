"""The colours of labels and dimensions: one palette for notebooks, report, pictures and page."""

from __future__ import annotations

# Red, green and blue of each dimension, for tints of varying strength.
TINTS: dict[str, str] = {"academic": "31,119,180", "hands_on": "214,109,0"}

# Ink and paper of a cell that holds a label, for spreadsheets.
CELLS: dict[str, tuple[str, str]] = {
    "white": ("#1f2933", "#ffffff"),
    "blue": ("#0b3d73", "#d6e6f7"),
    "gray": ("#333333", "#dcdcdc"),
    "unclear": ("#8a6d1d", "#fbf3d9"),
}
