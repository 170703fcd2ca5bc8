"""Takes the pictures of the README from a running `make run`: `make pictures`.

The operator's pages are taken of a city in trouble: what went wrong is delivered first.
"""

import re
import sys

from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.conftest import ARGUMENTS, CHROMIUM, LAPTOP, PHONE
from tests.e2e.troubles import deliver_troubles
from tests.e2e.watch import Watch
from warehouse import clock
from warehouse.settings import ROOT, Settings

PICTURES = (
    ("overview", "official", "/?period=previous_month", LAPTOP),
    ("phone", "official", "/?period=previous_month", PHONE),
    ("wall", "wall", "/wall", (1600, 900)),
)
TROUBLED = (
    ("pipeline", "operator", "/pipeline", LAPTOP),
    ("quarantine", "operator", "/pipeline/quarantine", LAPTOP),
    ("restatements", "operator", "/pipeline/restatements?period=previous_month", LAPTOP),
)

DRAWN_MILLISECONDS = 8_000
RESTATED_MILLISECONDS = 240_000
"""Late rows are counted into numbers once they stop coming, and published after that."""


def main() -> int:
    settings = Settings.from_env()
    started = re.search(r"http://\S+", (settings.home / "RUN.lock").read_text("utf-8"))
    if started is None:
        print("Start the cockpit first: make run", file=sys.stderr)
        return 1
    lines = (settings.home / "keys" / "example-accounts.txt").read_text("utf-8").splitlines()
    passwords = {name: password for name, password, _ in (line.split() for line in lines)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        _take(browser, started[0], passwords, PICTURES)
        deliver_troubles(settings.inbox, clock.now(), settings.zone)
        _wait_for_restatements(browser, started[0], passwords["operator"])
        _take(browser, started[0], passwords, TROUBLED)
        browser.close()
    return 0


def _take(
    browser: Browser,
    address: str,
    passwords: dict[str, str],
    pictures: tuple[tuple[str, str, str, tuple[int, int]], ...],
) -> None:
    for name, account, path, size in pictures:
        watch = _signed_in(browser, address, account, passwords[account], size)
        watch.go(path)
        watch.page.wait_for_timeout(DRAWN_MILLISECONDS)
        watch.page.screenshot(path=ROOT / "docs" / f"{name}.png")
        watch.page.context.close()


def _wait_for_restatements(browser: Browser, address: str, password: str) -> None:
    watch = _signed_in(browser, address, "operator", password, LAPTOP)
    watch.go("/pipeline/restatements?period=previous_month")
    expect(watch.page.locator("tr", has_text="公积金中心").first).to_be_visible(
        timeout=RESTATED_MILLISECONDS
    )
    watch.page.context.close()


def _signed_in(
    browser: Browser, address: str, name: str, password: str, size: tuple[int, int]
) -> Watch:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    watch = Watch(context.new_page(), address)
    watch.page.goto(f"{address}/login")
    watch.page.fill("input[name=name]", name)
    watch.page.fill("input[name=password]", password)
    watch.page.click("button[type=submit]")
    watch.page.wait_for_url(lambda url: "/login" not in url)
    return watch


if __name__ == "__main__":
    sys.exit(main())
