"""`classify` and `classify_many`: one ad, or a list of them, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from collarclass.definitions.labels import BASES, DIMENSIONS, LABELS, LEVELS, STATUSES
from collarclass.model.model import NOTES, Model
from collarclass.model.persistence import default_model_path, load_model
from collarclass.model.predict import UNCLEAR, Predictions, chunks, predict
from collarclass.progress import Progress, ProgressLike
from collarclass.requirement_reader.lexicon import Lexicon
from collarclass.requirement_reader.reader import read_requirements
from collarclass.requirement_reader.stated import Requirement, findings
from collarclass.result import Classification
from collarclass.text.tokens import tokenize


@cache
def default_model() -> Model:
    """The shipped model, read once in a process."""
    return load_model(default_model_path())


def classify(text: str = "", title: str | None = None, *, model: Model | None = None) -> Classification:
    """Label one job ad, or a bare job title, white, blue or gray collar.

    Parameters
    ----------
    text : str, optional
        The ad: plain text or HTML, English or Chinese. A short text without a sentence is judged as a title.
    title : str, optional
        The job title. Without a text, or with one that says too little, the title alone is judged.
        Without a title a short first line of the text is read as the title.
    model : Model, optional
        From `load_model`; the shipped model if not given.

    Returns
    -------
    Classification
        Its `basis` says what was judged: the "ad" or the "title". Its label is "unclear", with the reason in
        `note`, when there is no text, the text is too thin or in a language the model does not know, or
        the title names no job.

    Raises
    ------
    TypeError
        If `text` is not a str, or `title` neither a str nor None.

    Examples
    --------
    >>> from collarclass import classify
    >>> ad = "Forklift driver, nights. Load trailers and scan pallets. Counterbalance licence needed."
    >>> classify(ad).label
    'blue'
    >>> found = classify(title="Web designer")
    >>> found.label, found.basis
    ('gray', 'title')
    """
    return classify_many([text], [title], model=model)[0]


def classify_many(
    texts: Iterable[str],
    titles: Iterable[str | None] | None = None,
    evidence: bool = True,
    *,
    model: Model | None = None,
    progress: ProgressLike = None,
) -> list[Classification]:
    """Label many job ads; each result is the one that `classify` gives for that ad.

    Parameters
    ----------
    texts : iterable of str
    titles : iterable of str or None, optional
        One for each text.
    evidence : bool, default=True
        Whether the results carry evidence and requirements; without them labelling is faster.
    model : Model, optional
    progress : bool or callable, optional
        Whether to show progress on standard error; not if not given. A callable gets the ads done and
        the share done.

    Returns
    -------
    list of Classification
        In the order of the texts.

    Raises
    ------
    TypeError
        If a text is not a str, or a title neither a str nor None.
    ValueError
        If there are not as many titles as texts.

    Examples
    --------
    >>> from collarclass import classify_many
    >>> [c.label for c in classify_many(["", "   "])]
    ['unclear', 'unclear']
    """
    texts, titles = check_texts(texts, titles)
    model = model or default_model()
    shown, out = Progress(progress or False), list[Classification]()
    try:
        for some, heads in chunks(texts, titles):
            out += _classifications(model, predict(model, some, heads, details=evidence), some, heads)
            shown.update(len(out), len(out) / len(texts))
    finally:
        shown.close()
    return out


def _classifications(
    model: Model, found: Predictions, texts: Sequence[str], titles: Sequence[str | None] | None
) -> Iterator[Classification]:
    for i, text in enumerate(texts):
        k, level, p = int(found.label[i]), int(found.level[i]), found.probabilities[i].tolist()
        yield Classification(
            label=LABELS[k] if k != UNCLEAR else "unclear",
            confidence=p[k] if k != UNCLEAR else 0.0,
            probabilities=dict(zip(LABELS, p, strict=True)),
            academic_score=float(found.scores[i, 0]),
            hands_on_score=float(found.scores[i, 1]),
            schooling_level=LEVELS[level] if level >= 0 else None,
            schooling_status=STATUSES[found.status[i]],
            requirements=found.requirements[i],
            note=NOTES[found.note[i]],
            model=model.identity,
            basis=BASES[found.basis[i]],
            certificates=tuple(filter(None, found.certificates[i].split("; "))),
            academic_certificate=STATUSES[found.certificate_status[i, 0]],
            vocational_certificate=STATUSES[found.certificate_status[i, 1]],
            intercept=dict(zip(DIMENSIONS, found.intercept[i].tolist(), strict=True)),
            text=text,
            title=titles[i] if titles is not None else None,
            terms=found.terms[i],
            gradient=(float(found.gradient[i, 0]), float(found.gradient[i, 1])),
        )


def requirements(
    text: str, title: str | None = None, lexicon: Lexicon | None = None, *, model: Model | None = None
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
    model : Model, optional
        The model whose reader judges them; the shipped model by default.

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
                f"requirements() reads one ad: {name} has to be a str, not {type(given).__name__}. "
                f"For a table of ads use label_table or classify_many."
            )
    reader = (model or default_model()).reader
    out: list[Requirement] = []
    for field, source in (("title", title), ("text", text)):
        if source:
            tokens = tokenize([source])
            out += findings(read_requirements(tokens, reader, lexicon), tokens, 0, source, field)
    return tuple(out)


def check_texts(
    texts: Iterable[str], titles: Iterable[str | None] | None
) -> tuple[list[str], list[str | None] | None]:
    """Turn both arguments into lists of the right types, or say which element is wrong."""
    if isinstance(texts, (str, bytes)):
        raise TypeError("texts is a single string: give a list of ads, or call classify for one ad.")
    texts = list(texts)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"Text {i} is {_named(text)}, not a str: {_remedy(text)}.")
    if titles is None:
        return texts, None
    if isinstance(titles, (str, bytes)):
        raise TypeError("titles is a single string: give a list of titles, one for each text.")
    titles = list(titles)
    for i, title in enumerate(titles):
        if title is not None and not isinstance(title, str):
            raise TypeError(f"Title {i} is {_named(title)}, neither a str nor None: {_remedy(title)}.")
    if len(titles) != len(texts):
        raise ValueError(
            f"{len(texts)} texts but {len(titles)} titles: give one title (or None) for each text."
        )
    return texts, titles


def _named(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__} ({value!r:.40})"


def _remedy(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return "decode it first, for example value.decode('utf-8')"
    if value is None or isinstance(value, float):
        return "replace missing values first, for example by the empty string, which is labelled unclear"
    return "pass the ad's text as a string"
