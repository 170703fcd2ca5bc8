"""Commands that keep and destroy: `python -m warehouse backup|restore|destroy|retain`."""

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

from warehouse.backup import back_up
from warehouse.backup_target import Target
from warehouse.destroy import Wish, destroy
from warehouse.errors import SettingsError
from warehouse.keys import Keyring
from warehouse.restore import restore
from warehouse.retention import read_retention, retain
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


def _add_destroy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET")
    parser.add_argument("month", metavar="MONTH", help="YYYY-MM")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="for the certificate")
    parser.add_argument("--by", default="", metavar="NAME", help="who decided it; default: you")
    _add_unreachable(parser)


def _add_unreachable(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--unreachable",
        action="store_true",
        help="name backups out of reach on the certificate instead of refusing",
    )


def _destroy(settings: Settings, options: argparse.Namespace) -> str:
    wish = Wish(
        dataset=options.dataset,
        month=options.month,
        reason=options.reason,
        by=options.by,
        may_leave_unreachable=options.unreachable,
    )
    said = functools.partial(print, flush=True)
    certificate = destroy(settings, Keyring.open(settings), wish, said)
    return f"{wish.dataset} {wish.month} is destroyed for good. Certificate: {certificate}"


def _retain(settings: Settings, options: argparse.Namespace) -> str:
    kept = read_retention(settings.sources / "city.toml")
    if not kept:
        return f"{settings.sources / 'city.toml'} declares no [retention]: nothing is destroyed."
    keyring = Keyring.open(settings)
    done = list(retain(settings, keyring, kept, unreachable=options.unreachable))
    return "\n".join(
        ["Older than it is kept and destroyed:" if done else "Nothing is too old."]
        + [f"  {certificate}" for certificate in done]
    )


COMMANDS: dict[str, tuple[str, Add, Work]] = {
    "backup": ("copy what is new to a folder elsewhere, while all runs", _add_backup, _backup),
    "destroy": ("destroy a month for good, with its keys everywhere", _add_destroy, _destroy),
    "retain": ("destroy what is older than [retention] says", _add_unreachable, _retain),
    "restore": ("make an empty home again from the newest backup", _add_place, _restore),
}
