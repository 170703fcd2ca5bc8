"""What the web workers cost over HTTP: a viewer of the overview, warm, and memory at rest.

A browser signs in and opens the overview; what it posted is sent again as it was, with its
session and through every check of the gate. CPU time is that of the workers alone.
"""

import http.client
import time
from collections.abc import Iterator

import psutil
from playwright.sync_api import Request, sync_playwright

from tests.bench.weight import chromium_of
from tests.e2e.conftest import sign_in
from tests.e2e.live import Live

ROUNDS = 300
WORKERS = 2
REST_SECONDS = 12.0
"""A reader looks after its memory every ten seconds."""
MOST_MILLISECONDS, LEAST_A_SECOND, MOST_MEGABYTES = 1, 1_000, 250


def measure(running: Live) -> Iterator[str]:
    posts = _posts(running)
    workers = _workers(running.settings.port)
    names = {"overview, warm": max(posts, key=_size), "a poll": min(posts, key=_size)}
    for name, post in names.items():
        _milliseconds(running, workers, post, 2 * WORKERS)
        cost = _milliseconds(running, workers, post, ROUNDS)
        yield (
            f"{name}, over HTTP: {cost:.2f} ms of CPU a viewer (goal {MOST_MILLISECONDS}), so"
            f" {WORKERS * 1000 / cost:,.0f} a second from {WORKERS} cores (goal {LEAST_A_SECOND:,})"
        )
    time.sleep(REST_SECONDS)
    memory = max(worker.memory_info().rss for worker in workers) / 2**20
    yield f"a web worker at rest: {memory:.0f} MB (goal {MOST_MEGABYTES})"


def _posts(running: Live) -> list[tuple[str, dict[str, str]]]:
    """Body and headers of the callbacks of the overview, as a browser sends them."""
    found: list[Request] = []
    with sync_playwright() as playwright:
        chromium = chromium_of(playwright)
        page = chromium.new_page()
        sign_in(page, running, "official")
        page.on("request", lambda r: found.append(r) if r.method == "POST" else None)
        page.goto(running.address)
        page.wait_for_load_state("networkidle")
        cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
        posts = [(r.post_data or "", {**r.headers, "cookie": cookies}) for r in found]
        chromium.close()
    for _, headers in posts:
        headers.pop("content-length", None)
        headers["accept-encoding"] = "br"
    return posts


def _size(post: tuple[str, dict[str, str]]) -> int:
    return len(post[0])


def _workers(port: int) -> list[psutil.Process]:
    """The processes that share the listening socket, without the one that made them."""
    listening = {c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port}
    found = [psutil.Process(pid) for pid in listening if pid]
    parents = {process.ppid() for process in found}
    return [p for p in found if p.pid not in parents] or [
        child for p in found for child in p.children()
    ]


def _milliseconds(
    running: Live, workers: list[psutil.Process], post: tuple[str, dict[str, str]], count: int
) -> float:
    before = _cpu(workers)
    for _ in range(count):
        connection = http.client.HTTPConnection("127.0.0.1", running.settings.port)
        connection.request("POST", "/_dash-update-component", *post)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status in (200, 204), answer.status
    return 1000 * (_cpu(workers) - before) / count


def _cpu(workers: list[psutil.Process]) -> float:
    return sum(sum(worker.cpu_times()[:2]) for worker in workers)
