"""Commands that keep and destroy: `python -m warehouse backup|restore`."""

import argparse
from collections.abc import Callable
from pathlib import Path

from warehouse.backup import back_up
from warehouse.backup_target import Target
from warehouse.errors import SettingsError
from warehouse.keys import Keyring
from warehouse.restore import restore
from warehouse.settings import Settings

Add = Callable[[argparse.ArgumentParser], None]
Work = Callable[[Settings, argparse.Namespace], str]
"""Does it and says in words what was done."""


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", type=Path, metavar="TARGET", help="folder of the backups")
    parser.add_argument(
        "--keys", type=Path, metavar="FOLDER", help="other place for the wrapped partition keys"
    )


def _add_backup(parser: argparse.ArgumentParser) -> None:
    _add_place(parser)
    parser.add_argument("--keep", type=int, metavar="N", help="remove all but the N newest")


def _backup(settings: Settings, options: argparse.Namespace) -> str:
    if options.keep is not None and options.keep < 1:
        raise SettingsError("--keep is at least 1: the backup that is made now.")
    target = Target.at(options.target, options.keys)
    made = back_up(settings, Keyring.open(settings), target, options.keep)
    return (
        f"Generation {made.generation} is in {made.file}: {made.copied_files} files"
        f" ({made.copied_bytes:,} bytes) copied, {made.kept_files} were there; all are whole."
        + (f" {made.removed_backups} older backups removed." if made.removed_backups else "")
    )


def _restore(settings: Settings, options: argparse.Namespace) -> str:
    done = restore(settings, Target.at(options.target, options.keys))
    gone = f" Destroyed since, so not restored: {', '.join(done.destroyed)}."
    return (
        f"{settings.home} holds generation {done.generation} with {done.files} files."
        f"{gone if done.destroyed else ''} Check it with `python -m warehouse verify`."
    )


COMMANDS: dict[str, tuple[str, Add, Work]] = {
    "backup": ("copy what is new to a folder elsewhere, while all runs", _add_backup, _backup),
    "restore": ("make an empty home again from the newest backup", _add_place, _restore),
}
