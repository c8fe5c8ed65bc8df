"""The commands of publishing: sample, review, shares, duplicates, report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click
from click import option

from collarclass.cli.common import READ, READ_NAME, WRITE, command, ending, read_model, say, say_json, say_read


@command(
    ["collarclass sample labelled.csv -n 300 -o to_annotate.csv --by region"],
    "source",
    option("--output", "-o", "target", type=WRITE, required=True, help="CSV to write."),
    option("--number", "-n", "n", type=click.IntRange(min=1), default=300, help="How many ads to draw."),
    option(
        "--half-width", type=click.FloatRange(0, 50, min_open=True),
        help="Draw as many as give intervals of about so many points either way.",
    ),
    option("--unique", is_flag=True, help="Draw one of each group of repeated ads, which stands for all."),
    "by date date-order",
    option("--seed", "random_state", default=0, help="The same number draws the same ads."),
    "title text prefix force",
)  # fmt: skip
def sample(source: str, target: Path, half_width: float | None, **options: Any) -> None:
    """Draw ads to annotate, so that shares can be corrected by them.

    SOURCE is a file that 'collarclass label' wrote. The sample is random within predicted label, confidence and
    group, and hides the model's labels.
    """
    from collarclass.shares.files import sample_file

    done = sample_file(source, target, half_width=None if half_width is None else half_width / 100, **options)
    say(f"{done.n:,} of {done.n_ads:,} ads from {done.n_strata:,} strata -> {target}", err=True)


@command(
    ["collarclass shares labelled.csv --truth annotated.csv --by region --by month"],
    "source",
    option("--truth", type=READ, help="Annotated sample; without it there is at best a range."),
    option("--expert", type=READ, help="An expert's labels of some annotated ads: they correct the annotators."),
    option("--truth-column", default="label", help="Column of true labels in it."),
    "by date date-order",
    option("--weight", help="Column of the ads' weights."),
    option("--unique", is_flag=True, help="Count repeated ads once."),
    option("--cluster", help="Column of what ads come in bundles of, such as employers: widens the intervals."),
    option("--margins", is_flag=True, help="With several --by: shares by each of them alone, too."),
    option("--finite-population", is_flag=True, help="The file holds all ads that the shares are about."),
    option("--merge-names", is_flag=True, help='Count names such as "East" and "east " as one group.'),
    option(
        "--difference", nargs=2, metavar="A B", multiple=True,
        help="Compare two groups instead: B minus A, with a test; if given again, corrected for their number.",
    ),
    option("--methods", type=click.Choice(["en", "zh"]), help="Add a paragraph for a methods section."),
    "definitions",
    option(
        "--format", "kind", type=click.Choice(["text", "md", "csv", "json", "xlsx"]),
        help="Format of the result; if not given, by the file's ending, or text.",
    ),
    option("--output", "-o", "target", type=WRITE, help="File to write; standard output if not given."),
    "title text prefix model force quiet",
)  # fmt: skip
def shares(
    source: str,
    kind: str | None,
    target: Path | None,
    model: Path | None,
    force: bool,
    quiet: bool,
    difference: tuple[tuple[str, str], ...],
    methods: Literal["en", "zh"] | None,
    **options: Any,
) -> None:
    """Estimate shares of labels, corrected for the model's errors.

    Each comes with a 95 % interval. SOURCE is a file that 'collarclass label' wrote.
    """
    from collarclass.files.target import check_target
    from collarclass.shares.differences import many_differences
    from collarclass.shares.files import model_of, shares_of_file
    from collarclass.shares.methods import format_shares, methods_paragraph, write_shares

    if target is not None:
        check_target(target, force)
    found = shares_of_file(source, model=read_model(model), **options)
    table = many_differences(found, difference) if difference else found
    if target is None:
        result = format_shares(table, kind or "text")
        (say_json if kind == "json" else say)(result.rstrip("\n"))
    else:
        write_shares(table, target, kind, force=force)
        if not quiet:
            say(f"Shares -> {target}", err=True)
    if methods is not None:
        finite = options["finite_population"]
        named = model_of(source, options["prefix"])
        paragraph = methods_paragraph(found, model=named, finite_population=finite, language=methods)
        say(paragraph.rstrip("\n") if target is not None else "\n" + paragraph.rstrip("\n"))


@command(
    ["collarclass duplicates labelled.csv -o marked.csv"],
    "source",
    option("--output", "-o", "target", type=WRITE, required=True, help="File to write, in any of label's formats."),
    option(
        "--similarity", default=0.85,
        help="Share of their runs of three words that two ads must have in common, 0.5 to 1." ,
    ),
    "title text force",
)  # fmt: skip
def duplicates(source: str, target: Path, similarity: float, title: str | None, text: str | None, force: bool) -> None:
    """Mark near-identical ads.

    The same rows come out, with a column duplicate_group: the row, counted from 1, of the first ad like it.
    'shares --unique' counts each group once.
    """
    from collarclass.shares.duplicates import mark_duplicates

    found = mark_duplicates(source, target, title=title, text=text, similarity=similarity, force=force)
    say(f"{len(found):,} ads, {len(set(found.tolist())):,} of them different -> {target}", err=True)


@command(
    ["collarclass review to_annotate.csv -o annotated.csv --annotator anna"],
    "source",
    option("--output", "-o", "target", type=WRITE, help="CSV of your labels; continued if it is there."),
    option("--annotator", default="1", help="Your name; a second annotator's labels go into the same file."),
    option("--ratings", is_flag=True, help="Ask for the two ratings as well."),
    option("--least-certain", is_flag=True, help="Least certain ads of a labelled file first; not for shares."),
    option("--most", type=click.IntRange(min=1), default=500, help="With --least-certain: how many ads at most."),
    "title text prefix model quiet",
)  # fmt: skip
def review(
    source: str,
    target: Path | None,
    least_certain: bool,
    most: int,
    title: str | None,
    text: str | None,
    prefix: str,
    model: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Label ads yourself, one key each, without the model's guess.

    SOURCE is what 'collarclass sample' wrote, or with --least-certain a labelled file. The labels go to
    SOURCE with .annotated before its ending, if no other name is given.
    """
    from collarclass.annotation.review import Terminal, agreement_of, read_ads
    from collarclass.annotation.review import least_certain as doubtful
    from collarclass.annotation.review import review as ask
    from collarclass.files.target import check_apart

    target = target or Path(source).with_name(f"{Path(source).name.partition('.')[0]}.annotated.csv")
    check_apart(str(target), [source])
    if least_certain:
        ads = doubtful(source, title=title, text=text, prefix=prefix, most=most, on_read=say_read(quiet))
        say("Least certain first: these labels are for 'train', no share can be estimated from them.", err=True)
    else:
        ads = read_ads(source, title=title, text=text, on_read=say_read(quiet))
    terminal = Terminal(_read_key, lambda piece: say(piece, nl=False))
    with ending(f"Interrupted: what you labelled is in {target}."):
        n = ask(ads, target, terminal, model=read_model(model), **options)
        say(f"{n:,} ads labelled -> {target}")
        if (both := agreement_of(target)) is not None:
            found, differ = both
            say(
                f"Two annotators, {found.n:,} ads: {found.share:.1%} alike, kappa {found.kappa:.2f} "
                f"(95 % {found.low:.2f} to {found.high:.2f})"
            )
            for name, one, other in differ[:20]:
                say(f"  {one} / {other}: {' '.join(name.split())[:70]}")


def _read_key() -> str:
    """A key from a terminal, or a character of what is piped in; nothing at the end."""
    if sys.stdin.isatty():
        key = click.getchar()
        return "" if key in {"\x03", "\x04"} else key
    return sys.stdin.read(1)


@command(
    ["collarclass report labelled.csv -o report.html --by region --by month"],
    "source",
    option("--output", "-o", "target", type=WRITE, required=True, help="HTML file to write."),
    "by",
    option("--truth", type=READ, help="Annotated sample that corrects the shares."),
    option("--definition", type=READ_NAME, default="article", help="Built-in name or TOML file."),
    "date date-order",
    option("--weight", help="Column of the ads' weights."),
    option("--lang", help="Language of the page, en or zh; that of most of the ads if not given."),
    "title text prefix model force quiet",
)  # fmt: skip
def report(source: str, target: Path, model: Path | None, quiet: bool, **options: Any) -> None:
    """Write a page that shows what a labelled file holds.

    SOURCE is a file that 'collarclass label' wrote.
    """
    from collarclass.report.report import write_report

    write_report(source, target, model=read_model(model), on_read=say_read(quiet), **options)
    if not quiet:
        say(f"Report -> {target}", err=True)


COMMANDS = (sample, shares, duplicates, review, report)
