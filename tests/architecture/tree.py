"""The source tree as the architecture tests see it: files, syntax trees, functions, imports."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

from warehouse.settings import ROOT

PACKAGES = ("callbacks", "etl", "gate", "pages", "warehouse")
TOP = ("app.py", "run.py")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def sources() -> tuple[Path, ...]:
    """Every Python file of the product, without the tests."""
    inside = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return (*sorted(inside), *(ROOT / name for name in TOP))


@functools.cache
def tests() -> tuple[Path, ...]:
    return tuple(sorted((ROOT / "tests").rglob("*.py")))


@functools.cache
def repository() -> tuple[Path, ...]:
    """Every file that would be committed, as git sees it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in files if path.is_file())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: Function) -> int:
    """Lines of a function without its decorators and docstring."""
    body = function.body[1:] if ast.get_docstring(function) and function.body[1:] else function.body
    last = body[-1].end_lineno or body[-1].lineno
    return last - body[0].lineno + 2


def imported(path: Path) -> set[str]:
    """The top-level names of all packages a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
