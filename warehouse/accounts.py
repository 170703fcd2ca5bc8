"""Accounts as people meet them: the command, and the examples of the demo. The store itself is
`account_store.py`.
"""

import argparse
import getpass
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from warehouse.account_store import WALL_LONGEST, Account, Accounts
from warehouse.errors import CockpitError, SettingsError, StorageError
from warehouse.model import Role, Scope
from warehouse.settings import Settings

__all__ = ["WALL_LONGEST", "Account", "Accounts", "Example", "create_example_accounts", "main"]

Example = tuple[str, str, Role]
"""Name, password and role of an example account."""

ALL = Scope(everything=True)


# --- examples of the demo -------------------------------------------------------------------


def create_example_accounts(settings: Settings, districts: Sequence[str]) -> list[Example]:
    """One account for each way of looking at the cockpit, with passwords made on this machine.

    They are kept in `<home>/keys/example-accounts.txt` (0600), so that a later start can print
    them again. Raises `SettingsError` in production: there nobody is made up.
    """
    if settings.is_production:
        raise SettingsError("Example accounts are for the demo profile only. Use `accounts add`.")
    file = settings.home / "keys" / "example-accounts.txt"
    known, accounts = _read_examples(file), Accounts(settings)
    examples: list[Example] = []
    for name, role, scope in _wanted(districts):
        password = known.get(name) or secrets.token_urlsafe(12)
        examples.append((name, password, role))
        if accounts.get(name) is None:
            accounts.add(name, password, role, scope)
        elif name not in known:
            accounts.set_password(name, password)
    _write_examples(file, examples)
    return examples


def _wanted(districts: Sequence[str]) -> list[tuple[str, Role, Scope]]:
    """The official of one district comes first: the most common reader."""
    one = [
        (f"official-{code}", Role.OFFICIAL, Scope(districts=frozenset({code})))
        for code in districts[:1]
    ]
    return one + [(role.value, role, ALL) for role in Role]


def _read_examples(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    lines = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
    return {parts[0]: parts[1] for parts in lines if len(parts) == 3}


def _write_examples(file: Path, examples: Sequence[Example]) -> None:
    text = "".join(f"{name} {password} {role.value}\n" for name, password, role in examples)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(text)
    except OSError as error:
        raise StorageError(f"{file} cannot be written ({error.strerror}).") from error


# --- the command ----------------------------------------------------------------------------


def main(argv: Sequence[str], settings: Settings) -> int:
    """`python -m warehouse accounts …`. Returns the exit code; errors are one line on stderr."""
    try:
        arguments = _parser().parse_args(argv)
        _run(arguments, Accounts(settings))
    except CockpitError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse accounts")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="names, roles and scopes")
    add = commands.add_parser("add", help="a new account")
    add.add_argument("name")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    scope = add.add_mutually_exclusive_group(required=True)
    scope.add_argument("--districts", metavar="A,B", help="the districts it may see")
    scope.add_argument("--everything", action="store_true", help="it may see all districts")
    passwd = commands.add_parser("passwd", help="a new password; ends its sessions")
    passwd.add_argument("name")
    for command in (add, passwd):
        command.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
    commands.add_parser("remove", help="remove an account").add_argument("name")
    return parser


def _run(arguments: argparse.Namespace, accounts: Accounts) -> None:
    match arguments.command:
        case "list":
            known = accounts.all()
            sys.stdout.writelines(_line(account) for account in known)
            if not known:
                sys.stderr.write("There are no accounts yet. `accounts add` makes one.\n")
        case "add":
            scope = _scope(arguments.districts)
            password = _password(from_stdin=arguments.password_stdin)
            accounts.add(arguments.name, password, Role(arguments.role), scope)
        case "passwd":
            accounts.viewer(arguments.name)
            accounts.set_password(arguments.name, _password(from_stdin=arguments.password_stdin))
        case "remove":
            accounts.remove(arguments.name)


def _line(account: Account) -> str:
    scope = "everything" if account.scope.everything else ",".join(sorted(account.scope.districts))
    return f"{account.name}\t{account.role.value}\t{scope}\n"


def _scope(districts: str | None) -> Scope:
    if districts is None:
        return ALL
    codes = frozenset(code.strip() for code in districts.split(",") if code.strip())
    if not codes:
        raise SettingsError("--districts names no district. Give codes, or --everything.")
    return Scope(districts=codes)


def _password(*, from_stdin: bool) -> str:
    """Asked for twice at a terminal; never an argument, which other users could see."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise SettingsError("The two passwords differ. Nothing was changed.")
    return password
