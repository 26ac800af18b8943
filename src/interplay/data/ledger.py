"""What was verified of a data set, remembered beside it, so that the next start need not read every byte again.

A file counts as untouched while size, inode and the times of its last change are those it was verified with. What the
ledger says is lost at any damage to it and at any doubt: then everything is verified again, which costs a second.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from interplay.records import write_text_atomically

FOLDER = ".decoded"  # below the data folder: whatever is made of the data there, safe to delete
Stamp = list[int]


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
        self._changed = False

    def said(self, path: Path) -> str | None:
        """What was noted of the file at `path`, or None if nothing was or the file has been touched since."""
        with contextlib.suppress(OSError):
            return self.said_of(path, stamp(path))
        return None

    def said_of(self, path: Path, seen: Stamp) -> str | None:
        """What was noted of `path` while its stamp was `seen`, or None."""
        note = self._notes.get(self._key(path))
        return note[0] if note is not None and note[1] == seen else None

    def note(self, path: Path, content: str, seen: Stamp) -> None:
        """Remember that the file at `path` was found to hold `content` while its stamp was `seen`."""
        self._notes[self._key(path)] = (content, seen)
        self._changed = True

    def save(self) -> None:
        """Write what is new; where the folder cannot be written, everything is verified again next time."""
        if self._changed:
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_text_atomically(self._path, json.dumps(self._notes, indent=1) + "\n")
            self._changed = False

    def _key(self, path: Path) -> str:
        return os.path.relpath(path, self._root)


def _read(path: Path) -> dict[str, tuple[str, Stamp]]:
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): (str(content), [int(part) for part in seen]) for key, (content, seen) in notes.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
