"""The model card: written from a model's own numbers, by the template card.md.j2, so that none is typed by hand.

    python -m research.measure.cards

writes the card of the shipped model into its folder, after training.
"""

from __future__ import annotations

import json
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from collarclass.corpus.read import LANGUAGES
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.evaluation.metrics import accuracy, evaluate, macro_f1, summary, with_interval
from collarclass.labelling.options import Options
from collarclass.model.model import Model
from collarclass.model.persistence import default_model_path, load_model, save_model
from collarclass.tables.columns import choose_columns
from collarclass.tables.dataframe import label_columns
from collarclass.training.facts import MIN_SOURCE
from research.docs.figures import ROOT, interval, markdown

FIGURES = ROOT / "data" / "figures_on_real_ads.json"
BENCHMARK_RESULTS = ROOT / "data" / "benchmark" / "results.json"
_SHIFT = 0.1
_SURE = {"3": "clear", "2": "leaning", "1": "toss-up"}
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(ROOT / "research" / "measure"), trim_blocks=True, undefined=jinja2.StrictUndefined,
    autoescape=False, keep_trailing_newline=True,
)  # fmt: skip
Found = dict[str, Any]  # numbers, as `measure` gives them


def measure(
    model: Model, ads: pd.DataFrame, by: str | None = None, baselines: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    """Measure a model on ads rated by the codebook, as plain JSON.

    `ads` has titles, texts, `label` and both ratings. Results are also given for each value of the column `by`, such as
    the ads' source. `baselines` are labels that other ways gave the same ads.
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


def results(found: dict[str, Found]) -> str:
    """Numbers by language."""
    parts = found.values()
    rows = [["ads", *(f"{r['n']:,}" for r in parts)]]
    for key, name in (
        ("accuracy", "accuracy (95 % interval)"),
        ("macro_f1", "macro-F1"),
        ("academic_correlation", "academic score, r with rating"),
        ("hands_on_correlation", "hands-on score, r with rating"),
    ):
        if all(key in r for r in parts):
            rows.append([name, *(interval(r[key]) for r in parts)])
    rows.append(["expected calibration error", *(f"{r['expected_calibration_error']:.3f}" for r in parts)])
    for share in ("80%", "60%"):
        rows.append([f"accuracy on the surest {share}", *(f"{r['coverage'][share]:.3f}" for r in parts)])
    rows.append(["unclear", *(f"{r['unclear_share']:.1%}" for r in parts)])
    for label in LABELS:
        cells = (r["per_label"][label] for r in parts)
        shown = ("{precision:.2f}, {recall:.2f}, {f1:.2f}".format(**cell) for cell in cells)
        rows.append([f"{label}: precision, recall, F1", *shown])
    return markdown(["", *(LANGUAGES[language] for language in found)], rows)


def doubt(found: dict[str, Found]) -> str:
    """Accuracy by how sure the annotators were, and how many labels stay and are right at a least confidence."""
    rows = []
    for rating, name in _SURE.items():
        pairs = (r["by_sure"].get(rating, [0, float("nan")]) for r in found.values())
        rows.append([name, *(cell for n, right in pairs for cell in (f"{n:,}", f"{right:.3f}"))])
    head = ["", *(cell for k in found for cell in (f"{LANGUAGES[k]} ads", "accuracy"))]
    said = "By how sure the annotators were:\n\n" + markdown(head, rows)
    if not all("kept" in r for r in found.values()):
        return said
    curves = [{least: rest for least, *rest in r["kept"]} for r in found.values()]
    rows = [
        [f"{least:.2f}", *(cell for curve in curves for cell in "{:.1%}|{:.3f}".format(*curve[least]).split("|"))]
        for least in sorted(set(curves[0]).intersection(*curves))
    ]
    head = ["`min_confidence`", *(cell for k in found for cell in (f"{LANGUAGES[k]}: stay", "right"))]
    stay = "Labels that stay at a least confidence (`min_confidence`), and how many of these are right:"
    return f"{said}\n\n{stay}\n\n{markdown(head, rows, 0)}"


def by_source(found: Found, name: str, *, sort: bool = True) -> str:
    """Accuracy and macro-F1 of each source."""
    sources = found["by"].items()
    if sort:
        sources = sorted(sources, key=lambda item: item[1]["macro_f1"])
    rows = ([k, str(int(v["n"])), f"{v['accuracy']:.3f}", f"{v['macro_f1']:.3f}"] for k, v in sources)
    return markdown((name, "ads", "accuracy", "macro-F1"), rows)


def work_check(found: Found, language: str) -> str:
    """Shares of ads that are unclear because they do not say what the work is."""

    def shares(row: list[float]) -> str:
        return " | ".join(f"{share:.1%}" for share in row)

    head = (
        f"{language}: readable ads unclear (of {found['readable']:,})",
        f"without content unclear (of {found['learnt']:,})",
        f"kept back (of {found['held']:,})",
    )
    chosen, bare = shares(found["chosen"]), shares(found["untitled"]["chosen"])
    rows = (f"**{chosen}** (chosen)", f"**{bare}** (chosen, no title)", *map(shares, found["curve"]))
    return markdown(head, ([row] for row in rows), 0)


def confusion(found: Found) -> str:
    """True labels against found ones."""
    return markdown(("", *COLLARS), ([k, *(str(found["confusion"][k][j]) for j in COLLARS)] for k in LABELS))


def beside(found: Found) -> str:
    """The model beside the baselines."""
    own = {"accuracy": found["accuracy"][0], "macro_f1": found["macro_f1"][0]}
    rows = {"**this model**": own, **found["baselines"]}
    head = ("beside it", "accuracy", "macro-F1")
    return markdown(head, ([k, f"{v['accuracy']:.3f}", f"{v['macro_f1']:.3f}"] for k, v in rows.items()))


def model_card(model: Model) -> str:
    """The card of the shipped model, as Markdown."""
    facts = model.facts
    unseen, real = facts["real_ads"], json.loads(FIGURES.read_text("utf-8"))
    measured = json.loads(BENCHMARK_RESULTS.read_text("utf-8"))
    faithful = [measured["faithfulness"][language] for language in LANGUAGES]
    trained_on = {
        "ads written for this project": [sum(facts["ads"][k].values()) for k in LANGUAGES],
        **{f"of these {label}": [facts["ads"][k].get(label, 0) for k in LANGUAGES] for label in LABELS},
        "real ads, as counts": [unseen[k]["n"] for k in LANGUAGES],
    }
    sources = (
        [LANGUAGES[k], str(v["n"]), *interval(v["accuracy"]).removesuffix(")").split(" ("),
         f"{v['shift']:+.2f}, {v['spread']:.2f}"]
        for k, v in facts["sources"].items()
    )  # fmt: skip

    def cell(value: Any) -> str:
        return interval(value, 2) if isinstance(value, list) else str(value)

    def stale(measured_with: str) -> str:
        if measured_with == model.identity:
            return ""
        return f" **The model has changed since: these are not figures of {model.identity}.**"

    names = ("", *LANGUAGES.values())
    functions = (results, doubt, by_source, work_check, confusion, beside, with_interval, stale)
    return _ENVIRONMENT.get_template("card.md.j2").render(
        {function.__name__: function for function in functions}, model=model, facts=facts, languages=LANGUAGES,
        min_source=MIN_SOURCE, unseen=unseen, real=real, developed={k: real[k] for k in LANGUAGES},
        explanations={"model": measured["model"]},
        trained_on=markdown(names, ([k, *(f"{n:,}" for n in row)] for k, row in trained_on.items())),
        sources=markdown(
            ("sources", "number", "median accuracy", "nine new sources in ten", "log-odds beside confidence, spread"),
            sources,
        ),
        faithfulness=markdown(names, ([k, *(cell(part.get(k, "–")) for part in faithful)] for k in faithful[0])),
    )  # fmt: skip


def write_cards(model: Model) -> str:
    """Write the shipped model's card into its folder, from the project's figures."""
    card = model_card(model)
    folder = ROOT / "models" / model.name
    (folder / "README.md").unlink(missing_ok=True)  # that of an earlier model stands under no digest of this one
    save_model(model, folder, {"README.md": card}, force=True)
    return card


if __name__ == "__main__":
    write_cards(load_model(default_model_path()))
