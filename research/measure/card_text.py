"""The model card: written from a model's own numbers, so that none is typed by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from collarclass.corpus.read import LANGUAGES
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.evaluation.metrics import with_interval
from collarclass.model.model import Model
from collarclass.training.facts import MIN_SOURCE

FIGURES = "figures_on_real_ads.json"
BENCHMARK_RESULTS = "benchmark/results.json"


def read_figures(data: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Read the figures on real ads that the project keeps; None where the data folder has none.

    They name the model that they were measured with, so that a card can say so when it has changed since.
    """
    path = Path(data) / FIGURES
    if not path.is_file():
        return None
    figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return figures


def read_explanation_figures(data: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Read how faithful explanations were found to be on the open benchmark; None where nothing was measured."""
    path = Path(data) / BENCHMARK_RESULTS
    if not path.is_file():
        return None
    results: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return {"model": results["model"], **results["faithfulness"]}


def model_card(model: Model, real: dict[str, Any] | None = None, explanations: dict[str, Any] | None = None) -> str:
    """Write the card of a model.

    Parameters
    ----------
    model : Model
        With the facts that `collarclass.training.train` gave it.
    real : dict, optional
        Per language, what `measure` gave on real ads; under "note", how those were gathered; under
        "failures", written examples that come out wrong.
    explanations : dict, optional
        As `read_explanation_figures` gives them.

    Returns
    -------
    str
        Markdown.
    """
    facts = model.facts
    ads = {language: sum(counts.values()) for language, counts in facts["ads"].items()}
    unseen = facts.get("real_ads", {})
    lines = [
        f"# Model card: {model.identity}",
        "",
        "*Made from the model's own numbers; do not edit by hand.*",
        "",
        "## What it is",
        "",
        "A linear model that reads a job ad in English or Chinese, scores it on two dimensions, academic",
        "credential and hands-on skill, and from the two scores gives the probabilities of white, blue and gray",
        "collar. Gray collar is meant as in Chinese labour policy: work that asks for academic schooling *and*",
        "skilled operation or production. The codebook that the ratings follow is in the page on the definition.",
        "",
        "## What it was trained on",
        "",
        "| | English | Chinese |",
        "|---|---:|---:|",
        f"| ads written for this project | {ads['en']:,} | {ads['zh']:,} |",
        *(
            f"| of these {label} | {facts['ads']['en'].get(label, 0):,} | {facts['ads']['zh'].get(label, 0):,} |"
            for label in LABELS
        ),
        *([f"| real ads, as counts | {_n(unseen, 'en')} | {_n(unseen, 'zh')} |"] if unseen else ()),
        "",
        f"It also learnt the working titles of {facts['occupations']:,} O*NET occupations as ads of a title alone"
        + "."
        + (" Real ads come as hashed counts and ratings; their texts are not part of the project." if unseen else ""),
        "",
        f"Learnt: {facts['terms']['text']:,} words and word pairs of texts, {facts['terms']['title']:,} of titles. "
        "`collarclass train` makes the same model from the same data.",
        "",
        "Parameters: " + ", ".join(f"`{k}={v}`" for k, v in sorted(facts["parameters"].items())) + ".",
        "",
    ]
    lines += [
        "## How it does on ads of occupations held out of training",
        "",
        "Cross-validated over occupations on the written ads: no occupation stands on both sides.",
        "",
        *_table({LANGUAGES[k]: v for k, v in facts["held_out"].items()}),
        "",
        "Agreement of held-out occupations' mean scores with O*NET's figures, which had no part in the ratings' fit:",
        "",
        *(f"- {name}: Spearman {with_interval(value)}" for name, value in facts["agreement"].items()),
        "",
    ]
    if unseen:
        lines += _on_unseen_sources(unseen, facts.get("sources", {}))
    if facts.get("work_check"):
        lines += _on_ads_without_work(facts["work_check"])
    if real:
        lines += _on_real_ads(real, model.identity)
    if explanations:
        lines += _on_explanations(explanations, model.identity)
    lines += [
        "## Known weaknesses",
        "",
        "- Structure is not understood: a duty of the team, a client or a product reads like the worker's own.",
        "- An ad that leaves schooling unstated is judged by its words; trades and technicians near the line",
        "  between blue and gray are the commonest error.",
        "- People who manage technical work in technical words are sometimes taken for those who do it.",
        *(_failures(real["failures"]) if real else ()),
        "- It takes every text for an ad: a résumé, a news item or a recipe gets a label, too.",
        "- Only English and Chinese are known; other languages are unclear, dialect and heavy jargon are read worse.",
        "- The ads it learnt from were written for it. Kinds of work or wording that they lack are unknown to it;",
        "  the data card lists known gaps.",
        "- Language models rated the ads, real and written, by one codebook: agreement with these ratings is",
        "  agreement with the codebook as they read it, not with people.",
        "- The definition itself is open at its edges: a language model that saw only its source gave another",
        "  label to one ad in seven (English) or ten (Chinese).",
        "",
        "## Uses to avoid",
        "",
        "Judging, selecting, paying or profiling a person; counting a labour market from a sample of ads without",
        "weights; deciding on a single ad without reading it. A label describes an ad's words, not a human being.",
        "",
    ]
    return "\n".join(lines)


def _on_explanations(found: dict[str, Any], identity: str) -> list[str]:
    """How faithful the explanations are, as a section."""
    languages = [code for code in LANGUAGES if code in found]
    measured = f"Measured with {found['model']} on the ads of the open benchmark."
    if found["model"] != identity:
        measured += f" **The model has changed since: these are not figures of {identity}.**"
    names = list(dict.fromkeys(name for code in languages for name in found[code]))

    def cell(value: Any) -> str:
        return "{:.2f} ({:.2f}–{:.2f})".format(*value) if isinstance(value, list) else str(value)

    return [
        "## How faithful its explanations are",
        "",
        measured + " What the rows mean is on the page of the benchmark.",
        "",
        "| | " + " | ".join(LANGUAGES[code] for code in languages) + " |",
        "|---|" + "---:|" * len(languages),
        *(f"| {name} | " + " | ".join(cell(found[code].get(name, "–")) for code in languages) + " |" for name in names),
        "",
    ]


def _failures(failures: list[dict[str, str]]) -> list[str]:
    """Written examples that come out wrong, each held by a test until it comes out right."""
    return ["- Examples that come out wrong:"] + [
        f'  - "{f["title"]}. {f["text"]}" is {f["label"]}, labelled {f["found"]}.' for f in failures
    ]


def _table(results: dict[str, dict[str, Any]]) -> list[str]:
    def interval(v: list[float]) -> str:
        return f"{v[0]:.3f} ({v[1]:.3f}–{v[2]:.3f})"

    rows: list[tuple[str, list[str]]] = [("ads", [f"{r['n']:,}" for r in results.values()])]
    for key, name in (
        ("accuracy", "accuracy (95 % interval)"),
        ("macro_f1", "macro-F1"),
        ("academic_correlation", "academic score, r with rating"),
        ("hands_on_correlation", "hands-on score, r with rating"),
    ):
        if all(key in r for r in results.values()):
            rows.append((name, [interval(r[key]) for r in results.values()]))
    rows.append(("expected calibration error", [f"{r['expected_calibration_error']:.3f}" for r in results.values()]))
    for share in ("80%", "60%"):
        rows.append((f"accuracy on the surest {share}", [f"{r['coverage'][share]:.3f}" for r in results.values()]))
    rows.append(("unclear", [f"{r['unclear_share']:.1%}" for r in results.values()]))
    for label in LABELS:
        cells = [r["per_label"][label] for r in results.values()]
        rows.append(
            (
                f"{label}: precision, recall, F1",
                [f"{c['precision']:.2f}, {c['recall']:.2f}, {c['f1']:.2f}" for c in cells],
            )
        )
    return [
        "| | " + " | ".join(results) + " |",
        "|---|" + "---:|" * len(results),
        *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows),
    ]


def _n(results: dict[str, Any], language: str) -> str:
    return f"{results[language]['n']:,}" if language in results else "0"


def _on_unseen_sources(unseen: dict[str, Any], sources: dict[str, Any]) -> list[str]:
    """Real ads by models that saw no ad of their source: what to expect of a stream of one's own."""
    lines = [
        "## How it does on real ads of sources held out of training",
        "",
        "What to expect of a stream of your own. Cross-validated over sources: no source stands on both sides. The "
        "decision between the labels was fitted on all of these scores (twelve numbers).",
        "",
        *_table({LANGUAGES[k]: v for k, v in unseen.items()}),
        "",
        *_by_source(sources),
        *_by_doubt(unseen),
    ]
    for language, result in unseen.items():
        lines += [
            f"| {LANGUAGES[language]} sources | ads | accuracy | macro-F1 |",
            "|---|---:|---:|---:|",
            *(
                f"| {k} | {int(v['n'])} | {v['accuracy']:.3f} | {v['macro_f1']:.3f} |"
                for k, v in sorted(result["by"].items(), key=lambda item: item[1]["macro_f1"])
            ),
            "",
        ]
    return lines


def _by_source(sources: dict[str, Any]) -> list[str]:
    """Where the accuracy of a new source may lie."""
    if not sources:
        return []
    return [
        f"A source is a job board, an employer or a collection of ads, with {MIN_SOURCE} ads or more. The range is "
        "that of nine new sources in ten, estimated from how much sources differ beyond chance. Confidence predicts a "
        "part of it: given the mean confidence of a source, the log-odds of a right label vary by the spread named.",
        "",
        "| sources | number | median accuracy | nine new sources in ten | log-odds beside confidence, spread |",
        "|---|---:|---:|---:|---:|",
        *(
            "| {} | {} | {:.3f} | {:.3f}–{:.3f} | {:+.2f}, {:.2f} |".format(
                LANGUAGES[k], v["n"], *v["accuracy"], v["shift"], v["spread"]
            )
            for k, v in sources.items()
        ),
        "",
    ]


def _by_doubt(unseen: dict[str, Any]) -> list[str]:
    """Accuracy by how sure the annotators were, and how many labels stay and are right at a least confidence."""
    lines = []
    if all("by_sure" in result for result in unseen.values()):
        names = {"3": "clear", "2": "leaning", "1": "toss-up"}
        lines += [
            "By how sure the annotators were:",
            "",
            "| | " + " | ".join(f"{LANGUAGES[k]} ads | accuracy" for k in unseen) + " |",
            "|---|" + "---:|---:|" * len(unseen),
        ]
        for rating, name in names.items():
            cells = [result["by_sure"].get(rating, [0, float("nan")]) for result in unseen.values()]
            lines.append(f"| {name} | " + " | ".join(f"{n:,} | {right:.3f}" for n, right in cells) + " |")
        lines.append("")
    if all("kept" in result for result in unseen.values()):
        curves = [{least: rest for least, *rest in result["kept"]} for result in unseen.values()]
        lines += [
            "Labels that stay at a least confidence (`min_confidence`), and how many of these are right:",
            "",
            "| `min_confidence` | " + " | ".join(f"{LANGUAGES[k]}: stay | right" for k in unseen) + " |",
            "|---:|" + "---:|---:|" * len(unseen),
        ]
        for least in sorted(set(curves[0]).intersection(*curves)):
            cells = [curve[least] for curve in curves]
            lines.append(f"| {least:.2f} | " + " | ".join(f"{stay:.1%} | {right:.3f}" for stay, right in cells) + " |")
        lines.append("")
    return lines


def _on_ads_without_work(found: dict[str, Any]) -> list[str]:
    """The check of whether an ad says what the work is, as a section."""
    lines = [
        "## How it finds ads that do not say what the work is",
        "",
        "A sum over the same words, with weights of its own, learnt from texts without content. An ad below the limit "
        "is `unclear`. Readable ads are real ones of sources held out; texts without content were judged by a fit that "
        "had not seen them, the last column's were kept back altogether. The limit is set where 3 % of readable real "
        "ads with a title would be unclear, 1.5 % of those without one, or sooner, where 95 % of the texts without "
        "content are. An ad below it whose title names a job still gets a label, by that title: the figures are those "
        "before titles are asked.",
        "",
    ]
    for language, result in found.items():
        lines += [
            f"| {LANGUAGES[language]}: readable ads unclear (of {result['readable']:,}) | without content unclear "
            f"(of {result['learnt']:,}) | kept back (of {result['held']:,}) |",
            "|---:|---:|---:|",
            "| **" + " | ".join(f"{share:.1%}" for share in result["chosen"]) + "** (chosen) |",
            "| **" + " | ".join(f"{share:.1%}" for share in result["untitled"]["chosen"]) + "** (chosen, no title) |",
            *("| " + " | ".join(f"{share:.1%}" for share in row) + " |" for row in result["curve"]),
            "",
        ]
    return lines


def _on_real_ads(real: dict[str, Any], identity: str) -> list[str]:
    results = {LANGUAGES[k]: real[k] for k in LANGUAGES if k in real}
    measured = f"Measured with {real['model']}."
    if real["model"] != identity:
        measured += f" **The model has changed since: these are not figures of {identity}.**"
    lines = ["## How it does on the development ads", "", real["note"], "", measured, "", *_table(results), ""]
    lines += _by_doubt(dict(zip([k for k in LANGUAGES if k in real], results.values(), strict=True)))
    if "fresh" in real:
        fresh = {LANGUAGES[k]: real["fresh"][k] for k in LANGUAGES if k in real["fresh"]}
        lines += ["Ads of thirteen further sources, none of which the model learnt from:", "", *_table(fresh), ""]
        lines += _by_doubt({k: real["fresh"][k] for k in LANGUAGES if k in real["fresh"]})
    for name, r in results.items():
        lines += [
            f"{name}, true label against found:",
            "",
            "| | " + " | ".join(COLLARS) + " |",
            "|---|---:|---:|---:|---:|",
            *(f"| {k} | " + " | ".join(str(r["confusion"][k][j]) for j in COLLARS) + " |" for k in LABELS),
            "",
            "| beside it | accuracy | macro-F1 |",
            "|---|---:|---:|",
            f"| **this model** | {r['accuracy'][0]:.3f} | {r['macro_f1'][0]:.3f} |",
            *(f"| {k} | {v['accuracy']:.3f} | {v['macro_f1']:.3f} |" for k, v in r["baselines"].items()),
            "",
            "| by source | ads | accuracy | macro-F1 |",
            "|---|---:|---:|---:|",
            *(f"| {k} | {int(v['n'])} | {v['accuracy']:.3f} | {v['macro_f1']:.3f} |" for k, v in r["by"].items()),
            "",
            "Labels that change when a score is read a tenth of its range lower or higher: "
            + ", ".join(f"{k} {v:.1%}" for k, v in r["sensitivity"].items())
            + ".",
            "",
        ]
    return [
        *lines,
        "![The two scores, the decision regions and the real ads](../../docs/images/decision_regions.png)",
        "",
    ]
