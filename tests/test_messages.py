"""Messages are values: one template, an English and a Chinese rendering, and nothing that reads a sentence back."""

from __future__ import annotations

import ast
import pickle
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from collarclass.definitions.labels import NOTES
from collarclass.errors import DataError, ModelFileError, no_column, refusal
from collarclass.messages import Message, from_plain, sentences, translations
from collarclass.report.words import NAMES, REPORT

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "collarclass"
# What makes a message, and which of its arguments is the template.
MAKERS = {"Message": 0, "here.say": 0, "DataError": 0, "ModelFileError": 0, "MissingPartError": 0, "Problem": 1}


def imported(path: Path) -> Iterator[Path]:
    """Modules of the package that a module imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("collarclass."):
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                place = PACKAGE.joinpath(*str(name).split(".")[1:])
                yield from (p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file())


def reached() -> list[Path]:
    """Modules whose messages the page or a report can show."""
    found, todo = set(), [*PACKAGE.glob("app/*.py"), *PACKAGE.glob("report/*.py")]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += imported(path)
    return sorted(found)


def literals(node: ast.expr) -> list[ast.expr]:
    """The expressions that an argument may turn out to be."""
    return [*literals(node.body), *literals(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def calls(path: Path) -> Iterator[tuple[str, ast.Call, list[ast.expr]]]:
    """Where messages are made: the place, the call, and what the template may be."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name in MAKERS and len(node.args) > MAKERS[name]:
            place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
            yield place, node, literals(node.args[MAKERS[name]])


def words_of_pages() -> dict[str, str]:
    """What templates of the page say, and where."""
    said = re.compile(r"""\b_\(("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
    return {
        ast.literal_eval(found): path.name
        for path in (*PACKAGE.glob("app/templates/*.j2"), *PACKAGE.glob("report/*.j2"))
        for found in said.findall(path.read_text("utf-8"))
    }


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_every_message_that_page_or_report_can_show_is_there_in_chinese() -> None:
    chinese = translations()["zh"]
    missing = {
        place: given.value
        for path in reached()
        for place, _, templates in calls(path)
        for given in templates
        if isinstance(given, ast.Constant) and given.value not in chinese
    }
    assert missing == {}
    assert {said: place for said, place in words_of_pages().items() if said not in chinese} == {}
    assert {note for note in NOTES if note and note not in chinese} == set()
    assert {word for word in (*NAMES.values(), *REPORT.values()) if word not in chinese} == set()


def test_nothing_is_translated_that_nobody_says() -> None:
    known = {value.value for path in PACKAGE.rglob("*.py") for value in ast.walk(ast.parse(path.read_text("utf-8")))
             if isinstance(value, ast.Constant)} | set(words_of_pages())  # fmt: skip
    assert set(translations()["zh"]) - known == set()


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_templates_are_literal_and_their_values_are_named(path: Path) -> None:
    for place, call, templates in calls(path):
        for given in templates:
            # A sentence put together beforehand has no translation; a message that is passed on has one.
            assert not isinstance(given, ast.JoinedStr | ast.BinOp), f"{place}: write a template with named values"
            names = {str(keyword.arg) for keyword in call.keywords if keyword.arg is not None}
            if isinstance(given, ast.Constant) and names and None not in {k.arg for k in call.keywords}:
                assert fields(str(given.value)) == names, place
        for keyword in call.keywords:
            for value in literals(keyword.value):
                words = isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value.strip()
                if words and " " in words and not words.startswith("{"):
                    raise AssertionError(f"{place}: {words!r} is a part of a sentence: make it a Message")


def test_renderings_use_the_values_of_their_template() -> None:
    for table in translations().values():
        for template, said in table.items():
            assert fields(said) <= fields(template), (template, said)


def test_values_that_look_like_sentences_tear_nothing() -> None:
    found = no_column("a in b; c", ["x: y", "{z}"], "c.csv").message
    assert str(found) == "No column 'a in b; c' in c.csv; its columns are: x: y, {z}."
    assert found.said("zh") == "c.csv 中没有“a in b; c”列；现有各列：x: y、{z}。"
    assert sentences([found, Message("undecodable bytes")]) == f"{found}; undecodable bytes"


def test_an_error_keeps_its_message_on_its_way_through_processes_and_files() -> None:
    error = DataError("{file} has no rows.", file=Path("ads.csv"))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.message) == ("ads.csv has no rows.", error.message)
    nested = Message("{what} cannot be used ({reason}): check its name, its folder, and who may use it.",
                     what=Message("A file"), reason=["a", "b"])  # fmt: skip
    assert from_plain(nested.to_plain()) == nested
    assert isinstance(pickle.loads(pickle.dumps(ModelFileError("{x}", x=1))), ModelFileError)


def test_a_file_is_called_as_its_owner_called_it() -> None:
    found = refusal(OSError(13, "Permission denied", "/tmp/x/source.csv")).renamed({"/tmp/x/source.csv": "Ads a.csv"})
    assert str(found).startswith("Ads a.csv cannot be used (Permission denied)")
    # Not a letter more: values that merely contain the name stay.
    assert str(Message("{a} {b}", a="a", b="banana").renamed({"a": "X", "": "Y"})) == "X banana"


def test_what_only_the_command_line_can_do_is_said_otherwise_on_the_page() -> None:
    found = Message("No column of ad texts found in {where}; its columns are: {columns}. Name it with text=... in "
                    "Python or --text on the command line.", where="a.csv", columns=["x"])  # fmt: skip
    assert str(found).endswith("--text on the command line.")
    assert found.said("en").endswith("its columns are: x. Choose the column that holds the ads.")


def test_what_nobody_translated_says_that_it_is_english() -> None:
    assert Message("Brand new {x}", x=1).said("zh") == "程序的提示（英文）：Brand new 1"


def test_a_message_is_not_changed() -> None:
    with pytest.raises(AttributeError, match="not changed"):
        Message("a").template = "b"


def test_a_list_of_any_length_leaves_a_sentence_readable() -> None:
    columns = ["x" * 5000, *map(str, range(10_000))]
    message = Message("No column of ad texts found in {where}; its columns are: {columns}.", where="a", columns=columns)
    assert len(str(message)) < 600
    assert str(message).endswith("38, … (10,001).")
