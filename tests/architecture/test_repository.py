"""What a repository must not hold: addresses of registries, unfinished notes, large files."""

import re
from pathlib import Path

import pytest

from tests.architecture import tree

# Written apart, so that this file does not hold what it looks for.
ADDRESSES = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npm" + "js", "npm" + "mirror")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
TEXT = {".py", ".md", ".toml", ".txt", ".in", ".json", ".js", ".css", ".sql", ".yml", ".po", ""}
FILES = [p for p in tree.repository() if p.suffix in TEXT and "tests/data" not in tree.name(p)]


@pytest.mark.parametrize("address", ADDRESSES)
def test_files_when_read_then_name_no_package_registry(address: str) -> None:
    assert not [tree.name(p) for p in FILES if address in _read(p)]


def test_files_when_read_then_leave_nothing_unfinished() -> None:
    assert not [tree.name(p) for p in FILES if UNFINISHED.search(_read(p))]


def test_files_when_measured_then_none_is_large() -> None:
    own = [p for p in tree.repository() if "tests/data/" not in tree.name(p)]
    large = [tree.name(p) for p in own if p.stat().st_size > 1_000_000]
    assert not large


def test_test_figures_when_measured_then_stay_within_8_megabytes() -> None:
    size = sum(p.stat().st_size for p in tree.repository() if "tests/data/" in tree.name(p))
    assert size <= 8_000_000


def test_pictures_when_measured_then_are_small() -> None:
    pictures = [p for p in tree.repository() if p.suffix == ".png"]
    assert not [tree.name(p) for p in pictures if p.stat().st_size > 300_000]


def test_requirements_when_read_then_every_line_is_pinned_with_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        path = next(p for p in tree.repository() if tree.name(p) == name)
        blocks = re.split(r"\n(?=[a-z0-9])", path.read_text("utf-8"))
        assert blocks
        assert all("==" in block and "--hash=sha256:" in block for block in blocks)


def _read(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")
