"""One cockpit and one browser for all browser tests; a signed-in page for each role."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tests.e2e.live import Live, live
from tests.e2e.watch import Watch
from warehouse.model import Role

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LAPTOP = (1366, 768)
PHONE = (390, 844)

Open = Callable[..., Watch]


@pytest.fixture(scope="session")
def cockpit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), "Chromium is missing: `make test` installs it."
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def signed_in(cockpit: Live, browser: Browser) -> Callable[[str], StorageState]:
    """Cookies of an account, signed in once through the form."""
    kept: dict[str, StorageState] = {}

    def cookies(name: str) -> StorageState:
        if name not in kept:
            page = browser.new_page()
            sign_in(page, cockpit, name)
            kept[name] = page.context.storage_state()
            page.context.close()
        return kept[name]

    return cookies


@pytest.fixture
def open_page(
    cockpit: Live, browser: Browser, signed_in: Callable[[str], StorageState]
) -> Iterator[Open]:
    """Opens a path as an account; afterwards whatever the page complained of is an error."""
    opened: list[Watch] = []

    def opening(
        path: str, name: str = "official", size: tuple[int, int] = LAPTOP, theme: str = "light"
    ) -> Watch:
        context = browser.new_context(
            storage_state=signed_in(name),
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            accept_downloads=True,
        )
        context.add_cookies([{"name": "theme", "value": theme, "url": cockpit.address}])
        watch = Watch(context.new_page(), cockpit.address)
        opened.append(watch)
        watch.go(path)
        return watch

    yield opening
    for watch in opened:
        watch.page.context.close()
        assert not watch.complaints


def sign_in(page: Page, cockpit: Live, name: str) -> None:
    role = Role.OFFICIAL if name == "local" else Role(name)
    page.goto(f"{cockpit.address}/login")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", cockpit.passwords[role])
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)
