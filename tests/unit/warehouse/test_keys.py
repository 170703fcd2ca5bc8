"""Keys: made once, opened only by their master, pseudonyms the same everywhere."""

import hashlib
import hmac
import json
import secrets
import stat
from pathlib import Path

import pytest

from tests.tiny import tiny_settings
from warehouse.errors import NewerFormat, SettingsError, WrongKey
from warehouse.keys import NAMES, Keyring, keyring_file


def test_keyring_when_created_then_opens_again_with_the_same_keys(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    made = Keyring.open(settings, create=True)
    opened = Keyring.open(settings)
    assert [made.key(name) for name in NAMES] == [opened.key(name) for name in NAMES]
    assert len({made.key(name) for name in NAMES}) == len(NAMES)
    assert stat.S_IMODE(settings.master_key_file.stat().st_mode) == 0o400


def test_keyring_when_written_then_holds_no_key_in_clear(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    ring = Keyring.open(settings, create=True)
    text = keyring_file(settings).read_text()
    assert not any(ring.key(name).hex() in text for name in NAMES)


def test_keyring_when_master_differs_then_wrong_key(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    Keyring.open(settings, create=True)
    settings.master_key_file.chmod(0o600)
    settings.master_key_file.write_text("ab" * 32)
    with pytest.raises(WrongKey, match="COCKPIT_MASTER_KEY_FILE"):
        Keyring.open(settings)


@pytest.mark.parametrize("content", ["", "zz" * 32, "ab" * 31, "密钥" * 16])
def test_keyring_when_master_is_no_key_then_wrong_key(content: str, tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    settings.master_key_file.parent.mkdir(parents=True)
    settings.master_key_file.write_text(content)
    with pytest.raises(WrongKey, match="64 hexadecimal digits"):
        Keyring.open(settings, create=True)


def test_keyring_when_master_is_gone_then_none_is_made_over_the_old_home(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    Keyring.open(settings, create=True)
    settings.master_key_file.unlink()
    with pytest.raises(WrongKey, match="put the one of this warehouse back"):
        Keyring.open(settings, create=True)


def test_keyring_when_ring_is_gone_from_a_used_home_then_none_is_made(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    Keyring.open(settings, create=True)
    keyring_file(settings).unlink()
    settings.live.mkdir()
    (settings.live / "state.key").write_text("wrapped")
    with pytest.raises(WrongKey, match="put the keyring back"):
        Keyring.open(settings, create=True)


def test_keyring_when_nothing_was_made_then_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(WrongKey, match="make run"):
        Keyring.open(tiny_settings(tmp_path))


def test_keyring_when_in_production_then_makes_no_master_key(tmp_path: Path) -> None:
    settings = tiny_settings(
        tmp_path,
        COCKPIT_PROFILE="production",
        COCKPIT_MASTER_KEY_FILE=str(tmp_path / "elsewhere.key"),
    )
    with pytest.raises(WrongKey):
        Keyring.open(settings, create=True)
    assert not settings.master_key_file.exists()


def test_keyring_when_of_a_newer_format_then_newer_format(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    Keyring.open(settings, create=True)
    ring = keyring_file(settings)
    ring.write_text(json.dumps({**json.loads(ring.read_text()), "format": 2}))
    with pytest.raises(NewerFormat):
        Keyring.open(settings)


@pytest.mark.parametrize("damage", ["", "[]", '{"format": 1}', '{"format": 1, "keys": {}}'])
def test_keyring_when_damaged_then_wrong_key(damage: str, tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    Keyring.open(settings, create=True)
    keyring_file(settings).write_text(damage)
    with pytest.raises(WrongKey):
        Keyring.open(settings)


def test_wrap_when_opened_for_another_file_then_wrong_key(tmp_path: Path) -> None:
    ring = Keyring.open(tiny_settings(tmp_path), create=True)
    sealed = ring.wrap(b"k" * 32, "partition/a/2026-01")
    assert ring.unwrap(sealed, "partition/a/2026-01") == b"k" * 32
    with pytest.raises(WrongKey, match="partition/a/2026-02"):
        ring.unwrap(sealed, "partition/a/2026-02")


def test_wrap_when_any_character_changes_then_wrong_key(tmp_path: Path) -> None:
    ring = Keyring.open(tiny_settings(tmp_path), create=True)
    sealed = ring.wrap(b"k" * 32, "x")
    for place in range(len(sealed)):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(WrongKey):
            ring.unwrap(changed, "x")


def test_pseudonym_when_asked_twice_then_the_same_signed_number(tmp_path: Path) -> None:
    ring = Keyring.open(tiny_settings(tmp_path), create=True)
    again = Keyring.open(tiny_settings(tmp_path))
    numbers = {ring.pseudonym(f"citizen {n}") for n in range(500)}
    assert ring.pseudonym("李雷") == again.pseudonym("李雷")
    assert len(numbers) == 500
    assert min(numbers) < 0 < max(numbers)
    assert all(-(2**63) <= number < 2**63 for number in numbers)


def test_pseudonym_when_made_then_the_first_eight_bytes_of_the_hmac(tmp_path: Path) -> None:
    ring = Keyring.open(tiny_settings(tmp_path), create=True)
    digest = hmac.digest(ring.key("pseudonym"), "李雷".encode(), "sha256")
    assert ring.pseudonym("李雷") == int.from_bytes(digest[:8], "big", signed=True)


def test_pseudonym_when_in_another_home_then_another_number(tmp_path: Path) -> None:
    one = Keyring.open(tiny_settings(tmp_path / "one"), create=True)
    other = Keyring.open(tiny_settings(tmp_path / "other"), create=True)
    assert one.pseudonym("citizen") != other.pseudonym("citizen")


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        ("00" * 32, 0o400, "weak key"),
        ("ab12" * 16, 0o400, "weak key"),
        (hashlib.sha256(b"one").hexdigest(), 0o644, "chmod 400"),
        (hashlib.sha256(b"two").hexdigest(), 0o620, "chmod 400"),
    ],
)
def test_keyring_when_in_production_then_weak_or_open_keys_are_refused(
    content: str, mode: int, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.key"
    file.write_text(content)
    file.chmod(mode)
    env = {"COCKPIT_PROFILE": "production", "COCKPIT_MASTER_KEY_FILE": str(file)}
    settings = tiny_settings(tmp_path, **env)
    with pytest.raises(SettingsError, match=told):
        Keyring.open(settings, create=True)
    assert not keyring_file(settings).exists()


def test_keyring_when_in_production_with_a_good_key_then_makes_its_ring(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.key"
    file.write_text(secrets.token_hex(32))
    file.chmod(0o440)
    env = {"COCKPIT_PROFILE": "production", "COCKPIT_MASTER_KEY_FILE": str(file)}
    made = Keyring.open(tiny_settings(tmp_path, **env), create=True)
    assert made.key("session") == Keyring.open(tiny_settings(tmp_path, **env)).key("session")
