"""The dialog on a number in a real browser: by keyboard alone, in both themes, and its hash."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import LAPTOP, PHONE, Open
from tests.e2e.live import Live
from tests.e2e.test_pages import _axe

SLOW = 20_000
INSIDE = "!!document.activeElement.closest('.why')"


def _open(page: Page, panel: str) -> None:
    page.locator(f"[data-explain={panel}]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".why .origin")).to_be_visible(timeout=SLOW)


def _serious(page: Page) -> list[str]:
    page.evaluate(_axe().read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [str(v) for v in found if v["impact"] in ("serious", "critical")]


def test_number_when_explained_by_keyboard_then_focus_stays_and_comes_back(
    open_page: Open, cockpit: Live
) -> None:
    page = open_page("/", "official").page
    shown = page.locator("article:has([data-explain=events]) .value").inner_text()
    _open(page, "events")
    expect(page.locator(".why .origin-number .value")).to_have_text(shown)
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(INSIDE)

    digest = page.locator(".why .hash").inner_text()
    told = json.loads(cockpit.answer("--hash", digest, "--format", "json"))
    assert told["same"] and f"{told['now']['value']:,}" == shown

    page.locator(".why-controls .pills label", has_text="为什么变化").click()
    expect(page.locator(".why-sentence")).to_contain_text(
        re.compile("较.*主要来自|持平"), timeout=SLOW
    )
    changes = page.locator(".why-table tbody tr:not(.is-total) td:nth-child(3)").all_inner_texts()
    total = page.locator(".why-table .is-total td:nth-child(3)").inner_text()
    assert sum(map(_whole, changes)) == _whole(total)

    page.keyboard.press("Escape")
    expect(page.locator(".why .modal-content")).to_have_count(0)
    assert page.evaluate("document.activeElement.dataset.explain") == "events"


def _whole(text: str) -> int:
    return int(re.sub(r"[^\d-]", "", text.replace("−", "-")))


@pytest.mark.parametrize(("theme", "size"), [("light", LAPTOP), ("dark", PHONE)])
def test_dialog_when_audited_then_axe_finds_nothing_serious(
    open_page: Open, theme: str, size: tuple[int, int]
) -> None:
    page = open_page("/", "analyst", size, theme).page
    _open(page, "scenes")
    assert not _serious(page)
    page.locator(".why-controls .pills label", has_text="为什么变化").click()
    expect(page.locator(".why-sentence, .why-none")).to_be_visible(timeout=SLOW)
    assert not _serious(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
