"""Accounts, passwords, sessions, lock-out, the command and the examples."""

import io
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.tiny import tiny_settings
from warehouse import account_store, clock
from warehouse.accounts import Accounts, create_example_accounts, main
from warehouse.errors import QueryError, SettingsError, StorageError
from warehouse.lockout import FIRST_WAIT, FREE_FOR_ADDRESS, FREE_FOR_NAME, LONGEST_WAIT
from warehouse.model import Role, Scope
from warehouse.settings import Settings

PASSWORD = "long-enough-9-Word"
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
EAST = Scope(districts=frozenset({"east"}))


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(account_store, "PasswordHasher", lambda: quick)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return tiny_settings(tmp_path)


@pytest.fixture
def accounts(settings: Settings) -> Accounts:
    return Accounts(settings)


def test_account_when_added_then_found_with_role_and_scope(accounts: Accounts) -> None:
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    assert accounts.viewer("li").scope == EAST
    assert [a.name for a in accounts.all()] == ["li"]
    assert accounts.get("wang") is None


def test_password_when_stored_then_only_as_an_argon2_hash(
    accounts: Accounts, settings: Settings
) -> None:
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    token = accounts.start_session("li")
    content = b"".join(f.read_bytes() for f in settings.web.iterdir())
    assert PASSWORD.encode() not in content and token.encode() not in content
    assert b"$argon2id$" in content
    assert (settings.web / "accounts.sqlite").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("", PASSWORD),
        (" li", PASSWORD),
        ("l\ni", PASSWORD),
        ("x" * 65, PASSWORD),
        ("li", "short"),
        ("li", "x" * 129),
        ("li", "aaaabbbbaaaabbbb"),
        ("liwang", "LiWang-and-more-9"),
    ],
)
def test_account_when_name_or_password_is_bad_then_refused(
    accounts: Accounts, name: str, password: str
) -> None:
    with pytest.raises(QueryError):
        accounts.add(name, password, Role.OFFICIAL, EAST)
    assert accounts.all() == ()


def test_account_when_added_twice_then_refused_and_the_first_stays(accounts: Accounts) -> None:
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    with pytest.raises(QueryError, match="already"):
        accounts.add("li", PASSWORD, Role.ADMIN, Scope(everything=True))
    assert accounts.viewer("li").role is Role.OFFICIAL


@pytest.mark.parametrize("act", ["viewer", "remove"])
def test_account_when_unknown_then_says_how_to_list(accounts: Accounts, act: str) -> None:
    with pytest.raises(QueryError, match="accounts list"):
        getattr(accounts, act)("nobody")


def test_password_when_right_or_wrong_then_account_or_none(accounts: Accounts) -> None:
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    found = accounts.check("li", PASSWORD)
    assert found is not None and found.role is Role.OFFICIAL
    assert accounts.check("li", PASSWORD + "x") is None
    assert accounts.check("nobody", PASSWORD) is None


def test_check_when_name_is_unknown_then_as_dear_as_a_verification(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashing and verifying are the same work: argon2 once over the password."""
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    worked: list[str] = []
    hashed, verified = accounts._hash, accounts._verify
    monkeypatch.setattr(accounts, "_hash", lambda p: worked.append(p) or hashed(p))
    monkeypatch.setattr(accounts, "_verify", lambda h, p: worked.append(p) or verified(h, p))
    accounts.check("li", "wrong")
    accounts.check("nobody", "wrong")
    assert worked == ["wrong", "wrong"]


def test_lockout_when_wrong_again_and_again_then_the_wait_doubles_up_to_a_limit(
    accounts: Accounts,
) -> None:
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    now, waits = START, []
    for _ in range(FREE_FOR_NAME + 8):
        with clock.frozen_at(now):
            assert accounts.check("li", "wrong", "10.0.0.1") is None
            waits.append(accounts.lockout.wait_seconds("li", "10.0.0.1"))
        now += timedelta(seconds=waits[-1])
    first = FIRST_WAIT.total_seconds()
    assert waits[: FREE_FOR_NAME - 1] == [0.0] * (FREE_FOR_NAME - 1)
    assert waits[FREE_FOR_NAME - 1 : FREE_FOR_NAME + 2] == [first, 2 * first, 4 * first]
    assert waits[-1] == LONGEST_WAIT.total_seconds()


def test_lockout_when_waiting_then_even_the_right_password_is_refused_from_there_only(
    accounts: Accounts,
) -> None:
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    with clock.frozen_at(START):
        for _ in range(FREE_FOR_NAME):
            accounts.check("li", "wrong", "10.0.0.1")
        assert accounts.check("li", PASSWORD, "10.0.0.1") is None
        assert accounts.check("li", PASSWORD, "10.0.0.2") is not None
    with clock.frozen_at(START + FIRST_WAIT):
        assert accounts.check("li", PASSWORD, "10.0.0.1") is not None
        assert accounts.lockout.wait_seconds("li", "10.0.0.1") == 0


def test_lockout_when_one_password_is_tried_on_many_names_then_the_address_waits(
    accounts: Accounts,
) -> None:
    with clock.frozen_at(START):
        for number in range(FREE_FOR_ADDRESS):
            accounts.check(f"name-{number}", "wrong", "10.0.0.9")
        assert accounts.lockout.wait_seconds("fresh", "10.0.0.9") > 0
        assert accounts.lockout.wait_seconds("fresh", "10.0.0.8") == 0


def test_session_when_started_then_belongs_to_its_account_until_ended(accounts: Accounts) -> None:
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    token = accounts.start_session("li")
    assert len(token) >= 43
    viewer = accounts.session_viewer(token)
    assert viewer is not None and viewer.name == "li"
    assert accounts.session_viewer(token + "x") is None
    accounts.end_session(token)
    assert accounts.session_viewer(token) is None


@pytest.mark.parametrize(
    ("role", "after", "is_alive"),
    [
        (Role.OFFICIAL, timedelta(minutes=29), True),
        (Role.OFFICIAL, timedelta(minutes=30), False),
        (Role.ADMIN, timedelta(minutes=30), False),
        (Role.WALL, timedelta(days=29), True),
        (Role.WALL, timedelta(days=30), False),
    ],
)
def test_session_when_idle_then_ends_by_role(
    accounts: Accounts, role: Role, after: timedelta, is_alive: bool
) -> None:
    accounts.add("li", PASSWORD, role, EAST)
    with clock.frozen_at(START):
        token = accounts.start_session("li")
    with clock.frozen_at(START + after):
        assert (accounts.session_viewer(token) is not None) is is_alive


def test_session_when_used_then_idle_starts_again_but_twelve_hours_stay(
    accounts: Accounts,
) -> None:
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    with clock.frozen_at(START):
        token = accounts.start_session("li")
    for minutes in range(25, 720, 25):
        with clock.frozen_at(START + timedelta(minutes=minutes)):
            assert accounts.session_viewer(token) is not None
            accounts.session_used(token)
    with clock.frozen_at(START + timedelta(hours=12)):
        assert accounts.session_viewer(token) is None


def test_sessions_when_the_file_is_opened_again_then_still_there(
    accounts: Accounts, settings: Settings
) -> None:
    accounts.add("li", PASSWORD, Role.OFFICIAL, EAST)
    token = accounts.start_session("li")
    assert Accounts(settings).session_viewer(token) is not None


def test_store_when_the_home_cannot_be_written_then_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the home should be")
    with pytest.raises(StorageError, match="COCKPIT_HOME"):
        Accounts(tiny_settings(tmp_path))


# --- the command ----------------------------------------------------------------------------


def test_command_when_used_then_adds_lists_changes_and_removes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\nAnother-9-Password\n"))
    add = ["add", "li", "--role", "official", "--districts", "east, west", "--password-stdin"]
    assert main(add, settings) == 0
    assert main(["list"], settings) == 0
    assert capsys.readouterr().out == "li\tofficial\teast,west\n"
    assert main(["passwd", "li", "--password-stdin"], settings) == 0
    assert Accounts(settings).check("li", "Another-9-Password") is not None
    assert main(["remove", "li"], settings) == 0
    assert Accounts(settings).all() == ()


@pytest.mark.parametrize(
    "argv",
    [
        ["remove", "nobody"],
        ["passwd", "nobody", "--password-stdin"],
        ["add", "li", "--role", "official", "--districts", " , ", "--password-stdin"],
        ["add", "li", "--role", "admin", "--everything", "--password-stdin"],
    ],
)
def test_command_when_wrong_then_one_line_and_code_1(
    settings: Settings,
    argv: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("weak\n"))
    assert main(argv, settings) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_command_when_the_two_passwords_differ_then_nothing_changes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter([PASSWORD, PASSWORD + "x"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    assert main(["add", "li", "--role", "admin", "--everything"], settings) == 1
    assert Accounts(settings).all() == ()


# --- examples -------------------------------------------------------------------------------


def test_examples_when_made_then_one_a_role_and_kept_for_the_next_start(
    settings: Settings,
) -> None:
    first = create_example_accounts(settings, ["east", "west"])
    again = create_example_accounts(settings, ["east", "west"])
    assert first == again
    assert {role for _, _, role in first} == set(Role)
    accounts = Accounts(settings)
    assert all(accounts.check(name, password) for name, password, _ in first)
    assert accounts.viewer("official-east").scope == EAST
    file = settings.home / "keys" / "example-accounts.txt"
    assert file.stat().st_mode & 0o777 == 0o600


def test_examples_when_the_file_is_gone_then_new_passwords_that_work(settings: Settings) -> None:
    first = create_example_accounts(settings, ["east"])
    (settings.home / "keys" / "example-accounts.txt").unlink()
    again = create_example_accounts(settings, ["east"])
    assert {p for _, p, _ in first}.isdisjoint({p for _, p, _ in again})
    assert all(Accounts(settings).check(name, password) for name, password, _ in again)


def test_examples_when_in_production_then_refused(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="demo"):
        create_example_accounts(replace(settings, profile="production"), ["east"])


def test_store_when_two_processes_write_then_both_succeed(settings: Settings) -> None:
    one, two = Accounts(settings), Accounts(settings)
    one.add("li", PASSWORD, Role.OFFICIAL, EAST)
    tokens = [store.start_session("li") for store in (one, two) for _ in range(10)]
    with closing(sqlite3.connect(settings.web / "accounts.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM session").fetchone() == (20,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert all(two.session_viewer(token) for token in tokens)
