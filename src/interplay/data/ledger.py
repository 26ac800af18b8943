"""What was verified of a data set, remembered beside it, so that the next start need not read every byte again.

A file counts as untouched while size, inode and the times of its last change are those it was verified with. What the
ledger says is lost at any damage to it and at any doubt: then everything is verified again, which costs a second.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from interplay.errors import InterplayError
from interplay.records import write_text_atomically

FOLDER = ".decoded"  # below the data folder: whatever is made of the data there, safe to delete
UNPACKED = ".unpacked-"  # what folders with unpacked archives are called there
Stamp = list[int]
Notes = dict[str, tuple[str, Stamp]]


def stamp(path: Path) -> Stamp:
    """Size, inode, and times of the last change of content and of anything (nanoseconds), of a file."""
    status = path.stat()
    return [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]


class Ledger:
    """The notes on one data set or set of weights below the data folder `root`."""

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._path = root / FOLDER / f"{name}.verified.json"
        self._notes = _read(self._path)
        self._new: Notes = {}

    def said(self, path: Path) -> str | None:
        """What was noted of the file at `path`, or None if nothing was or the file has been touched since."""
        with contextlib.suppress(OSError):
            return self.said_of(path, stamp(path))
        return None

    def said_of(self, path: Path, seen: Stamp) -> str | None:
        """What was noted of `path` while its stamp was `seen`, or None."""
        note = (self._notes | self._new).get(self._key(path))
        return note[0] if note is not None and note[1] == seen else None

    def note(self, path: Path, content: str, seen: Stamp) -> None:
        """Remember that the file at `path` was found to hold `content` while its stamp was `seen`."""
        self._new[self._key(path)] = (content, seen)

    def save(self) -> None:
        """Write what is new; where the folder cannot be written, everything is verified again next time."""
        if not self._new:
            return
        self._notes = _read(self._path) | self._new  # with what others have noted meanwhile
        self._new = {}
        with contextlib.suppress(InterplayError):
            write_text_atomically(self._path, json.dumps(self._notes, indent=1) + "\n")

    def _key(self, path: Path) -> str:
        return os.path.relpath(path, self._root)


def _read(path: Path) -> Notes:
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): (str(content), [int(part) for part in seen]) for key, (content, seen) in notes.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
