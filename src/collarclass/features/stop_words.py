"""Words that say nothing by themselves."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def stop_words() -> frozenset[str]:
    """Words that say nothing by themselves, English and Chinese."""
    lines = (files("collarclass") / "features" / "stop_words.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
