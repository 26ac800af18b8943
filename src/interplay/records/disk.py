"""What the system refuses, in one line: which disk, how much is free, what to do about it."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from interplay.records.machine import explain_memory

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
MISPLACED = {
    errno.EISDIR: "a folder where a file belongs",
    errno.ENOTDIR: "on its way lies a file where a folder belongs",
}
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
TO_FREE = (
    "free some (other tiers: make clean-results TIER=...; data sets below data/, fetched again once a run that is due "
    "reads them; .dvc/cache)"
)
ELSEWHERE = "work where you may write (a copy of the checkout, cp -r; `interplay run` takes --results as well)"
_RUST = re.compile(r"\(os error (\d+)\)")  # how safetensors says it


def explain(error: BaseException, path: Path | None = None) -> str | None:
    """One line on an error of the file system, wherever in the chain of `error` it is; None where there is none.

    Libraries wrap what the system said: torch in a RuntimeError with the cause behind it, safetensors in a text.

    Args:
        error: what was raised.
        path: the file that was to be written, where the error itself does not say or names a temporary one.
    """
    number, named = _system_error(error)
    if number is None:
        return None
    place = path or named
    where = f"{place}: " if place else ""
    if number in FULL:
        return f"{where}{_full(number, place or Path.cwd())}; {TO_FREE} and run the same command again"
    if number == errno.EROFS:
        mount = mount_point(place or Path.cwd())
        return f"{where}{mount} is mounted read-only; {ELSEWHERE}"
    if number in FORBIDDEN:
        return f"{where}permission denied; mend the rights of that folder, or {ELSEWHERE}"
    if number in MISPLACED:
        return f"{where}{MISPLACED[number]}; move or delete it"
    return f"{where}{os.strerror(number).lower()}"


def cannot_read_now(error: BaseException) -> str | None:
    """Why a file could not be read for a reason that says nothing about what is in it, in a few words; None else.

    A failed allocation, missing rights, a disk or a server that does not answer: what lies there may be whole. EINVAL
    is what a damaged file makes a reader ask the system for.
    """
    if memory := explain_memory(error):
        return memory
    number, _ = _system_error(error)
    return None if number is None or number == errno.EINVAL else os.strerror(number).lower()


def mount_point(path: Path) -> Path:
    """The root of the file system that holds `path`, which need not exist yet."""
    place = Path(os.path.realpath(path))  # of a link the file system that it leads to, never where the link lies
    while not os.path.ismount(place) and place != place.parent:
        place = place.parent
    return place


def _full(number: int, path: Path) -> str:
    mount = mount_point(path)
    if number == errno.EDQUOT:
        return f"your quota on the disk of {mount} is used up"
    state = os.statvfs(mount)
    free = state.f_bavail * state.f_frsize
    entries = ", but no room for one more file (inodes)" if state.f_files and not state.f_favail else ""
    return f"the disk of {mount} is full: {_size(free)} free{entries}"


def _size(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _system_error(error: BaseException) -> tuple[int | None, Path | None]:
    """The error number, and the file that the system named, if any."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, OSError) and current.errno is not None:
            named = current.filename
            return current.errno, Path(os.fsdecode(named)) if isinstance(named, str | bytes | Path) else None
        if match := _RUST.search(str(current)):
            return int(match[1]), None
        current = current.__cause__ or current.__context__
    return None, None
