"""One process at a time at what several may be after."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(lock: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold a lock on a file that is there; the system lets go of it if this process dies.

    `waiting` is called where another process holds it, before this one waits.
    """
    # Opened for writing, though nothing is written: network file systems lock exclusively only what can be written.
    with lock.open("r+b" if os.access(lock, os.W_OK) else "rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
