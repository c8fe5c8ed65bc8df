"""What users' programs rely on changes only together with the list of it."""

from __future__ import annotations

import difflib

import pytest

pytest.importorskip("fastapi", reason="pip install collarclass[app]")

from research.docs.public_interface import LIST, lines


def test_nothing_public_changes_unannounced() -> None:
    known = LIST.read_text("utf-8").splitlines()
    changes = [line for line in difflib.unified_diff(known, list(lines()), lineterm="", n=0) if line[:1] in "+-"]
    assert not changes[2:], (
        "what others rely on has changed: say so in CHANGELOG.md, under Changed or Removed if something is gone, then "
        "run python -m research.docs.public_interface\n" + "\n".join(changes[2:])
    )
