"""The second half of adding something: what stands in a folder is also listed and used."""

import ast
import re

import pytest

from pages._ui import book
from tests.architecture import tree
from warehouse.metrics import CATALOGUE
from warehouse.settings import ROOT

FIGURES = {p.stem for p in (ROOT / "pages" / "_figures").glob("[!_]*.py")}
SHARED = {"frame", "time_marks", "values"}
"""What figures are made of; every other file there draws one thing."""


def test_figures_when_added_then_explained_in_the_list() -> None:
    listed = ast.get_docstring(tree.parse(ROOT / "pages" / "_figures" / "__init__.py")) or ""
    assert set(re.findall(r"^\s+(\w+)\.draw\(", listed, re.M)) == FIGURES - SHARED


def test_figures_when_added_then_drawn_by_a_panel() -> None:
    panels = "".join(
        path.read_text("utf-8")
        for path in tree.sources()
        if tree.name(path).startswith("pages/") and path.parent.name != "_figures"
    )
    assert not {figure for figure in FIGURES - SHARED if f"{figure}" not in panels}


def test_formats_when_added_then_offered_by_the_list() -> None:
    offered = (ROOT / "pages" / "_documents" / "__init__.py").read_text("utf-8")
    modules = {p.stem for p in (ROOT / "pages" / "_documents").glob("[!_]*.py")}
    assert {"csv", "xlsx"} <= {module.removesuffix("_file") for module in modules} | modules
    assert not {module for module in modules if module not in offered}


def test_pages_when_added_then_in_the_book() -> None:
    files = {p.stem for p in (ROOT / "pages").glob("[!_]*.py")}
    assert files - {"wall"} == {page.name for page in book.PAGES}


@pytest.mark.parametrize("page", book.PAGES, ids=lambda page: page.name)
def test_panels_when_added_then_have_an_own_id(page: book.Page) -> None:
    ids = [panel.id for panel in page.panels]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in ids)


def test_wall_scenes_when_added_then_turned_to() -> None:
    modules = (ROOT / "pages" / "_wall").glob("[!_]*.py")
    scenes = {p.stem for p in modules if re.search(r"^SCENE\b", p.read_text("utf-8"), re.M)}
    assert len(scenes) >= 3
    listed = (ROOT / "pages" / "_wall" / "__init__.py").read_text("utf-8")
    assert set(re.findall(r"\b(\w+)\.SCENE\b", listed)) == scenes


def test_callback_modules_when_added_then_registered() -> None:
    listed = (ROOT / "callbacks" / "__init__.py").read_text("utf-8")
    modules = {
        path.stem
        for path in (ROOT / "callbacks").glob("[!_]*.py")
        if any(f.name == "register" for f in tree.functions(path))
    }
    assert modules
    assert not {module for module in modules if module not in listed}


def test_metric_subjects_when_added_then_in_the_catalogue() -> None:
    files = {p.stem for p in (ROOT / "warehouse" / "metrics").glob("[!_]*.py")} - {"model"}
    assert files == {name.split(".")[0] for name in CATALOGUE}


def test_connectors_when_added_then_their_keys_are_described() -> None:
    """Kinds are found by their file; who declares one finds its keys in the README."""
    kinds = {p.stem for p in (ROOT / "etl" / "connectors").glob("[!_]*.py")}
    described = (ROOT / "etl" / "README.md").read_text("utf-8")
    assert not {kind for kind in kinds if not re.search(rf'[`"]{kind}[`"]', described)}
