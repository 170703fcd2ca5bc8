"""What a visitor does and what happens by itself: filters, fresh data, files, sign-in, a fall."""

import csv
import io
import re
import secrets
import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e import city
from tests.e2e.conftest import Open, sign_in
from tests.e2e.live import Live
from tests.e2e.watch import Watch

FRESH_MILLISECONDS = 30_000


def test_visitor_when_not_signed_in_then_is_asked_to_and_comes_back(
    cockpit: Live, browser: Browser
) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{cockpit.address}/loans")
    assert "/login" in page.url
    page.fill("input[name=name]", "analyst")
    page.fill("input[name=password]", "wrong wrong wrong")
    page.click("button[type=submit]")
    assert "/login" in page.url

    sign_in(page, cockpit, "analyst")
    page.goto(f"{cockpit.address}/loans")
    expect(page.locator("h1")).to_be_visible()
    assert page.url.endswith("/loans")
    context.close()


def test_filter_when_changed_then_address_and_numbers_follow_and_back_restores(
    open_page: Open,
) -> None:
    watch = open_page("/")
    page = watch.page
    before, values = page.url, _values(watch)

    page.locator(".pills label", has_text="本年").first.click()

    page.wait_for_url(re.compile(r"\?.*period=this_year"))
    _until_other(watch, values)
    assert _values(watch) != values
    changed = _values(watch)

    page.go_back()
    page.wait_for_url(before)
    _until_other(watch, changed)
    assert _values(watch) == values


def test_address_when_opened_with_filters_then_shows_that_state(open_page: Open) -> None:
    one = city.districts()[0]
    whole, part = open_page("/?period=all"), open_page(f"/?period=all&district={one}")
    assert _values(whole) != _values(part)
    assert f"district={one}" in part.page.url


def test_delivery_when_new_then_numbers_move_without_a_reload(
    cockpit: Live, open_page: Open
) -> None:
    watch = open_page("/usage?period=all")
    before = _values(watch)
    watch.page.evaluate("window.notReloaded = true")
    now = datetime.now(UTC) - timedelta(minutes=1)
    batch = secrets.token_hex(4)
    rows = [city.service(f"N{batch}-{n}", now, n) for n in range(2000)]

    city.write_csv(cockpit.settings.inbox / "services" / f"new-{batch}.csv", rows)

    _until_other(watch, before)
    assert _values(watch) != before
    assert watch.page.evaluate("window.notReloaded") is True


def test_page_when_made_with_older_numbers_then_the_first_poll_asks_again(
    open_page: Open,
) -> None:
    page = open_page("/").page
    # As if new numbers were published between the making of the page and its first poll.
    page.evaluate("document.getElementById('main').dataset.version = 'older'")
    with page.expect_request(
        lambda asked: "version.data" in (asked.post_data or ""), timeout=FRESH_MILLISECONDS
    ):
        pass


def test_export_when_downloaded_then_holds_the_numbers_of_the_screen(open_page: Open) -> None:
    watch = open_page("/usage?period=previous_month")
    card = watch.page.locator("section.card.chart", has=watch.page.locator("details.behind")).first
    card.locator("details.behind summary").click()
    shown = card.locator("tbody td.num").all_inner_texts()
    assert shown
    with watch.page.expect_download() as coming:
        card.locator("a[href*='.csv']").click()

    text = coming.value.path().read_text("utf-8-sig")
    written = _numbers([cell for row in csv.reader(io.StringIO(text)) for cell in row])
    on_screen = _numbers(shown)
    assert on_screen
    assert on_screen <= written


def test_export_when_asked_for_as_a_workbook_then_is_one(open_page: Open) -> None:
    watch = open_page("/loans")
    with watch.page.expect_download() as coming:
        watch.page.locator("a[href*='.xlsx']").first.click()
    assert coming.value.path().read_bytes()[:2] == b"PK"


def test_official_of_one_district_when_signed_in_then_sees_less(open_page: Open) -> None:
    whole, own = open_page("/?period=all"), open_page("/?period=all", "local")
    assert _values(whole) != _values(own)
    names = own.page.content()
    assert not [code for code in city.districts()[1:] if f'"{code}"' in names]


def test_language_when_english_is_chosen_then_the_page_is_english(open_page: Open) -> None:
    watch = open_page("/?lang=en")
    assert watch.page.locator("html").get_attribute("lang") == "en"
    expect(watch.page.locator("h1")).to_have_text(re.compile("[A-Za-z]"))


def test_wall_when_watched_then_turns_through_scenes_with_clock_and_age(open_page: Open) -> None:
    watch = open_page("/wall", "wall", (1920, 1080))
    page = watch.page
    assert page.locator(".wall-scene").count() >= 4
    assert re.search(r"\d{2}:\d{2}", page.locator("body").inner_text())
    assert page.evaluate("document.documentElement.scrollWidth") <= 1920
    assert page.evaluate("document.documentElement.scrollHeight") <= 1080


def test_wall_when_the_server_is_gone_then_says_so_and_recovers(
    cockpit: Live, open_page: Open
) -> None:
    watch = open_page("/wall", "wall", (1920, 1080))
    banner = watch.page.locator("#wall-banner")
    cockpit.web.stop()
    try:
        expect(banner).to_contain_text("中断", timeout=FRESH_MILLISECONDS)
    finally:
        cockpit.web.start()
    expect(banner).not_to_contain_text("中断", timeout=FRESH_MILLISECONDS)
    watch.forgive()


@pytest.mark.parametrize(("path", "viewer"), [("/", "analyst"), ("/wall", "wall")])
def test_screen_when_an_older_generation_serves_then_says_so_until_all_is_well(
    path: str, viewer: str, open_page: Open
) -> None:
    page = open_page(path, viewer, (1920, 1080)).page
    said = page.get_by_text("最新一版数据没有通过校验").filter(visible=True)

    def unsound(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "sound": False})

    page.route("**/api/version", unsound)
    expect(said).to_have_count(1, timeout=FRESH_MILLISECONDS)
    page.unroute_all(behavior="wait")
    expect(said).to_have_count(0, timeout=FRESH_MILLISECONDS)


def _values(watch: Watch) -> list[str]:
    """What the tiles and the tables behind the charts say at the moment."""
    tiles = watch.page.locator(".tile .value").all_inner_texts()
    tables = watch.page.locator("details.behind td").all_text_contents()
    return [*tiles, *tables]


def _until_other(watch: Watch, values: list[str]) -> None:
    """Wait until the page says something else than `values`, and is quiet again."""
    deadline = time.monotonic() + FRESH_MILLISECONDS / 1000
    while _values(watch) == values:
        assert time.monotonic() < deadline, "the page says what it said before"
        watch.page.wait_for_timeout(200)
    watch.settle()


def _numbers(cells: list[str]) -> set[float]:
    """The exact counts among texts, with or without their unit; shares and changes left out."""
    counts = (re.fullmatch(r"(\d[\d,]*)( ?[^\d%.▲▼]+)?", cell.strip()) for cell in cells)
    return {float(count[1].replace(",", "")) for count in counts if count}
