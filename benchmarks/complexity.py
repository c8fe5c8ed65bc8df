"""Measure the time of hostile texts at n, 2n and 4n characters, and write COMPLEXITY.md.

    python benchmarks/complexity.py [--characters 40000] [--rounds 3] [--out benchmarks/COMPLEXITY.md]

Processor time, least of the rounds, in the two ways there are: labelled as files are (`predict` with the words that
decided), and by `classify`, which makes an object of each term and requirement. "Against ordinary ads" is the time
per character at 4n, divided by that of a batch of ads of ordinary length with as many characters, in English, or in
Chinese for patterns of ideographs, each of which is a word. The command fails when a pattern grows worse than
linearly beyond noise, or when labelling it costs more than `MOST` times ordinary ads.
"""

from __future__ import annotations

import argparse
import datetime
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

ROOT = Path(__file__).resolve().parents[1]
ORDINARY = (
    "You run the boiler house, weld and repair pumps and valves, and keep the log of each shift. "
    "A diploma in mechanical engineering and two years of experience are required. "
)
CHINESE = "负责数控车床的编程与操作，维护设备并做好记录。大专及以上学历，两年以上工作经验。"
ADS = {"English ads": (ORDINARY, 2_000), "Chinese ads": (CHINESE, 400)}  # of so many characters
PATTERNS = {
    "one long English ad": ORDINARY,
    "one long Chinese ad": CHINESE,
    "one long ad in HTML": f"<p>{ORDINARY}</p><ul><li>Read drawings &amp; set tools</li></ul>",
    "one letter": "a",
    "one ideograph": "职",
    "digits": "7",
    "blanks": " ",
    "line breaks": "\n",
    "full stops": ". ",
    "commas": "a,",
    "combining accents": "e\u0301\u0301\u0301",
    "zero-width": "a\u200b",
    "bidirectional controls": "a\u202e",
    "apostrophes": "a'",
    "capitals run together": "aB",
    "plus signs": "1+",
    "<!--": "<!--",
    "<!-- -->": "<!-- -->",
    "<": "<",
    "</": "</",
    "<a ": "<a ",
    '<a b="': '<a b="',
    "<a b='\">": "<a b='\">",
    "= and blanks": "<a =      ",
    "<!": "<!",
    "<?": "<?",
    "<![CDATA[": "<![CDATA[",
    "<template>": "<template>",
    "<script>": "<script>",
    "<style></script>": "<style></script>",
    "<b> nested": "<b>",
    "<table><tr><th>": "<table><tr><th>x",
    "<br>": "<br>",
    "&": "&",
    "&amp; repeated": "&amp;",
    "&amp;amp;lt;": "&amp;amp;lt;p&amp;amp;gt;",
    "&#65;": "&#65;",
    "&aaaa": "&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "bachelor's degree": "bachelor's degree ",
    "degree or degree": "degree or ",
    "nvq level 3/": "nvq level 3/",
    "3-5 years": "3-5 years ",
    "or equivalent": "or equivalent experience ",
    "preferred required": "preferred required ",
    "学历不限": "学历不限",
    "证书": "电工证、",
    "headings": "Requirements:\n",
    "no no no": "no ",
    "lone surrogates": "\ud800a ",
}
Times = tuple[float, float, float]
SHORT = 400  # characters of a row in a batch of many
MOST = 5.0  # times ordinary ads, per character
STEEPEST = 1.25  # exponent of growth that is noise on a busy machine; quadratic is 2


def text_of(pattern: str, characters: int) -> str:
    """The pattern, repeated to so many characters."""
    return (pattern * (characters // len(pattern) + 1))[:characters]


def texts_of(name: str, characters: int) -> list[str]:
    """One text of a pattern; or a batch of ordinary ads with as many characters."""
    if name in ADS:
        pattern, length = ADS[name]
        return [text_of(pattern, length)] * (characters // length)
    return [text_of(PATTERNS[name], characters)]


def label(texts: list[str]) -> None:
    """Label as files are."""
    from collarclass.api import default_model
    from collarclass.model.predict import predict

    predict(default_model(), texts, ["Fitter"] * len(texts), evidence=True)


def explain(texts: list[str]) -> None:
    """Label with every term and requirement."""
    from collarclass import classify_many

    classify_many(texts, ["Fitter"] * len(texts))


def seconds(call: Callable[[list[str]], None], texts: list[str], rounds: int) -> float:
    """Least processor time of a call."""
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        call(texts)
        least = min(least, time.process_time() - start)
    return least


def measure(
    call: Callable[[list[str]], None], characters: int, rounds: int, names: Iterable[str] = (*ADS, *PATTERNS)
) -> dict[str, Times]:
    """Seconds of ordinary ads and of each pattern at n, 2n and 4n."""
    out = {}
    for name in names:
        one, two, four = (seconds(call, texts_of(name, characters * k), rounds) for k in (1, 2, 4))
        out[name] = one, two, four
    return out


def in_rows(characters: int, rounds: int) -> dict[str, float]:
    """Time of many rows of `SHORT` characters of each pattern, as a multiple of ordinary ads' with as many."""
    ordinary = {name: seconds(label, texts_of(name, characters), rounds) for name in ADS}
    out = {}
    for name, pattern in PATTERNS.items():
        texts = [text_of(pattern, SHORT)] * (characters // SHORT)
        out[name] = seconds(label, texts, rounds) / ordinary[_ordinary(name)]
    return out


def growth(times: Times) -> float:
    """Exponent by which time grows with length, from n to 4n: 1 is linear."""
    return math.log(max(times[2], 1e-9) / max(times[0], 1e-9), 4)


def against(found: dict[str, Times], name: str) -> float:
    """Time at 4n as a multiple of ordinary ads'."""
    return found[name][2] / found[_ordinary(name)][2]


def _ordinary(name: str) -> str:
    """The ads that a pattern is measured against."""
    pattern = ADS[name][0] if name in ADS else PATTERNS[name]
    return "Chinese ads" if any("\u4e00" <= char <= "\u9fff" for char in pattern) else "English ads"


def too_slow(found: dict[str, Times]) -> list[str]:
    """What grows worse than linearly, or costs too much a character."""
    return [name for name in found if growth(found[name]) > STEEPEST or against(found, name) > MOST]


def table(
    labelled: dict[str, Times], explained: dict[str, Times], rows: dict[str, float], characters: int
) -> str:
    """The page."""
    lines = [
        "# Time on hostile texts",
        "",
        f"One text of a repeated pattern, {characters:,}, {2 * characters:,} and {4 * characters:,} characters; "
        "processor time in milliseconds. Growth is the exponent from n to 4n: 1 is linear, 2 quadratic; below 1, "
        "fixed costs weigh. The first two rows are batches of ads of ordinary length (2,000 characters in English, "
        "400 in Chinese) with as many characters in all; they are what each text is measured against, those of "
        "ideographs, each of which is a word, against the Chinese ads. The first five columns are of labelling as "
        f"files are labelled, the sixth of the same in many rows of {SHORT} characters, to which no limit of one ad "
        "applies; the last three are of `classify_many`, which makes an object of each term and requirement. "
        "Capitals run together, `aBaB`, are read as one bachelor of arts after the other. "
        f"Made by `python benchmarks/complexity.py` on {datetime.date.today()}, {platform.machine()}, "
        f"Python {platform.python_version()}.",
        "",
        "| pattern | n | 2n | 4n | growth | against ordinary ads | in short rows | `classify_many`, 4n | growth "
        "| against ordinary ads |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, times in labelled.items():
        shown = " | ".join(f"{1000 * t:.1f}" for t in times)
        other = explained[name]
        others = f"{1000 * other[2]:.1f} | {growth(other):.2f} | {against(explained, name):.1f}"
        multiples = f"{against(labelled, name):.1f} | {rows.get(name, 1.0):.1f}"
        lines.append(f"| `{name}` | {shown} | {growth(times):.2f} | {multiples} | {others} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, write, and say what is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--characters", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "COMPLEXITY.md")
    options = parser.parse_args()
    for call in (label, explain):
        seconds(call, texts_of("English ads", options.characters), 2)  # the model read, memory taken
    labelled = measure(label, options.characters, options.rounds)
    explained = measure(explain, options.characters, options.rounds)
    rows = in_rows(4 * options.characters, options.rounds)
    options.out.write_text(table(labelled, explained, rows, options.characters), "utf-8")
    slow = [*too_slow(labelled), *(f"{name} (classify_many)" for name in too_slow(explained))]
    print(f"{len(PATTERNS)} patterns; too slow: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
