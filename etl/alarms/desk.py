"""Where everything that is wrong comes together, and goes out to whoever shall know."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

from etl.alarms.outbox import Outbox, posts
from etl.alarms.trouble import Key, drift_trouble, is_all_of, parked_trouble, troubles_of
from etl.alarms.watch import Watch
from etl.load import Loader
from etl.model import Declared
from etl.status import source_statuses
from warehouse import clock
from warehouse.errors import StorageError
from warehouse.model import Label
from warehouse.settings import Settings
from warehouse.troubles import Kind


class Desk:
    """The alarms of a running ETL. Safe to use from several threads."""

    def __init__(
        self, settings: Settings, loader: Loader, declared: Callable[[], Declared]
    ) -> None:
        """`declared` gives what is declared at the moment."""
        self._loader = loader
        self._declared = declared
        targets = posts(settings)
        self.watch = Watch(loader, [post.name for post in targets])
        self.outboxes = tuple(
            Outbox(post, self.watch, settings.zone, self._label) for post in targets
        )
        self._lock = threading.Lock()
        self._standing: dict[Key, str] = {}
        self._started = time.monotonic()
        self._believed_from = clock.now()

    # --- told by those who notice ---------------------------------------------------------

    def trouble(self, source: str, kind: Kind, message: str) -> None:
        """It is wrong until `well` is called. `source` is empty for the cockpit as a whole."""
        with self._lock:
            self._standing[source, kind.value] = message

    def well(self, source: str, kind: Kind) -> None:
        with self._lock:
            self._standing.pop((source, kind.value), None)

    def only(self, kind: Kind, messages: Mapping[str, str]) -> None:
        """These sources have a trouble of this kind, and no others."""
        with self._lock:
            others = {key: text for key, text in self._standing.items() if key[1] != kind}
            own = {(source, kind.value): text for source, text in messages.items()}
            self._standing = {**others, **own}

    def doubt_failures(self) -> None:
        """Runs that failed until now may have failed for a full disk: the next ones will tell."""
        self._believed_from = clock.now()

    # --- looked up ------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """Source -> rows read so far. Empty when the books cannot be read."""
        try:
            with self._loader.working():
                standings = self._loader.state.standings()
        except StorageError:
            return {}
        return {name: standing.count.read for name, standing in standings.items()}

    def look(
        self,
        checked: Mapping[str, datetime],
        unscheduled: Collection[str],
        undecided: Callable[[], Collection[str]],
    ) -> bool:
        """Opens and closes incidents; True when there is something new to show.

        checked      when a source was last looked at.
        unscheduled  sources nobody looks at by himself.
        undecided    sources of which nobody can say yet whether they failed; asked for after the
                     books were read.
        """
        now = clock.now()
        before = self.watch.open_incidents()
        up_seconds = time.monotonic() - self._started
        try:
            statuses = source_statuses(self._declared().sources, self._loader)
            troubles, unsure = troubles_of(statuses, now, {*checked, *unscheduled}, up_seconds)
            troubles = self._booked(troubles, now)
        except StorageError:
            self._note({}, {(one.source, one.kind) for one in before}, now)
            return False
        waiting = {
            name
            for name, _ in troubles
            if name not in unscheduled
            and (name not in checked or checked[name] < self._believed_from)
        }
        for name in {*waiting, *undecided()}:
            failed = (name, Kind.FAILED.value)
            if troubles.pop(failed, None) is not None:
                unsure.add(failed)
        self._note(troubles, unsure, now)
        return self.watch.open_incidents() != before

    def _booked(self, troubles: dict[Key, str], now: datetime) -> dict[Key, str]:
        """The troubles with parked deliveries and changed columns, from the books.

        A run that failed for nothing but deliveries that are parked now is told as these.
        """
        found = dict(troubles)
        with self._loader.working():
            for source in self._declared().sources:
                name, state = source.name, self._loader.state
                parked = state.parked(name)
                if parked:
                    found[name, Kind.PARKED.value] = parked_trouble(parked)
                    reasons = [attempt.reason for attempt in parked.values()]
                    if is_all_of(troubles.get((name, Kind.FAILED.value), ""), reasons):
                        found.pop((name, Kind.FAILED.value), None)
                text = drift_trouble(state.drifts(name), _written_at(source.file), now)
                if text:
                    found[name, Kind.DRIFT.value] = text
        return found

    def _note(self, troubles: dict[Key, str], unsure: set[Key], now: datetime) -> None:
        with self._lock:
            standing = dict(self._standing)
        self.watch.note({**troubles, **standing}, now, time.monotonic(), unsure - standing.keys())

    def _label(self, source: str) -> Label | None:
        for one in self._declared().sources:
            if one.name == source:
                return one.label
        return None


def _written_at(file: Path) -> datetime:
    """When a declaration was changed last; long ago for one that is just being replaced."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)
