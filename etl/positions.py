"""How far each source was read; from the books once, because nobody else writes them."""

from etl.delivery import Position
from etl.load import Loader
from etl.model import Source

_REMEMBERED_FILES = 1_000


class Positions:
    """Safe for several threads, one source in each."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._known: dict[str, dict[str, Position]] = {}

    def of(self, source: Source) -> dict[str, Position]:
        """Item -> the delivery of it that was read to its end."""
        if source.name not in self._known:
            with self._loader.working():
                self._known[source.name] = self._loader.state.positions(source.name)
        return self._known[source.name]

    def forget(self, source: Source, seen: set[str]) -> None:
        """Files that went away are forgotten when they become many.

        Should one come back, it is read again and counts once all the same.
        """
        known = self.of(source)
        if len(known) > 2 * len(seen) + _REMEMBERED_FILES:
            with self._loader.working():
                self._loader.state.forget(source.name, known.keys() - seen)
            self._known[source.name] = {name: known[name] for name in known.keys() & seen}
