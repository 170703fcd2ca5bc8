"""What is built is described: settings, commands, targets, metrics, source keys, pages."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pages._ui.book import PAGES
from tests.docs import reference
from warehouse.settings import ROOT, SETTINGS

README = (ROOT / "README.md").read_text("utf-8")
FOLDERS = ("callbacks", "etl", "gate", "pages", "tests", "warehouse")


def test_settings_when_listed_then_the_table_says_what_the_code_says() -> None:
    rows = {
        match[1]: (match[2], match[3])
        for match in re.finditer(r"^\| `([A-Z_]+)` \| `?([^`|]*?)`? \| (.+) \|$", README, re.M)
    }
    assert rows == {s.name: (s.default, s.meaning) for s in SETTINGS}


def test_make_targets_when_explained_then_named_in_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z-]+):.*## ", makefile, re.M)
    assert len(targets) > 5
    assert not [t for t in targets if f"`make {t}" not in README]


@pytest.mark.parametrize("package", ["etl", "warehouse"])
def test_command_when_offered_then_named_in_the_readme(package: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", package, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert shown.returncode == 0, shown.stderr
    offered = re.findall(r"^ {4}([a-z]+)\b", shown.stdout, re.M)
    assert len(offered) >= 4, shown.stdout
    assert not [c for c in offered if f"`python -m {package} {c}" not in README]


def test_metrics_when_defined_then_the_reference_is_up_to_date() -> None:
    assert reference.FILE.read_text("utf-8") == reference.text(), "run `make reference`"


def test_source_keys_when_known_then_explained_in_the_etl_readme() -> None:
    text = (ROOT / "etl" / "README.md").read_text("utf-8")
    used = {key for path in (ROOT / "sources").glob("*.toml") for key in _keys(path)}
    assert len(used) > 15
    assert not sorted(key for key in used if not re.search(rf"\b{key}\b", text))


FREE = {"columns", "constants", "values", "labels"}
"""Tables whose keys are columns, dimensions and values of the source, not of the format."""


def _keys(path: Path) -> set[str]:
    """Names of the format itself: top-level keys and tables, and the keys inside those tables."""
    content = tomllib.loads(path.read_text("utf-8"))
    inner = [table for name, table in content.items() if name not in FREE]
    return set(content).union(*(set(table) for table in inner if isinstance(table, dict)))


def test_pages_when_in_the_book_then_have_a_file_each() -> None:
    files = {path.stem for path in (ROOT / "pages").glob("[!_]*.py")}
    assert {page.name for page in PAGES} <= files


def test_folders_when_listed_then_have_a_readme_that_the_tree_can_trust() -> None:
    assert not [f for f in FOLDERS if f"{f}/" not in README]
    assert not [f for f in ("etl", "warehouse") if not (ROOT / f / "README.md").exists()]


TEXTS = [*sorted(ROOT.glob("*/README.md")), ROOT / "README.md"]


@pytest.mark.parametrize("path", TEXTS, ids=[p.parent.name for p in TEXTS])
def test_links_when_written_then_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", path.read_text("utf-8"))
    assert not [t for t in targets if "://" not in t and not (path.parent / t).exists()]
