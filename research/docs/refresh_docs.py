"""Run every snippet of the README and the documentation, and write the outputs anew.

    python -m research.docs.refresh_docs [PAGE ...]

Python fences are run as doctests, console fences in a shell, page by page and in their order, in a
temporary folder that holds examples/ and data/. A fence after `<!-- not run: reason -->` is left alone,
and so is an output that is abridged by a line `...`. There are no blank lines inside a Python fence.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from research.docs import code_tables, doors

ROOT = Path(__file__).resolve().parents[2]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
_MADE = {
    "columns": code_tables.columns,
    "formats": code_tables.formats,
    "options": doors.markdown,
    "extras": code_tables.extras,
    "extras in Chinese": lambda: code_tables.extras("zh"),
    "three ads": code_tables.three_ads,
    "three ads in Chinese": lambda: code_tables.three_ads("zh"),
    "commands": code_tables.commands,
}
_TABLE = re.compile(rf"(?s)<!-- ({'|'.join(_MADE)}) -->.*?<!-- end of \1 -->")
_FENCE = re.compile(r"(?ms)^(?P<indent> *)```(?P<language>python|console)\n(?P<body>.*?)^(?P=indent)```$")
_NOT_RUN = re.compile(r"<!-- not run: [^>]+ -->\s*\Z")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One command or statement of a page: what the page shows, what came out, and the exit code."""

    line: int
    source: str
    want: str
    got: str
    code: int = 0

    @property
    def right(self) -> bool:
        """Whether the page shows what comes out."""
        flags = FLAGS if self.abridged else doctest.NORMALIZE_WHITESPACE
        same = doctest.OutputChecker().check_output(self.want or "\n", self.got or "\n", flags)
        return same and self.code == 0

    @property
    def abridged(self) -> bool:
        """Whether the page leaves part of the output out, as a line of three dots."""
        return any(line.strip() == "..." for line in self.want.splitlines())

    @property
    def shown(self) -> str:
        """What the page should show."""
        return self.want if self.abridged else "\n".join(line.rstrip() for line in self.got.splitlines())


def pages() -> list[Path]:
    """Every page with snippets."""
    return [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def workplace(folder: Path) -> None:
    """Put what snippets may read into a folder: examples, data, and the command itself."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    if (ROOT / "data").is_dir():
        (folder / "data").symlink_to(ROOT / "data")
    command = folder / ".bin" / "collarclass"
    command.parent.mkdir()
    call = f'PYTHONPATH="{ROOT / "src"}" exec "{sys.executable}" -m collarclass "$@"'
    command.write_text(f"#!/bin/sh\n{call}\n")
    command.chmod(0o755)


def play(text: str, folder: Path) -> tuple[list[Outcome], str]:
    """Run a page's snippets in a folder.

    Returns
    -------
    outcomes : list of Outcome
    text : str
        The page with the outputs that came out.
    """
    outcomes: list[Outcome] = []
    names: dict[str, Any] = {}
    parts, at = [], 0
    with chdir(folder):
        for fence in _FENCE.finditer(text):
            if _NOT_RUN.search(text, 0, fence.start()):
                continue
            first = text.count("\n", 0, fence.start("body")) + 1
            run = _python(fence["body"], names) if fence["language"] == "python" else _console(fence["body"])
            found = [Outcome(first + o.line, o.source, o.want, o.got, o.code) for o in run]
            if not found:  # code to copy, without a prompt: left as it stands
                continue
            outcomes += found
            parts += [text[at : fence.start("body")], _written(found, fence["indent"], fence["language"])]
            at = fence.end("body")
    return outcomes, "".join(parts) + text[at:]


def _python(body: str, names: dict[str, Any]) -> Iterator[Outcome]:
    examples = doctest.DocTestParser().get_examples(body)
    runner = _Runner(optionflags=FLAGS, verbose=False)
    test = doctest.DocTest(examples, names, "snippet", None, 0, body)
    test.globs = names  # shared by the fences of a page
    runner.run(test, out=lambda _: None, clear_globs=False)
    for example, got in zip(examples, runner.got, strict=True):
        yield Outcome(example.lineno, example.source, example.want, got)


class _Runner(doctest.DocTestRunner):
    """Keeps what each example printed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.got: list[str] = []

    def report_success(self, out: Any, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        self.got.append(got)

    def report_failure(self, out: Any, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        self.got.append(got)

    def report_unexpected_exception(
        self, out: Any, test: doctest.DocTest, example: doctest.Example, exc_info: Any
    ) -> None:
        self.got.append(f"{exc_info[0].__name__}: {exc_info[1]}")


def _console(body: str) -> Iterator[Outcome]:
    commands: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(body.splitlines()):
        if line.lstrip().startswith("$ "):
            commands.append((number, [line.strip()[2:]], []))
        elif commands and commands[-1][1][-1].endswith("\\"):
            commands[-1][1].append(line)
        elif commands:
            commands[-1][2].append(line)
    path = f"{Path.cwd() / '.bin'}{os.pathsep}{os.environ['PATH']}"
    for number, command, want in commands:
        source = "\n".join(command)
        done = subprocess.run(
            ["bash", "-c", source],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": path},
            check=False,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        yield Outcome(number, source, "\n".join(want), done.stdout, done.returncode)


def _written(found: list[Outcome], indent: str, language: str) -> str:
    lines: list[str] = []
    for outcome in found:
        source = outcome.source.rstrip("\n").split("\n")
        if language == "console":
            lines += [f"{indent}$ {source[0]}", *source[1:]]
        else:
            lines += [f"{indent}{'...' if i else '>>>'} {line}".rstrip() for i, line in enumerate(source)]
        blank = "<BLANKLINE>" if language == "python" else ""
        shown = outcome.shown.rstrip("\n").split("\n") if outcome.shown.strip() else []
        lines += [f"{indent}{line or blank}".rstrip() for line in shown]
    return "\n".join(lines) + "\n"


def with_tables(text: str) -> str:
    """A page with what is made from the code itself made anew, where it has such places."""
    return _TABLE.sub(lambda found: f"<!-- {found[1]} -->\n{_MADE[found[1]]()}\n<!-- end of {found[1]} -->", text)


def main(names: list[str]) -> int:
    """Refresh the pages named, or all."""
    failed = 0
    for page in [Path(name).resolve() for name in names] or pages():
        with tempfile.TemporaryDirectory() as folder:
            workplace(Path(folder))
            text = page.read_text("utf-8")
            outcomes, fresh = play(with_tables(text), Path(folder))
        if fresh != text:
            page.write_text(fresh, "utf-8")
        for outcome in outcomes:
            if outcome.code:
                failed += 1
                print(f"{page.name}, line {outcome.line}: exit code {outcome.code}\n{outcome.got}")
        wrong = sum(not outcome.right for outcome in outcomes)
        print(f"{page.relative_to(ROOT)}: {len(outcomes)} snippets, {wrong} were not as shown")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
