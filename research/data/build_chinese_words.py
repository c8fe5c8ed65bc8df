"""Chinese words of job ads, by which shown words begin and end where words do.

    python -m research.data.build_chinese_words

Reads the project's own Chinese ads, the occupations' titles and the lexicon; writes
src/collarclass/features/chinese_words.txt. A run of two to four characters is a word when its characters stand together
far more often than by chance, and many different characters stand before and behind it.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "src" / "collarclass" / "features" / "chinese_words.txt"
LEXICON = ROOT / "src" / "collarclass" / "requirement_reader" / "words"
MIN_COUNT, MIN_COHESION, MIN_ENTROPY, LONGEST = 10, 2.2, 0.9, 4
BEGIN, END = "的和与及或由每给就也都了", "的和与及或由每给在各也都为有占过是"  # of no word of three characters
HANZI = re.compile(r"[\u4e00-\u9fff]+")


def runs() -> list[str]:
    """Unbroken runs of Chinese characters in the project's own texts."""
    ads = pd.read_csv(ROOT / "data" / "ads" / "zh.csv", dtype=str, keep_default_na=False)
    occupations = pd.read_csv(ROOT / "data" / "occupations.csv", dtype=str, keep_default_na=False)
    texts = [*ads["title"], *ads["text"], *occupations["titles_zh"]]
    return [run for text in texts for run in HANZI.findall(text)]


def entropy(beside: Counter[str]) -> float:
    """Of the characters that stand beside a run."""
    total = sum(beside.values())
    return -sum(n / total * math.log(n / total) for n in beside.values())


def is_cut(
    word: str, words: set[str], count: Counter[str], before: dict[str, Counter[str]], behind: dict[str, Counter[str]]
) -> bool:
    """Whether three characters are mostly a word and half of the next one: 管理经 of 管理经验."""
    ahead = sum(n for character, n in behind[word].items() if word[-1] + character in words)
    back = sum(n for character, n in before[word].items() if character + word[0] in words)
    return (word[:2] in words and 2 * ahead >= count[word]) or (word[1:] in words and 2 * back >= count[word])


def main() -> None:
    """Count, choose, write."""
    count: Counter[str] = Counter()
    before: dict[str, Counter[str]] = defaultdict(Counter)
    behind: dict[str, Counter[str]] = defaultdict(Counter)
    for run in runs():
        for size in range(1, LONGEST + 1):
            for k in range(len(run) - size + 1):
                word = run[k : k + size]
                count[word] += 1
                if size > 1:
                    before[word][run[k - 1] if k else "^"] += 1
                    behind[word][run[k + size] if k + size < len(run) else "$"] += 1
    total = sum(n for word, n in count.items() if len(word) == 1)

    def cohesion(word: str) -> float:
        splits = (count[word[:k]] * count[word[k:]] for k in range(1, len(word)))
        return min(math.log(count[word] * total / product) for product in splits)

    words = {
        word
        for word, n in count.items()
        if len(word) > 1 and n >= MIN_COUNT and cohesion(word) >= MIN_COHESION
        and min(entropy(before[word]), entropy(behind[word])) >= MIN_ENTROPY
    }  # fmt: skip
    lines = "\n".join(path.read_text("utf-8") for path in sorted(LEXICON.glob("*.tsv"))).splitlines()
    words |= {word for line in lines for word in HANZI.findall(line.partition("\t")[0]) if 2 <= len(word) <= LONGEST}
    words = {word for word in words if len(word) == 2 or not (word[0] in BEGIN or word[-1] in END)}
    words = {word for word in words if len(word) != 3 or not is_cut(word, words, count, before, behind)}
    TARGET.write_text("\n".join(sorted(words)) + "\n", "utf-8")
    print(f"{len(words):,} words")


if __name__ == "__main__":
    main()
