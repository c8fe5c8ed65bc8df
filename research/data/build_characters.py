"""Make src/collarclass/text/characters.npz: the kind and the folded form of each character.

Kept as a file, not computed at import, so that it loads in a millisecond and does not change with
the Unicode version of the Python that runs it. Traditional forms come from
traditional_simplified.txt beside this script, after OpenCC.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np

from collarclass.text.ad_tokens import APOSTROPHE, BREAK, IDEOGRAPH, LOWER, SKIP, SPACE, STOP, TAIL, UPPER

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

BREAKS = set("\n\r\v\f;!?|•·●○■□◆◇★☆►▪▫‣∙✓✔✦➢➤→。；！？…¶\u2028\u2029\x85")
APOSTROPHES = set("'’‘`´ʼ′")


def simplified() -> dict[str, str]:
    pairs = {}
    for line in (HERE / "traditional_simplified.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            for pair in line.split():
                pairs[pair[0]] = pair[1]
    return pairs


def fold(char: str, simple: dict[str, str]) -> str:
    wide = unicodedata.normalize("NFKC", char)
    base = unicodedata.normalize("NFD", wide)
    base = (
        "".join(c for c in base if not unicodedata.combining(c)) if base.isalpha() or len(base) == 2 else wide
    )
    lower = base.casefold() if len(base.casefold()) == 1 else base
    out = lower if len(lower) == 1 else char
    while out in simple:  # a few simplified forms are traditional forms of others
        out = simple[out]
    return out


def kind(char: str, folded: str) -> int:
    category = unicodedata.category(char)
    if char in APOSTROPHES:
        return APOSTROPHE
    if char in BREAKS or folded in BREAKS:
        return BREAK
    if char == "." or folded == ".":
        return STOP
    if char in "+#" or folded in ("+", "#"):
        return TAIL
    if category in ("Cf", "Mn", "Me"):
        return SKIP
    code = ord(folded)
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or char in "〇々":
        return IDEOGRAPH
    if 0x3041 <= code <= 0x30FF and category[0] == "L":
        return IDEOGRAPH  # kana, one by one too: so that Japanese is seen to be no Chinese
    if category in ("Lu", "Lt"):
        return UPPER
    if category[0] == "L" or category in ("Nd", "Nl", "Mc"):
        return LOWER
    return SPACE


def main() -> None:
    simple = simplified()
    kinds = np.zeros(0x10000, dtype=np.uint8)
    folds = np.arange(0x10000, dtype=np.uint16)
    for code in range(0xFFFF):
        if 0xD800 <= code < 0xE000:
            continue
        char = chr(code)
        folded = fold(char, simple)
        folds[code] = ord(folded) if ord(folded) < 0x10000 else code
        kinds[code] = kind(char, folded)
    np.savez_compressed(ROOT / "src/collarclass/text/characters.npz", kind=kinds, fold=folds)


if __name__ == "__main__":
    main()
