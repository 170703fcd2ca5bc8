"""What must be right before workers are made, and what they share.

Loaded by the process that makes the workers. Nothing here leads to duckdb: a library with threads
does not survive the fork, and a worker that inherited it would not end.
"""

from gate import document, install
from pages._ui import filling, shell
from warehouse.accounts import Accounts
from warehouse.errors import CockpitError
from warehouse.home import check_home
from warehouse.keys import Keyring
from warehouse.settings import Settings

SHARED = (document, install, filling, shell)
"""They bring most of what a worker needs; loaded before the fork, it is loaded once."""


def check() -> None:
    """Leave with one line on stderr where the app could not be made: bad setting, key or home."""
    try:
        settings = Settings.from_env()
        check_home(settings)
        Keyring.open(settings)
        Accounts(settings)
    except CockpitError as error:
        raise SystemExit(str(error)) from error
