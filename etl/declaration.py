"""One TOML file being read: its values, the line of each key, and everything wrong with it."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from warehouse.errors import SourceError, nearest
from warehouse.model import Label
from warehouse.sentences import say

Keys = tuple[str | int, ...]
"""The keys that lead to a value, as in ("values", "outcome")."""

_TYPES = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    list: "a list in [ ]",
    dict: "a table",
}


class Declaration:
    """Reads values by their path; each complaint is kept with its line, none is raised alone."""

    def __init__(self, file: Path) -> None:
        """Raises `SourceError` when the file cannot be read or is no TOML."""
        self.file = file
        self.problems: list[tuple[int, str]] = []
        self.root = _parse(file)
        self._lines = _key_lines(file.read_text("utf-8"))

    def line(self, path: Keys) -> int:
        """The line of a key, or of the nearest table around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def problem(self, path: Keys, text: str) -> None:
        """`text` is what is wrong and the remedy."""
        line = self.line(path)
        key = ".".join(map(str, path))
        self.problems.append((line, f"{self.file}:{line}: {key}: {text}"))

    def finish(self) -> None:
        """Raises one `SourceError` with all problems in the order of the file, if there are any."""
        if self.problems:
            raise SourceError("\n".join(text for _, text in sorted(set(self.problems))))

    def value(self, path: Keys) -> Any:
        """What stands at `path`, or None."""
        found: Any = self.root
        for key in path:
            if isinstance(key, int):
                found = found[key]
            elif isinstance(found, dict):
                found = found.get(key)
            else:
                return None
        return found

    def typed(self, path: Keys, kind: type, *, required: bool = False) -> Any:
        """The value if it has the type; None, and a problem noted, if not."""
        found = self.value(path)
        if found is None:
            if required:
                self.problem(path, say("key_missing") + ".")
            return None
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            self.problem(path, f"must be {_TYPES[kind]}, not {found!r}.")
            return None
        return found

    def text(self, path: Keys, default: str = "", *, required: bool = False) -> str:
        found = self.typed(path, str, required=required)
        if found is not None and not found.strip(" "):
            self.problem(path, say("key_empty") + ".")
        return default if found is None else found

    def flag(self, path: Keys, default: bool) -> bool:
        found = self.typed(path, bool)
        return default if found is None else found

    def texts(self, path: Keys) -> tuple[str, ...]:
        """A list of different texts; empty when absent."""
        found = self.typed(path, list) or []
        good = [item for item in found if isinstance(item, str) and item]
        if len(good) != len(found) or len(set(good)) != len(good):
            self.problem(path, "must list different texts in quotes.")
        return tuple(good)

    def table(self, path: Keys, known: Iterable[str] | None = None) -> Mapping[str, Any]:
        """A table; keys outside `known` are problems. Empty when absent."""
        found: Mapping[str, Any] = self.root if not path else (self.typed(path, dict) or {})
        if known is not None:
            names = tuple(known)
            for key in found:
                if key not in names:
                    self.problem((*path, key), say("key_unknown", hint=_remedy(key, names)))
        return found

    def label(self, path: Keys, *, required: bool = False) -> Label | None:
        """A name in both languages: `{ zh = "…", en = "…" }`."""
        if self.value(path) is None and not required:
            return None
        if self.typed(path, dict, required=required) is None:
            return None
        self.table(path, ("zh", "en"))
        parts = {name: self.text((*path, name), required=True) for name in ("zh", "en")}
        return Label(zh=parts["zh"], en=parts["en"])

    def checked(self, path: Keys, check: Callable[[str], Any], default: str = "") -> Any:
        """`check(text)` of the text at `path`; its `ValueError` becomes a problem."""
        text = self.text(path, default)
        if not text:
            return None
        try:
            return check(text)
        except ValueError as wrong:
            self.problem(path, str(wrong))
            return None


def _remedy(key: str, names: tuple[str, ...]) -> str:
    return nearest(key, names) or f" Known here: {', '.join(names)}."


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SourceError(f"{file}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{file}:1: is not UTF-8 text. Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = place.group(1) if place else str(len(file.read_text("utf-8").splitlines()))
        raise SourceError(
            f"{file}:{line}: is no valid TOML: {error}. Compare with etl/README.md."
        ) from error


def _key_lines(text: str) -> dict[Keys, int]:
    """The line of every key of a text that is valid TOML.

    A statement is what parses on its own: lines are added until it does.
    """
    lines: dict[Keys, int] = {}
    table: Keys = ()
    counts: dict[Keys, int] = {}
    statement, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not statement and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start = start or number
        statement += line + "\n"
        parsed = _try(statement)
        if parsed is None:
            continue
        if statement.lstrip().startswith("["):
            table = _header(parsed, counts)
            lines.setdefault(table, start)
        else:
            _note(parsed, table, start, lines)
        statement, start = "", 0
    return lines


def _try(statement: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return None


def _header(parsed: Mapping[str, Any], counts: dict[Keys, int]) -> Keys:
    """The path a `[table]` or `[[table]]` line opens; the latter are numbered."""
    path: Keys = ()
    found: Any = parsed
    while isinstance(found, dict) and found:
        key, found = next(iter(found.items()))
        path = (*path, key)
    if isinstance(found, list):
        counts[path] = counts.get(path, -1) + 1
        path = (*path, counts[path])
    return path


def _note(parsed: Mapping[str, Any], prefix: Keys, line: int, lines: dict[Keys, int]) -> None:
    for key, value in parsed.items():
        path = (*prefix, key)
        lines.setdefault(path, line)
        if isinstance(value, dict):
            _note(value, path, line, lines)
