"""What a layout may know of the running app: who asks, which city, which data version.

`callbacks.filters.register` puts it into the Flask app, so that page modules, which Dash runs by
itself, need no import of the app.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, has_app_context

from warehouse.model import Label, Viewer

KEY = "cockpit_desk"


@dataclass(frozen=True, kw_only=True)
class Desk:
    viewer: Callable[[], Viewer | None]
    """None: nobody is signed in (the sign-in page, and Dash's own check of all layouts)."""
    city: Callable[[], Label]
    version: Callable[[], str]
    """The data version, or an empty text before anything was published."""
    zone: str = ""
    """The reporting time zone, by name; empty: nobody knows yet."""


_EMPTY = Desk(viewer=lambda: None, city=lambda: Label(zh="", en=""), version=lambda: "")


def desk() -> Desk:
    """The desk of the app that serves this request; an empty one outside of any."""
    if not has_app_context():
        return _EMPTY
    found: Desk = current_app.extensions.get(KEY, _EMPTY)
    return found
