"""A model as a folder: `model.json`, one `.npy` per array, and the checksum of each."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ModelFileError
from .features import Vocabulary
from .model import Block, Model
from .stated import FEATURES

FORMAT_VERSION = 1
_BLOCK_ARRAYS = ("hashes", "order", "scale", "weight", "shown")
_MODEL_ARRAYS = ("stated_weight", "gain", "intercept", "decision")


def arrays_of(model: Model) -> dict[str, NDArray[Any]]:
    """Every array of a model, by the name of its file."""
    arrays: dict[str, NDArray[Any]] = {name: getattr(model, name) for name in _MODEL_ARRAYS}
    for field in ("text", "title"):
        block: Block = getattr(model, field)
        parts: tuple[NDArray[Any], ...] = (
            block.vocabulary.hashes,
            block.vocabulary.order,
            block.scale,
            block.weight,
            block.shown,
        )
        arrays |= {f"{field}_{name}": array for name, array in zip(_BLOCK_ARRAYS, parts, strict=True)}
    return arrays


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model folder; an older one of that name is replaced only when the new one is whole.

    Parameters
    ----------
    model : Model
    path : path-like
        The folder. Other files in it, such as a model card, are kept.

    Raises
    ------
    ModelFileError
        If `path` is a file.
    """
    target = Path(path)
    if target.is_file():
        raise ModelFileError(f"{target} is a file: give the name of a folder for the model.")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        if target.is_dir():
            shutil.copytree(target, fresh, dirs_exist_ok=True)
            for old in fresh.glob("*.npy"):
                old.unlink()
        checksums = {}
        for name, array in arrays_of(model).items():
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            (fresh / f"{name}.npy").write_bytes(buffer.getvalue())
            checksums[name] = hashlib.sha256(buffer.getvalue()).hexdigest()
        head = {
            "format_version": FORMAT_VERSION,
            "name": model.name,
            "version": model.version,
            "features": list(FEATURES),
            "limits": model.limits,
            "facts": model.facts,
            "sha256": checksums,
        }
        (fresh / "model.json").write_text(json.dumps(head, ensure_ascii=False, indent=1) + "\n", "utf-8")
        fresh.chmod(0o755)
        if target.is_dir():
            retired = fresh.with_name(fresh.name + "-old")
            target.rename(retired)
            fresh.rename(target)
            shutil.rmtree(retired)
        else:
            fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


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
        If the folder is missing, damaged, or of a format this version does not know. No code in the
        folder is ever run: it holds JSON and plain arrays.
    """
    folder = Path(path)
    try:
        head = json.loads((folder / "model.json").read_text("utf-8"))
    except FileNotFoundError:
        raise ModelFileError(
            f"No model at {folder}: it has no model.json. Give a folder made by 'collarclass train'."
        ) from None
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{folder / 'model.json'} cannot be read: {error}. Train the model anew.") from None
    if not isinstance(head, dict) or head.get("format_version") != FORMAT_VERSION:
        found = head.get("format_version") if isinstance(head, dict) else None
        raise ModelFileError(
            f"{folder} has model format {found}, this version reads format {FORMAT_VERSION}: "
            "upgrade collarclass or train the model anew."
        )
    if head.get("features") != list(FEATURES):
        raise ModelFileError(
            f"{folder} was trained with other stated-requirement features than this version reads: "
            "train the model anew."
        )
    arrays: dict[str, NDArray[Any]] = {}
    try:
        for name, checksum in head["sha256"].items():
            content = (folder / f"{name}.npy").read_bytes()
            if hashlib.sha256(content).hexdigest() != checksum:
                raise ModelFileError(
                    f"{folder / name}.npy is damaged (its checksum differs): copy or train the model anew."
                )
            arrays[name] = np.load(io.BytesIO(content), allow_pickle=False)

        def block(field: str) -> Block:
            hashes, order, scale, weight, shown = (arrays[f"{field}_{name}"] for name in _BLOCK_ARRAYS)
            return Block(Vocabulary(hashes, order), scale, weight, shown)

        rest: dict[str, Any] = {name: arrays[name] for name in _MODEL_ARRAYS}
        return Model(
            name=head["name"],
            version=head["version"],
            text=block("text"),
            title=block("title"),
            limits=head["limits"],
            facts=head["facts"],
            **rest,
        )
    except (KeyError, OSError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"{folder} is not a whole model folder ({error}): train the model anew.") from None


def default_model_path() -> Path:
    """The folder of the shipped model: inside the installed package, or in a source checkout."""
    package = Path(__file__).parent
    installed = package / "models" / "standard"
    return installed if installed.is_dir() else package.parents[1] / "models" / "standard"
