"""Names that say what a thing is; the ones that say nothing are not used."""

import ast
import re
from pathlib import Path

from tests.architecture import tree

EMPTY_MODULES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
EMPTY_VARIABLES = {"data", "df"}
TEST_NAME = re.compile(r"test_[a-z0-9]+(_[a-z0-9]+){2,}$")


def test_modules_when_named_then_say_what_they_hold() -> None:
    parts = {part for p in (*tree.sources(), *tree.tests()) for part in _parts(p)}
    assert not parts & EMPTY_MODULES


def test_variables_when_named_then_say_what_they_hold() -> None:
    found = {
        f"{tree.name(path)}:{node.lineno} {called}"
        for path in tree.sources()
        for node, called in _bound(tree.parse(path))
        if called in EMPTY_VARIABLES or called.removesuffix("s") in EMPTY_MODULES
    }
    assert not found


def test_tests_when_named_then_say_what_when_and_then() -> None:
    odd = {
        f"{tree.name(path)}:{f.name}"
        for path in tree.tests()
        for f in tree.functions(path)
        if f.name.startswith("test_") and not TEST_NAME.match(f.name)
    }
    assert not odd


def test_files_when_read_then_have_a_docstring() -> None:
    bare = {
        tree.name(path)
        for path in tree.sources()
        if path.name != "__init__.py" and not ast.get_docstring(tree.parse(path))
    }
    assert not bare


def _parts(path: Path) -> tuple[str, ...]:
    return tuple(part.strip("_") for part in tree.name(path).removesuffix(".py").split("/"))


def _bound(module: ast.Module) -> list[tuple[ast.Name | ast.arg, str]]:
    """Every variable and argument that the code itself names."""
    names: list[tuple[ast.Name | ast.arg, str]] = []
    for node in ast.walk(module):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append((node, node.id))
        elif isinstance(node, ast.arg):
            names.append((node, node.arg))
    return names
