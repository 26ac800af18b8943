"""Locks on shares of cards among the processes of one user on one machine; they end with the process, however it ends.

Every job has a file of its own in the card's folder, and an flock on it; the kernel drops that when the process dies,
so a file that can be locked belongs to nobody and is deleted. Room on a card is what the locked files leave of 1.
"""

from __future__ import annotations

import fcntl
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from uuid import uuid4

from interplay.errors import InterplayError

ROUNDING = 1e-9  # three thirds are a whole


@dataclass
class Hold:
    """A share of a card, held until `release` or the end of the process."""

    share: float
    path: Path
    stream: TextIOWrapper

    def release(self) -> None:
        """Give the share back."""
        self.path.unlink(missing_ok=True)
        self.stream.close()


def lock_folder() -> Path:
    """One folder for all jobs of this user: `INTERPLAY_GPU_LOCKS`, or a fixed one below /tmp.

    Neither `TMPDIR` nor `XDG_RUNTIME_DIR` counts: jobs of a cluster, of cron and of a terminal differ in them, and jobs
    that look in different places do not see each other.

    Raises:
        InterplayError: it cannot be made, or someone else made it.
    """
    chosen = os.environ.get("INTERPLAY_GPU_LOCKS")
    folder = Path(chosen) if chosen else Path(f"/tmp/interplay-gpu-locks-{os.getuid()}")
    hint = "set INTERPLAY_GPU_LOCKS to a folder of this machine that you can write to"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not chosen and (folder.is_symlink() or folder.stat().st_uid != os.getuid()):
            raise InterplayError(f"GPU locks: {folder} belongs to someone else; {hint}")
    except OSError as error:
        raise InterplayError(f"GPU locks: {folder}: {error.strerror}; {hint}") from error
    return folder


def take(card: str, share: float) -> Hold | list[str]:
    """The share of the card, or without waiting who holds what is missing.

    Raises:
        InterplayError: a folder for locks that cannot be used.
    """
    folder = lock_folder() / re.sub(r"[^\w.-]", "_", card)
    try:
        folder.mkdir(exist_ok=True)
        # Held for this moment only, so that two jobs cannot both find the same room.
        with (folder / "door").open("a") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            held = _held(folder)
            if sum(part for part, _ in held) + share > 1 + ROUNDING:
                return [name for _, name in held]
            path = folder / f"{os.getpid()}-{uuid4().hex}.job"
            stream = path.open("w", encoding="utf-8", errors="replace")
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            print(share, _name(), file=stream, flush=True)
            return Hold(share, path, stream)
    except OSError as error:
        raise InterplayError(f"GPU locks: {folder}: {error.strerror}; set INTERPLAY_GPU_LOCKS elsewhere") from error


def _held(folder: Path) -> list[tuple[float, str]]:
    """Share and name of every living job; what dead ones left is deleted."""
    found = []
    for path in sorted(folder.glob("*.job")):
        with (
            suppress(FileNotFoundError),
            path.open(encoding="utf-8") as stream,
        ):  # its job may be giving it back right now
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                part, _, name = stream.readline().strip().partition(" ")
                found.append((float(part), name))
            else:
                path.unlink(missing_ok=True)
    return found


def _name() -> str:
    """How others are told of this process, in one line."""
    program = Path(sys.argv[0] or "python")
    name = program.parent.name if program.name == "__main__.py" else program.name
    return f"process {os.getpid()} ({' '.join(' '.join([name, *sys.argv[1:]]).split())[:80]})"
