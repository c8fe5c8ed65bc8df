"""The options of labelling as one frozen object, which tables, files, engines and the application hand on."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict, TypeVar, cast

import numpy as np

from collarclass.definitions.definition import DEFAULT, DEFINITION_MARK, Definition, load_definition
from collarclass.errors import DataError, ModelFileError, kind_of
from collarclass.model.model import Model
from collarclass.model.persistence import default_model, load_model
from collarclass.requirement_reader.lexicon import Lexicon, load_lexicon

ModelLike = Model | str | os.PathLike[str]
LexiconLike = Lexicon | str | os.PathLike[str]
DefinitionLike = Definition | str | os.PathLike[str]
Function = TypeVar("Function", bound=Callable[..., Any])
STANDARD = "standard"  # the name of the shipped model
_MAX_KEPT = 8  # models and lexicons read from paths
_MIN_DIGEST = 8  # hexadecimal digits by which a model can be pinned


class ModelOptions(TypedDict, total=False):
    """By what ads are labelled.

    Attributes
    ----------
    min_confidence : float, default=0
        From 0 to 1: a label that is less sure becomes "unclear", with the note "near the line"; only by the
        definition "article", as labels by rules have no confidence.
    model : Model or path-like, optional
        A model, the name "standard", or a model folder; the shipped model if not given.
    model_version : str, optional
        The version that the model must have, or the first 8 or more digits of its digest.
    definition : str, path-like or Definition, default="article"
        What the labels mean: a built-in definition, a TOML file of your own, or one that is loaded.
    lexicon : Lexicon or path-like, optional
        Words of your own to read requirements by, from `load_lexicon` or a file for it.
    """

    min_confidence: float
    model: ModelLike | None
    model_version: str | None
    definition: DefinitionLike
    lexicon: LexiconLike | None


class LabelOptions(ModelOptions, total=False):
    """The options of labelling a table, wherever it comes from; `ModelOptions` has the rest.

    Attributes
    ----------
    evidence : bool, default=True
        Whether to name the words that decided; faster without.
    occupations : bool, default=False
        Whether to add code, title and similarity of the occupation nearest to each row's title.
    prefix : str
        Prefix of the added columns' names.
    """

    evidence: bool
    occupations: bool
    prefix: str


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """`LabelOptions`, checked and read by `Options.of`.

    The model has the user's lexicon, if there is one; `code` is the column of occupation codes; `origin` the name or
    folder of the model, from which another process reads it, and None for an object.
    """

    model: Model
    evidence: bool
    prefix: str
    definition: Definition
    code: Hashable | None
    occupations: bool
    lexicon: Lexicon | None
    min_confidence: float
    origin: str | None

    @classmethod
    def of(
        cls,
        model: ModelLike | None = None,
        *,
        evidence: bool = True,
        prefix: str = "",
        definition: DefinitionLike = DEFAULT,
        code: Hashable | None = None,
        occupations: bool = False,
        lexicon: LexiconLike | None = None,
        min_confidence: float = 0.0,
        model_version: str | None = None,
    ) -> Options:
        """Check options as users give them, and read what they name.

        Parameters
        ----------
        code : hashable, optional
            The column of occupation codes; the others are those of `LabelOptions`.

        Raises
        ------
        DataError
            If an option is not what it has to be.
        ModelFileError
            If there is no such model, or it has another version.

        Examples
        --------
        >>> Options.of(prefix="own_", definition="dual-certificate").definition.name
        'dual-certificate'
        """
        found = find_model(model, model_version)
        if not isinstance(prefix, str):
            raise DataError("prefix is {prefix!r:.40}: give a str, such as 'own_'.", prefix=prefix)
        chosen = definition if isinstance(definition, Definition) else load_definition(definition)
        number = isinstance(min_confidence, (int, float, np.number)) and not isinstance(min_confidence, bool)
        if not number or not 0 <= min_confidence <= 1:
            raise DataError(
                "min_confidence is {value!r:.40}: give a number from 0 to 1, such as 0.8.", value=min_confidence,
            )  # fmt: skip
        if min_confidence and not chosen.is_model:
            raise DataError(
                "Labels by the definition {name!r} have no confidence: leave min_confidence out.", name=chosen.name,
            )  # fmt: skip
        words = find_lexicon(lexicon)
        return cls(
            model=found if words is None else replace(found, lexicon=words),
            evidence=bool(evidence),
            prefix=prefix,
            definition=chosen,
            code=code,
            occupations=bool(occupations),
            lexicon=words,
            min_confidence=float(min_confidence),
            origin=None if isinstance(model, Model) else STANDARD if model is None else os.fspath(model),
        )

    @property
    def identity(self) -> str:
        """Name and version of the model, and the definition where labels go by its rules; as results carry it."""
        return self.model.identity + ("" if self.definition.is_model else DEFINITION_MARK + self.definition.identity)

    def __reduce__(self) -> tuple[Any, ...]:
        """Send a model that was named as its name, so that each process reads it once."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.origin is None:
            return _sent, (given,)
        return _sent, (given | {"model": None}, self.model.identity)


def refuse_unknown(function: str, options: Iterable[str], kind: type) -> None:
    """Refuse options as Python does that a function has not."""
    if unknown := set(options) - kind.__annotations__.keys():
        raise TypeError(f"{function}() got an unexpected keyword argument {min(unknown)!r}")


def shows_options(
    function: Function,
    kinds: Sequence[type] = (LabelOptions, ModelOptions),
    homes: Sequence[Callable[..., object]] = (),
) -> Function:
    """Let `help` and editors name and describe the options that a function takes as ``**options``.

    Parameters
    ----------
    function : callable
    kinds : sequence of typed dictionaries
        The options, which their docstrings describe.
    homes : sequence of callables
        That take the options, and so have their defaults, besides `Options.of`.
    """
    signature = inspect.signature(function)
    known = {name: given for home in (Options.of, *homes) for name, given in inspect.signature(home).parameters.items()}
    own = [given for given in signature.parameters.values() if given.kind is not given.VAR_KEYWORD]
    names = dict.fromkeys(name for kind in kinds for name in kind.__annotations__ if name not in signature.parameters)
    more = [known[name].replace(kind=inspect.Parameter.KEYWORD_ONLY) for name in names]
    function.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    if function.__doc__:  # python -OO has none
        described = [inspect.cleandoc(kind.__doc__ or "").partition("----------\n")[2] for kind in kinds]
        entry = re.compile(r"^\*\*options.*\n(?: +.*\n)*", re.MULTILINE)
        function.__doc__ = entry.sub(lambda _: "\n".join([*described, ""]), inspect.cleandoc(function.__doc__))
    return function


def _sent(given: dict[str, Any], identity: str | None = None) -> Options:
    """Options as another process gets them."""
    if identity is None:
        return Options(**given)
    origin, lexicon = given["origin"], given["lexicon"]
    try:
        model = find_model(origin)
    except ModelFileError as error:
        raise ModelFileError(
            "The model {origin} cannot be read by a worker, though it was where the run was started: give every "
            "machine its folder at the same place, or pass a Model object.", origin=origin,
        ) from error  # fmt: skip
    if lexicon is not None:
        model = replace(model, lexicon=lexicon)
    if model.identity != identity:
        raise ModelFileError(
            "The model {origin} is {here} here and {there} where the run was started: give every "
            "machine the same model, or pass a Model object.", origin=origin, here=model.identity,
            there=identity,
        )  # fmt: skip
    return Options(**given | {"model": model})


def find_model(model: ModelLike | None = None, version: str | None = None) -> Model:
    """The model that an option names.

    Parameters
    ----------
    model : Model or path-like, optional
        An object, the name "standard", or a model folder; the shipped model if not given.
    version : str, optional
        The version that it must have, or the first 8 or more digits of its digest.

    Raises
    ------
    DataError
        If `model` is something else.
    ModelFileError
        If the folder is missing or damaged, or the model has another version.

    Examples
    --------
    >>> find_model("standard") is find_model()
    True
    """
    if isinstance(model, Model):
        found = model
    elif model is None:
        found = default_model()
    elif isinstance(model, (str, os.PathLike)):
        path = os.fspath(model)
        found = default_model() if path == STANDARD else _read(load_model, path, _stamp(Path(path) / "model.json"))
    else:
        raise DataError(
            "model is {kind}: give a Model, the name {standard!r}, or the folder of a model.", kind=kind_of(model),
            standard=STANDARD,
        )  # fmt: skip
    digest = isinstance(version, str) and len(version) >= _MIN_DIGEST and found.digest.startswith(version.lower())
    if version is not None and version != found.version and not digest:
        raise ModelFileError(
            "The model is {identity} (digest {digest}), not version {version!s:.80}: name the model that you "
            "pinned, or pin this one.", identity=found.identity, digest=found.digest[:16], version=version,
        )  # fmt: skip
    return found


def find_lexicon(lexicon: LexiconLike | None) -> Lexicon | None:
    """The lexicon that an option names; None where the shipped one is to be used."""
    if lexicon is None or isinstance(lexicon, Lexicon):
        return lexicon
    if isinstance(lexicon, (str, os.PathLike)):
        return cast(Lexicon, _read(load_lexicon, os.fspath(lexicon), _stamp(Path(lexicon))))
    raise DataError("lexicon is {kind}: give a file of phrases, or a Lexicon from load_lexicon.", kind=kind_of(lexicon))


def _stamp(path: Path) -> tuple[str, int, int]:
    """By which a file is known that has not changed; of one that is not there, nothing but the name."""
    try:
        info = path.stat()
    except (OSError, ValueError):
        return str(path.absolute()), 0, 0
    return str(path.absolute()), info.st_mtime_ns, info.st_size


@lru_cache(maxsize=_MAX_KEPT)
def _read(load: Callable[[str], Any], path: str, stamp: tuple[str, int, int]) -> Any:
    return load(path)
