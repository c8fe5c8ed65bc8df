"""What the model card says beside the model's own numbers, and the card of the shipped model.

    python -m research.measure.cards

writes the card into models/standard, after training.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from collarclass.definitions.labels import LABELS
from collarclass.evaluation.metrics import accuracy, evaluate, macro_f1, summary
from collarclass.labelling.options import Options
from collarclass.model.model import Model
from collarclass.model.persistence import default_model_path, load_model, save_model
from collarclass.tables.columns import choose_columns
from collarclass.tables.dataframe import label_columns
from research.measure.card_text import model_card, read_explanation_figures, read_figures

_SHIFT = 0.1


def measure(
    model: Model, ads: pd.DataFrame, by: str | None = None, baselines: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    """Measure a model on ads rated by the codebook, as plain JSON.

    Parameters
    ----------
    model : Model
    ads : DataFrame
        Columns of titles, texts and `label`, and both ratings.
    by : str, optional
        A column by whose values results are given apart, such as the ads' source.
    baselines : dict of str to list of str, optional
        Labels that other ways gave the same ads.

    Returns
    -------
    dict
    """
    found_columns = choose_columns(ads.columns)
    title, text = found_columns.title, found_columns.texts[0]
    titles = ads[title].tolist() if title is not None else None
    found = label_columns(ads[text].tolist(), titles, options=Options.of(model)).to_pandas()
    table = pd.concat([ads.reset_index(drop=True), found], axis=1)
    result = evaluate(table, by=by)
    out = summary(result)
    if result["by"] is not None:
        out["by"] = {k: {m: round(float(v), 4) for m, v in row.items()} for k, row in result["by"].T.items()}
    if "sure" in table:
        right = (table["collar"] == table["label"]).groupby(table["sure"].astype(str))
        out["by_sure"] = {rating: [len(group), round(float(group.mean()), 4)] for rating, group in right}
    known = table["label"].isin(LABELS) & (table["collar"] != "unclear")
    scores = table.loc[known, ["academic_score", "hands_on_score"]].to_numpy(float)
    before = model.probabilities(scores).argmax(axis=1)
    out["sensitivity"] = {
        f"{name} {sign:+.1f}": round(
            float((model.probabilities(np.clip(scores + sign * np.array(axis), 0, 1)).argmax(axis=1) != before).mean()),
            4,
        )
        for name, axis in (("academic", (1.0, 0.0)), ("hands-on", (0.0, 1.0)))
        for sign in (-_SHIFT, _SHIFT)
    }
    usable = table["label"].isin(LABELS)
    out["baselines"] = {
        name: {
            measured: round(metric(table.loc[usable, "label"], pd.Series(labels)[usable.to_numpy()]), 4)
            for measured, metric in (("accuracy", accuracy), ("macro_f1", macro_f1))
        }
        for name, labels in (baselines or {}).items()
    }
    return out


def write_cards(model: Model, root: str | os.PathLike[str]) -> str:
    """Write the shipped model's card into its folder, from the project's figures.

    Parameters
    ----------
    model : Model
    root : path-like
        The project's folder: `data` and `models` lie in it.

    Returns
    -------
    str
        The card.
    """
    home = Path(root)
    card = model_card(model, read_figures(home / "data"), read_explanation_figures(home / "data"))
    folder = home / "models" / model.name
    (folder / "README.md").unlink(missing_ok=True)  # that of an earlier model stands under no digest of this one
    save_model(model, folder, {"README.md": card}, force=True)
    return card


if __name__ == "__main__":
    write_cards(load_model(default_model_path()), Path(__file__).parents[2])
