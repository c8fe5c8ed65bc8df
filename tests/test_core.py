"""The modules that read ads give the same compiled and as they stand, in any thread; and their absence is said."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collarclass import compiled
from collarclass.api import default_model
from collarclass.features.term_index import TermIndex
from collarclass.model.account import account_of
from collarclass.model.predict import ask, predict, requirements_of
from collarclass.requirement_reader.lexicon import Lexicon, default_lexicon, load_lexicon, save_compiled

ROOT = Path(__file__).parents[1]
needs_compiled = pytest.mark.skipif(not compiled.is_compiled(), reason="nothing was compiled")
TRICKY = [
    *("", "\n", "<p>", "&amp;&lt;b&gt;", "\ud800", "REQUIREMENTSBachelor", "skills4+ C++ C#", "x" * 70 + " " + "ж" * 9),
    *("in a team.Bachelor of Arts", "Ph.D. (BSc). Experience", "学历、经验不限，本科及以上", "nvq level 3/" * 40),
    *("degree or " * 300, "学历不限，" * 200, "<a " + '="<a "' * 50 + "< >", "a\u00adb\u200bc’s"),
    "3-5 years or equivalent high school diploma",
]


def ads() -> list[tuple[str, str]]:
    """A few of the project's own ads, and what is tricky."""
    own: list[tuple[str, str]] = []
    for name in ("en.csv", "zh.csv"):
        table = pd.read_csv(ROOT / "data" / "ads" / name, dtype=str, keep_default_na=False)[::400]
        own += zip(table["title"], table["text"], strict=True)
    return [*own, *(("Welder", text) for text in TRICKY), *((text, "") for text in TRICKY)]


def told(ads: list[tuple[str, str]]) -> list[Any]:
    """All that is said of ads, as text that shows every bit."""
    titles, texts = zip(*ads, strict=True)
    out: list[Any] = []
    found = predict(default_model(), texts, titles, evidence=True)
    for field in dataclasses.fields(found):
        values = getattr(found, field.name)
        if field.name in ("by_rules", "occupation"):
            continue
        out.append(values.tolist() if isinstance(values, np.ndarray) else [repr(shown(value)) for value in values])
    for question in (account_of, requirements_of):
        out.append([repr(shown(ask(default_model(), text, title, question))) for title, text in ads])
    return out


def shown(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return [shown(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, tuple):
        return [shown(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.slow
@needs_compiled
def test_ads_are_read_alike_where_nothing_was_compiled() -> None:
    code = "import json, sys; from test_core import ads, told; sys.stdout.write(json.dumps(told(ads())))"
    environment = {
        **os.environ,
        compiled.SWITCH: "off",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), *sys.path]),
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert json.loads(done.stdout) == json.loads(json.dumps(told(ads())))


def test_ads_are_read_alike_in_several_threads() -> None:
    expected = told(ads())
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(told, [ads()] * 4):
            assert found == expected


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, as an editable install has it."""
    folder = tmp_path_factory.mktemp("copied") / "collarclass"
    shutil.copytree(compiled.PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def turn_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def edit(path: Path) -> None:
    path.write_text(path.read_text("utf-8") + "\n# edited\n", "utf-8")


BINARY = f"_compiled/text/hashing{compiled.SUFFIX}"


@needs_compiled
@pytest.mark.parametrize(
    ("name", "change"),
    [
        (BINARY, cut_short),
        (BINARY, turn_a_bit),
        (BINARY, Path.unlink),
        ("_compiled/made_of.json", cut_short),
        ("text/hashing.py", edit),
        ("text/ad_tokens.pxd", edit),
    ],
)
def test_what_is_damaged_or_was_made_of_other_sources_is_not_loaded(
    copied: Path, name: str, change: Callable[[Path], object]
) -> None:
    code = (
        "from collarclass.compiled import description; from collarclass.text import ad_tokens; "
        "print(ad_tokens.AdTokens().read('Pipe welder').n, ad_tokens.__file__[-3:], description()[:8])"
    )
    environment = {**os.environ, "PYTHONPATH": str(copied.parent), "PYTHONDONTWRITEBYTECODE": "1"}

    def said() -> str:
        command = [sys.executable, "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()

    kept = (copied / name).read_bytes()
    try:
        change(copied / name)
        assert said() == "2 .py not comp"
    finally:
        (copied / name).write_bytes(kept)
    assert said() == f"2 {compiled.SUFFIX[-3:]} compiled"


def test_the_version_says_that_nothing_is_compiled() -> None:
    command = [sys.executable, "-m", "collarclass", "--version"]
    environment = {**os.environ, compiled.SWITCH: "off"}
    assert "reads slowly" in subprocess.run(command, capture_output=True, check=True, env=environment, text=True).stdout


@given(
    st.lists(st.integers(0, (1 << 64) - 1), unique_by=lambda value: value & 0xFFFFFFFF, max_size=50),
    st.lists(st.integers(0, (1 << 64) - 1), max_size=50),
)
def test_hashes_are_found(known: list[int], others: list[int]) -> None:
    vocabulary = TermIndex(np.array(known, np.uint64))
    where, number = vocabulary.find(np.array([*known, *others], np.uint64))
    assert dict(zip(where.tolist(), number.tolist(), strict=True)).items() >= {i: i for i in range(len(known))}.items()


def test_the_compiled_lexicon_is_the_lexicon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collarclass.requirement_reader import lexicon as module

    monkeypatch.setattr(module, "_COMPILED", os.path.relpath(tmp_path / "compiled.npz", str(module._FOLDER)))
    save_compiled()
    default_lexicon.cache_clear()
    expected = load_lexicon()
    try:
        assert_lexicons_same(default_lexicon(), expected)
        monkeypatch.setattr(module, "_digest", lambda: b"of other words")
        default_lexicon.cache_clear()
        assert_lexicons_same(default_lexicon(), expected)
    finally:
        default_lexicon.cache_clear()


def assert_lexicons_same(one: Lexicon, other: Lexicon) -> None:
    for field in dataclasses.fields(Lexicon):
        found, expected = (getattr(lexicon, field.name) for lexicon in (one, other))
        assert np.array_equal(found, expected) if isinstance(found, np.ndarray) else found == expected, field.name
