"""Bytes over the wire for each page, with an empty and with a warm cache."""

from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from pages._ui.book import PAGES
from tests.e2e.conftest import ARGUMENTS, CHROMIUM, sign_in
from tests.e2e.live import Live

COLD_KILOBYTES = 900
WARM_KILOBYTES = 100
CALM_MILLISECONDS = 2_000


def measure(running: Live) -> Iterator[str]:
    with sync_playwright() as playwright:
        chromium = chromium_of(playwright)
        first = chromium.new_context()
        sign_in(first.new_page(), running, "admin")
        cookies = first.storage_state()
        for page in PAGES:
            context = chromium.new_context(storage_state=cookies)
            cold, warm = (_kilobytes(context, running.address + page.path) for _ in range(2))
            context.close()
            yield (
                f"{page.name}: first visit {cold:.0f} KB of {COLD_KILOBYTES} allowed,"
                f" next visit {warm:.0f} KB of {WARM_KILOBYTES}"
            )
        chromium.close()


def chromium_of(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))


def _kilobytes(context: BrowserContext, address: str) -> float:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(CALM_MILLISECONDS)  # a busy machine may pause before the charts come
    page.wait_for_load_state("networkidle")
    page.close()
    return sum(sizes) / 1000
