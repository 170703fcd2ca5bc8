"""The cache: computed once however many ask, bounded, and never a kept error."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from warehouse.cache import Cache
from warehouse.errors import QueryError


def test_get_when_many_threads_ask_then_computed_once() -> None:
    cache: Cache[int] = Cache(10)
    calls: list[int] = []
    started = threading.Barrier(8)

    def compute() -> int:
        calls.append(1)
        return 42

    def ask(_: int) -> int:
        started.wait()
        return cache.get("key", compute)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {42}
    assert len(calls) == 1


def test_get_when_one_key_is_slow_then_others_do_not_wait() -> None:
    cache: Cache[str] = Cache(10)
    release = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(cache.get, "slow", lambda: "late" if release.wait(10) else "never")
        assert cache.get("fast", lambda: "now") == "now"
        release.set()
        assert slow.result() == "late"


def test_get_when_it_fails_then_error_is_raised_and_not_kept() -> None:
    cache: Cache[int] = Cache(10)

    def fail() -> int:
        raise QueryError("no")

    with pytest.raises(QueryError):
        cache.get("key", fail)
    assert cache.get("key", lambda: 7) == 7


def test_get_when_full_then_least_used_falls_out() -> None:
    cache: Cache[int] = Cache(2)
    cache.get("a", lambda: 1)
    cache.get("b", lambda: 2)
    cache.get("a", lambda: 0)
    cache.get("c", lambda: 3)
    assert len(cache) == 2
    assert cache.get("a", lambda: 9) == 1
    assert cache.get("b", lambda: 9) == 9
