"""Small pieces: what fits on a screen can be changed by somebody who came an hour ago."""

from statistics import quantiles

import pytest

from tests.architecture import tree
from warehouse.settings import ROOT


def test_functions_when_measured_then_median_and_p95_are_small() -> None:
    lengths = [tree.length(f) for path in tree.sources() for f in tree.functions(path)]
    cuts = quantiles(lengths, n=100)
    assert cuts[49] <= 10
    assert cuts[94] <= 45


def test_functions_when_measured_then_none_is_longer_than_70_lines() -> None:
    long = {
        f"{tree.name(path)}:{f.name}": tree.length(f)
        for path in tree.sources()
        for f in tree.functions(path)
        if tree.length(f) > 70
    }
    assert not long


def test_files_when_measured_then_none_is_longer_than_350_lines() -> None:
    long = {
        tree.name(path): lines
        for path in tree.sources()
        if (lines := len(path.read_text("utf-8").splitlines())) > 350
    }
    assert not long


PAGES = sorted((ROOT / "pages").glob("[!_]*.py"))


@pytest.mark.parametrize("path", PAGES, ids=[p.stem for p in PAGES])
def test_page_when_measured_then_is_at_most_60_lines(path: object) -> None:
    code = [line for line in (ROOT / str(path)).read_text("utf-8").splitlines() if line.strip()]
    assert len(code) <= 60


CALLBACKS = sorted((ROOT / "callbacks").glob("*.py"))


@pytest.mark.parametrize("path", CALLBACKS, ids=[p.stem for p in CALLBACKS])
def test_callback_body_when_measured_then_is_short(path: object) -> None:
    """A body decorated as callback decides who is asked; the work stands elsewhere."""
    for function in tree.functions(ROOT / str(path)):
        if any("callback" in _text(decorator) for decorator in function.decorator_list):
            assert tree.length(function) <= 15, function.name


def _text(node: object) -> str:
    import ast

    return ast.unparse(node) if isinstance(node, ast.AST) else ""
