"""A classification said in words: its reasons, one plain sentence, and the ad with its words tinted."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .result import Classification

_MOST_PER_DIMENSION = 4
_LEAST_SHARE = 0.15
_IDEOGRAPHIC = 0.2

_WORDS = {
    "en": {
        "white": "White",
        "blue": "Blue",
        "gray": "Gray",
        "unclear": "Unclear",
        "basic": "basic schooling",
        "secondary": "secondary school",
        "associate": "an associate degree or diploma",
        "bachelor": "a bachelor's degree",
        "graduate": "a graduate degree",
        "required": "asks for {}",
        "preferred": "prefers {}",
        "substitutable": "asks for {} or experience",
        "not_needed": "asks for no schooling",
        "academic": "academic",
        "hands_on": "hands-on",
        "requirement": "requirement",
        "by": "{words} [{dimension} {score:.2f}]",
        "sentence": "{label}: {reasons}. Confidence {confidence:.2f}.",
        "none": "no single word stands out",
        "join": "; ",
        "quote": "“{}”",
        "comma": ", ",
    },
    "zh": {
        "white": "白领",
        "blue": "蓝领",
        "gray": "灰领",
        "unclear": "无法判断",
        "basic": "初中及以下学历",
        "secondary": "高中或中专学历",
        "associate": "大专学历",
        "bachelor": "本科学历",
        "graduate": "研究生学历",
        "required": "要求{}",
        "preferred": "{}优先",
        "substitutable": "要求{}或相应经验",
        "not_needed": "不要求学历",
        "academic": "学历",
        "hands_on": "动手",
        "requirement": "要求",
        "by": "{words}［{dimension} {score:.2f}］",
        "sentence": "{label}：{reasons}。置信度 {confidence:.2f}。",
        "none": "没有特别突出的词",
        "join": "；",
        "quote": "“{}”",
        "comma": "、",
    },
}
_NOTES_ZH = {
    "empty text": "文本为空",
    "too little text to judge": "文字太少，无法判断",
    "language not known to the model": "模型不认识这种语言",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A run of words that pulled an ad towards its label.

    Attributes
    ----------
    field : {"title", "text"}
    start, end : int
        Offsets there.
    text : str
    dimension : {"academic", "hands_on"}
        The score through which it pulled most.
    strength : float
        By how much it raised the label's log-probability.
    """

    field: str
    start: int
    end: int
    text: str
    dimension: str
    strength: float


def language(text: str) -> str:
    """ "zh" when a fifth or more of a text's letters are Chinese, otherwise "en"."""
    letters = [c for c in text[:4000] if c.isalpha()]
    hanzi = sum("\u3400" <= c <= "\u9fff" for c in letters)
    return "zh" if letters and hanzi >= _IDEOGRAPHIC * len(letters) else "en"


def reasons(result: Classification) -> tuple[Reason, ...]:
    """The words that pulled an ad towards its label, weightiest first, overlapping ones merged."""
    terms = result.terms
    if terms is None:
        return ()
    pulls = terms.weight * result.pull
    strength = pulls.sum(axis=1)
    strongest = max(strength, default=0.0)
    keep = [
        i
        for i in range(len(strength))
        if terms.shown[i] and terms.end[i] > terms.start[i] and strength[i] > _LEAST_SHARE * strongest
    ]
    keep.sort(key=lambda i: (terms.in_title[i], terms.start[i], -terms.end[i]))
    runs: list[list[int]] = []
    for i in keep:
        run = runs[-1] if runs else []
        if run and terms.in_title[run[0]] == terms.in_title[i] and terms.start[i] < max(terms.end[j] for j in run):
            run.append(i)
        else:
            runs.append([i])
    found = []
    for run in runs:
        start, end = int(min(terms.start[run])), int(max(terms.end[run]))
        in_title = bool(terms.in_title[run[0]])
        source = (result.title or "") if in_title else result.text
        academic, hands_on = pulls[run].sum(axis=0)
        found.append(
            Reason(
                "title" if in_title else "text",
                start,
                end,
                source[start:end],
                "academic" if academic > hands_on else "hands_on",
                float(academic + hands_on),
            )
        )
    return tuple(sorted(found, key=lambda r: (-r.strength, r.field, r.start)))


def explain(result: Classification, lang: str | None = None) -> str:
    """One plain sentence on why an ad got its label; see `Classification.explain`."""
    lang = lang or language(result.text)
    words = _WORDS[lang]
    if result.label == "unclear":
        return f"{words['unclear']}{'：' if lang == 'zh' else ': '}" + (
            f"{_NOTES_ZH.get(result.note, result.note)}。" if lang == "zh" else f"{result.note}."
        )
    parts = []
    if result.schooling_status != "unstated":
        said = words[result.schooling_status].format(words.get(result.schooling_level or "", ""))
        parts.append(f"{said} [{words['requirement']}]")
    seen: set[str] = set()
    for dimension, score in (("academic", result.academic_score), ("hands_on", result.hands_on_score)):
        runs: list[str] = []
        for reason in reasons(result):
            run = " ".join(reason.text.split())
            if reason.dimension == dimension and run.casefold() not in seen and len(runs) < _MOST_PER_DIMENSION:
                seen.add(run.casefold())
                runs.append(words["quote"].format(run))
        if runs:
            parts.append(words["by"].format(words=words["comma"].join(runs), dimension=words[dimension], score=score))
    return words["sentence"].format(
        label=words[result.label],
        reasons=words["join"].join(parts) or words["none"],
        confidence=result.confidence,
    )


def as_html(result: Classification) -> str:
    """The ad with its telling words tinted by dimension, for a notebook; text is escaped."""
    tint = {"academic": "31,119,180", "hands_on": "214,109,0"}
    strongest = max((abs(e.weight) for e in result.evidence), default=1.0)

    def tinted(field: str, text: str) -> str:
        # Each character takes the tint of the weightiest term over it.
        best: list[tuple[float, str]] = [(0.0, "")] * len(text)
        for item in result.evidence:
            if item.field == field and abs(item.weight) >= _LEAST_SHARE * strongest:
                for i in range(item.start, item.end):
                    if abs(item.weight) > abs(best[i][0]):
                        best[i] = (item.weight, item.dimension)
        out, i = [], 0
        while i < len(text):
            j = i
            while j < len(text) and best[j] == best[i]:
                j += 1
            weight, dimension = best[i]
            piece = html.escape(text[i:j])
            if dimension:
                name = dimension.replace("_", "-")
                style = f"background:rgba({tint[dimension]},{0.15 + 0.45 * abs(weight) / strongest:.2f})"
                if weight < 0:
                    style += ";text-decoration:underline dotted"
                piece = f'<span title="{name} {weight:+.2f}" style="{style}">{piece}</span>'
            out.append(piece)
            i = j
        return "".join(out).replace("\n", "<br>")

    title = f"<b>{tinted('title', result.title)}</b><br>" if result.title else ""
    return (
        f'<div style="max-width:46em"><p>{html.escape(explain(result))}</p>'
        f'<div style="border:1px solid #999;padding:.6em">{title}{tinted("text", result.text)}</div>'
        f'<small><span style="background:rgba({tint["academic"]},.4)">academic</span> '
        f'<span style="background:rgba({tint["hands_on"]},.4)">hands-on</span>; '
        "dotted underline: lowers the score</small></div>"
    )
