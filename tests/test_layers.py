"""Data flows one way: no room imports a later one, there is no cycle, and importing is light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "collarclass"
ROOMS = sorted(p.parent.name for p in PACKAGE.glob("*/__init__.py"))
# Modules beside the rooms: whatever a room may import of them it names in its docstring, like a room.
MODULES = ("compiled", "messages", "errors", "disk", "progress", "result", "api")
MAY_IMPORT: dict[str, set[str]] = {
    "compiled": set(), "messages": set(), "errors": {"messages"}, "disk": {"errors"}, "progress": set(),
} | {
    "result": {"definitions", "text", "requirement_reader", "model", "explain"},
    "api": {"errors", "progress", "definitions", "text", "requirement_reader", "model", "labelling", "result"}
}


def declared(room: str) -> set[str]:
    """Rooms and modules that a room's docstring says it may import."""
    docstring = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8"))) or ""
    found = re.search(r"^May import: ([a-z_, ]+)\.$", docstring.replace("\n", " "), re.MULTILINE) or re.search(
        r"May import: ([a-z_,\s]+)\.", docstring
    )
    assert found, f"{room}/__init__.py does not say what it may import"
    names = {name.strip() for name in found[1].split(",")}
    if "errors" in names:  # which are messages that are raised
        names.add("messages")
    return ({*ROOMS, *MODULES} - {room}) if names == {"everything"} else names


def imported(path: Path) -> set[str]:
    """Full names of the package's modules that a file imports, at any depth: in functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if (node.module or "").startswith("collarclass."):
                found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("collarclass.")}
    return found


def home(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("room", [*ROOMS, *MODULES])
def test_a_room_imports_only_what_it_says(room: str) -> None:
    allowed = MAY_IMPORT[room] if room in MODULES else declared(room)
    assert allowed <= {*ROOMS, *MODULES}, f"{room} names {allowed - {*ROOMS, *MODULES}}, which do not exist"
    paths = [PACKAGE / f"{room}.py"] if room in MODULES else sorted((PACKAGE / room).rglob("*.py"))
    for path in paths:
        late = {name for name in imported(path) if home(name) not in {*allowed, room, "_version"}}
        assert not late, f"{path.relative_to(PACKAGE)} imports {sorted(late)}"


def test_the_rooms_have_an_order() -> None:
    declarations = {room: declared(room) for room in ROOMS} | MAY_IMPORT
    order = list(TopologicalSorter(declarations).static_order())  # raises CycleError on a cycle
    assert set(order) == {*ROOMS, *MODULES}


def test_no_module_is_part_of_a_cycle() -> None:
    graph = {}
    for path in PACKAGE.rglob("*.py"):
        if path.parent == PACKAGE and path.stem in {"__init__", "__main__"}:
            continue  # public names are looked up lazily
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        graph[".".join(("collarclass", *parts))] = imported(path)
    list(TopologicalSorter(graph).static_order())


def test_predicting_needs_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; import collarclass; collarclass.classify('Welder for a shipyard, days'); "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert "numpy" in out.split()
    assert not {"sklearn", "pandas", "click", "plotly", "jinja2", "joblib", "scipy"} & set(out.split())


@pytest.mark.parametrize("before", ["classify", "requirements", "CollarClassifier", "load_model"])
def test_public_names_do_not_depend_on_what_was_imported_before(before: str) -> None:
    code = (
        f"from collarclass import {before}, requirements; import collarclass.requirement_reader; "
        "from collarclass.requirement_reader.reading import RequirementReader; "
        "assert collarclass.requirements is requirements; print(requirements('BSc required')[0].level)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert out == "bachelor\n"
