"""Whether a text is Chinese, as the model sees it."""

from __future__ import annotations

from collarclass.text.tokens import tokenize

_READ_CHARACTERS = 4000


def language(text: str) -> str:
    """ "zh" for a Chinese text, otherwise "en".

    Examples
    --------
    >>> language("数控车床操作工，CNC"), language("Teacher of Mandarin Chinese, grades three to five (中文)")
    ('zh', 'en')
    """
    return "zh" if tokenize([text[:_READ_CHARACTERS]]).is_chinese[0] else "en"
