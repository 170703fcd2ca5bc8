"""The commands that load: `run`, `replay`, `backfill`."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime, time
from threading import Event
from time import monotonic, sleep
from zoneinfo import ZoneInfo

from tqdm import tqdm

from etl.delivery import Window
from etl.load import Loader
from etl.model import Declared, RunReport, RunState, Source
from etl.publication import publish_all
from etl.run import Runner
from etl.sources import read_sources, source_env
from etl.table import text_table
from warehouse.answer import Warehouse
from warehouse.books import ask_for_books
from warehouse.errors import BadPeriod, Busy, SourceError, nearest
from warehouse.keys import Keyring
from warehouse.model import Role, Scope, Viewer
from warehouse.operations import Request, RequestState, RunKind
from warehouse.reasons import REASONS
from warehouse.requests import ask, asked
from warehouse.settings import Settings

DONE = 0
FAILED = 1
INTERRUPTED = 130
READERS = 2
LONGEST_WAIT = 600.0
"""Seconds to wait for another process; a replay of a million rows takes one or two minutes."""

_OPERATOR = Viewer(name="shell", role=Role.OPERATOR, scope=Scope(everything=True))


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Load what is new of some sources or all, then publish once. The exit code."""
    declared = _declared(settings)
    sources = _chosen(declared, options.names, every=options.all)
    is_shown = options.progress or sys.stderr.isatty()
    return _work(
        settings, declared, lambda loader, stop: _run_each(loader, sources, stop, is_shown)
    )


def replay(settings: Settings, options: argparse.Namespace) -> int:
    """Put the quarantine of a source through its contract again, then publish."""
    if options.reason and options.reason not in REASONS:
        remedy = nearest(options.reason, REASONS) or f" There are: {', '.join(REASONS)}."
        raise SourceError(f"There is no reason {options.reason!r}.{remedy}")
    declared = _declared(settings)
    (source,) = _chosen(declared, [options.name], every=False)
    try:
        return _work(
            settings,
            declared,
            lambda loader, stop: [Runner(loader, stop=stop).replay(source, options.reason)],
        )
    except Busy:
        request = asked(
            kind=RunKind.REPLAY, source=source.name, asked_by="shell", reason=options.reason
        )
        return _hand_over(settings, request)


def backfill(settings: Settings, options: argparse.Namespace) -> int:
    """Read a range of local days once more, then publish."""
    declared = _declared(settings)
    (source,) = _chosen(declared, [options.name], every=False)
    window = days(options.start, options.end, settings.zone)
    try:
        return _work(
            settings,
            declared,
            lambda loader, stop: [Runner(loader, stop=stop).backfill(source, window)],
        )
    except Busy:
        request = asked(
            kind=RunKind.BACKFILL,
            source=source.name,
            asked_by="shell",
            start=options.start,
            end=options.end,
        )
        return _hand_over(settings, request)


def _hand_over(settings: Settings, request: Request) -> int:
    """Ask the ETL process that holds the home, and wait for what becomes of it."""
    keyring = Keyring.open(settings)
    ask(settings, keyring, request)
    print(f"The ETL runs: it was asked to {request.kind} {request.source}.", flush=True)
    with closing(Warehouse.open(settings)) as warehouse:
        until = monotonic() + LONGEST_WAIT
        while monotonic() < until:
            found = _became(warehouse, request)
            if found is not None and found.state in (RequestState.DONE, RequestState.FAILED):
                return _told(warehouse, found)
            sleep(0.5)
    print(f"It is not done after {LONGEST_WAIT:g} s; the pipeline page shows it.", file=sys.stderr)
    return FAILED


def _became(warehouse: Warehouse, request: Request) -> Request | None:
    found = warehouse.requests(_OPERATOR)
    return next((each for each in found if each.request_id == request.request_id), None)


def _told(warehouse: Warehouse, request: Request) -> int:
    """Print what became of a request that the ETL has dealt with."""
    run = next((r for r in warehouse.runs(_OPERATOR) if r.run_id == request.run_id), None)
    if run is not None:
        header = ("source", "state", "read", "loaded", "duplicate", "quarantined")
        row = (run.source, run.state, run.read, run.loaded, run.duplicate, run.quarantined)
        print(text_table(header, [row]))
    for line in request.message.splitlines():
        print(f"{request.source}: {line}", file=sys.stderr)
    return DONE if request.state is RequestState.DONE else FAILED


def days(start: date, end: date, zone: ZoneInfo) -> Window:
    """Local days as instants, half-open. Raises `BadPeriod`."""
    if start >= end:
        raise BadPeriod(f"{start} to {end} holds no day: TO is not included.")
    first, last = (datetime.combine(day, time(), zone) for day in (start, end))
    return Window(start=first, end=last)


def _declared(settings: Settings) -> Declared:
    return read_sources(settings.sources, source_env(settings, os.environ))


def _work(
    settings: Settings, declared: Declared, load: Callable[[Loader, Event], list[RunReport]]
) -> int:
    """Load, print what came of it, publish."""
    stop = _stop_on_signals()
    with Loader(settings, Keyring.open(settings, create=True)) as loader:
        reports = load(loader, stop)
        print(_report_table(reports))
        if not stop.is_set():
            ask_for_books(settings)  # nobody may be there for the next backup to ask
            print(f"Published generation {publish_all(declared, loader)}.")
    for report in reports:
        for line in report.message.splitlines():
            print(f"{report.source}: {line}", file=sys.stderr)
    if stop.is_set():
        return INTERRUPTED
    return FAILED if any(report.state is RunState.FAILED for report in reports) else DONE


def _chosen(declared: Declared, names: Sequence[str], *, every: bool) -> tuple[Source, ...]:
    known = {source.name: source for source in declared.sources}
    if every == bool(names):
        raise SourceError("Name the sources to run, or give --all.")
    for name in names:
        if name not in known:
            remedy = nearest(name, known) or f" Declared: {', '.join(known) or 'none'}."
            raise SourceError(f"There is no source {name!r}.{remedy}")
    return declared.sources if every else tuple(known[name] for name in dict.fromkeys(names))


def _run_each(
    loader: Loader, sources: Sequence[Source], stop: Event, is_shown: bool
) -> list[RunReport]:
    with tqdm(unit="B", unit_scale=True, disable=not is_shown, file=sys.stderr) as bar:

        def advance(source: str, done: int) -> None:
            bar.set_postfix_str(source, refresh=False)
            bar.update(done)

        runner = Runner(loader, progress=advance, stop=stop)
        sizes = {source.name: runner.pending_bytes(source) for source in sources}
        bar.reset(total=sum(sizes.values()))
        # One source is read while another is stored; the loader takes one batch at a time.
        # Sources of one contract follow each other, so that their partitions stay open.
        order = sorted(sources, key=lambda s: (s.contract.name, -sizes[s.name]))
        with ThreadPoolExecutor(READERS) as pool:
            reports = pool.map(lambda s: None if stop.is_set() else runner.run(s), order)
            found = {report.source: report for report in reports if report is not None}
        return [found[source.name] for source in sources if source.name in found]


def _stop_on_signals() -> Event:
    """The batch at work is finished, then the command ends."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _report_table(reports: Sequence[RunReport]) -> str:
    header = ("source", "state", "read", "loaded", "duplicate", "quarantined")
    rows = [(r.source, r.state, r.read, r.loaded, r.duplicate, r.quarantined) for r in reports]
    total = [sum(int(row[index]) for row in rows) for index in range(2, len(header))]
    return text_table(header, [*rows, ("total", "", *total)])
