"""Bytes over the wire and requests for the overview, with an empty and with a warm cache."""

from playwright.sync_api import BrowserContext, sync_playwright

from tests.e2e.conftest import ARGUMENTS, CHROMIUM, sign_in
from tests.e2e.live import Live

COLD_KILOBYTES = 900
WARM_KILOBYTES = 100


def measure(running: Live) -> tuple[str, ...]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        first = chromium.new_context()
        page = first.new_page()
        sign_in(page, running, "official")
        cookies = first.storage_state()
        context = chromium.new_context(storage_state=cookies)
        cold = _kilobytes(context, running.address)
        warm = _kilobytes(context, running.address)
        chromium.close()
    return (
        f"overview, first visit: {cold:.0f} KB of {COLD_KILOBYTES} allowed",
        f"overview, next visit: {warm:.0f} KB of {WARM_KILOBYTES} allowed",
    )


def _kilobytes(context: BrowserContext, address: str) -> float:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.close()
    return sum(sizes) / 1000
