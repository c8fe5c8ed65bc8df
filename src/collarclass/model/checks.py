"""What the numbers of a model folder must be before any of them is used.

A folder may come from a stranger. Each check raises ValueError with what is wrong; `load_model` says in which folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.outcomes import FEATURES, N_DECIDING, N_RELATIONS, N_WEIGHTS

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

# Shapes of JSON, for `check_value`.
_N, _SHARE = (0, 10**9), (0.0, 1.0)
LIMITS = {"max_tokens": (1, 1_000_000), "min_terms": (0, 1_000_000), "min_known_share": _SHARE}
_FACTS: dict[str, Any] = {
    "sources": {str: {"n": _N, "shift": (-30.0, 30.0), "shift_error": (0.0, 30.0), "spread": (0.0, 30.0)}},
    "source_confusions": {str: {str: [[_N] * 3] * 3}},
    "real_ads": {str: {"kept": {int: [_SHARE] * 3}}},
}


def check_arrays(arrays: Mapping[str, NDArray[Any]]) -> None:
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


def check_facts(facts: Any) -> None:
    """Those facts of a model by which results are measured."""
    if not isinstance(facts, dict):
        raise ValueError("'facts' is no object")
    for name in _FACTS.keys() & facts.keys():
        check_value(name, facts[name], _FACTS[name])


def check_value(name: str, value: Any, wanted: Any) -> None:
    """A value of JSON against its shape.

    Parameters
    ----------
    name : str
        What to call it in an error.
    value : object
    wanted : tuple, list or dict
        A tuple holds the lowest and the highest number, whole if both are; a list has the shapes of its members in
        turn, a dict those of its keys; `str` and `int` as the only key stand for any object and any list.

    Examples
    --------
    >>> check_value("limits", {"max_tokens": 10**400}, {"max_tokens": (1, 1_000_000)})
    Traceback (most recent call last):
    ValueError: limits.max_tokens is not a whole number from 1 to 1,000,000
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
        check_value(f"{name}.{key}"[:60], members[key], shape)
