"""Batch of tokens → what each ad states about schooling, certificates, licences and experience.

Phrases of the lexicon are found first (`phrases.py`); then each schooling level, certificate or
number of years is related to the words around it that say how it is asked for, and the levels of
an ad are weighed into one. All of it runs on arrays over the few phrases found.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.context import (
    ASKED,
    BARE,
    CLASS,
    HIGHER,
    LIKED,
    alternatives,
    answered,
    below,
    clause,
    fields,
    preface,
    sections,
    survey,
)
from collarclass.requirement_reader.durations import experience
from collarclass.requirement_reader.exclusions import bare_papers, clutter, lacking, named_before
from collarclass.requirement_reader.lexicon import DOUBTFUL, GENERAL, JOINED, Lexicon, default_lexicon
from collarclass.requirement_reader.stated import (
    LICENCE,
    NOT_NEEDED,
    PREFERRED,
    REQUIRED,
    SKILL_GRADE,
    SUBSTITUTABLE,
    UNSTATED,
    Requirement,
    Stated,
    findings,
    nothing_stated,
)
from collarclass.requirement_reader.status import softening, wording
from collarclass.text.tokens import Tokens, tokenize

_KIND_OF = np.array([0, 1, 2, 3, 4, 5, 0], dtype=np.int8)  # kinds of finding that the lexicon's ITEMS are


def read_requirements(tokens: Tokens, lexicon: Lexicon | None = None) -> Stated:
    """Read what each ad of a batch states about schooling, certificates, licences and experience.

    Parameters
    ----------
    tokens : Tokens
        The batch, from `collarclass.text.tokenize`.
    lexicon : Lexicon, optional
        Words to read by; the shipped ones by default.

    Returns
    -------
    Stated

    Examples
    --------
    >>> from collarclass.text.tokens import tokenize
    >>> stated = read_requirements(tokenize(["BSc required", "PhD a plus", "学历不限", "Clean desks"]))
    >>> stated.level.tolist(), stated.status.tolist()
    ([3, 4, 0, -1], [0, 1, 3, 4])
    """
    tokens = replace(tokens, sentence=tokens.passage)
    around = survey(tokens, lexicon if lexicon is not None else default_lexicon())
    if around is None:
        return nothing_stated(tokens.n_rows)
    ahead = preface(around)
    section = sections(around)
    years, figure_at = experience(around)
    alternative = alternatives(around, ahead, years)
    words = wording(around, ahead, alternative, years)
    alone = around.kind == CLASS["nothing"]
    bare = alone & (around.value[around.item] >= BARE)  # "qualifications": counts when denied

    status = np.full(len(alone), REQUIRED, dtype=np.int8)
    status[section == LIKED] = PREFERRED
    for cue in (words.before, words.after):
        status[cue == CLASS["preferred"]] = PREFERRED
        status[cue == CLASS["not_needed"]] = NOT_NEEDED
    status[words.after == CLASS["required"]] = REQUIRED
    # "Master's preferred; doctorates are welcome too"
    levels = np.flatnonzero(around.kind == CLASS["level"])
    follows = alternative[levels[1:]] & (status[levels[:-1]] == PREFERRED) & (words.after[levels[1:]] < 0)
    follows &= around.value[around.item[levels[1:]]] >= around.value[around.item[levels[:-1]]]
    status[levels[1:][follows]] = PREFERRED
    # "LLM preferred but LLB acceptable"
    other, also = around.after((around.group == CLASS["else"]) & (around.value == 1), 3)
    also[:-1] &= other[:-1] < around.item[1:]  # but 最好是本科，大专也行
    status[also & (words.before == CLASS["preferred"]) & (words.after < 0)] = REQUIRED
    denied = ahead.just_denied | ahead.denied & ~ahead.either & ~bare
    denied[1:] |= denied[:-1] & alternative[1:]  # "no diploma or GED"
    denied |= answered(around)
    status[denied | alone & ~bare] = NOT_NEEDED
    rejected = np.flatnonzero(words.excluded)
    denied[rejected[below(around, rejected)]] = True
    status[denied & words.excluded & ~alone] = REQUIRED  # "applicants without a degree will not be considered"
    status[words.swapped & (status == REQUIRED)] = SUBSTITUTABLE
    marked = words.marked | (section == ASKED) | (section == LIKED)

    unsaid = (around.kind == CLASS["years"]) & np.isnan(years) | bare & (status != NOT_NEEDED)
    unsaid |= (status == NOT_NEEDED) & (around.kind >= CLASS["certificate"]) & (around.kind <= CLASS["driving"])
    joined = alternative | np.append(alternative[1:], False)  # "MS/PhD"
    paper = (around.kind == CLASS["licence"]) | (around.kind == CLASS["certificate"])
    joined |= paper & (words.before >= 0)  # "you must hold a licence"; 须持营养师, not 营养师一名
    joined |= (around.kind == CLASS["licence"]) & clause(around)
    named, others_paper = bare_papers(around)
    joined |= named
    unsaid |= others_paper
    whole = around.starts[around.item] & around.stops[around.item]  # "Grade 9."
    whole &= (around.kind == CLASS["level"]) & (around.value[around.item] <= 1)
    unsaid |= (around.doubt == DOUBTFUL) & (words.after < 0) & ~joined & ~whole & (around.sign_before != ord(":"))
    sure = around.doubt != JOINED  # "associate's or bachelor's", not "nursing associate/associate practitioner"
    near = (around.begin[1:] - around.end[:-1] <= 3) & (alternative[1:] | (words.after[1:] == CLASS["preferred"]))
    beside = np.zeros(len(alone), dtype=bool)
    beside[1:] = near & sure[:-1]
    beside[:-1] |= near & sure[1:]
    unsaid |= ~sure & ~beside & (around.sign_before != ord(":"))
    asked = (words.after >= 0) | (words.before >= 0)
    others = clutter(around, section, asked, words.pursuing)
    others |= words.excluded & ~denied & (around.kind == CLASS["level"])
    kept = ~(np.where(status == NOT_NEEDED, lacking(around), others) | unsaid)
    keep = np.flatnonzero(kept & ~named_before(around, kept, status == PREFERRED, named))
    item, phrase = around.item[keep], around.phrase[around.item[keep]]
    is_level = around.kind[keep] == CLASS["level"]
    higher = (around.kind[keep] == CLASS["nothing"]) & (around.value[item] == HIGHER)
    values = np.where(is_level, around.value[item], np.where(higher, 3, -1)).astype(np.int8)
    level, row_status, preferred, decides = _weigh(
        tokens.n_rows,
        around.row[item],
        values,
        status[keep],
        np.where(around.doubt == GENERAL, -1, np.where(fields(around), 1, np.where(marked | alone, 2, 0)))[keep],
        alternative[keep],
        alone[keep],
        _rows_with(tokens.n_rows, around.row[softening(around)]),
    )
    kind = _KIND_OF[around.kind[keep]]
    nature = around.lexicon.nature[phrase]
    kind[is_level & (nature >= 0)] = SKILL_GRADE  # an NVQ is a level of schooling, too
    loose = np.flatnonzero((around.doubt[keep] > 0) & (kind == LICENCE))
    if len(loose):  # "Texas licence": of a profession where a degree is asked for
        row = around.row[item[loose]]
        nature[loose[(level[row] >= 3) & (row_status[row] != PREFERRED)]] = 0
    return Stated(
        level,
        row_status,
        preferred,
        around.row[item],
        kind,
        values,
        status[keep],
        figure_at[keep],
        around.end[keep],
        np.where(is_level, around.lexicon.isced[phrase], -1).astype(np.int8),
        nature,
        years[keep],
        words.pursuing[keep],
        decides,
    )


def _rows_with(n_rows: int, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    out = np.zeros(n_rows, dtype=bool)
    out[rows] = True
    return out


def _weigh(
    n_rows: int,
    row: NDArray[np.int64],
    level: NDArray[np.int8],
    status: NDArray[np.int8],
    rank: NDArray[np.int64],
    alternative: NDArray[np.bool_],
    alone: NDArray[np.bool_],
    softened: NDArray[np.bool_],
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int8], NDArray[np.bool_]]:
    """Weigh the levels of each row into one level, status and preferred level, and say which decide.

    The least of alternatives counts, then the highest of what is asked together. Words in the text
    (rank 2) overrule a job site's field (1), the field overrules mentions without any sign of asking
    (0), and these words for graduates in general (-1). `softened` rows say somewhere that experience
    is taken in place of schooling.
    """
    n_findings = len(row)
    said = np.flatnonzero((level >= 0) | alone)
    row, level, status, rank = row[said], level[said], status[said], rank[said]
    alternative = alternative[said]
    alternative[1:] &= row[1:] == row[:-1]
    group = np.cumsum(~alternative)
    together = np.full(len(said) + 1, -1)
    np.maximum.at(together, group, rank)
    rank = together[group]
    spared = (status == NOT_NEEDED) & (level >= 0)  # "no degree needed" leaves a lower diploma standing
    firm = (status != PREFERRED) & ~spared
    best = np.full(n_rows, -1)
    np.maximum.at(best, row[firm], rank[firm])
    counts = ~firm | (rank == best[row])
    spare = np.full(n_rows, 9)
    np.minimum.at(spare, row[spared], level[spared])
    counts &= spared | (rank > 0) | (status == PREFERRED) | (level < spare[row])

    asked = counts & ((status == REQUIRED) | (status == SUBSTITUTABLE))
    least = np.full(len(said) + 1, 9, dtype=np.int8)
    np.minimum.at(least, group[asked], level[asked])
    out = np.full(n_rows, -1, dtype=np.int8)
    np.maximum.at(out, row[asked], least[group[asked]])
    out_status = np.where(out >= 0, REQUIRED, UNSTATED).astype(np.int8)
    decides = asked & (level == out[row])
    swapped = asked & (status == SUBSTITUTABLE)
    # "High school diploma. A finished apprenticeship, or four years at the trade": the first stands.
    loose = np.zeros(len(together), dtype=bool)
    loose[group[swapped]] = True
    out_status[row[decides & loose[group]]] = SUBSTITUTABLE
    out_status[row[decides & ~loose[group] & (rank == 2) & (level == 1)]] = REQUIRED
    out_status[softened & (out >= 0)] = SUBSTITUTABLE

    liked = counts & (status == PREFERRED)
    most = np.full(n_rows, -1, dtype=np.int8)
    np.maximum.at(most, row[liked], level[liked])
    fewest = np.full(n_rows, 9, dtype=np.int8)
    np.minimum.at(fewest, row[liked], level[liked])
    freed = counts & (level < 0) & (rank == 2) & (status == NOT_NEEDED)  # "no schooling needed, a degree is a plus"
    only = (out < 0) & (most >= 0) & ~_rows_with(n_rows, row[freed])
    out[only], out_status[only] = fewest[only], PREFERRED
    most[(most <= out) & ~only] = -1
    decides |= liked & ((level == most[row]) | only[row] & (level == out[row]))

    free = _rows_with(n_rows, row[counts & (status == NOT_NEEDED)]) & (out < 0)
    out[free], out_status[free] = 0, NOT_NEEDED
    decides |= counts & (status == NOT_NEEDED) & free[row]
    deciding = np.zeros(n_findings, dtype=bool)
    deciding[said[decides]] = True
    return out, out_status, most, deciding


def requirements(
    text: str, title: str | None = None, lexicon: Lexicon | None = None
) -> tuple[Requirement, ...]:
    """Read what one job ad states about schooling, certificates, licences and years of experience.

    Parameters
    ----------
    text : str
        The ad, plain text or HTML, English or Chinese.
    title : str, optional
        Its title.
    lexicon : Lexicon, optional
        Words to read by, from `load_lexicon`; the shipped ones by default.

    Returns
    -------
    tuple of Requirement
        Title first, then text, each in reading order.

    Raises
    ------
    TypeError
        When `text` or `title` is not a string.

    Examples
    --------
    >>> [found] = requirements("Bachelor's degree or equivalent experience")
    >>> found.level, found.status, found.text
    ('bachelor', 'substitutable', "Bachelor's degree")
    """
    for name, given in (("text", text), ("title", title)):
        if not isinstance(given, str) and (given is not None or name == "text"):
            raise TypeError(
                f"requirements() reads one ad: {name} has to be a str, not {type(given).__name__}. "
                f"For a table of ads use label_table or classify_many."
            )
    out: list[Requirement] = []
    for field, source in (("title", title), ("text", text)):
        if source:
            tokens = tokenize([source])
            out += findings(read_requirements(tokens, lexicon), tokens, 0, source, field)
    return tuple(out)

