"""Who is at work, how long without progress, and how many may work at a time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(kw_only=True)
class _Work:
    moved_at: float
    mark: object = None


class Slots:
    """So many jobs at a time. One that makes no progress for a while stops counting, so that
    sources that hang never keep the others waiting."""

    def __init__(self, most: int, patience_seconds: float) -> None:
        self._most = most
        self._patience = patience_seconds
        self._at_work: dict[str, _Work] = {}
        self._changed = threading.Condition()
        self._is_closed = False

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Waits for a slot, and until `name` itself is not at work. False: closed in the
        meantime, nothing may be begun."""
        with self._changed:
            while not self._is_closed and (name in self._at_work or self._busy() >= self._most):
                self._changed.wait(0.2)  # somebody may stop counting without a word
            is_mine = not self._is_closed
            if is_mine:
                self._at_work[name] = _Work(moved_at=time.monotonic())
        try:
            yield is_mine
        finally:
            with self._changed:
                if is_mine:
                    del self._at_work[name]
                self._changed.notify_all()

    def moved(self, name: str, mark: object = None) -> None:
        """`name` makes progress; with a `mark` only if it is another one than before."""
        with self._changed:
            work = self._at_work.get(name)
            if work is not None and (mark is None or mark != work.mark):
                work.moved_at, work.mark = time.monotonic(), mark

    def at_work(self) -> set[str]:
        with self._changed:
            return set(self._at_work)

    def hanging(self, seconds: float) -> tuple[str, ...]:
        """Who has made no progress for so long."""
        with self._changed:
            now = time.monotonic()
            return tuple(
                name for name, work in self._at_work.items() if now - work.moved_at > seconds
            )

    def close(self) -> None:
        """From now on nobody begins."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def wait_until_idle(self, seconds: float) -> bool:
        """After `close`: True as soon as nobody is at work, False when time is up."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._at_work, seconds)

    def _busy(self) -> int:
        now = time.monotonic()
        return sum(now - work.moved_at <= self._patience for work in self._at_work.values())
