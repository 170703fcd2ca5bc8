"""What `python -m gate build` makes, and that it names no address."""

import gzip
import json
from pathlib import Path

import brotli
import pytest

from gate import build, shelf
from gate.__main__ import main
from warehouse.errors import SettingsError
from warehouse.settings import ROOT


def _sources() -> dict[str, bytes]:
    return {"static/a.css": b"a{color:red}" * 50, "static/b.woff2": b"\x00\x01" * 50}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "build" / "static"
    folder.parent.mkdir()
    monkeypatch.setattr(build, "BUILT", folder)
    monkeypatch.setattr(build, "install", lambda: None)
    monkeypatch.setattr(build, "inputs", _sources)
    return folder


def test_build_when_run_then_each_text_plain_and_compressed(built: Path) -> None:
    build.build()
    plain = _sources()["static/a.css"]
    assert (built / "static/a.css").read_bytes() == plain
    assert brotli.decompress((built / "static/a.css.br").read_bytes()) == plain
    assert gzip.decompress((built / "static/a.css.gz").read_bytes()) == plain
    assert not (built / "static/b.woff2.br").exists()
    etags = json.loads((built / shelf.LIST).read_text())["files"]
    assert etags == {name: shelf.etag_of(body) for name, body in _sources().items()}


def test_build_when_nothing_changed_then_nothing_is_written(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.build()
    before = (built / shelf.LIST).stat().st_mtime_ns
    assert "up to date" in build.build()
    assert (built / shelf.LIST).stat().st_mtime_ns == before
    monkeypatch.setattr(build, "inputs", lambda: {**_sources(), "static/c.css": b"c"})
    assert "written" in build.build()
    assert (built / "static/c.css").exists()


def test_install_when_npm_fails_then_one_line_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "MODULES", tmp_path / "node_modules")
    monkeypatch.setattr(build, "_npm", lambda: ["false"])
    with pytest.raises(SettingsError, match="front-end packages cannot be installed"):
        build.install()


def test_command_when_misused_then_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "python -m gate build" in capsys.readouterr().err


def test_lock_when_read_then_exact_versions_and_no_addresses_of_packages() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: about for name, about in lock["packages"].items() if name}
    assert all("resolved" not in about for about in packages.values())
    assert all(about["integrity"].startswith("sha512-") for about in packages.values())


def test_plotly_when_locked_then_the_version_dash_brings() -> None:
    from plotly.offline import get_plotlyjs_version

    lock = json.loads((ROOT / "package-lock.json").read_text())
    version = lock["packages"]["node_modules/plotly.js-cartesian-dist-min"]["version"]
    assert version == get_plotlyjs_version()
