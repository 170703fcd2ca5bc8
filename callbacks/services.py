"""What callbacks may reach: handed to every `register(app, services)`, never imported."""

from collections.abc import Callable
from dataclasses import dataclass

from warehouse.accounts import Accounts
from warehouse.answer import Warehouse
from warehouse.model import Viewer
from warehouse.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    """viewer  who asks in the running request; raises `Forbidden` when nobody is signed in."""

    settings: Settings
    warehouse: Warehouse
    accounts: Accounts
    viewer: Callable[[], Viewer]
