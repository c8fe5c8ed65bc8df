"""An expression for polars: labels inside a query, lazy or not.

Importing this module gives every polars expression the namespace `collar`.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa

from collarclass.api import default_model
from collarclass.model.model import Model
from collarclass.tables.arrow import arrow_strings
from collarclass.tables.dataframe import label_columns
from collarclass.tables.schema import fields

_TYPES = {pa.string(): pl.String(), pa.float64(): pl.Float64()}


@pl.api.register_expr_namespace("collar")
class CollarNamespace:
    """`pl.col("description").collar.label(pl.col("title"))`."""

    def __init__(self, text: pl.Expr) -> None:
        self._text = text

    def label(
        self,
        title: pl.Expr | str | None = None,
        *,
        evidence: bool = True,
        model: Model | None = None,
    ) -> pl.Expr:
        """Label the ads whose texts this expression gives.

        Parameters
        ----------
        title : expression or column name, optional
            The job titles.
        evidence : bool, default=True
            Whether to name the words that decided; faster without.
        model : Model, optional

        Returns
        -------
        Expr
            A struct with the fields `schema.COLUMNS`, to be taken apart by `.struct.field` or `.unnest`.

        Examples
        --------
        >>> import polars as pl
        >>> import collarclass.tables.polars
        >>> ads = pl.LazyFrame({"title": ["Welder"], "text": ["MIG welding of steel frames, days."]})
        >>> label = pl.col("text").collar.label("title").struct.field("collar")
        >>> ads.select(label).collect().item()
        'blue'
        """
        if isinstance(title, str):
            title = pl.col(title)
        parts = [self._text.alias("text")] + ([] if title is None else [title.alias("title")])

        def label(ads: pl.Series) -> pl.Series:
            columns = ads.struct.unnest()
            titles = arrow_strings(columns["title"].to_arrow()) if title is not None else None
            texts = arrow_strings(columns["text"].to_arrow())
            added = label_columns(texts, titles, model=model or default_model(), evidence=evidence)
            found: Any = pl.from_arrow(added)
            return found.to_struct("collar") if isinstance(found, pl.DataFrame) else found

        kind = pl.Struct([pl.Field(field.name, _TYPES[field.type]) for field in fields()])
        return pl.struct(parts).map_batches(label, return_dtype=kind, is_elementwise=True)
