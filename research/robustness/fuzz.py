"""Throw generated ads at every way of labelling them, and keep what breaks a promise.

    python -m research.robustness.fuzz [--minutes 5] [--seed 0] [--threads 1] [--corpus FOLDER] [--keep FILE]

Inputs come in batches: text of every Unicode plane, lone surrogates, bidirectional controls, HTML soup, deep nesting,
giant tokens, lexicon phrases in random order, ads of the corpus spliced, cut and with bytes flipped, and lines that the
cut takes apart: marks of markup within titles, entities cut in half, titles that stand last, several posts, slips.
What must hold of a batch is in `check`: it is labelled together, in other orders and batch sizes, as a table, as a
file, and a sample one by one; and each input as text, as title and as both is asked for all that a result answers. A
batch that breaks a promise is shrunk and appended to the file of --keep, whose lines the tests replay
(`tests/data/fuzz_findings.jsonl`). The exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from collarclass import Classification, Model, classify, classify_many, label_file, label_table, load_model
from collarclass.api import default_model
from collarclass.definitions.labels import UNCLEAR
from collarclass.labelling.options import Options
from collarclass.model.predict import Predictions, predict
from collarclass.requirement_reader.lexicon import FILES as LEXICON_FILES
from collarclass.requirement_reader.lexicon import LEXICON_COLUMNS
from collarclass.requirement_reader.requirement import Requirement
from collarclass.tables.schema import COLUMNS, prediction_table
from research.robustness import tally

ROOT = Path(__file__).resolve().parents[2]
FINDINGS = ROOT / "tests" / "data" / "fuzz_findings.jsonl"
Ad = tuple[str, str | None]
Check = Callable[[Sequence[Ad], Model, Path], None]
_PARTS = ("responsibilities", "教育背景")
_DIMENSIONS = ("academic", "hands_on")
_SUM = 1e-5  # of a rating: its terms are float32
_LONGEST_CORPUS_AD = 3_000
_BATCH, _SAMPLE = 1_000, 8  # ads of a batch; those of it that are labelled one by one as well
_SURROGATE = re.compile("[\ud800-\udfff]")

# --- what goes in ---------------------------------------------------------------------------------------------------

_SIGNS = [
    *".,;:!?()[]{}/\\|-–—_*•·#@&<>\"'`~^+=%$€。，、；：！？（）【】《》「」…",
    *("\n", "\r\n", "\n\n", "\t", " ", "\u3000", ". ", ", ", ": ", "，", "。"),
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
    *("<plaintext>", "<svg><![x[", "&amp;lt;li&amp;gt;", "<P CLASS=x>", "</SCRIPT >", "= '", '="', "'>", '">'),
]
_PLANES = [(0x20, 0x7E), (0xA0, 0x24F), (0x250, 0x1FFF), (0x2000, 0x2FFF), (0x3000, 0x33FF), (0x4E00, 0x9FFF),
           (0xA000, 0xD7FF), (0xD800, 0xDFFF), (0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x3FFFF),
           (0xE0000, 0x10FFFF), (0, 0x1F), (0x7F, 0x9F)]  # fmt: skip
_JOBS = ("welder", "nurse", "teacher", "RN", "software engineer", "driver", "r", "电焊工", "会计", "护士")
_BETWEEN: tuple[str, ...] = (
    *"<>!&;/?-=#|(:,、 \n",
    "&am",
    "&#",
    "&lt",
    "&gt;",
    "<b",
    "><",
    " x2 ",
    "</",
    "<!",
    "<a/",
    ">!",
    " ",
)
_POSTS = ("Post {}: {} x {}", "{}. {} ({} posts)", "岗位{}：{} {}名", "{}、{}{}人")
_REPEATED = [*_MARKUP, *_ODD, "a", "aB", "職", "9", "<b>", "(", "学历不限", "degree or ", "3-", "no ", "、", "'"]


def _lexicon_phrases() -> list[str]:
    """Phrases of the shipped lexicon, with their first and their second alternatives."""
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


class Makes:
    """Makes ads by chance, from a corpus."""

    def __init__(self, ads: Sequence[str]) -> None:
        self.ads = ads
        self.phrases = _lexicon_phrases()
        self.numbers = [str(n) for n in range(41)]
        kinds: list[tuple[int, Callable[[random.Random], str]]] = [
            (24, self.of_phrases),
            (14, self.of_everything),
            (14, self.soup),
            (10, _of_planes),
            (12, self.cut),
            (8, self.flipped),
            (6, self.spliced),
            (4, _repeated),
            (3, self.nested),
            (3, self.title),
            (16, _marked),
            (6, self.title_last),
            (4, self.posts),
            (6, self.slip),
            (1, lambda chance: chance.choice(self.ads)),
            (3, lambda chance: chance.choice(["", "", "", " ", "\n", "\u200b", "<p></p>", "&nbsp;"])),
        ]
        self.every = [make for weight, make in kinds for _ in range(weight)]

    def ad(self, chance: random.Random) -> Ad:
        """An ad, with or without a title."""
        text = chance.choice(self.every)(chance)
        draw = chance.randrange(8)
        if draw < 4:
            return text, ""
        return text, None if draw == 4 else chance.choice((self.title, self.title, self.cut, _of_planes))(chance)[:60]

    def batch(self, chance: random.Random, n: int) -> list[Ad]:
        """Ads; in most batches none is without a title, so that tables say the same of them."""
        ads = [self.ad(chance) for _ in range(n)]
        return ads if chance.randrange(4) == 0 else [(text, title or "") for text, title in ads]

    def of_phrases(self, chance: random.Random) -> str:
        n = chance.randrange(1, 9)
        parts = chance.choices(self.phrases, k=n)
        signs = chance.choices((" ", " ", " ", *_SIGNS), k=n)
        if chance.randrange(3) == 0:
            parts[chance.randrange(n)] = chance.choice(self.numbers) + chance.choice((" years", "年", "+", "-5 yrs"))
        return "".join(part for pair in zip(parts, signs, strict=True) for part in pair)

    def of_everything(self, chance: random.Random) -> str:
        parts = [
            *chance.choices(self.phrases, k=chance.randrange(3)),
            *chance.choices(_SIGNS, k=chance.randrange(4)),
            *chance.choices(_ODD, k=chance.randrange(4)),
            *chance.choices(_MARKUP, k=chance.randrange(4)),
            *chance.choices(self.numbers, k=chance.randrange(3)),
            self.cut(chance),
            _of_planes(chance),
        ]
        chance.shuffle(parts)
        return chance.choice(("", "", " ", "\n")).join(parts)

    def soup(self, chance: random.Random) -> str:
        parts = chance.choices(_MARKUP, k=chance.randrange(1, 12))
        words = chance.choices(self.phrases, k=len(parts))
        return "".join(part for pair in zip(parts, words, strict=True) for part in pair)

    def cut(self, chance: random.Random) -> str:
        ad = chance.choice(self.ads)
        start = chance.randrange(len(ad))
        return ad[start : start + chance.choice((5, 20, 60, 120, 250))]

    def flipped(self, chance: random.Random) -> str:
        """A stretch of an ad with bits of its bytes flipped."""
        content = bytearray(self.cut(chance).encode("utf-8", "surrogatepass"))
        for _ in range(chance.randrange(1, 6)):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        return content.decode("utf-8", chance.choice(("replace", "surrogateescape")))

    def spliced(self, chance: random.Random) -> str:
        return chance.choice(("", " ", "\n", "<br>", "\x00")).join((self.cut(chance), self.cut(chance)))

    def nested(self, chance: random.Random) -> str:
        depth = chance.choice((2, 5, 30, 200))
        tag = chance.choice(("b", "div", "li", "table", "template", "script", "x-y", "svg"))
        return f"<{tag}>" * depth + self.cut(chance) + f"</{tag}>" * chance.choice((depth, depth - 1))

    def title(self, chance: random.Random) -> str:
        words = self.cut(chance).split()[:4]
        return " ".join([*words, *chance.choices(_SIGNS, k=chance.randrange(2))])

    def title_last(self, chance: random.Random) -> str:
        """A title behind other words, with marks that only the two together make markup of."""
        first = str(chance.choice((self.cut, self.soup, _marked))(chance))[:120]
        return first + chance.choice(_BETWEEN) + _marked(chance)

    def posts(self, chance: random.Random) -> str:
        """A notice of several posts, some of them with marks of markup."""
        form = chance.choice(_POSTS)
        jobs = [chance.choice((_marked, self.slip))(chance) for _ in range(chance.randrange(2, 5))]
        lines = [form.format(n, job, chance.randrange(1, 20)) for n, job in enumerate(jobs, 1)]
        return chance.choice(("\n", "; ", "<br>")).join(
            line + chance.choice(("", "\n" + self.cut(chance))) for line in lines
        )

    def slip(self, chance: random.Random) -> str:
        """A line with a letter left out, doubled, changed or moved."""
        line: str = chance.choice((chance.choice(_JOBS), self.title(chance), _marked(chance))) or "welder"
        at = chance.randrange(len(line))
        rest, letter = line[at + 1 :], chance.choice("aeint<&;é焊")
        return line[:at] + chance.choice((rest, line[at] * 2 + rest, letter + rest, rest[:1] + line[at] + rest[1:]))


def _marked(chance: random.Random) -> str:
    """Short words with single marks of markup between them, and entities cut in half."""
    n = chance.randrange(2, 7)
    words = [chance.choice((chance.choice(_JOBS), *"abs", "")) for _ in range(n)]
    return "".join(part for pair in zip(words, chance.choices(_BETWEEN, k=n), strict=True) for part in pair)


def _of_planes(chance: random.Random) -> str:
    planes = chance.choices(_PLANES, k=chance.randrange(1, 4))
    return "".join(chr(chance.randrange(low, high + 1)) for low, high in planes for _ in range(chance.randrange(8)))


def _repeated(chance: random.Random) -> str:
    """A giant token, now and then a very long one."""
    length = chance.choice((20, 60, 200, 200, 600, 20_000 if chance.randrange(20) == 0 else 900))
    return chance.choice(_REPEATED) * (length // 3)


def batches(ads: Sequence[str], most: int = 12) -> st.SearchStrategy[list[Ad]]:
    """Batches of ads with or without titles, for hypothesis."""
    makes = Makes(ads)
    chances = st.randoms(use_true_random=False)
    return st.builds(lambda chance, n: makes.batch(chance, n), chances, st.integers(1, most))


# --- what must hold -------------------------------------------------------------------------------------------------


_printed = threading.local()


def note_printed(unraisable: Any) -> None:
    """Keep, of each thread, the errors that nobody could raise: in loops without the interpreter they are printed."""
    vars(_printed).setdefault("errors", []).append(f"{unraisable.object}: {unraisable.exc_value}")


def check(ads: Sequence[Ad], model: Model, folder: Path) -> None:
    """Label a batch in every way; raise AssertionError, or what was raised, where a promise is broken."""
    vars(_printed).clear()
    texts, titles = [text for text, _ in ads], [title for _, title in ads]
    together = predict(model, texts, titles, evidence=True)
    check_arrays(together)
    found = classify_many(texts, titles, model=model)
    for i, result in enumerate(found):
        check_result(result)
        if result.academic_score is None:
            assert not together.says_something[i], "no scores for an ad that says something"
            continue
        row = [result.academic_score, result.hands_on_score, *result.probabilities.values()]
        expected = [*together.scores[i], *together.probabilities[i]]
        assert row == expected, "classify_many differs from predict"
    chance = random.Random(len(ads))
    sample = sorted(chance.sample(range(len(ads)), min(_SAMPLE, len(ads))))
    for i in sample:
        alone = classify(texts[i], titles[i], model=model)
        assert alone == found[i], "classify differs from classify_many"
        assert alone.evidence == found[i].evidence, "classify differs from classify_many in evidence"
    forms = [ad for text, _ in ads for ad in ((text, None), ("", text), (text, text))]
    for result in classify_many([text for text, _ in forms], [title for _, title in forms], model=model):
        check_result(result)
    _check_parts([ads[i] for i in sample], model, chance)
    _check_order(ads, together, model, chance)
    _check_tables(ads, together, model, folder, chance)
    printed = vars(_printed).get("errors", ())
    assert not printed, f"an error that is only printed: {printed[0]}"


def check_arrays(found: Predictions) -> None:
    """Finite probabilities that sum to one, and a note wherever a label is unclear."""
    for values in (found.probabilities, found.scores):
        assert ((values >= 0) & (values <= 1)).all(), "a number out of range"  # nor NaN
    assert (np.abs(found.probabilities.sum(axis=1) - 1.0) < 1e-9).all(), "probabilities do not sum to one"
    assert ((found.label == UNCLEAR) == (found.note > 0)).all(), "unclear without a note, or a note without"


def _check_span(item: Any, source: Mapping[str, str]) -> None:
    if item.field is None:
        assert (item.start, item.end, item.text) == (None, None, ""), f"a place without a field: {item}"
        return
    whole = source[item.field]
    assert 0 <= item.start <= item.end <= len(whole), f"span outside: {item}"
    assert whole[item.start : item.end] == item.text, f"span differs: {item}"
    if isinstance(item, Requirement):
        assert 0.0 <= item.confidence <= 1.0, f"confidence out of range: {item}"


def check_result(found: Classification, parts: Mapping[str, str] | None = None) -> None:
    """Spans inside and equal, sums that add up, and words that can be written; of all that a result answers."""
    source = {"text": found.text, "title": found.title or "", **(parts or {})}
    account = found.account
    assert account is not None, "no account"
    for part in account.parts:
        _check_span(part, source)
    cues = [one.cue for one in found.requirements if one.cue is not None]
    for items in (found.evidence, found.requirements, found.reasons, found.terms, cues):
        for item in items:
            _check_span(item, source)
    for k, score in enumerate((found.academic_score, found.hands_on_score)):
        sums = [sum(part.weights[k] for part in account.parts)]
        sums += [
            sum(e.weight for e in terms if e.dimension == _DIMENSIONS[k]) for terms in (found.evidence, found.terms)
        ]
        for total in sums:
            rating = account.start[k] + total
            assert score is None or abs(score - rating / 4.0) < _SUM, f"{_DIMENSIONS[k]} does not add up"
    for words in (found.explain("en"), found.explain("zh"), found.to_json(), found._repr_html_()):
        assert words.encode("utf-8")
    assert isinstance(found.words, str)


def _check_parts(ads: Sequence[Ad], model: Model, chance: random.Random) -> None:
    """Ads in two parts: spans lie in the parts, and a table with two columns of texts says the same."""
    cells = [(text[:at], text[at:]) for text, _ in ads for at in [chance.randrange(len(text) + 1)]]
    parts = [dict(zip(_PARTS, pair, strict=True)) for pair in cells]
    found = classify_many(parts, [title or "" for _, title in ads], model=model)
    for result, part in zip(found, parts, strict=True):
        check_result(result, part)
    table = pd.DataFrame(parts, columns=list(_PARTS), dtype=object)
    table.insert(0, "title", pd.Series([title or "" for _, title in ads], dtype=object))
    labelled = label_table(table, text=list(_PARTS), title="title", evidence=False, model=model)
    assert labelled["collar"].tolist() == [result.label for result in found], "parts differ from columns"


def _check_order(ads: Sequence[Ad], together: Predictions, model: Model, chance: random.Random) -> None:
    """The same to the last bit in another order, in batches of other sizes, and without evidence."""
    order = chance.sample(range(len(ads)), len(ads))
    cuts = sorted({0, len(ads), *(chance.randrange(len(ads)) for _ in range(2))})
    parts = [order[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    found = [predict(model, [ads[i][0] for i in part], [ads[i][1] for i in part]) for part in parts]
    certificates = "academic_certificate", "vocational_certificate"
    for name in ("label", "scores", "probabilities", "level", "status", "note", "basis", *certificates):
        mixed = np.concatenate([getattr(part, name) for part in found])
        assert np.array_equal(mixed, getattr(together, name)[order]), f"order or batch size changes: {name}"


def _check_tables(ads: Sequence[Ad], together: Predictions, model: Model, folder: Path, chance: random.Random) -> None:
    """`label_table` and `label_file` write what `classify_many` says, a missing title being an empty one."""
    if any(title is None for _, title in ads):
        ads = [(text, title or "") for text, title in ads]
        together = predict(model, [text for text, _ in ads], [title for _, title in ads], evidence=True)
    expected = prediction_table(together.with_nulls(), Options.of(model))
    order = chance.sample(range(len(ads)), len(ads))
    table = pd.DataFrame([ads[i] for i in order], columns=["text", "title"], dtype=object)
    labelled = label_table(table, text="text", title="title", model=model)
    assert labelled["text"].tolist() == table["text"].tolist(), "label_table changes a text"
    found = pa.Table.from_pandas(labelled[list(COLUMNS)], schema=expected.schema, preserve_index=False)
    _compare(found, expected.take(order), "label_table")
    # No file holds a lone surrogate: a replacement character is read in its place.
    odd = [i for i, ad in enumerate(ads) if _SURROGATE.search(ad[0]) or _SURROGATE.search(ad[1] or "")]
    if odd:
        clean = [(_clean(ads[i][0]), _clean(ads[i][1] or "")) for i in odd]
        again = predict(model, [text for text, _ in clean], [title for _, title in clean], evidence=True)
        place = np.arange(len(ads))
        place[odd] = len(ads) + np.arange(len(odd))
        expected = pa.concat_tables([expected, prediction_table(again.with_nulls(), Options.of(model))]).take(place)
    order = chance.sample(range(len(ads)), len(ads))
    size = chance.choice((1, 2, 3)) if len(ads) < 20 else chance.randrange(len(ads) // 5, len(ads) + 1)
    _compare(_labelled_file([ads[i] for i in order], model, folder, size, chance), expected.take(order), "label_file")


def _labelled_file(ads: Sequence[Ad], model: Model, folder: Path, size: int, chance: random.Random) -> pa.Table:
    source, target = folder / "ads.jsonl", folder / chance.choice(("labelled.jsonl", "labelled.parquet"))
    rows = (json.dumps({"title": title, "text": text}) for text, title in ads)
    source.write_text("".join(row + "\n" for row in rows), "utf-8")
    label_file(source, target, text="text", title="title", model=model, force=True, batch_size=size)
    if target.suffix == ".parquet":
        return pq.read_table(target, columns=list(COLUMNS))
    with target.open(encoding="utf-8") as lines:
        written = [json.loads(line) for line in lines]
    return pa.table({name: [row.get(name) for row in written] for name in COLUMNS})


def _compare(found: pa.Table, expected: pa.Table, way: str) -> None:
    assert len(found) == len(expected), f"{way} loses or adds rows"
    for name, column in zip(expected.column_names, expected.columns, strict=True):
        values, wanted = found[name].cast(column.type).to_pylist(), column.to_pylist()
        assert values == wanted, f"{way} differs from classify_many: {name}"


def _clean(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# --- search, shrink, keep -------------------------------------------------------------------------------------------


def error_of(ads: Sequence[Ad], model: Model, folder: Path, checks: Check = check) -> str:
    """What a batch breaks, in one line; nothing if all holds."""
    try:
        checks(ads, model, folder)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return ""


def shrink(ads: Sequence[Ad], fails: Callable[[list[Ad]], bool], seconds: float = 120.0) -> list[Ad]:
    """A smaller batch that fails as well: first fewer ads, then shorter texts and titles."""
    until, small, shrunk = time.monotonic() + seconds, list(ads), True
    while shrunk and time.monotonic() < until:
        shrunk = False
        for smaller in _smaller(small):
            if time.monotonic() > until:
                break
            if fails(smaller):
                small, shrunk = smaller, True
                break
    return small


def _smaller(ads: list[Ad]) -> Iterator[list[Ad]]:
    for rows in _without_parts(ads):
        if rows:
            yield rows
    for i, (text, title) in enumerate(ads):
        for shorter in _without_parts(text):
            yield [*ads[:i], (shorter, title), *ads[i + 1 :]]
        for shorter in _without_parts(title or ""):
            yield [*ads[:i], (text, shorter), *ads[i + 1 :]]


def _without_parts(whole: Any) -> Iterator[Any]:
    """Without its first half, its second, each quarter, and so on to single items."""
    size = (len(whole) + 1) // 2
    while size:
        for start in range(0, len(whole), size):
            yield whole[:start] + whole[start + size :]
        size = 0 if size == 1 else (size + 1) // 2


def main() -> int:
    """Search until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="that search at the same time")
    parser.add_argument("--corpus", type=Path, help="folder of ads in CSV or text files")
    parser.add_argument("--model", type=Path, help="model folder; the shipped model if not given")
    parser.add_argument("--keep", type=Path, default=FINDINGS, help="file to which failures are appended")
    parser.add_argument("--write", choices=tally.SEARCHES, help="count the inputs in data/robustness.json, as what")
    options = parser.parse_args()
    sys.unraisablehook = note_printed
    model, makes = load_model(options.model) if options.model else default_model(), Makes(corpus(options.corpus))
    numbers, until = itertools.count(options.seed), time.monotonic() + options.minutes * 60

    def search(_: int) -> tuple[int, int]:
        tried = bad = 0
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            while time.monotonic() < until:
                number = next(numbers)
                ads = makes.batch(random.Random(number), _BATCH)
                tried += len(ads)
                error = error_of(ads, model, folder)
                if error:
                    bad += 1
                    small = shrink(ads, lambda some: bool(error_of(some, model, folder)))
                    print(f"seed {number}: {error}\n  {small!a}", flush=True)
                    with options.keep.open("a", encoding="utf-8") as file:
                        file.write(json.dumps({"error": error_of(small, model, folder), "ads": small}) + "\n")
        return tried, bad

    with ThreadPoolExecutor(options.threads) as pool:
        tried, bad = map(sum, zip(*pool.map(search, range(options.threads)), strict=True))
    if options.write:
        tally.add(options.write, tried, bad)
    print(f"{tried:,} ads in batches, seeds {options.seed} to {next(numbers) - 1}: {bad} findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
