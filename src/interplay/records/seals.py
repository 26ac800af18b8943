"""What a file held when it was written, noted on the file itself, so that damage shows however it came about.

Size and digest stand in an extended attribute: it moves with the file, and a copy that drops it is merely not known.
Where the file system keeps no such attributes nothing is known of any file, and `integrity` judges by form alone.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ATTRIBUTE = "user.interplay.seal"


def seal(path: Path) -> None:
    """Note size and digest of a file's content on it, where the file system keeps such notes."""
    if hasattr(os, "setxattr"):
        try:
            os.setxattr(path, ATTRIBUTE, f"{path.stat().st_size} {_digest(path)}".encode())
        except OSError:  # none are kept here; a full disk is told where content is written
            return


def is_sealed(path: Path) -> bool:
    """Whether it is known what the file held when it was written."""
    return _noted(path) is not None


def is_broken(path: Path, *, by_size: bool = False) -> bool:
    """Whether a file holds anything but what was written into it; False where that is not known.

    Args:
        path: the file.
        by_size: look at its size alone.

    Raises:
        OSError: it cannot be read.
    """
    if (noted := _noted(path)) is None:
        return False
    size, _, digest = noted.partition(" ")
    return size != str(path.stat().st_size) or (not by_size and digest != _digest(path))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _noted(path: Path) -> str | None:
    if not hasattr(os, "getxattr"):
        return None
    try:
        return os.getxattr(path, ATTRIBUTE).decode(errors="replace")
    except OSError:
        return None
