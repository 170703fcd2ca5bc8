"""数据探索 in a browser: sorting, going deeper and back, the whole state in the address."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, Open

ROWS = ".crosstab tbody th[scope=row]"
YEAR = "/explore?period=this_year"


def test_row_when_clicked_then_goes_deeper_and_back_and_forward_restore(open_page: Open) -> None:
    page = open_page(YEAR).page
    names = page.locator(ROWS)
    first = names.nth(1).inner_text()

    names.nth(1).locator("a").click()
    expect(page).to_have_url(re.compile(r"scene=.*rows=service"))
    expect(names.nth(1)).not_to_have_text(first)
    deeper = names.nth(1).inner_text()
    expect(page.locator(".crumbs")).to_be_visible()

    page.go_back()
    expect(names.nth(1)).to_have_text(first)
    page.go_forward()
    expect(names.nth(1)).to_have_text(deeper)
    page.reload()
    expect(names.nth(1)).to_have_text(deeper)
    page.locator(".crumbs a").first.click()
    expect(names.nth(1)).to_have_text(first)


def test_head_when_used_by_keyboard_then_sorts_and_says_so(open_page: Open) -> None:
    page = open_page(YEAR).page
    page.locator(".crosstab thead .of-total .sorting").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("sort=change"))
    expect(page.locator(".crosstab thead th[aria-sort=descending]")).to_have_count(1)


def test_columns_when_chosen_on_a_phone_then_follow_and_nothing_overflows(open_page: Open) -> None:
    page = open_page(YEAR, size=PHONE).page
    page.locator(".setup select").nth(1).select_option("month")
    expect(page).to_have_url(re.compile("columns=month"))
    expect(page.locator(".crosstab thead")).to_contain_text("月")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    inside = "[...document.querySelectorAll('.setup select')].every(s =>"
    inside += " s.getBoundingClientRect().right <= innerWidth)"
    assert page.evaluate(inside)
