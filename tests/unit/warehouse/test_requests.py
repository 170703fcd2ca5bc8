"""Requests of operators: sealed files that count once, and whatever else lies there is not done."""

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from etl.load import Loader
from tests.tiny import tiny_settings
from warehouse import requests
from warehouse.errors import QueryError
from warehouse.keys import Keyring
from warehouse.operations import Request, RunKind
from warehouse.requests import ask, asked, done, waiting
from warehouse.seals import write_sealed
from warehouse.settings import Settings

WISH: dict[str, Any] = {
    "kind": RunKind.BACKFILL,
    "source": "visits",
    "asked_by": "李 <li>",
    "start": date(2026, 3, 1),
    "end": date(2026, 3, 9),
}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return tiny_settings(tmp_path)


@pytest.fixture
def ring(home: Settings) -> Keyring:
    return Keyring.open(home, create=True)


def _file(home: Settings, request: Request) -> Path:
    return home.home / "requests" / f"{request.request_id}.json"


def test_request_when_asked_then_waits_as_it_was_until_it_is_done(
    home: Settings, ring: Keyring
) -> None:
    first = ask(home, ring, asked(**WISH))
    second = ask(home, ring, asked(kind=RunKind.REPLAY, source="s", asked_by="Li", reason="empty"))
    assert waiting(home, ring) == (first, second)
    done(home, first)
    assert waiting(home, ring) == (second,)
    done(home, first)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": RunKind.LOAD}, "schedule"),
        ({"source": "../visits"}, "no name of a source"),
        ({"source": ""}, "no name of a source"),
        ({"reason": "no such; code"}, "no code"),
        ({"asked_by": ""}, "name of who asks"),
        ({"end": None}, "later end"),
        ({"end": date(2026, 3, 1)}, "later end"),
        ({"kind": RunKind.REPLAY}, "no days"),
    ],
)
def test_request_when_it_cannot_be_asked_then_nothing_is_written(
    change: dict[str, Any], words: str, home: Settings, ring: Keyring
) -> None:
    with pytest.raises(QueryError, match=words):
        ask(home, ring, asked(**{**WISH, **change}))
    assert not (home.home / "requests").exists()


def test_request_when_too_many_wait_then_is_refused(
    home: Settings, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_WAITING", 2)
    for _ in range(2):
        ask(home, ring, asked(**WISH))
    with pytest.raises(QueryError, match="2 requests wait already"):
        ask(home, ring, asked(**WISH))


def _changed(home: Settings, ring: Keyring, file: Path) -> None:
    found = json.loads(file.read_text())
    found["content"]["source"] = "other"
    file.write_text(json.dumps(found))


def _other_keys(home: Settings, ring: Keyring, file: Path) -> None:
    other = replace(home, home=home.home / "other", master_key_file=home.home / "other.key")
    own = json.loads(file.read_text())["content"]
    write_sealed(Keyring.open(other, create=True), "request", own, file)


def _other_name(home: Settings, ring: Keyring, file: Path) -> None:
    file.rename(file.with_name("0" * 32 + ".json"))


def _another_kind(home: Settings, ring: Keyring, file: Path) -> None:
    own = json.loads(file.read_text())["content"]
    write_sealed(ring, "certificate", own, file)


def _no_json(home: Settings, ring: Keyring, file: Path) -> None:
    file.write_bytes(b"\xff\x00 not json")


def _too_long(home: Settings, ring: Keyring, file: Path) -> None:
    file.write_text(file.read_text() + " " * 20_000)


def _link(home: Settings, ring: Keyring, file: Path) -> None:
    target = file.with_suffix(".elsewhere")
    file.rename(target)
    file.symlink_to(target)


def _folder(home: Settings, ring: Keyring, file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "harm",
    [_changed, _other_keys, _other_name, _another_kind, _no_json, _too_long, _link, _folder],
)
def test_request_when_its_file_is_not_ours_then_is_set_aside_and_the_others_wait(
    harm: Any, home: Settings, ring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = ask(home, ring, asked(**WISH)), ask(home, ring, asked(**WISH))
    harm(home, ring, _file(home, bad))
    assert waiting(home, ring) == (good,)
    assert [record.getMessage() for record in caplog.records] == ["request.refused"]
    assert [file.stem for file in (home.home / "requests").glob("*.json")] == [good.request_id]
    assert len(list((home.home / "requests").glob("*.refused"))) == 1
    caplog.clear()
    assert waiting(home, ring) == (good,)
    assert not caplog.records


def test_request_when_the_wish_of_a_backup_lies_beside_it_then_is_left_alone(
    home: Settings, ring: Keyring
) -> None:
    request = ask(home, ring, asked(**WISH))
    (home.home / "requests" / "books").touch()
    assert waiting(home, ring) == (request,)
    assert (home.home / "requests" / "books").exists()


def test_request_when_an_old_file_is_put_back_then_is_entered_once(
    home: Settings, ring: Keyring, tmp_path: Path
) -> None:
    request = ask(home, ring, asked(**WISH))
    shutil.copyfile(_file(home, request), tmp_path / "kept")
    with Loader(home, ring) as loader:
        assert loader.state.take_request(waiting(home, ring)[0])
        done(home, request)
        shutil.copyfile(tmp_path / "kept", _file(home, request))
        assert not loader.state.take_request(waiting(home, ring)[0])
