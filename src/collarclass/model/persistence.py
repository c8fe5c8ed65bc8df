"""A model as a folder: `model.safetensors` holds the arrays, `model.json` all else, with a digest of every file."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from collarclass.disk import Lock, sync, sync_folder
from collarclass.errors import ModelFileError
from collarclass.features.term_index import TermIndex
from collarclass.model.model import MODEL_ARRAYS, PARTS, Model, arrays_of, name_of_array
from collarclass.requirement_reader.outcomes import FEATURES, N_DECIDING, N_RELATIONS, N_WEIGHTS

FORMAT_VERSION = 3
_HEAD, _ARRAYS = "model.json", "model.safetensors"
_MAX_ARRAY_BYTES = 256 << 20
_MAX_TEXT_BYTES = 16 << 20  # of model.json, and of each text beside it
_MAX_TEXTS = 8
_MAX_NAME_CHARACTERS = 200
_MAX_TERMS = 4_000_000  # of a vocabulary
# Lowest and highest value.
_HASH, _ORDER, _YES_OR_NO = (0, 2**64 - 1), (1, 3), (0, 1)
_WEIGHT, _SCALE, _TEMPERATURE = (-1e4, 1e4), (0.0, 1e6), (0.1, 100.0)

# Type, shape and range of each array; a letter stands for a number that is the same wherever the letter is.
_Array = tuple[str, tuple[int | str, ...], tuple[float, float]]


def _block(n: str) -> dict[str, _Array]:
    return {
        f"{n}_hashes": ("u8", (n,), _HASH),
        f"{n}_order": ("u1", (n,), _ORDER),
        f"{n}_scale": ("f4", (n,), _SCALE),
        f"{n}_weight": ("f4", (n, 2), _WEIGHT),
        f"{n}_displayable": ("b1", (n,), _YES_OR_NO),
    }


_REQUIRED: dict[str, _Array] = {
    **_block("text"),
    **_block("title"),
    "stated_weight": ("f4", (len(FEATURES), 2), _WEIGHT),
    "word_scale": ("f4", (4, 2), _WEIGHT),
    "intercept": ("f4", (4, 2), _WEIGHT),
    "decision": ("f4", (2, 3, 4), _WEIGHT),
    "reader_hashes": ("u8", ("reader",), _HASH),
    "reader_weight": ("f4", ("reader", N_WEIGHTS), _WEIGHT),
    "reader_relation": ("f4", (N_RELATIONS, N_DECIDING), _WEIGHT),
    "confidence_temperature": ("f4", (2,), _TEMPERATURE),
}
# Each part is there altogether or not at all.
_OPTIONAL: tuple[dict[str, _Array], ...] = (
    {
        "bare_title_hashes": ("u8", ("bare",), _HASH),
        "bare_title_scale": ("f4", ("bare",), _SCALE),
        "bare_title_weight": ("f4", ("bare", 2), _WEIGHT),
        "bare_title_job": ("f4", ("bare",), _WEIGHT),
        "bare_title_displayable": ("b1", ("bare",), _YES_OR_NO),
        "bare_title_intercept": ("f4", (2,), _WEIGHT),
        "bare_title_decision": ("f4", (2, 3, 4), _WEIGHT),
        "bare_title_min_job": ("f4", (1,), _WEIGHT),
        "bare_title_words": ("u1", ("letters",), (10, 122)),
    },
    {
        "work_text_weight": ("f4", ("text",), _WEIGHT),
        "work_title_weight": ("f4", ("title",), _WEIGHT),
        "work_start": ("f4", (2, 3), _WEIGHT),
    },
)

# Shapes of JSON, for `_check_value`.
_N, _SHARE = (0, 10**9), (0.0, 1.0)
_LIMITS = {"max_tokens": (1, 1_000_000), "min_terms": (0, 1_000_000), "min_known_share": _SHARE}
_FACTS: dict[str, Any] = {
    "sources": {str: {"n": _N, "shift": (-30.0, 30.0), "shift_error": (0.0, 30.0), "spread": (0.0, 30.0)}},
    "source_confusions": {str: {str: [[_N] * 3] * 3}},
    "real_ads": {str: {"kept": {int: [_SHARE] * 3}}},
}


def save_model(
    model: Model, path: str | os.PathLike[str], extra: Mapping[str, str] | None = None, *, force: bool = False
) -> None:
    """Write a model folder.

    Parameters
    ----------
    model : Model
    path : path-like
        A new folder, or an empty one.
    extra : mapping of str to str, optional
        Further text files by name, such as the model card.
    force : bool, default=False
        Whether a model that is there already is replaced, when the new one is whole.

    Raises
    ------
    ModelFileError
        If `path` is a file, a folder with other contents than a model, or a model without `force`.

    Examples
    --------
    >>> save_model(load_model("models/standard"), "README.md")
    Traceback (most recent call last):
    collarclass.errors.ModelFileError: README.md is a file: give the name of a new folder for the model.
    """
    target = check_target(path, force=force)
    contents = {name: text.encode("utf-8") for name, text in (extra or {}).items()}
    contents[_ARRAYS] = safetensors.numpy.save({n: np.ascontiguousarray(a) for n, a in arrays_of(model).items()})
    head: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "name": model.name,
        "features": list(FEATURES),
        "limits": model.limits,
        "facts": model.facts,
        "sha256": {name: _sha256(content) for name, content in sorted(contents.items())},
    }
    head["sha256"][_HEAD] = _sha256(_json(head))
    _replace_folder(path, target, contents | {_HEAD: _json(head)})


def _json(head: Mapping[str, Any]) -> bytes:
    return (json.dumps(head, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_target(path: str | os.PathLike[str], *inputs: str | os.PathLike[str] | None, force: bool = False) -> Path:
    """The folder that a model may be written to; refused where that would destroy something.

    None of the `inputs`, files and folders that are read, may be the target or lie in it.
    """
    target = Path(path).resolve()
    for name in inputs:
        if name is not None and Path(name).resolve().is_relative_to(target):
            raise ModelFileError(
                "{path} is, or holds, {name}, which is read: give the name of a new folder.", path=path, name=name,
            )  # fmt: skip
    if (retired := _beside(target, "old")).is_dir() and not target.exists():  # a run was ended between two renamings
        retired.rename(target)
    if target == Path.cwd():
        raise ModelFileError(
            "{path} is the folder you work in: give the name of a new folder for the model.", path=path,
        )  # fmt: skip
    if target.is_dir():
        there = {entry.name: entry.is_file() for entry in os.scandir(target)}
        names = names_of_model(target)
        if others := sorted(name for name, is_file in there.items() if name not in names or not is_file):
            more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
            raise ModelFileError(
                "{path} holds {other!r}{more}, which is no part of a model: give the name of a new folder.",
                path=path, other=others[0], more=more,
            )  # fmt: skip
        if there and not force:
            raise ModelFileError(
                "{path} holds a model already: give the name of a new folder, or replace it with --force "
                "(force=True).", path=path,
            )  # fmt: skip
    elif target.exists():
        raise ModelFileError("{path} is a file: give the name of a new folder for the model.", path=path)
    above = next(folder for folder in target.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise ModelFileError(
            "{path} cannot be made in {above}: choose a folder that you may write to.", path=path, above=above,
        )  # fmt: skip
    return target


def names_of_model(folder: Path) -> set[str]:
    """Names of the files of the model in a folder; none if it is no model folder."""
    try:
        digests = _read_head(folder)["sha256"]
        return {_HEAD, *digests} if isinstance(digests, dict) else set()
    except (OSError, ValueError, KeyError):
        return set()


def _replace_folder(name: str | os.PathLike[str], target: Path, contents: dict[str, bytes]) -> None:
    """Write a folder beside the target, as private as that is, then put it in the target's place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, retired, lock = (_beside(target, what) for what in ("partial", "old", "lock"))
    with Lock(lock, os.fspath(name)):
        for left in (fresh, retired):  # by a run that was ended
            shutil.rmtree(left, ignore_errors=True)
        fresh.mkdir(stat.S_IMODE(target.stat().st_mode) if target.is_dir() else 0o777)
        try:
            for part, content in contents.items():
                with (fresh / part).open("wb") as file:
                    file.write(content)
                    file.flush()
                    sync(file.fileno())
            if target.is_dir():
                target.rename(retired)
            try:
                fresh.rename(target)
            except BaseException:
                if retired.is_dir():
                    retired.rename(target)
                raise
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        sync_folder(target.parent)
        shutil.rmtree(retired, ignore_errors=True)


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}.collarclass-{what}")


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model folder.

    Parameters
    ----------
    path : path-like
        A folder written by `save_model`.

    Returns
    -------
    Model

    Raises
    ------
    ModelFileError
        If the folder is missing, damaged, of another format, or holds a number out of its range. No code in the
        folder is ever run: it holds JSON and plain arrays.
    """
    folder = Path(path)
    if not os.path.lexists(folder / _HEAD):
        raise ModelFileError(
            "No model at {folder}: it has no {file}. Give a folder made by 'collarclass train'.", folder=folder,
            file=_HEAD,
        )  # fmt: skip
    try:
        head = _read_head(folder)
        version = head.get("format_version")
        if type(version) is int and version == FORMAT_VERSION:
            _check_head(head)
            arrays = _read_arrays(folder, head["sha256"])
            _check_arrays(arrays)
            return _assemble(head, arrays)
    except (OSError, ValueError) as error:
        raise ModelFileError(
            "{folder} is not a whole model folder ({reason}): copy it again or train the model again.", folder=folder,
            reason=error,
        ) from None  # fmt: skip
    raise ModelFileError(
        "{folder} has model format {version!r:.40}, this version reads format {known}: upgrade collarclass, or "
        "make the model anew with 'collarclass train', 'collarclass calibrate' or save_model.",
        folder=folder, version=version, known=FORMAT_VERSION,
    )  # fmt: skip


def _read_head(folder: Path) -> dict[str, Any]:
    content = _read_regular(folder, _HEAD, _MAX_TEXT_BYTES)
    try:
        head = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    except (RecursionError, ValueError) as error:
        raise ValueError(f"{_HEAD} is no JSON: {error}") from None
    if not isinstance(head, dict):
        raise ValueError(f"{_HEAD} holds no object")
    return head


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _check_head(head: dict[str, Any]) -> None:
    """Everything in model.json; takes out of it the digest that it stands under itself."""
    name = head.get("name")
    if not isinstance(name, str) or len(name) > _MAX_NAME_CHARACTERS or not name.isprintable():
        raise ValueError("'name' is no short printable text")
    if head.get("features") != list(FEATURES):
        raise ValueError("it was trained with other stated-requirement features than this version reads")
    digests = head.get("sha256")
    if not isinstance(digests, dict) or not {_HEAD, _ARRAYS} <= set(digests) or len(digests) > _MAX_TEXTS + 2:
        raise ValueError(f"'sha256' is no object of digests of {_HEAD}, {_ARRAYS} and at most {_MAX_TEXTS} texts")
    if digests.pop(_HEAD) != _sha256(_json(head)):
        raise ValueError(f"{_HEAD} is damaged: its checksum differs")
    _check_value("limits", head.get("limits"), _LIMITS)
    if unknown := sorted(head["limits"].keys() - _LIMITS.keys()):
        raise ValueError(f"the limit {unknown[0]!r:.60} is not known")
    if not isinstance(facts := head.get("facts"), dict):
        raise ValueError("'facts' is no object")
    for fact in _FACTS.keys() & facts.keys():
        _check_value(fact, facts[fact], _FACTS[fact])


def _read_arrays(folder: Path, digests: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """The arrays, when every file is found to be what its digest says."""
    arrays = b""
    for name, digest in digests.items():
        content = _read_regular(folder, name, _MAX_ARRAY_BYTES if name == _ARRAYS else _MAX_TEXT_BYTES)
        if _sha256(content) != digest:
            raise ValueError(f"{name} is damaged: its checksum differs")
        if name == _ARRAYS:
            arrays = content
    try:
        found: dict[str, NDArray[Any]] = safetensors.numpy.load(arrays)
        return found
    except (safetensors.SafetensorError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{_ARRAYS} holds no plain arrays: {error}"[:200]) from None


def _read_regular(folder: Path, name: str, most: int) -> bytes:
    """The bytes of a file of a folder; never of a pipe, a device, or a file that lies outside."""
    if not name or name != Path(name).name or name in (".", "..") or "\\" in name or "\0" in name:
        raise ValueError(f"{name!r:.60} is no name of a file in it")
    try:
        path = (folder / name).resolve()
    except RuntimeError:  # how Python before 3.13 says that links go in a circle
        raise ValueError(f"{name} is a link to itself") from None
    if path.parent != folder.resolve():
        raise ValueError(f"{name} is a link out of it")
    # Without O_NONBLOCK opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{name} is no regular file")
        if status.st_size > most:
            raise ValueError(f"{name} has {status.st_size:,} bytes, at most {most:,} are read")
        return file.read(most)


def _check_arrays(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Names, types, shapes and values of a model's arrays."""
    wanted = dict(_REQUIRED)
    for part in _OPTIONAL:
        if not part.keys().isdisjoint(arrays):
            wanted |= part
    if differing := sorted(wanted.keys() ^ arrays.keys()):
        raise ValueError(f"the array {differing[0]!r:.60} is {'missing' if differing[0] in wanted else 'not known'}")
    sizes: dict[str, int] = {}
    for name, (kind, shape, (low, high)) in wanted.items():
        array = arrays[name]
        if array.dtype != np.dtype(kind):
            raise ValueError(f"{name} is of type {array.dtype}, not {np.dtype(kind)}")
        if array.ndim != len(shape):
            raise ValueError(f"{name} has {array.ndim} dimensions, not {len(shape)}")
        expected = tuple(
            size if isinstance(size, int) else sizes.setdefault(size, found)
            for size, found in zip(shape, array.shape, strict=True)
        )
        if array.shape != expected:
            raise ValueError(f"{name} has the shape {array.shape}, not {expected}")
        if max(array.shape) > _MAX_TERMS:
            raise ValueError(f"{name} has {max(array.shape):,} terms, at most {_MAX_TERMS:,} are read")
        values = array.view(np.uint8) if kind == "b1" else array
        if not ((values >= low) & (values <= high)).all():  # not a number compares as false
            raise ValueError(f"{name} holds numbers that are not from {low:,} to {high:,}")
        if kind == "u8" and len(np.unique(array)) < len(array):
            raise ValueError(f"{name} holds a hash twice")


def _check_value(name: str, value: Any, wanted: Any) -> None:
    """A value of JSON against its shape.

    A tuple holds the lowest and the highest number, whole if both are; a list has the shapes of its members in turn, a
    dict those of its keys; `str` and `int` as the only key stand for any object and any list.
    """
    if isinstance(wanted, tuple):
        low, high = wanted
        kinds = int if isinstance(low, int) else (int, float)
        if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= high:
            kind = "whole number" if isinstance(low, int) else "number"
            raise ValueError(f"{name} is not a {kind} from {low:,} to {high:,}")
        return
    is_list = isinstance(wanted, list) or int in wanted
    if not isinstance(value, list if is_list else dict):
        raise ValueError(f"{name} is no {'list' if is_list else 'object'}")
    members, shapes = (dict(enumerate(v)) if isinstance(v, list) else v for v in (value, wanted))
    if any_size := shapes.keys() & {str, int}:
        shapes = dict.fromkeys(members, shapes[any_size.pop()])
    for key, shape in shapes.items():
        if key not in members:
            raise ValueError(f"{name} has no {key!r}")
        _check_value(f"{name}.{key}"[:60], members[key], shape)


def _assemble(head: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
    parts: dict[str, Any] = {}
    for prefix, kind in PARTS.items():
        found: dict[str, Any] = {column.name: arrays.get(name_of_array(prefix, column.name)) for column in fields(kind)}
        if any(array is None for array in found.values()):  # an optional part, which is there altogether or not at all
            found = {}
        elif "vocabulary" in found:
            found["vocabulary"] = TermIndex(found["vocabulary"])
        parts[prefix] = kind(**found) if found else None
    parts |= {name: arrays[name] for name in MODEL_ARRAYS}
    return Model(name=head["name"], limits=head["limits"], facts=head["facts"], **parts)


@cache
def default_model() -> Model:
    """The shipped model, read once in a process."""
    return load_model(default_model_path())


def default_model_path() -> Path:
    """The folder of the shipped model: inside the installed package, or in a source checkout."""
    package = Path(__file__).parents[1]
    installed = package / "models" / "standard"
    return installed if installed.is_dir() else package.parents[1] / "models" / "standard"
