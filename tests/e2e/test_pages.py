"""Every page, for everybody who may open it, on a laptop and on a phone, in both themes."""

from pathlib import Path

import pytest

from pages._ui.book import PAGES, Page
from tests.e2e.conftest import LAPTOP, PHONE, Open
from warehouse.model import Role
from warehouse.settings import ROOT

SCREENS = ROOT / "build" / "screens"
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js", ROOT / "build" / "axe.min.js")
READERS = (Role.OFFICIAL, Role.ANALYST, Role.OPERATOR, Role.ADMIN)
VISITS = [(role, page) for role in READERS for page in PAGES if role in page.roles]
ON_PHONES = [next((role, page) for role in READERS if role in page.roles) for page in PAGES]
"""On a phone once a page: what differs there is the width, and roles are tried on the laptop."""
REFUSALS = [(role, page) for role in READERS for page in PAGES if role not in page.roles]


def _id(value: object) -> str:
    return getattr(value, "name", str(value)).lower()


@pytest.mark.parametrize(
    ("role", "page", "size"),
    [(*visit, LAPTOP) for visit in VISITS] + [(*visit, PHONE) for visit in ON_PHONES],
    ids=_id,
)
def test_page_when_opened_then_loads_without_a_complaint(
    open_page: Open, role: Role, page: Page, size: tuple[int, int]
) -> None:
    path, name = page.path, page.name
    seen = open_page(path, role.value, size).page

    SCREENS.mkdir(parents=True, exist_ok=True)
    seen.screenshot(path=SCREENS / f"{name}-{role.value}-{size[0]}.png")
    assert seen.locator("html").get_attribute("lang") == "zh-CN"
    assert seen.locator("h1").count() == 1
    assert seen.title().strip()
    assert seen.evaluate("document.documentElement.scrollWidth") <= size[0]


@pytest.mark.parametrize(("role", "page"), REFUSALS, ids=_id)
def test_page_when_not_for_this_role_then_is_refused(
    open_page: Open, role: Role, page: Page
) -> None:
    watch = open_page("/", role.value)
    answer = watch.page.request.get(watch.address + page.path)
    assert answer.status == 403


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_page_when_audited_then_axe_finds_nothing_serious(
    open_page: Open, page: Page, theme: str
) -> None:
    seen = open_page(page.path, "admin", LAPTOP, theme).page
    seen.screenshot(path=SCREENS / f"{page.name}-{theme}.png")
    # As a debugger would, so that the strict policy of the page stays as it is.
    seen.evaluate(_axe().read_text("utf-8"))
    found = seen.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (v["id"], [node["target"] for node in v["nodes"]][:3])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert not serious


def _axe() -> Path:
    return next(path for path in AXE if path.exists())


@pytest.mark.parametrize(
    "page", [p for p in PAGES if any(panel.kind == "chart" for panel in p.panels)], ids=_id
)
def test_graphs_when_drawn_then_none_offers_to_send_anything_away(
    open_page: Open, page: Page
) -> None:
    seen = open_page(page.path, "admin").page
    contexts = seen.evaluate(
        "[...document.querySelectorAll('.js-plotly-plot')].map(g => g._context)"
        ".map(c => [c.showSendToCloud, c.plotlyServerURL, c.displaylogo])"
    )
    assert contexts
    assert all(context == [False, "", False] for context in contexts)
