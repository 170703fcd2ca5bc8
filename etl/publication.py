"""A publication of everything that is declared, as it stands at that moment."""

from datetime import datetime

from etl.load import Loader
from etl.model import Declared
from etl.publish import publish
from etl.status import source_statuses


def publish_all(
    declared: Declared,
    loader: Loader,
    checked: dict[str, datetime] | None = None,
    following: dict[str, datetime] | None = None,
    *,
    restates_at_once: bool = True,
) -> int:
    """Publishes what is loaded; the number of the generation that counts now.

    Nothing loads in between, so the statuses count the rows that are published with them.
    """
    with loader.lock:
        statuses = source_statuses(declared.sources, loader, checked=checked, following=following)
        return publish(
            loader,
            statuses,
            declared.labels,
            declared.city,
            restates_at_once=restates_at_once,
        ).generation
