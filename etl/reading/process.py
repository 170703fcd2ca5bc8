"""Reading processes from the side of the ETL: started when needed, ended when they misbehave."""

import atexit
import contextlib
import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from typing import Any, BinaryIO, cast

import polars as pl

from etl.reading.job import Job, Piece, Survey
from etl.reading.wire import receive
from warehouse.errors import ContractBroken, ReaderEnded, SourceUnavailable
from warehouse.sentences import say
from warehouse.settings import ROOT

ANSWER_SECONDS = 120.0
"""A piece or a survey that takes longer is given up; a million rows take some ten seconds."""
_AHEAD = 2
"""Pieces read ahead of those being stored; more would only hold memory."""
_SIZE = struct.Struct(">I")
_NEEDED = ("PATH", "LANG", "LC_", "TZ", "PYTHON", "LD_", "FAKETIME", "COCKPIT_FAILPOINT")
_ERRORS = {kind.__name__: kind for kind in (ContractBroken, SourceUnavailable, ReaderEnded)}

Message = tuple[dict[str, Any], list[pl.DataFrame]]


class ReadingProcess:
    """One child. Not safe for threads; see `Readers`."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "etl.reading.child"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
        )
        self._answers: queue.Queue[Message | None] = queue.Queue(_AHEAD)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        answers = cast(BinaryIO, self._child.stdout)
        try:
            while True:
                self._answers.put(receive(answers))
        except (EOFError, ValueError, pl.exceptions.PolarsError):
            self._answers.put(None)

    def ask(self, job: Job) -> None:
        assert self._child.stdin is not None
        content = pickle.dumps(job.sent())
        with contextlib.suppress(BrokenPipeError):  # its end is told by the answer that is missing
            self._child.stdin.write(_SIZE.pack(len(content)) + content)
            self._child.stdin.flush()

    def answer(self, job: Job) -> Message:
        """The next message. Raises what the child raised; `ReaderEnded` when it died or hung."""
        try:
            found = self._answers.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            raise ReaderEnded(
                f"{job.content.name}: {say('reader_slow', seconds=format(ANSWER_SECONDS, 'g'))}."
            ) from None
        if found is None:
            raise ReaderEnded(f"{job.content.name}: {_why(self._code())}.")
        head, _ = found
        if "error" in head:
            raise _ERRORS[head["error"]](head["text"])
        return found

    def _code(self) -> int:
        """How it ended; one that talks nonsense is ended now."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._child.wait(timeout=5)
        self._child.kill()
        return self._child.wait()

    def end(self) -> None:
        """At once, whatever it does."""
        self._child.kill()
        while self._child.poll() is None:
            with contextlib.suppress(queue.Empty):  # so that the listening thread can end
                self._answers.get(timeout=0.05)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _environment() -> dict[str, str]:
    """What Python needs; whatever reads what strangers deliver is told no secret."""
    own = {"POLARS_MAX_THREADS": "1", "COCKPIT_WRITER": str(os.getpid())}
    return {k: v for k, v in os.environ.items() if k.startswith(_NEEDED)} | own


def _why(code: int) -> str:
    if code < 0:
        return say("reader_signal", number=-code)
    return say("reader_memory")


class Readers:
    """Reading processes that wait for work. Safe for threads."""

    def __init__(self) -> None:
        self._idle: queue.SimpleQueue[ReadingProcess] = queue.SimpleQueue()

    def survey(self, job: Job) -> Survey:
        """What the delivery holds. Raises `ContractBroken`, `SourceUnavailable`, `ReaderEnded`."""
        with self._process(job) as process:
            head, _ = process.answer(job)
        return Survey(**{**head, "columns": tuple(head.get("columns", ()))})

    def read(self, job: Job) -> Generator[Piece, None, None]:
        """Its pieces in order. Raises as `survey`."""
        with self._process(job) as process:
            is_last = False
            while not is_last:
                head, frames = process.answer(job)
                rows, broken = frames
                is_last = head["is_last"]
                yield Piece(
                    read=head["read"],
                    rows=rows,
                    quarantined=broken,
                    columns=tuple(head["columns"]),
                    is_sparse=head["is_sparse"],
                    is_last=is_last,
                )

    @contextlib.contextmanager
    def _process(self, job: Job) -> Iterator[ReadingProcess]:
        """A process that goes back to the idle ones only if it has answered to the end."""
        try:
            process = self._idle.get_nowait()
        except queue.Empty:
            process = ReadingProcess()
        is_sound = False
        try:
            process.ask(job)
            yield process
            is_sound = True
        except (ContractBroken, SourceUnavailable) as told:
            is_sound = not isinstance(told, ReaderEnded)  # it has said so itself
            raise
        finally:
            if is_sound:
                self._idle.put(process)
            else:
                process.end()

    def close(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().end()


READERS = Readers()
"""Shared by everything in this process: starting one costs half a second."""
atexit.register(READERS.close)
