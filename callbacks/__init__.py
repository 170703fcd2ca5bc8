"""What happens when someone acts or time passes? Each module has `register(app, services)`."""

from importlib import import_module
from pkgutil import iter_modules

from dash import Dash

from callbacks.services import Services


def register_all(app: Dash, services: Services) -> None:
    """Register every module of this folder, in the order of their names."""
    for found in iter_modules(__path__):
        if found.name != "services":
            import_module(f"{__name__}.{found.name}").register(app, services)
