"""The folder of declarations while it is in use: what changed counts without a restart."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from etl.city import CITY_FILE, Labels, read_city
from etl.model import Declared, Source
from etl.sources import declared_of, read_source
from warehouse.errors import SourceError
from warehouse.model import City

_Stamps = dict[Path, tuple[int, int, int]]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the folder declares now. A broken file leaves what it said before in force."""

    declared: Declared
    problems: Mapping[str, str]
    """The broken file's name without ending -> every mistake, with file and line."""


class Folder:
    """Looks at a folder again and again."""

    def __init__(self, folder: Path, env: Mapping[str, str], declared: Declared) -> None:
        """`declared`: what counts until the first look."""
        self._folder = folder
        self._env = env
        self._sources = {source.name: source for source in declared.sources}
        self._city: tuple[City, Labels] = declared.city, declared.labels
        self._seen: _Stamps = {}
        self._read: _Stamps = {}

    def look(self) -> Reading | None:
        """What changed since the last time; None when nothing did.

        A file that is just being written is left until it looks the same twice.
        """
        stamps = self._stamps()
        is_still = stamps == self._seen
        self._seen = stamps
        if stamps == self._read or not is_still:
            return None
        self._read = stamps
        return self._again([file for file in stamps if file.name != CITY_FILE])

    def _again(self, files: list[Path]) -> Reading:
        found: dict[str, Source] = {}
        problems: dict[str, str] = {}
        for file in files:
            try:
                found[file.stem] = read_source(file, self._env)
            except SourceError as error:
                problems[file.stem] = str(error)
                if file.stem in self._sources:
                    found[file.stem] = self._sources[file.stem]
        if not found:
            problems.setdefault("", f"{self._folder}: declares no source any more. Put one back.")
            found = self._sources
        city_file = self._folder / CITY_FILE
        try:
            self._city = read_city(city_file)
        except SourceError as error:
            problems[city_file.stem] = str(error)
        self._sources = found
        city, shared = self._city
        sources = [found[name] for name in sorted(found)]
        return Reading(declared=declared_of(sources, city, shared), problems=problems)

    def _stamps(self) -> _Stamps:
        stamps = {}
        for file in sorted(self._folder.glob("*.toml")):
            try:
                status = file.stat()
            except FileNotFoundError:  # being replaced: the next look sees it
                continue
            stamps[file] = (status.st_mtime_ns, status.st_size, status.st_ino)
        return stamps
