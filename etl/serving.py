"""`python -m etl serve`: takes the home, serves it, and ends when asked to."""

import logging
import os
import signal
import threading
from collections.abc import Callable

from etl.load import Loader
from etl.model import Declared
from etl.schedule import Service, Tick
from warehouse.errors import Busy, NoSpace
from warehouse.keys import Keyring
from warehouse.settings import Settings

log = logging.getLogger(__name__)

STANDBY_SECONDS = 2.0
SPACE_SECONDS = 5.0


def serve(
    settings: Settings, declared: Declared, tick: Tick | None = None, *, wait: bool = False
) -> None:
    """Runs until SIGTERM or SIGINT; the batch at work is finished or rolled back.

    While another process writes the same home: stands by with `wait`, else raises `Busy`. On a
    full disk it waits for space.
    """
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    loader = _take(lambda: Loader(settings, Keyring.open(settings, create=True)), ended, wait)
    if loader is None:
        return
    with loader:
        service = Service(settings, declared, loader, tick)
        service.start()
        log.info("etl.started", extra={"fields": {"sources": len(declared.sources)}})
        while not ended.wait(1.0):
            service.keep_time()
        if not service.stop():
            _leave()
        service.seal()
    log.info("etl.stopped")


def _take(take: Callable[[], Loader], ended: threading.Event, wait: bool) -> Loader | None:
    """The loader as soon as it may be had; None when asked to end before."""
    told = ""
    while not ended.is_set():
        try:
            return take()
        except Busy as error:
            if not wait:
                raise
            told, pause = _told("etl.standby", told, str(error)), STANDBY_SECONDS
        except NoSpace as error:
            told, pause = _told("disk.full", told, str(error)), SPACE_SECONDS
        ended.wait(pause)
    return None


def _told(event: str, before: str, why: str) -> str:
    if why != before:
        log.warning(event, extra={"fields": {"why": why}})
    return why


def _leave() -> None:
    """Ends although something hangs. What it had not committed rolls back, as after a kill."""
    log.info("etl.stopped")
    logging.shutdown()
    os._exit(0)
