"""The ETL from the shell: check a declaration, run sources, serve their schedules, show status."""

import argparse
import json
import logging
import os
import sys
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from etl import shell
from etl.check import SHOWN, Sample, check_source
from etl.logs import configure_logs
from etl.model import Source
from etl.sources import read_sources, source_env
from etl.status import undelivered
from etl.table import text_table
from warehouse import clock
from warehouse.datasets import Kind
from warehouse.errors import (
    CockpitError,
    NotPublished,
    SettingsError,
    Undelivered,
)
from warehouse.home import check_home
from warehouse.keys import Keyring
from warehouse.manifest import read_manifest
from warehouse.model import SourceStatus
from warehouse.settings import Settings
from warehouse.shell import piped

FAILED = 1


def main(arguments: Sequence[str]) -> int:
    """Runs one command; the exit code. Every error the cockpit knows is one message on stderr."""
    options = _parser().parse_args(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # reports are printed, not logged
    try:
        settings = Settings.from_env()
        return int(options.command(settings, options))
    except CockpitError as error:
        print(error, file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m etl", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="explain what a declaration would load")
    check.add_argument("file", type=Path, metavar="FILE.toml")
    check.set_defaults(command=_check)
    run = commands.add_parser("run", help="load what is new, then publish")
    run.add_argument("names", nargs="*", metavar="NAME")
    run.add_argument("--all", action="store_true", help="every declared source")
    run.add_argument("--progress", action="store_true", help="a bar even without a terminal")
    run.set_defaults(command=shell.run)
    replay = commands.add_parser("replay", help="try what is in quarantine again")
    replay.add_argument("name", metavar="NAME")
    replay.add_argument("--reason", default="", help="a code of warehouse/reasons.py")
    replay.set_defaults(command=shell.replay)
    backfill = commands.add_parser("backfill", help="read a range of days once more")
    backfill.add_argument("name", metavar="NAME")
    backfill.add_argument("start", metavar="FROM", type=date.fromisoformat, help="YYYY-MM-DD")
    backfill.add_argument("end", metavar="TO", type=date.fromisoformat, help="not included")
    backfill.set_defaults(command=shell.backfill)
    served = commands.add_parser("serve", help="run all sources on their schedules")
    served.add_argument("--demo", action="store_true", help="let the example city deliver")
    served.add_argument("--wait", action="store_true", help="stand by while another one serves")
    served.set_defaults(command=_serve)
    alarm = commands.add_parser("alarm", help="send a test message to each target of alarms")
    alarm.add_argument("--test", action="store_true", required=True)
    alarm.set_defaults(command=_alarm)
    status = commands.add_parser("status", help="how each source stands")
    status.add_argument("--format", choices=("table", "json"), default="table")
    status.set_defaults(command=_status)
    return parser


# --- check ----------------------------------------------------------------------------------


def _check(settings: Settings, options: argparse.Namespace) -> int:
    env = source_env(settings, os.environ)
    source, sample = check_source(options.file, env, settings.zone)
    print(f"{source.file}: {source.name} fulfils {source.contract.name}.")
    print(f"\n{sample.item} as it would load ({len(sample.rows):,} good rows looked at):")
    print(_sample_table(source, sample))
    if sample.new_columns:
        print(f"\nNot declared, so not stored: {', '.join(sample.new_columns)}")
    if sample.broken.is_empty():
        return 0
    first = f", the first {SHOWN}:" if len(sample.broken) > SHOWN else ":"
    noun = "row" if len(sample.broken) == 1 else "rows"
    print(f"{len(sample.broken):,} broken {noun}{first}", file=sys.stderr)
    print("\n".join(sample.complaints), file=sys.stderr)
    return FAILED


def _sample_table(source: Source, sample: Sample) -> str:
    mapped = {*source.columns, *source.constants}
    shown = [name for name in sample.rows.columns if name in mapped]
    header = ["line", "day", *shown]
    secret = {c.name for c in source.contract.columns if c.kind is Kind.PSEUDONYM}
    rows = sample.rows.select(header).head(SHOWN).rows(named=True)
    return text_table(header, [[_cell(v, n in secret) for n, v in row.items()] for row in rows])


def _cell(value: Any, is_secret: bool) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    # Short, so that nobody takes it for the real pseudonym.
    return f"#{value % 65536}" if is_secret and value is not None else value


# --- serve ----------------------------------------------------------------------------------


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    # Only here, as in `_alarm`: a scheduler and clients of mail and web cost others a third of
    # their start.
    from etl.demo import deliver_live
    from etl.serving import serve

    configure_logs()
    declared = read_sources(settings.sources, source_env(settings, os.environ))
    serve(settings, declared, deliver_live if options.demo else None, wait=options.wait)
    return 0


# --- alarm ----------------------------------------------------------------------------------


def _alarm(settings: Settings, options: argparse.Namespace) -> int:
    from etl.alarms.outbox import posts
    from etl.alarms.wording import trial_message

    targets = posts(settings)
    if not targets:
        raise SettingsError("No target is set: give COCKPIT_MAIL_SERVER or COCKPIT_WEBHOOK_URL.")
    message = trial_message(uuid.uuid4().hex, clock.now(), settings.zone)
    code = 0
    for post in targets:
        try:
            post.send(message)
            print(f"{post.name}: sent to {post.place}")
        except Undelivered as error:
            print(f"{post.name}: {error}", file=sys.stderr)
            code = FAILED
    return code


# --- status ---------------------------------------------------------------------------------


def _status(settings: Settings, options: argparse.Namespace) -> int:
    declared = read_sources(settings.sources, source_env(settings, os.environ))
    known = {status.name: status for status in _published(settings)}
    found = [known.get(source.name, undelivered(source)) for source in declared.sources]
    if options.format == "json":
        shown = [_as_json(status) for status in found]
        print(json.dumps({"sources": shown}, ensure_ascii=False, indent=2, default=str))
    else:
        print(_status_table(found))
    return 0


def _published(settings: Settings) -> tuple[SourceStatus, ...]:
    """What the last generation says; it can be read while another process loads."""
    check_home(settings)
    try:
        return read_manifest(settings, Keyring.open(settings)).sources
    except NotPublished:
        return ()


def _as_json(status: SourceStatus) -> dict[str, Any]:
    now = clock.now()
    return {
        **asdict(status),
        "lag_seconds": status.lag_seconds(now),
        "is_stale": status.is_stale(now),
    }


def _status_table(found: Sequence[SourceStatus]) -> str:
    header = ("source", "last run", "state", "read", "loaded", "duplicate", "quarantined")
    now = clock.now()
    rows = [
        (
            status.name,
            _moment(status.last_run_at),
            status.last_run_state or "never run",
            status.rows_read,
            status.rows_loaded,
            status.rows_duplicate,
            status.rows_quarantined,
            _moment(status.watermark),
            _duration(status.lag_seconds(now)),
            _duration(status.promise_seconds),
            "stale" if status.is_stale(now) else "fresh",
        )
        for status in found
    ]
    return text_table((*header, "watermark", "lag", "promise", "freshness"), rows)


def _moment(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _duration(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds / size:.4g}{unit}"
    return f"{seconds:.0f}s"


if __name__ == "__main__":
    sys.exit(piped(lambda: main(sys.argv[1:])))
