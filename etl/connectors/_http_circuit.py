"""Patience with a host: what is tried again, how long is waited, and when it is left alone."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

import pybreaker
import stamina

from warehouse.errors import SourceUnavailable
from warehouse.sentences import say

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Waits are short, so that a process that shall stop need not wait for them."""

    tries: int = 4
    first_wait_seconds: float = 0.5
    """Doubled for each further one, plus up to as much again by chance."""
    longest_wait_seconds: float = 10.0
    """Also of what a host asks for; who asks for longer is left alone until then."""
    longest_rest_seconds: float = 900.0
    """The most a host is left alone on its own wish."""
    failures: int = 3
    """Failed deliveries in a row after which a host is not asked for a while."""
    cool_down_seconds: float = 60.0


class Unreachable(SourceUnavailable):
    """The host itself does not work; counts towards leaving it alone."""

    def __init__(
        self, text: str, *, is_brief: bool = True, rest_seconds: float | None = None
    ) -> None:
        super().__init__(text)
        self.is_brief = is_brief
        """It may be over in a moment: worth another try."""
        self.rest_seconds = rest_seconds
        """How long the host asks to be left alone."""


class Circuit:
    """What is known of one host, for all sources that ask it; they take turns, page by page."""

    def __init__(self, origin: str, patience: Patience) -> None:
        self._origin = origin
        self._patience = patience
        self._rests_until = 0.0
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=patience.failures,
            reset_timeout=patience.cool_down_seconds,
            exclude=[_is_no_failure],
            state_storage=_Steady(pybreaker.STATE_CLOSED),
            throw_new_error_on_trip=False,
        )

    def call(self, work: Callable[[], T]) -> T:
        """`work`, tried again where that may help. Raises `SourceUnavailable` at once while the
        host is left alone, and what `work` raised in the end."""
        rest = self._rests_until - time.monotonic()
        if rest > 0:
            raise SourceUnavailable(f"{self._origin}: {say('pause', seconds=format(rest, '.0f'))}.")
        try:
            answer: T = self._breaker.call(self._tried, work)
            return answer
        except pybreaker.CircuitBreakerError as error:
            seconds = format(self._patience.cool_down_seconds, ".0f")
            told = say("left_alone", times=self._patience.failures, seconds=seconds)
            raise SourceUnavailable(f"{self._origin}: {told}.") from error
        except Unreachable as error:
            if error.rest_seconds is not None:
                rest = min(error.rest_seconds, self._patience.longest_rest_seconds)
                self._rests_until = time.monotonic() + rest
            raise

    def _tried(self, work: Callable[[], T]) -> T:
        first = self._patience.first_wait_seconds
        for attempt in stamina.retry_context(
            on=self._wait,
            attempts=self._patience.tries,
            timeout=None,
            wait_initial=first,
            wait_max=self._patience.longest_wait_seconds,
            wait_jitter=first,
        ):
            with attempt:
                return work()
        raise AssertionError("the last try returns or raises")

    def _wait(self, error: Exception) -> bool | float:
        """Whether to try again; a number of seconds where the host names them."""
        if not isinstance(error, Unreachable) or not error.is_brief:
            return False
        if error.rest_seconds is None:
            return True
        return (
            error.rest_seconds
            if error.rest_seconds <= self._patience.longest_wait_seconds
            else False
        )


_CIRCUITS: dict[tuple[str, Patience], Circuit] = {}
_LOCK = threading.Lock()


def circuit(origin: str, patience: Patience) -> Circuit:
    """The one of this host in this process."""
    with _LOCK:
        return _CIRCUITS.setdefault((origin, patience), Circuit(origin, patience))


def rest_seconds(text: str) -> float | None:
    """What a `Retry-After` asks for: seconds or an HTTP date; None for anything else."""
    if text.isascii() and text.strip().isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _is_no_failure(error: BaseException) -> bool:
    return not isinstance(error, Unreachable)


class _Steady(pybreaker.CircuitMemoryStorage):
    """Counts the cool-down by a clock that nobody sets."""

    _since: float | None = None

    @property
    def opened_at(self) -> datetime | None:
        if self._since is None:
            return None
        return datetime.now(UTC) - timedelta(seconds=time.monotonic() - self._since)

    @opened_at.setter
    def opened_at(self, _: datetime) -> None:
        self._since = time.monotonic()
