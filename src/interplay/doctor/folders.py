"""Trying folders out: whether they can be written, locked and renamed in, and what their file system's clock says."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from pathlib import Path

from interplay.doctor.machine import Folder
from interplay.records.cgroups import read_lines
from interplay.records.disk import mount_point


def try_folder(path: Path) -> Folder:
    """What can be done in a folder, or in the nearest one above it that is there, which would have to hold it."""
    place = Path(os.path.realpath(path))
    while not place.is_dir() and place != place.parent:
        place = place.parent
    mount, state = mount_point(place), os.statvfs(place)
    refused, locks, replaces, ahead = _try(place)
    lost = next((str(one) for one in (path, *path.parents) if one.is_symlink() and not one.exists()), None)
    return Folder(
        path=path,
        refused=f"{lost} is a link that leads nowhere" if lost else refused,
        mount=mount,
        kind=_kind(mount),
        free=state.f_bavail * state.f_frsize,
        free_files=state.f_favail if state.f_files else None,
        locks=locks,
        replaces=replaces,
        ahead=ahead,
    )


def _try(place: Path) -> tuple[str | None, bool | None, bool | None, float]:
    """What is refused, if anything; whether locks exclude; whether a file replaces another; the clock's advance."""
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=place) as room:
            first, second = Path(room) / "first", Path(room) / "second"
            before = time.time()
            first.write_bytes(b"1")
            stamp, after = first.stat().st_mtime, time.time()
            second.write_bytes(b"2")
            locks = _excludes(first)
            try:
                second.replace(first)
                replaces = first.read_bytes() == b"2"
            except OSError:
                replaces = False
            ahead = stamp - after if stamp > after else min(0.0, stamp - before)
            return None, locks, replaces, ahead
    except OSError as error:
        return (error.strerror or str(error)).lower(), None, None, 0.0


def _excludes(path: Path) -> bool:
    """Whether a file that is locked cannot be locked a second time."""
    with path.open("r+b") as holder, path.open("r+b") as other:
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


def _kind(mount: Path) -> str:
    """What file system is mounted there, the last one that was; empty where the system does not say."""
    kind = ""
    for line in read_lines(Path("/proc/self/mountinfo")):
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) > 4 and fields[4] == str(mount) and after:
            kind = after.split()[0]
    return kind
