"""Every step of loading, killed before and after, for every kind of delivery: `make faults`.

Prints a table and ends with 0 only if every case is right, and every step was reached somewhere.
`--share N` takes each step once, spread over the kinds, and N kills at random.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.failpoints import NAMES, READING
from tests.faults.kinds import KINDS, Kind
from tests.faults.service import service
from tests.faults.story import Base, Outcome, killed_at, killed_at_random, prepare

READERS = tuple(f"reader/{name}.{side}" for name in READING for side in ("before", "after"))
"""Only the reading process dies."""
RANDOM = "at random"
RANDOM_KILLS = 200
KILLS = 2
"""In a row at the same step, in the full table."""
ONLY_IN = {
    "replay": ("replay",),
    "settle": ("replay",),
    "quarantine": ("broken",),
    "create": ("months",),
    "restated": ("late",),
}
"""Steps that not every kind takes."""


@dataclass(frozen=True, kw_only=True)
class Case:
    place: str
    kind: str
    kills: int
    number: int


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    began = time.monotonic()
    with service() as origin, tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        kinds = [kind for kind in KINDS if options.kind in ("", kind.name)]
        cases = list(_share(kinds, options.share) if options.share else _all(kinds))
        chosen = [case for case in cases if options.place in case.place]
        outcomes = _played(folder, origin, chosen, options.jobs)
    print(_table(outcomes, [kind.name for kind in kinds]))
    problems = _problems(outcomes, is_whole=not (options.place or options.kind))
    for problem in problems:
        print(problem)
    killed = sum(outcome.kills for outcome in outcomes.values())
    at_random = sum(o.kills for case, o in outcomes.items() if case.place == RANDOM)
    bad = sum(bool(outcome.problem) for outcome in outcomes.values())
    print(
        f"{killed} kills, {at_random} of them at random, in {time.monotonic() - began:.0f} s:"
        f" {len(outcomes) - bad} passed, {len(problems)} failed."
    )
    return 1 if problems else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--share", type=int, default=0, metavar="N")
    parser.add_argument("--kind", default="", choices=[kind.name for kind in KINDS])
    parser.add_argument("--place", default="", metavar="TEXT", help="only steps with this in it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    return parser.parse_args(arguments)


# --- cases ----------------------------------------------------------------------------------


def _all(kinds: Sequence[Kind]) -> Iterator[Case]:
    """The table by rows, so that all kinds are at work at the same time."""
    for place in (*NAMES, *READERS):
        for kind in kinds:
            yield Case(place=place, kind=kind.name, kills=KILLS, number=1)
    stories = RANDOM_KILLS // 4
    for number in range(stories):
        yield Case(place=RANDOM, kind=kinds[number % len(kinds)].name, kills=4, number=number)


def _share(kinds: Sequence[Kind], randomly: int) -> Iterator[Case]:
    for turn, place in enumerate((*NAMES, READERS[2])):
        able = [k for k in kinds if k.name in ONLY_IN.get(place.split(".")[0], (k.name,))]
        if not able:
            continue
        kind = able[turn % len(able)]
        yield Case(place=place, kind=kind.name, kills=1, number=1)
    for number in range(randomly // 2):
        kind = kinds[(2 * number) % len(kinds)]
        yield Case(place=RANDOM, kind=kind.name, kills=2, number=number)


_BASES: dict[str, Base] = {}


def _played(folder: Path, origin: str, cases: Sequence[Case], jobs: int) -> dict[Case, Outcome]:
    """Workers are forked before anything is opened, and inherit the prepared homes."""
    used = {case.kind for case in cases}
    for kind in KINDS:
        if kind.name in used:
            _BASES[kind.name] = prepare(folder / kind.name, kind, origin)
    outcomes: dict[Case, Outcome] = {}
    work = [(case, folder / f"case-{number}") for number, case in enumerate(cases)]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for case, outcome in pool.imap_unordered(_play, work):
            outcomes[case] = outcome
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{len(outcomes)}/{len(cases)} ")
    return {case: outcomes[case] for case in cases}


def _play(work: tuple[Case, Path]) -> tuple[Case, Outcome]:
    case, folder = work
    base = _BASES[case.kind]
    if case.place == RANDOM:
        return case, killed_at_random(base, case.number, case.kills, folder)
    return case, killed_at(base, case.place, case.kills, folder)


# --- report ---------------------------------------------------------------------------------


def _table(outcomes: dict[Case, Outcome], kinds: Sequence[str]) -> str:
    """One line a step: how often each kind was killed there, `.` where it never comes by."""
    places = dict.fromkeys(case.place for case in outcomes)
    width = max(map(len, places), default=0)
    lines = ["  ".join([" " * width, *(f"{kind:>8}" for kind in kinds)])]
    for place in places:
        cells = [
            _cell([o for c, o in outcomes.items() if (c.place, c.kind) == (place, kind)])
            for kind in kinds
        ]
        lines.append("  ".join([f"{place:<{width}}", *(f"{cell:>8}" for cell in cells)]))
    return "\n".join(lines)


def _cell(found: Sequence[Outcome]) -> str:
    if not found:
        return ""
    kills = sum(outcome.kills for outcome in found)
    if any(outcome.problem for outcome in found):
        return "FAILED"
    return f"{kills}x ok" if kills else "."


def _problems(outcomes: dict[Case, Outcome], *, is_whole: bool) -> list[str]:
    found = [
        f"{case.place} {case.kind} {case.number}: {outcome.problem}"
        for case, outcome in outcomes.items()
        if outcome.problem
    ]
    reached = {case.place for case, outcome in outcomes.items() if outcome.kills}
    never = [place for place in dict.fromkeys(c.place for c in outcomes) if place not in reached]
    if is_whole and never:
        found.append(f"Never reached: {', '.join(never)}.")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
