"""What a click does to the page: filters, levels and views, and every way back."""

import re

from playwright.sync_api import Page, expect

from tests.e2e import city
from tests.e2e.conftest import Open

LONG = 30_000


def _press_first_row(page: Page, panel: str) -> str:
    """Press the first row of the table behind a chart by keyboard; its name."""
    card = page.locator("section.card").filter(
        has=page.locator(f'[id*=\'"{panel}"\'][id*="graph"]')
    )
    if not card.locator("details.behind[open]").count():
        card.locator("details.behind > summary").click()
    row = card.locator("button.pickable").first
    name = row.inner_text()
    row.focus()
    page.keyboard.press("Enter")
    return name


def test_row_when_pressed_then_filters_and_back_forward_reload_and_reset_give_the_same_page(
    open_page: Open,
) -> None:
    page = open_page("/usage?period=all").page
    bare, chips = page.url, page.locator(".chosen-chip")

    name = _press_first_row(page, "scenes")
    page.wait_for_url(re.compile("scene="), timeout=LONG)
    expect(chips).to_have_count(1, timeout=LONG)
    expect(chips).to_contain_text(name)
    chosen = page.url

    page.go_back()
    page.wait_for_url(bare)
    expect(chips).to_have_count(0, timeout=LONG)
    page.go_forward()
    page.wait_for_url(chosen)
    expect(chips).to_have_count(1, timeout=LONG)
    page.reload()
    expect(chips).to_have_count(1, timeout=LONG)
    expect(page.locator(".crumbs")).to_contain_text(name)

    page.get_by_role("button", name="重置").click()
    expect(chips).to_have_count(0, timeout=LONG)
    assert page.url.endswith("/usage")


def test_bar_when_clicked_then_the_level_below_is_shown_and_its_way_leads_back(
    open_page: Open,
) -> None:
    watch = open_page("/usage?period=all")
    page = watch.page
    graph = page.locator('[id*=\'"scenes"\'][id*="graph"]')
    box = graph.locator(".bars .point path").first.bounding_box()
    assert box is not None
    middle = (box["x"] + 12, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    expect(graph.locator(".js-plotly-plot.is-pickable")).to_have_count(1, timeout=LONG)
    page.mouse.click(*middle)
    page.wait_for_url(re.compile("scene="), timeout=LONG)
    card = page.locator("section.card").filter(has=graph)
    expect(card.locator(".note")).to_contain_text("按服务事项", timeout=LONG)

    page.locator(".crumb").first.click()
    expect(page.locator(".crumbs")).to_have_count(0, timeout=LONG)
    assert page.url.endswith("/usage?period=all")


def test_view_when_saved_and_shared_then_others_open_it(open_page: Open) -> None:
    one = city.districts()[0]
    mine = open_page(f"/usage?period=all&district={one}", "analyst").page
    mine.locator("details.views > summary").click()
    mine.locator(".views-form input[name=title]").first.fill("一区")
    mine.keyboard.press("Enter")
    mine.get_by_role("button", name="共享 一区").click()
    expect(mine.get_by_role("button", name="停止共享 一区")).to_be_visible(timeout=LONG)

    other = open_page("/usage", "local").page
    other.locator("details.views > summary").click()
    other.get_by_role("link", name="一区").click()
    other.wait_for_url(re.compile(f"district={one}"), timeout=LONG)
