"""What a cell of a table may be beside text and whole numbers. Each has a `text` for files."""

from dataclasses import dataclass, field
from typing import Literal

Tone = Literal["good", "warn", "bad", "quiet"]


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A short mark with a tone; never colour alone. `tip` says more, `href` leads there."""

    text: str
    tone: Tone
    tip: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Meter:
    """A number as a bar in its cell. share: filled part of the track, 0..1 and above.

    mark   where on the track the promise stands, 0..1; None: there is none.
    count  the number itself, where it is a whole one: what a file holds.
    """

    text: str
    share: float
    tone: Tone = "quiet"
    mark: float | None = None
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a whole. `kind` picks its colour: loaded, duplicate or quarantined."""

    name: str
    count: int
    kind: Literal["loaded", "duplicate", "quarantined"]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Parts that add up, as a divided bar with their counts in words."""

    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two lines: what it is, and quietly beneath what else belongs to it."""

    main: str
    below: str
    href: str = ""
    is_wrapped: bool = False

    @property
    def text(self) -> str:
        return f"{self.main} · {self.below}" if self.below else self.main


@dataclass(frozen=True, kw_only=True)
class Line:
    """A delivered row: its columns and values; the column that breaks it is marked."""

    values: tuple[tuple[str, str], ...]
    marked: str = ""

    @property
    def text(self) -> str:
        return " · ".join(f"{name}={value}" for name, value in self.values)


@dataclass(frozen=True, kw_only=True)
class Named:
    """The name of a row; with a pick, a button that filters by it (`pages._ui.picks`)."""

    text: str
    pick: str = ""


@dataclass(frozen=True, kw_only=True)
class Act:
    """A button that opens a request for confirmation. `key`: what `pages._ui.wishes` reads."""

    key: str
    text: str
    spoken: str
    """What a screen reader says: the text and what it is about."""


@dataclass(frozen=True, kw_only=True)
class Acts:
    """Buttons of a row; nothing of them goes into a file."""

    acts: tuple[Act, ...] = field(default=())

    @property
    def text(self) -> str:
        return ""


Entry = str | int | Chip | Meter | Split | Pair | Line | Named | Acts
