"""Throw generated ads at every way of labelling them, and keep what breaks a promise.

    python scripts/fuzz.py [--minutes 5] [--seed 0] [--corpus FOLDER] [--keep FILE] [--model FOLDER]

Inputs are batches of ads: text of every Unicode plane, lone surrogates, bidirectional controls, HTML soup,
deep nesting, giant tokens, lexicon phrases in random order, and ads of the corpus spliced, cut and with bytes
flipped. What must hold is in `check`. A batch that breaks it is shrunk by hypothesis and appended to the file
of --keep, whose lines the tests replay (`tests/data/fuzz_findings.jsonl`). The exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from collarclass import Classification, Model, classify, classify_many, label_file, label_table, load_model, to_frame
from collarclass.api import default_model
from collarclass.model.predict import predict
from collarclass.requirement_reader.lexicon import COLUMNS as LEXICON_COLUMNS
from collarclass.requirement_reader.lexicon import FILES as LEXICON_FILES
from collarclass.tables.schema import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
FINDINGS = ROOT / "tests" / "data" / "fuzz_findings.jsonl"
Ad = tuple[str, str | None]
_DIMENSIONS = ("academic", "hands_on")
_SUM = 1e-5  # of a rating: its terms are float32
_LONGEST_CORPUS_AD = 3_000

# --- what goes in ---------------------------------------------------------------------------------------------------

_SIGNS = [
    *".,;:!?()[]{}/\\|-–—_*•·#@&<>\"'`~^+=%$€。，、；：！？（）【】《》「」…",
    *("\n", "\r\n", "\n\n", "\t", " ", "\u3000"),
]
_ODD = [
    *("\u202e", "\u2066", "\u200f", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u0301", "\x00", "\x1b[31m"),
    *("\x9b", "\x85"),
    *("\u2028", "\ufffe", "\U0001f469\u200d\U0001f527", "\U00020000", "\U0010ffff", "ﬁ", "ß", "İ"),
    *("ǅ", "Ａ１", "𝔘𝔫", "٣", "Ⅷ"),
    *("\ud800", "\udfff", "\udc80", "\ud83d", "\ude00"),
]
_MARKUP = [
    *("<p>", "</p>", "<br>", "<li>", "</ul>", "<b", "</", "<", ">", "<!--", "-->", "<![CDATA[", "]]>", "<!x", "<?php"),
    *("&", "&#"),
    *("&amp;", "&nbsp;", "&#x110000;", "&#0;", "&#55296;", "&lt;p&gt;", "&notanentity;", "<script>"),
    *("</script>", "<style>"),
    *("<title>", "<textarea>", "<template>", "<a href='", '<img alt="', "<table><tr><th>", "<td>"),
    *("<plaintext>", "<svg><![x["),
]


def _lexicon_phrases() -> list[str]:
    """Phrases of the shipped lexicon, each alternative by itself."""
    folder = ROOT / "src" / "collarclass" / "requirement_reader" / "words"
    found = []
    for name in LEXICON_FILES:
        for line in (folder / name).read_text("utf-8-sig").splitlines()[1:]:
            phrase = line.split("\t")[LEXICON_COLUMNS.index("phrase")]
            if line.strip() and not line.startswith("#"):
                words = [word.split("|") for word in phrase.split()]
                found += [" ".join(choices[i % len(choices)] for choices in words) for i in (0, 1)]
    return sorted({phrase.strip() for phrase in found if phrase.strip()})


def corpus(folder: Path | None = None) -> list[str]:
    """Ads to splice and cut: the texts of a folder's CSV and text files; the golden ads of the tests by default."""
    texts: list[str] = []
    for path in sorted((folder or ROOT / "tests" / "data").glob("*.csv" if folder is None else "**/*")):
        if path.suffix == ".txt":
            texts.append(path.read_text("utf-8", "replace"))
        elif path.suffix == ".csv":
            table = pd.read_csv(path, dtype=str, keep_default_na=False, nrows=2_000)
            texts += [value for name in ("text", "description") if name in table for value in table[name]]
    return [text[:_LONGEST_CORPUS_AD] for text in texts if text.strip()] or ["MIG welding of steel frames, days."]


def pieces(ads: Sequence[str]) -> st.SearchStrategy[str]:
    """Parts that texts are made of."""
    phrases = st.sampled_from(_lexicon_phrases())
    ad = st.sampled_from(list(ads))
    number = st.integers(0, 40).map(str)
    repeated = st.sampled_from([*_MARKUP, *_ODD, "a", "職", "9", "<b>", "("])
    return st.one_of(
        phrases, phrases, number, st.sampled_from(_SIGNS), st.sampled_from(_ODD), st.sampled_from(_MARKUP),
        st.text(max_size=12),
        st.text(st.characters(), max_size=12),  # surrogates as well
        st.builds(lambda text, a, n: text[a : a + n], ad, st.integers(0, 2_000), st.integers(1, 300)),
        st.builds(_flipped, ad, st.integers(0, 2**32)),
        st.builds(lambda piece, n: piece * n, repeated, st.integers(1, 60)),
    )  # fmt: skip


def _flipped(text: str, number: int) -> str:
    """Thirty or so characters somewhere in a text with bits of their bytes flipped."""
    chance = random.Random(number)
    start = chance.randrange(len(text))
    content = bytearray(text[start : start + chance.randrange(1, 200)].encode("utf-8", "surrogatepass"))
    for _ in range(chance.randrange(1, 6)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content.decode("utf-8", chance.choice(("replace", "surrogateescape")))


def batches(ads: Sequence[str], most: int = 12) -> st.SearchStrategy[list[Ad]]:
    """Batches of ads with or without titles."""
    piece = pieces(ads)
    joint = st.sampled_from((" ", "", "\n", ". ", "，"))
    text = st.one_of(st.builds(str.join, joint, st.lists(piece, max_size=14)), piece, st.just(""))
    title = st.one_of(st.none(), st.builds(" ".join, st.lists(piece, max_size=3)))
    return st.lists(st.tuples(text, title), min_size=1, max_size=most)


# --- what must hold -------------------------------------------------------------------------------------------------


def check(ads: Sequence[Ad], model: Model, folder: Path) -> None:
    """Label a batch in every way; raise AssertionError, or what was raised, where a promise is broken."""
    texts, titles = [text for text, _ in ads], [title for _, title in ads]
    together = classify_many(texts, titles, model=model)
    for found in together:
        check_result(found)
    assert together == [classify(t, u, model=model) for t, u in ads], "classify differs from classify_many"
    _check_order(ads, together, model)
    _check_tables(ads, model, folder)


def check_result(found: Classification) -> None:
    """Finite probabilities that sum to one, spans inside and equal, sums that add up."""
    numbers = [*found.probabilities.values(), found.academic_score, found.hands_on_score, found.confidence]
    assert all(math.isfinite(n) and 0.0 <= n <= 1.0 for n in numbers), f"numbers out of range: {numbers}"
    assert abs(sum(found.probabilities.values()) - 1.0) < 1e-9, "probabilities do not sum to one"
    assert (found.label == "unclear") == bool(found.note), "unclear without a note, or a note without"
    source = {"text": found.text, "title": found.title or ""}
    items: tuple[Any, ...] = (*found.evidence, *found.requirements, *found.reasons)
    for item in items:
        whole = source[item.field]
        assert 0 <= item.start <= item.end <= len(whole), f"span outside: {item}"
        assert whole[item.start : item.end] == item.text, f"span differs: {item}"
    for dimension, score in zip(_DIMENSIONS, (found.academic_score, found.hands_on_score), strict=True):
        rating = found.intercept[dimension] + sum(e.weight for e in found.evidence if e.dimension == dimension)
        assert abs(score - min(max(rating, 0.0), 4.0) / 4.0) < _SUM, f"{dimension} does not add up"
    found.explain("en"), found.explain("zh"), found.to_json(), found._repr_html_()


def _check_order(ads: Sequence[Ad], together: Sequence[Classification], model: Model) -> None:
    """The same in another order, in smaller batches, and without evidence; evidence and reasons too."""
    order = random.Random(len(ads)).sample(range(len(ads)), len(ads))
    mixed = classify_many([ads[i][0] for i in order], [ads[i][1] for i in order], model=model)
    for i, other in zip(order, mixed, strict=True):
        assert other == together[i], "order changes a result"
        assert other.evidence == together[i].evidence, "order changes the evidence"
        assert other.reasons == together[i].reasons, "order changes the reasons"
    half = len(ads) // 2 or 1
    parts = [predict(model, [t for t, _ in part], [u for _, u in part]) for part in (ads[:half], ads[half:])]
    scores = [row for part in parts for row in part.scores.tolist()]
    assert scores == [[r.academic_score, r.hands_on_score] for r in together], "batch size changes a score"


def _check_tables(ads: Sequence[Ad], model: Model, folder: Path) -> None:
    """`label_table` and `label_file` write what `classify_many` says, a missing title being an empty one."""
    ads = [(text, title or "") for text, title in ads]
    table = pd.DataFrame(ads, columns=["text", "title"], dtype=object)
    labelled = label_table(table, text="text", title="title", model=model)
    assert _plain(labelled[list(COLUMNS)]) == _expected(ads, model), "label_table differs from classify_many"
    source, target = folder / "ads.jsonl", folder / "labelled.jsonl"
    rows = (json.dumps({"title": title, "text": text}) for text, title in ads)
    source.write_text("".join(row + "\n" for row in rows), "utf-8")
    label_file(source, target, text="text", title="title", model=model, force=True, batch_size=max(len(ads) // 2, 1))
    with target.open(encoding="utf-8") as lines:
        written = [json.loads(line) for line in lines]
    found = _plain(pd.DataFrame([{name: row.get(name) for name in COLUMNS} for row in written], dtype=object))
    # No file holds a lone surrogate: a replacement character is read in its place.
    clean = [(_clean(text), _clean(title or "")) for text, title in ads]
    assert found == _expected(clean, model), "label_file differs from classify_many"


def _expected(ads: Sequence[Ad], model: Model) -> list[dict[str, Any]]:
    return _plain(to_frame(classify_many([text for text, _ in ads], [title for _, title in ads], model=model)))


def _clean(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values, missing ones as None."""
    return [
        {str(name): None if value is None or value != value else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


# --- search, shrink, keep -------------------------------------------------------------------------------------------


class Search:
    """One run of hypothesis: how many ads it tried, and the smallest batch that breaks a promise."""

    def __init__(self, ads: Sequence[str], model: Model, folder: Path, until: float) -> None:
        self.ads, self.model, self.folder, self.until = ads, model, folder, until
        self.n_ads = 0
        self.last: list[Ad] = []

    def run(self, number: int, examples: int = 100) -> str:
        """Try batches; give the error of the smallest that fails, or nothing."""

        @seed(number)
        @settings(
            max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink), print_blob=False,
        )  # fmt: skip
        @given(batches(self.ads))
        def attempt(batch: list[Ad]) -> None:
            if not self.last and time.monotonic() > self.until:
                return
            self.n_ads += len(batch)
            try:
                check(batch, self.model, self.folder)
            except Exception:
                self.last = batch  # hypothesis runs the smallest last
                raise

        self.last = []
        try:
            attempt()
        except Exception as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        return ""


def main() -> int:
    """Search until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", type=Path, help="folder of ads in CSV or text files")
    parser.add_argument("--model", type=Path, help="model folder; the shipped model if not given")
    parser.add_argument("--keep", type=Path, default=FINDINGS, help="file to which failures are appended")
    options = parser.parse_args()
    model = load_model(options.model) if options.model else default_model()
    until, bad, number = time.monotonic() + options.minutes * 60, 0, options.seed
    with tempfile.TemporaryDirectory() as folder:
        search = Search(corpus(options.corpus), model, Path(folder), until)
        while time.monotonic() < until:
            error = search.run(number)
            if error:
                bad += 1
                print(f"seed {number}: {error}\n  {search.last!a}", flush=True)
                with options.keep.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"error": error, "ads": search.last}) + "\n")
            number += 1
    print(f"{search.n_ads:,} ads in batches, seeds {options.seed} to {number - 1}: {bad} findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
