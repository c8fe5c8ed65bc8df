"""Text of strangers on the terminal: no command lets it move the cursor, change colours or the reading order."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command import run

from collarclass.cli.common import harmless

PACKAGE = Path(__file__).parents[1] / "src" / "collarclass"
EVIL = "\x1b]0;gone\x07\x1b[2J\x9b31m\u202e\x7f\ud800"
IN_FILES = EVIL.replace("\ud800", "")
FORBIDDEN = set("\x1b\x07\x9b\u202e\x7f")
AD = f"MIG welding of {EVIL} frames, bachelor's\u202e degree {EVIL} required, forklift licence {EVIL} preferred."
# Each command with arguments that hold, or lead to, such text; files are those of the fixture.
COMMANDS = {
    "classify": ("classify", AD, "-t", f"Welder {EVIL}"),
    "classify --json": ("classify", AD, "-t", f"Welder {EVIL}", "--json"),
    "classify a title": ("classify", "-t", f"{EVIL}"),
    "label": ("label", "ads.csv", "-o", "out.csv", "--title", "{column}"),
    "label, no such column": ("label", "ads.csv", "-o", "out.csv", "--text", "{column}x"),
    "label, none found": ("label", "odd.csv", "-o", "out.csv"),
    "label, file column": ("label", "ads.csv", "-o", "out.csv", "--file-column", "{column}"),
    "label, occupations": ("label", "ads.csv", "-o", "out.csv", "--code", "{column}"),
    "label, definition": ("label", "ads.csv", "-o", "out.csv", "--definition", "{column}"),
    "label, source": ("label", "{column}.csv", "-o", "out.csv"),
    "label, target": ("label", "ads.csv", "-o", "{column}.csv"),
    "evaluate": ("evaluate", "ads.csv", "--by", "{column}"),
    "evaluate --json": ("evaluate", "ads.csv", "--by", "{column}", "--json"),
    "compare": ("compare", "labelled.csv", "labelled.csv", "--by", "{column}"),
    "compare --json": ("compare", "labelled.csv", "labelled.csv", "--by", "{column}", "--json"),
    "compare, no column": ("compare", "labelled.csv", "labelled.csv", "--key", "{column}x"),
    "evaluate, titles": ("evaluate", "titles.csv",),
    "evaluate, labels": ("evaluate", "ads.csv", "--truth", "{column}"),
    "check": ("check", "wrong.csv"),
    "check, no column": ("check", "odd.csv"),
    "calibrate": ("calibrate", "wrong.csv", "-o", "model"),
    "calibrate, name": ("calibrate", "ads.csv", "-o", "model", "--name", "{column}"),
    "adapt": ("adapt", "wrong.csv", "-o", "model"),
    "adapt, name": ("adapt", "ads.csv", "-o", "model", "--name", "{column}"),
    "train": ("train", "--own", "wrong.csv", "-o", "model"),
    "train, name": ("train", "--own", "odd.csv", "-o", "model", "--name", "{column}"),
    "sample": ("sample", "labelled.csv", "-o", "out.csv", "--by", "{column}"),
    "sample, no column": ("sample", "labelled.csv", "-o", "out.csv", "--by", "{column}x"),
    "sample, target": ("sample", "labelled.csv", "-o", "{column}.csv"),
    "shares": ("shares", "labelled.csv", "--by", "{column}"),
    "shares csv": ("shares", "labelled.csv", "--by", "{column}", "--format", "csv"),
    "shares json": ("shares", "labelled.csv", "--by", "{column}", "--format", "json"),
    "shares md": ("shares", "labelled.csv", "--by", "{column}", "--format", "md"),
    "shares html": ("shares", "labelled.csv", "--by", "{column}", "--format", "html"),
    "shares, dates": ("shares", "labelled.csv", "--by", "month", "--date", "{column}"),
    "duplicates": ("duplicates", "labelled.csv", "-o", "{column}.csv"),
    "duplicates, no column": ("duplicates", "labelled.csv", "-o", "out.csv", "--text", "{column}x"),
    "review": ("review", "ads.csv", "-o", "mine.csv", "--annotator", "{column}"),
    "review, guesses": ("review", "labelled.csv", "-o", "mine.csv", "--least-certain"),
    "report": ("report", "labelled.csv", "-o", "{column}.html", "--by", "{column}"),
    "report, no column": ("report", "labelled.csv", "-o", "page.html", "--by", "{column}x"),
    "occupation": ("occupation", f"welder {EVIL}"),
    "occupation --json": ("occupation", f"welder {EVIL}", "--json"),
    "info": ("info", "-m", "{column}"),
    "benchmark": ("benchmark", "{column}", "--no-baselines"),
    "benchmark, predictions": ("benchmark", "--no-baselines", "-p", "odd.csv"),
    "usage": ("label", "ads.csv", f"--{EVIL}"),
    "no such command": (f"{EVIL}",),
}
KEYS = "mtxrb\nwg1\n2\nnote\nuq"


def _write(path: Path, header: str, *rows: str) -> None:
    path.write_text("\n".join((header, *rows)) + "\n", "utf-8")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_model_path: Path) -> Path:
    """A folder with files of evil text, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    ad = f'"MIG welding of {IN_FILES} frames, no {IN_FILES} schooling needed."'
    column = f"by{IN_FILES}"
    _write(tmp_path / "ads.csv", f"title,text,label,{column}", *[f"Welder{IN_FILES},{ad},blue,a{IN_FILES}"] * 3)
    _write(tmp_path / "titles.csv", "title,label", *[f"Welder{IN_FILES},blue"] * 3)
    _write(tmp_path / "wrong.csv", "title,text,label", f"Welder,{ad},pink{IN_FILES}", f"Cook,{ad},blue")
    _write(tmp_path / "odd.csv", f"x{IN_FILES},y", "1,2")
    run("label", "ads.csv", "-o", "labelled.csv", "--quiet", "-m", small_model_path)
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_moves_the_terminal(name: str, files: Path, small_model_path: Path) -> None:
    arguments = [argument.replace("{column}", f"by{IN_FILES}") for argument in COMMANDS[name]]
    if arguments[0] in {"classify", "label", "evaluate", "check", "calibrate", "adapt", "report"}:
        arguments += ["-m", str(small_model_path)]
    done = run(*arguments, stdin=KEYS, code=None)
    out, err = done.stdout, done.stderr
    assert out or err
    assert not set(out + err) & FORBIDDEN
    if "json" in name:
        assert re.search(r"\\u009b|\\u202e", out) or name.startswith("occupation")
        assert json.loads(out)


def test_every_command_is_tried() -> None:
    from collarclass.cli.main import app

    assert set(app.commands) - {arguments[0] for arguments in COMMANDS.values()} == {"app"}


def test_all_words_of_the_commands_go_one_way() -> None:
    """`say` is the one place that writes to the terminal."""
    for path in (PACKAGE / "cli").glob("*.py"):
        if path.name != "common.py":
            assert not re.search(r"click\.(echo|secho)|\bprint\(|std(out|err)\.write", path.read_text("utf-8")), path


@pytest.mark.parametrize("text", ["plain", "Grüße, 招聘\u3000电焊工\n\t–", "👩 🔧"])
def test_what_people_write_is_shown_as_it_stands(text: str) -> None:
    assert harmless(text) == text
