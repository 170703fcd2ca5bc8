"""What happens when someone acts or time passes? Each module has `register(app, services)`.

catalogue  searching the metric catalogue
explain    the dialog on a number: where it comes from, why it changed
exports    files of a panel or a page, streamed
filters    the filter bar and the address follow each other
kept       answers of whole pages, for equal requests on equal data
listing    the applications behind a number of the loans page
panels     one request fills all panels of a page
refresh    what happens by itself in the browser
views      saving, sharing and opening views of one's own
version    the small token browsers poll to learn that there are new numbers
wall       the scenes of the wall
wishes     operators ask the ETL for a replay or a backfill
"""

from importlib import import_module
from pkgutil import iter_modules

from dash import Dash

from callbacks.services import Services


def register_all(app: Dash, services: Services) -> None:
    """Register every module of this folder, in the order of their names."""
    for found in iter_modules(__path__):
        if found.name != "services":
            import_module(f"{__name__}.{found.name}").register(app, services)
