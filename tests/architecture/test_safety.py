"""Rules whose breach shows late: swallowed errors, text in SQL, prints, switches of Dash."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture import tree
from warehouse.settings import ROOT

BROAD = {"Exception", "BaseException"}


def test_broad_except_when_used_then_in_two_places_only() -> None:
    found = {
        tree.name(path)
        for path in tree.sources()
        for node in ast.walk(tree.parse(path))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    }
    assert found <= {"etl/schedule.py", "etl/run.py"}


def _is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(isinstance(n, ast.Name) and n.id in BROAD for n in ast.walk(handler.type))


def test_except_when_written_then_never_silent() -> None:
    """An `except` whose body is a bare `pass` hides a fault; `contextlib.suppress` names it."""
    silent = {
        f"{tree.name(path)}:{node.lineno}"
        for path in tree.sources()
        for node in ast.walk(tree.parse(path))
        if isinstance(node, ast.ExceptHandler)
        and all(isinstance(line, ast.Pass) for line in node.body)
    }
    assert not silent


def test_print_when_used_then_only_on_the_command_line() -> None:
    found = {
        tree.name(path)
        for path in tree.sources()
        for node in ast.walk(tree.parse(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    }
    assert {n for n in found if not n.endswith("__main__.py")} <= {"run.py", "etl/shell.py"}


def test_duckdb_statements_when_run_then_only_by_connection() -> None:
    """Statements reach DuckDB through `Snapshot.select` and `Writer`, which both parse them."""
    found = {
        tree.name(path)
        for path in tree.sources()
        if re.search(r"\bduckdb\.\w+\(", path.read_text("utf-8"))
    }
    assert found <= {"warehouse/connection.py"}


WEB = [p for p in tree.sources() if tree.name(p).split("/")[0] in ("pages", "callbacks", "gate")]


@pytest.mark.parametrize("path", WEB, ids=tree.name)
def test_web_module_when_read_then_holds_no_sql(path: Path) -> None:
    """What a visitor types never stands next to a statement: the web side writes none."""
    literals = [
        node.value
        for node in ast.walk(tree.parse(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    sql = re.compile(
        r"^\s*(SELECT\s.+\sFROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|ATTACH)\s", re.S
    )
    assert not [text for text in literals if sql.match(text)]


def test_sql_files_when_read_then_have_the_five_line_header() -> None:
    wanted = ("-- purpose:", "-- grain:", "-- reads:", "-- writes:", "-- refresh:")
    wrong = [
        tree.name(path)
        for path in (ROOT / "warehouse").rglob("*.sql")
        if not all(
            line.startswith(start)
            for line, start in zip(path.read_text("utf-8").splitlines()[:5], wanted, strict=False)
        )
    ]
    assert not wrong


def test_app_when_built_then_keeps_callback_checks_on() -> None:
    used = {
        tree.name(path)
        for path in tree.sources()
        if "suppress_callback_exceptions=True" in path.read_text("utf-8").replace(" ", "")
    }
    assert not used


def test_app_when_built_then_switches_off_what_opens_doors() -> None:
    text = "".join((ROOT / "app.py").read_text("utf-8").split())
    assert "enable_mcp=False" in text
    assert "suppress_callback_exceptions=False" in text or "suppress_callback" not in text


def test_callbacks_when_registered_then_never_at_import() -> None:
    """With module-level decorators, the second app made in a process has no callbacks."""
    top_level = {
        f"{tree.name(path)}:{node.name}"
        for path in tree.sources()
        for node in tree.parse(path).body
        if isinstance(node, ast.FunctionDef)
        and any("callback" in ast.unparse(d) for d in node.decorator_list)
    }
    assert not top_level
