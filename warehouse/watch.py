"""A thread that looks again and again, so that a process nobody asks notices changes too."""

import contextlib
import threading
import weakref
from collections.abc import Callable

from warehouse.errors import CockpitError


class Watch:
    """Calls the method `look` every `seconds` until it is stopped or its object is gone.

    To be made in the process that uses it: a thread does not survive a fork.
    """

    def __init__(self, look: Callable[[], object], seconds: float) -> None:
        self._stopped = threading.Event()
        arguments = (weakref.WeakMethod(look), self._stopped, seconds)
        self._thread = threading.Thread(target=_watch, args=arguments, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Afterwards nothing is called any more. Not from within `look`, nor under its locks."""
        self._stopped.set()
        self._thread.join()


def _watch(
    look: "weakref.ReferenceType[Callable[[], object]]", stopped: threading.Event, seconds: float
) -> None:
    while not stopped.wait(seconds):
        found = look()
        if found is None:
            return
        with contextlib.suppress(CockpitError):  # whoever asks next is told
            found()
        del found
