"""What the browser does by itself."""

import re

from dash import Dash

from callbacks.refresh import register
from pages._ui import ids
from tests.unit.callbacks.conftest import ServicesFor
from warehouse.model import Role
from warehouse.settings import ROOT


def test_menu_when_registered_then_runs_in_the_browser(services_for: ServicesFor) -> None:
    app = Dash("menu")
    register(app, services_for(Role.ADMIN))
    (found,) = app._callback_list
    assert found["clientside_function"] == {"namespace": "cockpit", "function_name": "menu"}


def test_scripts_when_read_then_name_the_stores_and_functions_of_the_pages() -> None:
    refresh, shell = (
        (ROOT / "assets" / f"{n}.js").read_text("utf-8") for n in ("refresh", "shell")
    )
    assert f'set_props("{ids.VERSION}"' in refresh
    assert f'set_props("{ids.THEME}"' in shell
    assert re.search(r"cockpit: \{\s*(/\*.*?\*/\s*)?menu: function", shell, re.S)


def test_polling_when_read_then_pauses_backs_off_and_says_when_the_server_is_away() -> None:
    text = (ROOT / "assets" / "refresh.js").read_text("utf-8")
    assert "document.hidden" in text
    assert "EVERY = 5000, SLOWEST = 30000, MISSES_TO_SAY = 2" in text
    assert "data-offline" in text
