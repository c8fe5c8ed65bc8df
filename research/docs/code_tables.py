"""What the documentation shows of the code itself: columns, formats, extras, commands, and three ads labelled."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

import click

from collarclass import classify
from collarclass.cli.main import app
from collarclass.files.formats import COMPRESSIONS, FORMATS
from collarclass.tables.schema import SCHEMA

ROOT = Path(__file__).resolve().parents[2]


def columns() -> str:
    """The columns that labelling adds."""
    return _table(("column", "meaning"), ((f"`{column.name}`", column.meaning) for column in SCHEMA))


def formats() -> str:
    """The formats of files."""
    compressed = ", ".join(f"`{ending}`" for ending in COMPRESSIONS)
    rows = [
        f"| {found.name} | {', '.join(f'`{ending}`' for ending in found.endings)} | "
        f"{compressed if found.text else 'by itself'} | "
        f"{', '.join(f'`{ending}`' for ending in found.written)} |"
        for found in FORMATS.values()
    ]
    return "\n".join(["| format | endings | compressed | written |", "|---|---|---|---|", *rows])


_EXTRAS = {
    "app": (
        "the page in the browser and the HTTP interface, with Excel files and reports",
        "网页、HTTP 接口，连同 Excel 和报告",
    ),
    "report": ("reports", "报告"),
    "excel": ("Excel and OpenDocument files", "Excel 和 OpenDocument 文件"),
    "duplicates": ("repeated ads", "查找重复的广告"),
    "remote": ("files at URLs such as `s3://`", "`s3://` 等网址上的文件"),
    "polars": ("polars", "polars"),
    "duckdb": ("DuckDB", "DuckDB"),
    "dask": ("Dask", "Dask"),
    "spark": ("Spark", "Spark"),
    "ray": ("Ray", "Ray"),
    "notebook": ("the notebooks", "笔记本"),
    "all": ("all of these but the clusters and the notebooks", "除集群和笔记本以外的全部"),
}
_HEADS = {"en": ("extra", "brings"), "zh": ("名称", "用来")}
_THREE_ADS = {
    "en": (
        ("Electrician", "Wire new flats, fit sockets and lights, find faults. Electrical **licence** required."),
        (
            "Electrician",
            "Wire control cabinets, find faults, change **PLC** programs. "
            "College **diploma** in electrical engineering required.",
        ),
        (
            "Electrical manager",
            "**Plan budgets and staff**, negotiate with suppliers, report to the board. "
            "Degree in electrical engineering.",
        ),
    ),
    "zh": (
        ("电工", "给新楼布线，装插座和灯具，排查故障。须持**电工证**。"),
        ("电工", "接线、排查故障、修改**PLC程序**。电气自动化专业**大专**以上学历。"),
        ("电气部经理", "管理**预算和人员**，与供应商谈判，向董事会汇报。电气专业本科。"),
    ),
}
_OUTCOME_HEADS = {
    "en": ("ad", "label", "schooling, of 4", "hands-on, of 4"),
    "zh": ("广告", "类&#8288;别", "学历（满分 4）", "动手（满分 4）"),
}
_COLLARS = {
    "en": {"white": "white", "blue": "blue", "gray": "gray"},
    "zh": {"white": "白&#8288;领", "blue": "蓝&#8288;领", "gray": "灰&#8288;领"},  # no break within a word
}


def _table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = (f"| {' | '.join(row)} |" for row in (head, *rows))
    first = next(lines)
    return "\n".join([first, "|---" * len(head) + "|", *lines])


def extras(language: str = "en") -> str:
    """What each extra of pyproject.toml brings; one that is not described here is an error."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    place = 0 if language == "en" else 1
    rows = [(f"`{name}`", _EXTRAS[name][place]) for name in project["optional-dependencies"]]
    return _table(_HEADS[language], rows)


def three_ads(language: str = "en") -> str:
    """One trade under three wordings, with what comes out."""
    rows = []
    for title, text in _THREE_ADS[language]:
        found = classify(text.replace("**", ""), title)
        ratings = (f"{4 * (score or 0.0):.1f}" for score in (found.academic_score, found.hands_on_score))
        colon = ": " if language == "en" else "："
        rows.append((f"**{title}**{colon}{text}", _COLLARS[language][found.label], *ratings))
    return _table(_OUTCOME_HEADS[language], rows)


def commands() -> str:
    """Every command with its options, as `--help` has them."""
    parts = []
    program = click.Context(app, info_name="collarclass", **app.context_settings)
    for name, command in sorted(app.commands.items()):
        context = click.Context(command, parent=program, info_name=name)
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts)
