"""The commands that label: one ad, a file of ads, and what a title or code stands for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click import option

from collarclass.cli.common import (
    READ,
    READ_NAME,
    WRITE,
    WRITE_NAME,
    as_utf_8,
    command,
    ending,
    judged,
    read_model,
    say,
    say_json,
)
from collarclass.compiled import description, is_compiled

if TYPE_CHECKING:
    from collarclass.files.label import FileSummary
    from collarclass.result import Classification

_MANY_ROWS = 2000  # from which on it matters that nothing is compiled


@command(
    ['collarclass classify --title Welder "MIG welding of steel frames. No degree needed."'],
    click.argument("text", required=False),
    option("--title", "-t", help="The job title; without TEXT it alone is judged."),
    option("--code", help="Code of the occupation: it judges where ad and title say too little."),
    option("--evidence/--no-evidence", default=True, help="Name the words that decided; faster without."),
    "json definition lexicon min-confidence model model-version",
)  # fmt: skip
def classify(text: str | None, title: str | None, as_json: bool, **options: Any) -> None:
    """Label one job ad, or a bare job title, and say why.

    TEXT is the ad or the title; "-" reads it from standard input.
    """
    from collarclass.api import classify as classify_one
    from collarclass.errors import DataError

    if text is None and title is None and options["code"] is None:
        raise click.UsageError('Give an ad, or a job title: collarclass classify "Web designer".')
    if text == "-":
        if sys.stdin is None:
            raise DataError("Standard input is closed: give the ad as an argument.")
        text = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    title = None if title is None else as_utf_8(title)
    found = classify_one(as_utf_8(text or ""), title, **options)
    if as_json:
        say_json(found.to_json())
    else:
        say("\n".join(_lines(found)))


def _lines(found: Classification) -> list[str]:
    """The result for reading: the sentence that says why, both ratings, probabilities, and what was asked for."""
    from collarclass.text.cells import shown

    out = [found.explain()]
    if found.second_label and found.label != "unclear":
        share = found.probabilities[found.second_label]
        out.append(f"  second               {found.second_label} ({share:.0%})")
    if found.note and found.label != "unclear":
        out.append(f"  note                 {found.note}")
    if found.academic_score is None or found.hands_on_score is None:
        return out
    shares = "  ".join(f"{label} {p:.0%}" for label, p in found.probabilities.items())
    out += [
        "",
        f"  academic credential  {_bar(found.academic_score)}",
        f"  hands-on skill       {_bar(found.hands_on_score)}",
        f"  probabilities        {shares}",
    ]
    if found.basis == "title" and found.label != "unclear":
        out.append("  judged by            the title alone")
    if found.requirements:
        asked = (f"{shown(r.text)} ({r.status.replace('_', ' ')}, {r.confidence:.0%})" for r in found.requirements)
        out.append(f"  asked for            {'; '.join(asked)}")
    return out


def _bar(score: float) -> str:
    filled = round(score * 20)
    return f"{4 * score:.1f} of 4  {'#' * filled}{'.' * (20 - filled)}"


@command(
    [
        "collarclass label ads.csv -o labelled.csv",
        "zcat ads.csv.gz | collarclass label - -o - > labelled.csv",
        "collarclass label ads.parquet -o out/labelled.jsonl.zst --n-jobs 2 --resume",
        "collarclass label ads/ more.xlsx -o all.csv --file-column file",
    ],
    click.argument("source", nargs=-1, required=True, type=READ_NAME),
    option(
        "--output", "-o", "target", required=True, type=WRITE_NAME,
        help='File to write, or a folder for one file per source; "-" is standard output.',
    ),
    "title",
    option("--text", multiple=True, help="Column of ad texts; given several times, they are read together."),
    option("--code", help="Column of occupation codes: they judge rows whose ad and title say too little."),
    option("--format", help="csv, tsv, jsonl, json, parquet or xlsx, if no file name says which."),
    option("--encoding", help="Encoding of the source; found if not given."),
    option("--delimiter", help="Delimiter of the source; found if not given."),
    option("--sheet", help="Name or number of a workbook's sheet; if not given, the one that has ads."),
    option("--header-row", type=click.IntRange(min=1), help="Row of column names, from 1; found if not given."),
    option("--skip-rows", type=click.IntRange(min=0), default=0, help="Rows below the column names to leave out."),
    option("--file-column", help="Add a column of this name with each row's file."),
    option("--head", type=click.IntRange(min=0), help="Label only the first rows: how many."),
    option("--prefix", default="", show_default=False, help="Put before the names of the added columns."),
    option("--evidence/--no-evidence", default=True, help="Name the words that decided; faster without."),
    "min-confidence definition lexicon model model-version",
    option("--n-jobs", "-j", default=1, help="Worker processes; -1: one per processor."),
    option("--batch-size", type=click.IntRange(min=1), default=2000, help="Rows worked on at once."),
    "force",
    option("--resume", is_flag=True, help="Continue an interrupted run."),
    option("--only-new", type=READ, help="Earlier result: take over what the same model said, label new rows only."),
    option("--key", help="With --only-new: column that names an ad; if not given, its title and text are compared."),
    option(
        "--progress/--no-progress", default=None,
        help="Show progress on standard error; if not given, on a terminal." ,
    ),
    option("--report", "report_file", type=WRITE, help="Write an HTML report of the result to this file, too."),
    option("--occupations", is_flag=True, help="Add code, title and similarity of the nearest occupation."),
    option("--summary", "summary_file", type=WRITE, help="Write what was read and counted to this JSON file."),
    "quiet",
)  # fmt: skip
def label(
    source: tuple[str, ...],
    target: str,
    *,
    text: tuple[str, ...],
    delimiter: str | None,
    report_file: Path | None,
    summary_file: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Label every ad of a file.

    The same rows come out, with columns added. SOURCE is a CSV, TSV, JSON, Parquet or Excel file, a folder, a
    pattern or a URL such as s3://bucket/ads.csv; several make one table. "-" is standard input.
    """
    from collarclass.errors import DataError, import_optional
    from collarclass.files.formats import expand
    from collarclass.files.label import label_file, results_of
    from collarclass.files.target import check_target

    if report_file is not None and (target == "-" or "://" in target):
        raise DataError("A report needs a labelled file: name one of this machine with -o.")
    if report_file is not None:
        import_optional("jinja2", "A report")
    for beside in (report_file, summary_file):
        if beside is not None:
            check_target(beside, options["force"], results_of(target, expand(source)))
    goes_on = "-" not in (*source, target)
    with ending("Interrupted: the same command with --resume continues." if goes_on else "Interrupted."):
        done = label_file(
            source,
            target,
            text=list(text) or None,
            delimiter={"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter),
            **options,
        )
    if not quiet:
        say("\n".join(_summary_lines(done, target, options["prefix"])), err=True)
    if summary_file is not None:
        _write_summary(summary_file, done, source, target, click.get_current_context().params)
    if report_file is not None:
        from collarclass.report.report import write_report

        shared = {name: options[name] for name in ("prefix", "definition")}
        with ending():
            write_report(target, report_file, model=read_model(options["model"]), force=options["force"], **shared)
        say(f"Report -> {report_file}", err=True)


def _summary_lines(done: FileSummary, target: str, prefix: str) -> list[str]:
    """Counts, what was read, and what was not as it should be."""
    counts = ", ".join(f"{n:,} {name}" for name, n in done.counts.items())
    where = "standard output" if target == "-" else target
    lines = [f"{done.rows:,} ads: {counts} -> {where}{' (finished before)' if done.finished_before else ''}"]
    if done.read is not None:
        lines.append(f"Read {done.read}; judged {judged(done.bases) or 'none'}.")
        if done.read.guessed:
            lines.append("Note: columns were chosen by what they hold, not by name; --title and --text name others.")
        if done.read.format == "excel":
            lines.append("Note: the result has no formulas, links, merged cells and number formats of the workbook.")
        if done.read.header_row > 1:
            above = done.read.header_row - 1
            lines.append(f"Note: the result has no {above:,} line{'s' * (above > 1)} of those above the column names.")
        if done.read.texts == (done.read.title,):
            lines.append("Note: titles alone were read, which is less sure; --text names a column of ads, if any.")
    if done.expected is not None:
        lines.append(str(done.expected))
    if done.taken_over:
        lines.append(f"Note: the labels of {done.taken_over:,} ads are those of the earlier file.")
    if done.rows >= _MANY_ROWS and not is_compiled():
        lines.append(f"Note: collarclass is {description()}.")
    if done.noted:
        rows = "1 row was not as it" if done.noted == 1 else f"{done.noted:,} rows were not as they"
        lines.append(f"{rows} should be: see column {prefix}collar_note.")
    return lines


def _write_summary(
    path: Path, done: FileSummary, sources: Iterable[str], target: str, options: Mapping[str, Any]
) -> None:
    """Write counts, what was read, model, options and a digest of each source as JSON."""
    from collarclass._version import __version__
    from collarclass.files.formats import expand
    from collarclass.files.target import measure, written
    from collarclass.model.persistence import default_model_path, load_model

    folder, names = options.get("model") or default_model_path(), expand(list(sources))
    content = {
        "collarclass": __version__,
        "model": load_model(folder).identity,
        "sources": [
            {"path": name, "sha256": measure(Path(name))["sha256"] if Path(name).is_file() else None} for name in names
        ],
        "target": target,
        **asdict(done),
        "options": {k: str(v) if isinstance(v, Path) else v for k, v in options.items() if v not in (None, (), False)},
    }
    said = json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"
    with written(path, force=bool(options.get("force"))) as fresh:
        fresh.write_text(said, "utf-8", "backslashreplace")  # half characters, as JSON writes them


@command(
    ['collarclass occupation "mechatronics technician"', "collarclass occupation 3115 -n 10"],
    click.argument("query", nargs=-1, required=True),
    option("--number", "-n", "n", type=click.IntRange(min=1), default=3, help="How many to show at most."),
    option("--json", "as_json", is_flag=True, help="Write one JSON array."),
)  # fmt: skip
def occupation(query: tuple[str, ...], n: int, as_json: bool) -> None:
    """Show the occupations nearest to a job title or code.

    QUERY is a title in English or Chinese, or a code of O*NET-SOC 2019, ISCO-08 or CSCO-2022.
    """
    from collarclass.occupation.lookup import OccupationMatch, lookup_occupation

    def lines(match: OccupationMatch) -> list[str]:
        every = (("O*NET-SOC", (match.onet_code,)), ("ISCO-08", match.isco08), ("CSCO-2022", match.csco22))
        codes = [f"{name} {', '.join(found)}" for name, found in every if found]
        return [
            f"{match.title}: {match.label}",
            f"  {'; '.join(codes)}",
            f"  similarity {match.similarity:.2f}, by {match.reason}",
            f"  academic rating {match.academic_rating:g}, hands-on rating {match.hands_on_rating:g}: {match.why}",
        ]

    found = lookup_occupation(" ".join(query), n)
    if as_json:
        import json

        from collarclass.result import plain

        say_json(json.dumps(plain(found), ensure_ascii=False))
    elif not found:
        say("No occupation is like this: nothing in the title is known.")
    else:
        say("\n\n".join("\n".join(lines(match)) for match in found))


COMMANDS = (classify, label, occupation)
