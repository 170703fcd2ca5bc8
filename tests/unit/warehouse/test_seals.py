"""Sealed files hold what was put in, whatever its names, and are only what they were sealed as."""

from pathlib import Path

import pytest

from tests.tiny import tiny_settings
from warehouse.errors import Tampered
from warehouse.keys import Keyring
from warehouse.seals import read_sealed, write_sealed


def test_seal_when_the_content_has_a_kind_and_a_mac_then_both_stay_its_own(tmp_path: Path) -> None:
    ring = Keyring.open(tiny_settings(tmp_path), create=True)
    file, content = tmp_path / "sealed.json", {"kind": "anchor", "mac": "x", "content": {"a": 1}}
    write_sealed(ring, "request", content, file)
    assert read_sealed(ring, "request", file) == content
    with pytest.raises(Tampered, match="is no anchor"):
        read_sealed(ring, "anchor", file)
