"""The build mark that tells a wall to load itself again."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from callbacks.version import build_of


def _app(folder: Path) -> Any:
    return SimpleNamespace(config=SimpleNamespace(assets_folder=str(folder)))


def test_build_when_an_asset_changes_then_another_mark(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a")
    first = build_of(_app(tmp_path))
    assert build_of(_app(tmp_path)) == first
    (tmp_path / "a.css").write_text("b")
    assert build_of(_app(tmp_path)) != first
