"""Digests of all that the core makes of ads: to be equal before and after its code is moved.

    python research/measure/core_digests.py make TARGET.json ADS.csv ...      write them
    python research/measure/core_digests.py compare TARGET.json ADS.csv ...   say which ads differ, and in what

The files need columns `title` and `text`. Behind their ads come strings that are made up of odd pieces.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from collarclass.model.account import Account, account_of
from collarclass.model.persistence import default_model
from collarclass.model.predict import Predictions, ask, predict, requirements_of
from collarclass.requirement_reader.requirement import Requirement

N_FUZZED = 6000
DIGITS = 10  # of scores and probabilities that are compared
# ruff: noqa: E501
# fmt: off
PIECES = (
    "Bachelor's degree", "REQUIREMENTSBachelor", "skills4+", "C++", "C#", "(BSc). Experience", "in a team.Bachelor",
    "本科及以上学历", "学历不限", "大专、本科", "高中或中专", "3年以上工作经验", "２年", "十五年", "持电工证", "5-7 years",
    "or equivalent experience", "high school diploma or GED", "required", "preferred", "a plus", "not required",
    "master’s", "Ph.D.", "B.S. degree", "driving licence", "CDL", "Level 3 NVQ", "associate", "or", "and", "and/or",
    "<p>", "</p>", "<br/>", "<li>", "&amp;", "&nbsp;", "&lt;b&gt;", "<a href='x>y'>", "<!--", "-->", "<script>", "<",
    "\u200b", "\u00ad", "\ufeff", "\ud800", "é", "Ｂ", "ß", "İ", "學歷", "經驗", "ひらがな", "한국어", "русский", "\U0001f600",
    "weld", "welding", "accountant", "technician", "nurse", "操作工", "工程师", "司机", "engineer" * 30, "1" * 70,
    ".", ",", ";", ":", "\n", "\n\n", "\t", " ", "  ", "•", "·", "/", "-", "(", ")", "'", "’", "&", "%", "、", "。", "，",
    "；", "：", "/本科", "no degree", "minimum of", "at least", "two years", "18 months", "half a year", "半年", "currently pursuing",
)
# fmt: on


def ads(paths: list[str]) -> Iterator[tuple[str | None, str]]:
    for path in paths:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        if not {"title", "text"} <= set(table.columns):
            continue
        for k, (title, text) in enumerate(zip(table["title"], table["text"], strict=True)):
            yield (None if k % 10 == 9 else title), ("" if k % 50 == 49 else text)
    chance = random.Random(5)
    for _ in range(N_FUZZED):
        between = chance.choice(["", " ", " "])
        text = between.join(chance.choice(PIECES) for _ in range(chance.randint(0, 60)))
        yield chance.choice([None, "", "Welder", "  会计 ", text[:30]]), text


def digest(*values: Any) -> str:
    total = hashlib.sha256()
    for value in values:
        total.update(
            value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode("utf-8", "backslashreplace")
        )
    return total.hexdigest()[:12]


def digests(found: Predictions, account: Account, requirements: Sequence[Requirement]) -> dict[str, str]:
    """Of one ad, labelled with the account of its ratings, and of what it states."""
    out = {
        "label": digest(found.label, found.note, found.basis),
        "numbers": digest(*(np.round(v, DIGITS) + 0.0 for v in (found.scores, found.probabilities, found.reading))),
        "stated": digest(
            found.level, found.status, found.academic_certificate, found.vocational_certificate, found.certificates
        ),
        "evidence": digest(found.words),
    }
    parts = [(p.kind, p.field, p.start, p.end, *(round(w, 7) + 0.0 for w in p.weights)) for p in account.parts]
    out["account"] = digest(sorted(parts))
    stated = [
        (r.kind, r.status, r.start, r.end, r.text, r.field, r.level, r.isced, r.nature, r.years, r.name,
         round(r.confidence, DIGITS), r.cue)
        for r in requirements
    ]  # fmt: skip
    return out | {"requirements": digest(stated)}


def main() -> None:
    order, target, *paths = sys.argv[1:]
    model = default_model()
    made = [
        digests(
            predict(model, [text], [title], evidence=True),
            *(ask(model, text, title, question) for question in (account_of, requirements_of)),
        )
        for title, text in ads(paths)
    ]
    if order == "make":
        Path(target).write_text(json.dumps(made) + "\n", "utf-8")
        return
    known = json.loads(Path(target).read_text("utf-8"))
    differ = [
        (i, [name for name in a if a[name] != b.get(name)]) for i, (a, b) in enumerate(zip(known, made, strict=True))
    ]
    counts = Counter(name for _, names in differ for name in names)
    print(f"{len(made)} ads, differing: {dict(counts) or 'none'}", [i for i, names in differ if names][:20])


if __name__ == "__main__":
    main()
