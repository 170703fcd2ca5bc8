"""What import rules cannot say about packages: single files, and things done at import."""

import ast

import pytest

from tests.architecture import tree
from warehouse.settings import ROOT

ONLY = {
    "duckdb": {"warehouse/connection.py"},
    "flask_login": {"gate"},
    "apscheduler": {"etl"},
    "tqdm": {"run.py", "etl/shell.py"},
    "xlsxwriter": {"pages/_documents"},
}


@pytest.mark.parametrize("package", sorted(ONLY))
def test_package_when_imported_then_only_where_it_belongs(package: str) -> None:
    users = {tree.name(path) for path in tree.sources() if package in tree.imported(path)}
    strangers = {
        u for u in users if not any(u == p or u.startswith(p + "/") for p in ONLY[package])
    }
    assert users, f"nobody imports {package}: the rule is out of date"
    assert not strangers


def test_top_modules_when_imported_then_by_nobody() -> None:
    users = {
        tree.name(path)
        for path in tree.sources()
        if path.name not in tree.TOP and tree.imported(path) & {"app", "run"}
    }
    assert not users


def test_launcher_when_imported_then_knows_no_screen() -> None:
    screens = {"dash", "flask", "plotly", "pages", "callbacks", "gate", "app"}
    assert not tree.imported(ROOT / "run.py") & screens


def test_page_modules_when_imported_then_by_nobody() -> None:
    """Dash runs a page file itself; a second import would register it twice."""
    pages = {f"pages.{p.stem}" for p in (ROOT / "pages").glob("[!_]*.py")}
    found = {
        (tree.name(path), node.module)
        for path in tree.sources()
        for node in ast.walk(tree.parse(path))
        if isinstance(node, ast.ImportFrom) and node.module in pages
    }
    assert not found


def test_pages_when_read_then_register_literally() -> None:
    """The loader of Dash runs only files that contain the literal call."""
    missing = {
        p.stem for p in (ROOT / "pages").glob("[!_]*.py") if "register_page(" not in p.read_text()
    }
    assert not missing


def test_modules_when_imported_then_do_no_input_or_output() -> None:
    found = {
        f"{tree.name(path)}:{call.lineno} {ast.unparse(call.func)}"
        for path in tree.sources()
        for call in _calls_at_import(tree.parse(path))
        if _does_io(call)
    }
    assert not found


IO_CALLS: tuple[str, ...] = (
    "open",
    "print",
    "connect",
    "read_text",
    "read_bytes",
    "write_text",
    "mkdir",
    "run",
)
IO_CALLS += ("urlopen", "Popen", "glob", "iterdir", "exists", "sleep", "from_env", "getenv")


def _does_io(call: ast.Call) -> bool:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    return called in IO_CALLS


def _calls_at_import(module: ast.Module) -> list[ast.Call]:
    """Calls that run when the module is imported, the command-line guard left out."""
    found: list[ast.Call] = []
    todo: list[ast.AST] = [n for n in module.body if not _is_main_guard(n)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call):
            found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return found


def _is_main_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
