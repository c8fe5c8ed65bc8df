"""`classify` and `classify_many`: one ad, or a list of them, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from collarclass.errors import kind_of
from collarclass.labelling.judge import judge
from collarclass.labelling.options import (
    LexiconLike,
    ModelLike,
    ModelOptions,
    Options,
    find_lexicon,
    find_model,
    refuse_unknown,
    shows_options,
)
from collarclass.model.persistence import default_model
from collarclass.model.predict import chunks
from collarclass.progress import Progress, ProgressLike
from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.requirement_reader.reading import RequirementReader
from collarclass.requirement_reader.requirement import Requirement
from collarclass.result import Classification
from collarclass.text.ad_tokens import AdTokens
from collarclass.text.cells import JoinedText, join_sections

__all__ = ["classify", "classify_many", "default_model", "requirements"]


def classify(
    text: str | Mapping[str, str] = "",
    title: str | None = None,
    *,
    code: str | None = None,
    evidence: bool = True,
    **options: Unpack[ModelOptions],
) -> Classification:
    """Label one job ad, or a bare job title, white, blue or gray collar.

    Parameters
    ----------
    text : str or mapping of str to str, optional
        The ad: plain text or HTML, English or Chinese. A line is cut into the title and the rest.
        An ad in several parts is given as a mapping from their names to their texts, such as
        ``{"responsibilities": ..., "education": ...}``: each part is read under its heading, and evidence
        and requirements say in which part they stand, by `field`.
    title : str, optional
        The job title. Without a text, or with one that says too little, the title alone is judged.
        Without a title a short first line of the text is read as the title.
    code : str, optional
        Code of the occupation (O*NET-SOC 2019, ISCO-08 or CSCO-2022). It decides if ad and title say too little.
    evidence : bool, default=True
        Whether the result carries evidence and requirements; without them labelling is faster.
    **options
        The following.

    Returns
    -------
    Classification
        Its `basis` says what was judged: the "ad" or the "title". Its label is "unclear", with the reason in
        `note`, when there is no text, the text is too thin or in a language the model does not know, or
        the title names no job; and when the label is less sure than `min_confidence`.

    Raises
    ------
    TypeError
        If `text` is not a str or a mapping to str, or `title` neither a str nor None.
    DataError
        If an option is not what it has to be, such as a `min_confidence` that is not from 0 to 1.
    ModelFileError
        If there is no such model, or it has another version.

    Examples
    --------
    >>> from collarclass import classify
    >>> ad = "Forklift driver, nights. Load trailers and scan pallets. Counterbalance licence needed."
    >>> classify(ad).label
    'blue'
    >>> found = classify(title="Web designer")
    >>> found.label, found.basis
    ('gray', 'title')
    >>> parts = {"岗位职责": "负责数控车床的编程与操作。", "学历": "大专"}
    >>> [(r.field, r.start, r.end, r.level) for r in classify(parts, "数控技术员").requirements]
    [('学历', 0, 2, 'associate')]
    """
    refuse_unknown("classify", options, ModelOptions)
    return classify_many([text], [title], evidence, codes=None if code is None else [code], **options)[0]


def classify_many(
    texts: Iterable[str | Mapping[str, str]],
    titles: Iterable[str | None] | None = None,
    evidence: bool = True,
    *,
    codes: Iterable[str | None] | None = None,
    progress: ProgressLike = None,
    **options: Unpack[ModelOptions],
) -> list[Classification]:
    """Label many job ads; each result is the one that `classify` gives for that ad.

    Parameters
    ----------
    texts : iterable of str or of mapping of str to str
        As in `classify`.
    titles : iterable of str or None, optional
        One for each text.
    evidence : bool, default=True
        Whether the results carry evidence and requirements; without them labelling is faster.
    codes : iterable of str or None, optional
        Of the ads' occupations, one for each text; empty or None where there is none.
    progress : bool or callable, optional
        Whether to show progress on standard error; not if not given. A callable gets the ads done and
        the share done.
    **options
        The following.

    Returns
    -------
    list of Classification
        In the order of the texts.

    Raises
    ------
    TypeError
        If a text is not a str, or a title or code neither a str nor None.
    ValueError
        If there are not as many titles or codes as texts.
    DataError, ModelFileError
        As in `classify`.

    Examples
    --------
    >>> from collarclass import classify_many
    >>> [c.label for c in classify_many(["", "   "])]
    ['unclear', 'unclear']
    """
    refuse_unknown("classify_many", options, ModelOptions)
    by = Options.of(evidence=evidence, **options)
    texts = _check_texts(texts)
    titles = _check_beside(titles, "title", len(texts), "None")
    of_rows = None if codes is None else _check_beside(codes, "code", len(texts), "an empty one")
    ads = [JoinedText(str(ad)) if isinstance(ad, str) else join_sections(ad, ad.values()) for ad in texts]
    # An ad in parts has a title, so that no heading is taken for one.
    heads = [title if isinstance(ad, str) else title or "" for ad, title in zip(texts, titles, strict=True)]
    shown, out = Progress(progress or False), list[Classification]()
    identity, model = by.identity, by.model if by.evidence else None
    try:
        for rows in chunks([ad.text for ad in ads]):
            some, of_some = [ad.text for ad in ads[rows]], None if of_rows is None else of_rows[rows]
            found = judge(some, heads[rows], of_some, options=by)
            named = zip(ads[rows], heads[rows], strict=True)
            out += [Classification(found, i, ad, title, identity, model) for i, (ad, title) in enumerate(named)]
            shown.update(len(out), len(out) / len(texts))
    finally:
        shown.close()
    return out


shows_options(classify, (ModelOptions,))
shows_options(classify_many, (ModelOptions,))


def requirements(
    text: str, title: str | None = None, lexicon: LexiconLike | None = None, *, model: ModelLike | None = None
) -> tuple[Requirement, ...]:
    """Read what one job ad states about schooling, certificates, licences and years of experience.

    Parameters
    ----------
    text : str
        The ad, plain text or HTML, English or Chinese.
    title : str, optional
        Its title.
    lexicon : Lexicon or path-like, optional
        Words to read by, from `load_lexicon` or a file for it; the shipped ones by default.
    model : Model or path-like, optional
        The model whose reader judges them, or its folder; the shipped model by default.

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
    >>> from collarclass import requirements
    >>> [found] = requirements("Bachelor's degree or equivalent experience")
    >>> found.level, found.status, found.text
    ('bachelor', 'substitutable', "Bachelor's degree")
    """
    for name, given in (("text", text), ("title", title)):
        if not isinstance(given, str) and (given is not None or name == "text"):
            raise TypeError(
                f"requirements() reads one ad: {name} has to be a str, not {kind_of(given)}. "
                f"For a table of ads use label_table or classify_many."
            )
    reader, words = find_model(model).reader, find_lexicon(lexicon) or default_lexicon()
    reading, tokens = RequirementReader(reader, words), AdTokens()
    reading.keep_reasons = True
    of_title = reading.read_ad(tokens.read(title or "", text_offset=len(title or ""))).findings(tokens, "", title or "")
    return (*of_title, *reading.read_ad(tokens.read(text)).findings(tokens, text, ""))


def _check_texts(texts: Iterable[str | Mapping[str, str]]) -> list[str | Mapping[str, str]]:
    """Turn texts into a list of the right types, or say which element is wrong."""
    if isinstance(texts, (str, bytes)):
        raise TypeError("texts is a single string: give a list of ads, or call classify for one ad.")
    if hasattr(texts, "columns"):
        raise TypeError("texts is a table: give one of its columns, or call label_table.")
    texts = list(texts)
    for i, text in enumerate(texts):
        if isinstance(text, Mapping):
            wrong = [name for name, part in text.items() if not isinstance(part, str)]
            if wrong:
                raise TypeError(f"Text {i}, part {wrong[0]!r} is {_named(text[wrong[0]])}, not a str: pass a string.")
        elif not isinstance(text, str):
            raise TypeError(f"Text {i} is {_named(text)}, not a str: {_remedy(text)}.")
    return texts


def _check_beside(values: Iterable[str | None] | None, name: str, n_texts: int, none: str) -> list[Any]:
    """Turn titles, or codes, into a list with one for each text, or say what is wrong; `none` stands for none."""
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{name}s is a single string: give a list of {name}s, one for each text.")
    values = [None] * n_texts if values is None else list(values)
    for i, value in enumerate(values):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name.title()} {i} is {_named(value)}, neither a str nor None: {_remedy(value, name)}.")
    if len(values) != n_texts:
        raise ValueError(f"{n_texts} texts but {len(values)} {name}s: give one {name} (or {none}) for each text.")
    return values


def _named(value: object) -> str:
    return "None" if value is None else f"{kind_of(value)} ({value!r:.40})"


def _remedy(value: object, name: str = "ad's text") -> str:
    if isinstance(value, (bytes, bytearray)):
        return "decode it first, for example value.decode('utf-8')"
    if value is None or isinstance(value, float) or type(value).__name__ in ("NAType", "NaTType"):  # those of pandas
        return "replace missing values first, for example by the empty string, which is labelled unclear"
    return f"pass the {name} as a string"
