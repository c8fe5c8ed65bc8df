"""The compiled kernel gives what the numpy code gives, bit for bit, and its absence is no hindrance."""

from __future__ import annotations

import csv
import dataclasses
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collarclass.api import default_model
from collarclass.features.ngrams import Terms, Vocabulary, count_terms
from collarclass.kernel.library import SWITCH, is_compiled, without_kernel
from collarclass.model.predict import Predictions, predict
from collarclass.requirement_reader.context import context_features
from collarclass.requirement_reader.decide import decide
from collarclass.requirement_reader.lexicon import Lexicon, default_lexicon, load_lexicon, save_compiled
from collarclass.requirement_reader.mentions import find_mentions
from collarclass.text.tokens import tokenize
from research.robustness.fuzz import Ad, Makes, batches, corpus

compiled = pytest.mark.skipif(not is_compiled(), reason="there is no compiled kernel to compare")
ROOT = Path(__file__).parents[1]
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
# Runs of what words, sentences and phrases are decided by.
TRICKY = st.lists(
    st.sampled_from(
        [*"aAzZ059+#'’.,:;|/()、。，·-\n\t \u00ad\u200b本科历专éΩжЯß０Ａ", "<p>", "&amp;", "\U00020000", "\ud800", "'s"]
        + ["aaaa", "AAAA", "REQUIREMENTSBachelor", "skills4+", "Ph.D.", "team.Bachelor", "本科及以上", "学历、经验不限"]
        + ["x" * 9, "ж" * 5, "y" * 65, "C++", "or equivalent ", "high school diploma ", "3-5 years ", "不限"]
    ),
    max_size=60,
).map("".join)


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """Compare to the last bit, whatever it is made of."""
    assert type(one) is type(other), where
    if dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape), where
        assert one.tobytes() == other.tobytes(), where
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), where
        for i, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}[{i}]")
    else:
        assert one == other or (one != one and other != other), where


def by_row(terms: Terms) -> list[Any]:
    """Terms in the one order that both kernels keep: that of each row."""
    order = np.argsort(terms.row, kind="stable")
    of_rows = ("known", "distinct")
    columns = [getattr(terms, f.name)[order] for f in dataclasses.fields(terms) if f.name not in of_rows]
    return columns + [getattr(terms, name) for name in of_rows]


def steps(texts: Sequence[str]) -> list[Any]:
    """What every step of reading gives."""
    tokens, lexicon, reader = tokenize(texts), default_lexicon(), default_model().reader
    mentions = find_mentions(tokens, lexicon)
    found: list[Any] = [tokens, mentions, by_row(count_terms(tokens, default_model().text.vocabulary, 40))]
    if len(mentions.items):
        found.append(decide(reader, context_features(mentions, lexicon), mentions.items))
    return found


def predictions(texts: Sequence[str], titles: Sequence[str | None]) -> list[Predictions]:
    """With every term of the sums, and with the few words that decided."""
    return [predict(default_model(), texts, titles, evidence=True, details=details) for details in (True, False)]


def assert_kernels_agree(ads: Sequence[Ad]) -> None:
    texts, titles = [text for text, _ in ads], [title for _, title in ads]
    found = steps(texts), predictions(texts, titles)
    with without_kernel():
        expected = steps(texts), predictions(texts, titles)
    assert_same(found, expected)


@compiled
@FUZZ
@given(batches(corpus(), most=6))
def test_fuzzed_ads_are_read_alike(ads: list[Ad]) -> None:
    assert_kernels_agree(ads)


@compiled
@FUZZ
@given(st.lists(st.tuples(TRICKY, st.none() | TRICKY), min_size=1, max_size=5))
def test_tricky_runs_are_read_alike(ads: list[Ad]) -> None:
    assert_kernels_agree(ads)


@compiled
@pytest.mark.parametrize("seed", range(2))
def test_large_batches_are_read_alike(seed: int) -> None:
    assert_kernels_agree(Makes(corpus()).batch(random.Random(seed), 300))


@compiled
def test_own_ads_are_read_alike() -> None:
    for name in ("en.csv", "zh.csv"):
        with (ROOT / "data" / "ads" / name).open(encoding="utf-8", newline="") as file:
            assert_kernels_agree([(row["text"], row["title"]) for row in csv.DictReader(file)][:400])


@compiled
@pytest.mark.parametrize(
    "ads",
    [
        [],
        [("", None)],
        [("", ""), ("\n", "\n"), ("", None)],
        [("degree or " * 400, None), ("学历不限，" * 300, "x"), ("no degree " * 300, None)],  # more than are looked at
        [("nvq level 3/" * 40 + "high school graduate degree level " * 40, None)],  # long chains of overlaps
    ],
)
def test_edges_are_read_alike(ads: list[Ad]) -> None:
    assert_kernels_agree(ads)


@compiled
@given(
    st.lists(st.integers(0, (1 << 64) - 1), unique=True, max_size=50),
    st.lists(st.integers(0, (1 << 64) - 1), max_size=50),
)
@settings(deadline=None)
def test_hashes_are_found_alike(known: list[int], others: list[int]) -> None:
    vocabulary = Vocabulary(np.array(known, np.uint64), np.ones(len(known), np.uint8))
    sought = np.array([*known, *others, *(k ^ 1 for k in known)], np.uint64)
    found = vocabulary.find(sought)
    with without_kernel():
        assert_same(found, vocabulary.find(sought))


@compiled
def test_an_array_in_pieces_is_refused() -> None:
    tokens = tokenize(["weld pipes in our shop"])
    pieces = dataclasses.replace(tokens, hash=np.repeat(tokens.hash, 2)[::2])
    with pytest.raises(ValueError, match="does not lie in one piece"):
        count_terms(pieces, default_model().text.vocabulary, 5)


def _version(**environment: str) -> str:
    command = [sys.executable, "-m", "collarclass", "--version"]
    done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **environment}, text=True)
    return done.stdout


def test_the_kernel_can_be_switched_off() -> None:
    assert "numpy kernel" in _version(**{SWITCH: "off"})
    with without_kernel():
        assert not is_compiled()


def test_the_compiled_lexicon_is_the_lexicon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collarclass.requirement_reader import lexicon as module

    monkeypatch.setattr(module, "_COMPILED", os.path.relpath(tmp_path / "compiled.npz", str(module._FOLDER)))
    save_compiled()
    default_lexicon.cache_clear()
    try:
        assert_lexicons_same(default_lexicon(), load_lexicon())
        monkeypatch.setattr(module, "_digest", lambda: b"of other words")
        default_lexicon.cache_clear()
        assert_lexicons_same(default_lexicon(), load_lexicon())
    finally:
        default_lexicon.cache_clear()


def assert_lexicons_same(one: Lexicon, other: Lexicon) -> None:
    for field in dataclasses.fields(Lexicon):
        found, expected = (getattr(lexicon, field.name) for lexicon in (one, other))
        if isinstance(found, Vocabulary):
            found, expected = found.hashes, expected.hashes
        assert_same(found, expected, field.name)
