"""An expression for polars: labels inside a query, lazy or not.

Importing this module gives every polars expression the namespace `collar`.
"""

from __future__ import annotations

from typing import Unpack

from collarclass.errors import import_optional
from collarclass.labelling.options import LabelOptions, Options, shows_options
from collarclass.tables.arrow import polars_schema
from collarclass.tables.dataframe import label_structs
from collarclass.tables.schema import added_fields

import_optional("polars", "collarclass.tables.polars")
import polars as pl  # noqa: E402 (a missing one is said above, with the command that installs it)


@pl.api.register_expr_namespace("collar")
class CollarNamespace:
    """`pl.col("description").collar.label(pl.col("title"))`."""

    def __init__(self, text: pl.Expr) -> None:
        self._text = text

    @shows_options
    def label(
        self,
        title: pl.Expr | str | None = None,
        *,
        code: pl.Expr | str | None = None,
        **options: Unpack[LabelOptions],
    ) -> pl.Expr:
        """Label the ads whose texts this expression gives.

        Parameters
        ----------
        title : expression or column name, optional
            The job titles.
        code : expression or column name, optional
            Codes of occupations.
        **options
            As in `label_table`.

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
        chosen = Options.of(**options)
        given: dict[str, pl.Expr | str | None] = {"text": self._text, "title": title, "code": code}
        parts = [
            (pl.col(cell) if isinstance(cell, str) else cell).alias(name)
            for name, cell in given.items()
            if cell is not None
        ]

        def label(ads: pl.Series) -> pl.Series:
            columns = {column.name: column.to_arrow() for column in ads.struct.unnest()}
            return pl.Series("collar", label_structs(**columns, options=chosen))

        kind = pl.Struct(polars_schema(added_fields(chosen)))
        return pl.struct(parts).map_batches(label, return_dtype=kind, is_elementwise=True)
