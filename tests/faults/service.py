"""A web service of its own process; a caller's token says how many visits it knows of."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection

from tests.connectors.web_service import Answer, Asked, json_answer, serving
from tests.faults.kinds import desk_visits
from tests.faults.town import LOCAL

PAGE = 12


def _answer(asked: Asked) -> Answer:
    """Pages of visits that are not older than `since`."""
    count = int(asked.headers["authorization"].removeprefix("Bearer visits-"))
    since = datetime.fromisoformat(asked.query.get("since", "2000-01-01T00:00:00+00:00"))
    if since.tzinfo is None:
        since = since.replace(tzinfo=LOCAL)
    rows = [visit.row() for visit in desk_visits(count) if visit.at >= since]
    start = int(asked.query.get("after", "0"))
    ahead = str(start + PAGE) if start + PAGE < len(rows) else None
    return json_answer({"items": rows[start : start + PAGE], "next": ahead})


@contextmanager
def service() -> Iterator[str]:
    """Its address; ended with the block."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve(tell: Connection) -> None:
    with serving(_answer) as found:
        tell.send(found.origin)
        tell.recv()
