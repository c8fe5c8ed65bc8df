"""The occupation nearest to each row's title, as columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from collarclass.result import DECIMALS
from collarclass.text.first_line import title_of


def nearest_columns(
    texts: Sequence[str], titles: Sequence[str | None] | None, codes: Sequence[str] | None
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Code, title and similarity of the occupation nearest to each row's title, or of that of its code.

    A row without a title is looked up by its text where that is a title, else by a short first line.
    """
    from collarclass.occupation.lookup import find_code, index
    from collarclass.occupation.table import occupations

    table = occupations()
    wanted = [title_of(text, title) for text, title in zip(texts, titles or [None] * len(texts), strict=True)]
    found = index().nearest(wanted, 1)
    row, similarity = found.row[:, 0].copy(), found.similarity[:, 0].copy()
    for i, code in enumerate(codes or ()):
        known = find_code(code)
        if known is not None and known[0]:
            row[i], similarity[i] = known[0][0], 1.0
    none = similarity <= 0
    columns = (table[name].to_numpy(object)[row] for name in ("onet_code", "title"))
    code_column, title_column = (pa.array(np.where(none, "", values), pa.string()) for values in columns)
    return code_column, title_column, pa.array(np.round(similarity, DECIMALS), pa.float64(), mask=none)
