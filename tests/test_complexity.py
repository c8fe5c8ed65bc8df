"""The short form of benchmarks/complexity.py: the patterns that once took longest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.complexity import ADS, MOST, PATTERNS, against, explain, growth, label, measure

SLOWEST = (
    *("学历不限", "capitals run together", "证书", '<a b="', "degree or degree", "nvq level 3/", "3-5 years"),
    *("<b> nested", "<br>", "<a ", "<!--"),
)
_BUSY = 1.6  # what a machine with other work to do may add


@pytest.mark.parametrize("call", [label, explain])
def test_hostile_texts_take_little_more_than_ordinary_ads(call: Callable[[list[str]], None]) -> None:
    slow, growing = set(SLOWEST), set(SLOWEST)
    for _ in range(4):  # what is slow every time is so by itself, not by what else the machine does
        found = measure(call, 10_000, 2, (*ADS, *SLOWEST))
        slow &= {name for name in SLOWEST if against(found, name) > MOST * _BUSY}
        growing &= {name for name in SLOWEST if growth(found[name]) > _BUSY}
        if not slow | growing:
            break
    assert not slow
    assert not growing


def test_every_pattern_is_named_once() -> None:
    assert len(PATTERNS) >= 40
    assert not set(PATTERNS) & set(ADS)
    page = (Path(__file__).resolve().parents[1] / "docs" / "contributors" / "promises.md").read_text("utf-8")
    assert f"two ways of labelling | {len(PATTERNS)} | 0 |" in page
