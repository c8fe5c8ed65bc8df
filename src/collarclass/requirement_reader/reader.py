"""Batch of tokens → what each ad states about schooling, certificates, licences and experience.

Mentions of them are found by the lexicon (`mentions.py`). Each is described by what stands around it
(`context.py`, in the facts that `facts.py` names) and judged by learnt weights (`decide.py`). The judged mentions
of an ad are brought to one level and status (`combine.py`).
"""

from __future__ import annotations

from dataclasses import replace

from collarclass.kernel.library import is_compiled
from collarclass.requirement_reader.combine import combine
from collarclass.requirement_reader.context import context_features, sum_context
from collarclass.requirement_reader.decide import Reader, decide, judge
from collarclass.requirement_reader.lexicon import Lexicon, default_lexicon
from collarclass.requirement_reader.mentions import find_mentions
from collarclass.requirement_reader.reasons import reading_terms
from collarclass.requirement_reader.stated import Stated, nothing_stated
from collarclass.text.tokens import Tokens


def read_requirements(tokens: Tokens, reader: Reader, lexicon: Lexicon | None = None, reasons: bool = False) -> Stated:
    """Read what each ad of a batch states about schooling, certificates, licences and experience.

    Parameters
    ----------
    tokens : Tokens
        The batch, from `collarclass.text.tokens.tokenize`.
    reader : Reader
        Learnt weights, of a model.
    lexicon : Lexicon, optional
        Words to read by; the shipped ones by default.
    reasons : bool
        Whether to keep the terms that decided, for the reasons of each requirement.

    Returns
    -------
    Stated

    Examples
    --------
    >>> from collarclass.api import default_model
    >>> from collarclass.text.tokens import tokenize
    >>> ads = ["BSc required", "PhD a plus", "学历不限", "Clean desks"]
    >>> stated = read_requirements(tokenize(ads), default_model().reader)
    >>> stated.level.tolist(), stated.status.tolist()
    ([3, 4, 0, -1], [0, 1, 3, 4])
    """
    lexicon = lexicon if lexicon is not None else default_lexicon()
    mentions = find_mentions(tokens, lexicon)
    if not len(mentions.items):
        return nothing_stated(tokens.n_rows)
    if is_compiled() and not reasons:
        decisions = judge(reader, sum_context(mentions, lexicon, reader.vocabulary, reader.weight), mentions.items)
    else:
        found = context_features(mentions, lexicon, reasons)
        decisions = decide(reader, found, mentions.items)
    stated = combine(mentions, decisions, lexicon, reader.temperature.tolist())
    return replace(stated, terms=reading_terms(found, decisions, reader)) if reasons else stated
