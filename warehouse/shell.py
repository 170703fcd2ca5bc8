"""How a command ends when nobody reads the rest of what it prints (`… | head`)."""

import os
import signal
import sys
from collections.abc import Callable

READER_LEFT = 128 + signal.SIGPIPE
"""The exit code a shell gives other programs in the same case."""


def piped(command: Callable[[], int]) -> int:
    """Run `command` and print all it wrote; quietly `READER_LEFT` if the reader is gone."""
    try:
        code = command()
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer has nowhere to go; the interpreter would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT
    return code
