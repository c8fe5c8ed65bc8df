"""The colours of labels and dimensions: one palette for notebooks, report, pictures and page."""

from __future__ import annotations

# Red, green and blue of each dimension, for tints of varying strength.
TINTS: dict[str, str] = {"academic": "31,119,180", "hands_on": "214,109,0"}
