"""The commands that load: `run`, `replay`, `backfill`."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from threading import Event
from zoneinfo import ZoneInfo

from tqdm import tqdm

from etl.delivery import Window
from etl.load import Loader
from etl.model import Declared, RunReport, RunState, Source
from etl.run import Runner
from etl.schedule import publish_all
from etl.sources import read_sources, source_env
from etl.table import text_table
from warehouse.books import ask_for_books
from warehouse.errors import BadPeriod, SourceError, nearest
from warehouse.keys import Keyring
from warehouse.reasons import REASONS
from warehouse.settings import Settings

DONE = 0
FAILED = 1
INTERRUPTED = 130
READERS = 2


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
    return _work(
        settings,
        declared,
        lambda loader, stop: [Runner(loader, stop=stop).replay(source, options.reason)],
    )


def backfill(settings: Settings, options: argparse.Namespace) -> int:
    """Read a range of local days once more, then publish."""
    declared = _declared(settings)
    (source,) = _chosen(declared, [options.name], every=False)
    window = days(options.start, options.end, settings.zone)
    return _work(
        settings,
        declared,
        lambda loader, stop: [Runner(loader, stop=stop).backfill(source, window)],
    )


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
