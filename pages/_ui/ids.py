"""The ids of components that callbacks speak to. A name stands here once."""

from typing import Any

URL = "url"
VERSION = "version"
THEME = "theme"
PAGE = "page"
PICK = "pick"
"""What was clicked in a chart or its table: a count, a space, and the pick."""
FURTHER = "further"
"""Whether the further filters of the bar have been opened: `open` or nothing."""
VIEWS = "views"
VIEW_ACT = "view-act"
"""What is asked of the saved views: an object as text, written by assets/shell.js."""
LISTING = "listing"
"""Which applications are asked for: a count, a space, and `pages._ui.listed.Key` as text."""
LIST = "list"
LIST_BODY = "list-body"
LIST_CLOSE = "list-close"
AS_OF = "as-of"
SEARCH_BOX = "catalogue-search"
ENTRIES = "catalogue-entries"
ASK = "ask"
ASK_BODY = "ask-body"
ASK_CONFIRM = "ask-confirm"
ASK_CANCEL = "ask-cancel"
WISH = "wish"
ASKED = "asked"
WHY = "why"
WHY_TITLE = "why-title"
WHY_NOTE = "why-note"
WHY_BODY = "why-body"
WHY_KEY = "why-key"
WHY_CONTROLS = "why-controls"
WHY_TAB = "why-tab"
WHY_METRIC = "why-metric"
WHY_NUMBER = "why-number"
WHY_DIMENSION = "why-dimension"


def part(kind: str, panel: Any) -> dict[str, Any]:
    """A part of a card (`graph`, `head`, …) or of the page (panel `""`). `panel` may be ALL."""
    return {"part": kind, "panel": panel}


def control(key: Any) -> dict[str, Any]:
    """A control of the filter bar."""
    return {"control": key}


def typed(key: Any) -> dict[str, Any]:
    """What is chosen in the dialog of requests: `sources`, `start`, `end`. `key` may be ALL."""
    return {"typed": key}


def link(page: Any) -> dict[str, Any]:
    """An entry of the menu."""
    return {"link": page}


def aria(label: str) -> dict[str, Any]:
    """The spoken name of a component, as its keyword argument."""
    return {"aria-label": label}


def attributes(**values: str) -> dict[str, Any]:
    """`data-…` and `aria-…` attributes, written with underscores."""
    return {name.replace("_", "-"): value for name, value in values.items()}
