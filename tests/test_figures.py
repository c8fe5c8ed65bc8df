"""Measured figures on pages: each comes from a file that names its model, and no page holds one typed by a person."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from collarclass.api import default_model
from research.docs import figures

ROOT = Path(__file__).resolve().parents[1]
# The page of experiments tells of many models, the list of changes of past ones.
CHECKED = [
    "README.md",
    "README.zh-CN.md",
    "data/benchmark/README.md",
    "paper/paper.md",
    *(
        page.relative_to(ROOT).as_posix()
        for page in sorted((ROOT / "docs").rglob("*.md"))
        if page.parent.name != "notebooks" and page.name != "experiments.md"
    ),
]
MEASURES = re.compile(
    r"accuracy|macro-?F1|\bF1\b|coverage|kappa|\bECE\b|calibration error|precision|recall|"
    r"\bright\b|\bagree|准确|一致|覆盖率|读对|判对",
    re.IGNORECASE,
)
NUMBER = re.compile(r"(?<![\w.,/-])(?:0?\.\d\d+|\d+(?:\.\d+)?(?: ?%| percent))")
# What is no measurement: the level of an interval.
LEVEL = re.compile(r"95 %( bootstrap)? (intervals?\b|区间|自助区间)|\(95 %\)|（95 %）")


def typed(text: str) -> list[str]:
    """Sentences that give a measure with a number, outside of what commands write."""
    parts = re.split(r"\n\s*\n|\n[-*|] ?|(?<=[.。；;])\s", figures.written(text))
    plain = (LEVEL.sub("", part) for part in parts)
    return [part.strip() for part in plain if MEASURES.search(part) and NUMBER.search(part)]


@pytest.mark.parametrize("page", CHECKED)
def test_no_measured_number_is_typed(page: str) -> None:
    found = typed((ROOT / page).read_text("utf-8"))
    assert not found, f"{page}: let a command of research/docs/figures.py write this, or take the number out: {found}"


def test_typed_numbers_are_found() -> None:
    assert typed("Accuracy is 0.91 on real ads.")
    assert typed("Of the ads 92 %\nare read right.")
    assert typed("读对的有 97.0 %。")
    assert not typed("Accuracy is <!-- figure a/b -->0.91<!-- end of figure --> on real ads.")
    assert not typed("**kappa** is agreement beyond chance, with a 95 % bootstrap interval.")
    assert not typed("```\naccuracy 0.91\n```\nThe fee is 5 %.")


@pytest.mark.parametrize(
    "path",
    [*sorted(figures.FIGURES.glob("*.json")), *figures.OTHERS],
    ids=lambda path: path.stem,
)
def test_figures_are_of_the_shipped_model(path: Path) -> None:
    measured_with = json.loads(path.read_text("utf-8"))["model"]
    assert measured_with == default_model().identity, "run `make figures`"


def test_pages_show_the_figures_that_are_kept_and_speak_of_no_other_model() -> None:
    measured_before = re.compile("was measured ")  # the test above names other models; data may have grown since
    assert not [line for line in figures.stale() if not measured_before.search(line)]


def test_what_is_measured_is_kept_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    monkeypatch.setattr(figures, "FIGURES", tmp_path / "data" / "figures")
    monkeypatch.setattr(figures, "OTHERS", ())
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ads.csv").write_text("a\n")
    page = tmp_path / "README.md"
    page.write_text("Right: <!-- figure x/share --><!-- end of figure -->.\n")
    figures.keep("x", {"share": "97 %"}, ["data/ads.csv"])
    assert page.read_text() == "Right: <!-- figure x/share -->97 %<!-- end of figure -->.\n"
    assert figures.stale() == []
    (tmp_path / "data" / "ads.csv").write_text("b\n")
    assert figures.stale() == ["data/figures/x.json was measured before data/ads.csv changed."]
    page.write_text("Right: <!-- figure x/share -->98 %<!-- end of figure -->, by standard 0123456789.\n")
    assert len(figures.stale()) == 3
    page.write_text("<!-- figure x/none --><!-- end of figure -->")
    assert "README.md has a place for x/none, which no file has." in figures.stale()


def test_steps_that_need_texts_are_left_out_without_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(figures, "STEPS", (figures.Step("nothing", ("{texts}/en.csv",)),))
    monkeypatch.setattr(figures, "write_pages", lambda: None)
    assert figures.run(None) == 0
    assert "left out, it needs --texts: nothing" in capsys.readouterr().out
    monkeypatch.setattr(figures, "STEPS", (figures.Step("a.no_such_module"), figures.Step("a.other")))
    assert figures.run(None, only=["elsewhere"]) == 0
    assert figures.run(None, only=["no_such_module"]) == 1
    assert figures.Step("m", ("{texts}/en.csv",)).line(Path("t"))[1:] == ["-m", "m", "t/en.csv"]
