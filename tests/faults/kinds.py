"""The kinds of deliveries that are interrupted, each with what must be there in the end."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.town import (
    BANK,
    DESK,
    HALL,
    Event,
    LoanStep,
    Visit,
    csv_text,
    loan_text,
    put,
)

RUN = ("run", "--all")
MENDED = ('"失败" = "failed"', '"失败" = "failed"\n"退回" = "abandoned"')


@dataclass(kw_only=True)
class Truth:
    """What came in so far, and what must have become of it."""

    events: Counter[Event] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    """Source -> rows of its files."""
    broken: set[tuple[str, str, int]] = field(default_factory=set)
    """(source, item, line) of what lies in quarantine."""
    desk: int = 0
    """How many visits the service knows of."""


class Town:
    """Delivers into one home, and keeps the truth."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = folder / "home" / "inbox"
        self.sources = folder / "sources"
        self.truth = Truth()
        self._files = 0

    def declare(self, *changes: tuple[str, str]) -> None:
        self.sources.mkdir(parents=True, exist_ok=True)
        for name, text in (("hall", HALL), ("desk", DESK), ("bank", BANK)):
            for old, new in changes if name == "hall" else ():
                assert old in text
                text = text.replace(old, new)
            (self.sources / f"{name}.toml").write_text(text, "utf-8")

    def visits(self, name: str, visits: Sequence[Visit], *broken: str) -> None:
        """A file of the hall; `broken` lines stand at its end."""
        self._files += 1
        put(self.inbox / "hall", name, csv_text(visits, *broken), self._files)
        self.truth.came["hall"] += len(visits) + len(broken)
        self._know(visit.event("hall") for visit in visits)
        first = len(visits) + 2
        self.truth.broken |= {("hall", name, first + n) for n in range(len(broken))}

    def loans(self, name: str, steps: Sequence[LoanStep]) -> None:
        self._files += 1
        put(self.inbox / "bank", name, loan_text(steps), self._files)
        self.truth.came["bank"] += len(steps)
        self._know(step.event() for step in steps)

    def desk(self, count: int) -> None:
        """From now on the service knows of so many visits."""
        (self.sources / "token").write_text(f"visits-{count}")
        self._know(visit.event("desk") for visit in desk_visits(count))
        self.truth.desk = count

    def _know(self, events: "Counter[Event] | object") -> None:
        for event in events:  # type: ignore[attr-defined]
            self.truth.events[event] = 1  # the same row again is one event


def desk_visits(count: int) -> list[Visit]:
    return [Visit(number=100_000 + n, day=20 + n) for n in range(count)]


def found(town: Town) -> None:
    """What every home holds before: three published months, some broken rows."""
    town.declare()
    town.visits("a.csv", visits(0, 40, day=0, step=2))
    town.visits("b.csv", visits(40, 4, day=70), "V91,never,11011,tax,d1,app,成功,1,李", "short")
    town.loans("a.jsonl.gz", steps(0, 24, day=0, step=3))
    town.desk(30)


def visits(first: int, count: int, *, day: int, step: int = 0, result: str = "") -> list[Visit]:
    """Visits of `day` and, with a `step`, of later ones."""
    return [Visit(number=first + n, day=day + step * n, result=result) for n in range(count)]


def steps(first: int, count: int, *, day: int, step: int = 0) -> list[LoanStep]:
    return [LoanStep(number=first + n, day=day + step * n) for n in range(count)]


# --- kinds ----------------------------------------------------------------------------------


def _plain(town: Town) -> None:
    town.visits("c.csv", visits(200, 12, day=78))


def _months(town: Town) -> None:
    town.visits("c.csv", visits(200, 12, day=60, step=12))
    town.loans("c.jsonl.gz", steps(200, 9, day=60, step=14))


def _late(town: Town) -> None:
    town.visits("c.csv", visits(200, 9, day=-2, step=9))
    town.loans("c.jsonl.gz", steps(30, 9, day=1, step=5))


def _broken(town: Town) -> None:
    lines = (
        "V300,2025-11-20 10:00:00,11011,tax,d1,app,不明,1,李",
        "V301,2025-13-20 10:00:00,11011,tax,d1,app,成功,1,李",
        "V302,2025-11-20 10:00:00,11011,tax,d1,app,成功,many,李",
        "V303,2025-11-20 10:00:00,11011",
        ",2025-11-20 10:00:00,,,,,,,李",
    )
    town.visits("c.csv", visits(200, 6, day=78), *lines)


def _replay(town: Town) -> None:
    """Broken by the declaration as it was, good by the one as it is now."""
    town.declare(MENDED)
    town.truth.broken -= {("hall", "odd.csv", line) for line in range(2, 8)}
    town._know(visit.event("hall") for visit in ODD)
    town.truth.came["hall"] *= 2  # its files mean something else now and are read again


def _backfill(town: Town) -> None:
    town.visits("c.csv", visits(200, 12, day=30, step=3))


def _again(town: Town) -> None:
    """One file under another name, one with old rows among new ones, a file of loans."""
    town.visits("again.csv", visits(0, 40, day=0, step=2))
    town.visits("mixed.csv", [*visits(10, 9, day=20, step=2), *visits(200, 5, day=78)])
    town.loans("again.jsonl.gz", steps(0, 24, day=0, step=3))


def _pieces(town: Town) -> None:
    """A file of three batches in two months."""
    town.visits("c.csv", [Visit(number=1000 + n, day=75 + n % 20) for n in range(20_050)])


ODD = visits(60, 6, day=75, result="退回")


@dataclass(frozen=True, kw_only=True)
class Kind:
    name: str
    deliver: Callable[[Town], None]
    commands: tuple[tuple[str, ...], ...] = (RUN,)
    counts_looks: bool = False
    """A command that is given again reads everything again, so rows may count as read twice."""
    keeps_again: bool = False
    """What is read again by another declaration, or on request, keeps its broken rows anew."""


KINDS = (
    Kind(name="plain", deliver=_plain),
    Kind(name="months", deliver=_months),
    Kind(name="late", deliver=_late),
    Kind(name="broken", deliver=_broken),
    Kind(name="replay", deliver=_replay, commands=(("replay", "hall"), RUN), keeps_again=True),
    Kind(
        name="backfill",
        deliver=_backfill,
        commands=(("backfill", "hall", "2025-10-01", "2025-12-01"), RUN),
        counts_looks=True,
        keeps_again=True,
    ),
    Kind(name="again", deliver=_again),
    Kind(name="pieces", deliver=_pieces),
)


def prepared(town: Town, kind: Kind) -> None:
    """What belongs to the kind but lies there before."""
    if kind.name == "replay":
        odd = [",".join(map(str, visit.row().values())) for visit in ODD]
        town.visits("odd.csv", [], *odd)
