"""One interrupted load: prepared, killed, looked at, started again until it is done, proved.

Every step runs in a process of its own, forked from one that has everything imported but has
opened nothing, so that a case costs a second or two instead of ten.
"""

import os
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from etl import __main__ as etl
from etl.connectors import files, http
from tests.faults.kinds import RUN, Kind, Town, found, prepared
from tests.faults.proof import prove_done, prove_whole
from tests.faults.town import Event
from warehouse.settings import Settings

MOST_STARTS = 40
_IMPORTED = (files, http)
"""Otherwise imported when first declared: in every process anew."""
KILLED = -signal.SIGKILL


@dataclass(frozen=True, kw_only=True)
class Base:
    """A home of one kind just before its load: copied for every case."""

    folder: Path
    kind: Kind
    before: Counter[Event]
    town: Town
    seconds: float
    """What an undisturbed load takes."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    kills: int
    problem: str = ""


def prepare(folder: Path, kind: Kind, origin: str) -> Base:
    """A published home with the kind's deliveries waiting in it. Raises when it cannot be made."""
    os.environ["FAULTS_SERVICE"] = origin
    town = Town(folder)
    found(town)
    prepared(town, kind)
    log = folder / "log"
    assert _ended(_fork(lambda: _command(folder, RUN), log)) == 0, log.read_text()
    before = Counter(town.truth.events)
    kind.deliver(town)
    town.desk(town.truth.desk + 3)
    trial = folder.with_name(f"{folder.name}-trial")
    shutil.copytree(folder, trial)
    began = time.monotonic()
    for command in kind.commands:
        assert _ended(_fork(lambda c=command: _command(trial, c), log)) == 0, log.read_text()
    seconds = time.monotonic() - began
    code = _ended(_fork(lambda: prove_done(_settings(trial), town.truth, kind), log))
    assert code == 0, log.read_text()
    shutil.rmtree(trial)
    return Base(folder=folder, kind=kind, before=before, town=town, seconds=seconds)


def killed_at(base: Base, place: str, kills: int, folder: Path) -> Outcome:
    """Killed up to `kills` times where `place` says."""
    shutil.copytree(base.folder, folder)
    is_reader = place.startswith("reader/")
    done = 0

    def run(command: tuple[str, ...]) -> int:
        armed = place if done < kills else ""
        return _ended(_fork(lambda: _command(folder, command, armed), folder / "log"))

    def ended(code: int) -> bool:
        return code == KILLED or (is_reader and code == 1)

    try:
        for command in base.kind.commands:
            while (code := run(command)) != 0:
                assert ended(code), f"ended with {code}"
                done += 1
                assert done <= kills, "ended although it was not killed"
                _look(base, folder)
        _prove(base, folder)
    except AssertionError as error:
        return Outcome(kills=done, problem=_told(error, folder))
    shutil.rmtree(folder)
    return Outcome(kills=done)


def killed_at_random(base: Base, seed: int, kills: int, folder: Path) -> Outcome:
    """Killed `kills` times after a while that the dice say."""
    dice = Random(seed)
    shutil.copytree(base.folder, folder)
    done = 0
    try:
        for command in base.kind.commands:
            for _start in range(MOST_STARTS):
                child = _fork(lambda c=command: _command(folder, c), folder / "log")
                if done < kills:
                    time.sleep(dice.uniform(0.05, 1.1) * base.seconds)
                    os.kill(child, signal.SIGKILL)
                code = _ended(child)
                if code == 0:
                    break
                assert code == KILLED, f"ended with {code}"
                done += 1
                _look(base, folder)
        _prove(base, folder)
    except AssertionError as error:
        return Outcome(kills=done, problem=_told(error, folder))
    shutil.rmtree(folder)
    return Outcome(kills=done)


def _look(base: Base, folder: Path) -> None:
    truth = base.town.truth
    looked = _fork(lambda: prove_whole(_settings(folder), base.before, truth), folder / "log")
    assert _ended(looked) == 0, "readers between kill and restart"


def _prove(base: Base, folder: Path) -> None:
    truth, kind = base.town.truth, base.kind
    proved = _fork(lambda: prove_done(_settings(folder), truth, kind), folder / "log")
    assert _ended(proved) == 0, "in the end"


def _told(error: AssertionError, folder: Path) -> str:
    """The sentence, and the end of what the processes said."""
    lines = (folder / "log").read_text("utf-8", "replace").splitlines()[-12:]
    return "\n    ".join([str(error), str(folder), *lines])


# --- processes ------------------------------------------------------------------------------


def _command(folder: Path, command: tuple[str, ...], place: str = "") -> int:
    os.environ |= _env(folder) | {"COCKPIT_FAILPOINT": place}
    return etl.main(command)


def _env(folder: Path) -> dict[str, str]:
    return {"COCKPIT_HOME": str(folder / "home"), "COCKPIT_SOURCES": str(folder / "sources")}


def _settings(folder: Path) -> Settings:
    return Settings.from_env(_env(folder))


def _fork(work: Callable[[], object], log: Path) -> int:
    """The number of a process that does `work`; ends with what it returns, 70 for an error."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = int(work() or 0)  # type: ignore[call-overload]
    except BaseException:  # noqa: BLE001  the process ends here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ended(child: int) -> int:
    """As `subprocess` gives it: negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
