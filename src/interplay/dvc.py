"""DVC as a neighbour: its command line, which is what DVC documents and keeps stable. It may be absent."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_LOCK_SECONDS = 120.0
_LOCKED = "Unable to acquire lock"


@dataclass(frozen=True)
class Said:
    """What a command of DVC printed, and whether it went well by its own account."""

    ok: bool
    output: str
    complaints: str
    status: int

    @property
    def error(self) -> str | None:
        """The last line of complaint where it did not go well."""
        if self.ok:
            return None
        lines = [line for line in self.complaints.splitlines() if line.startswith("ERROR")]
        return lines[-1].removeprefix("ERROR: ") if lines else f"exit status {self.status}"


def dvc_executable() -> str | None:
    """The `dvc` beside this interpreter (its environment need not be activated), or the one on PATH."""
    beside = shutil.which("dvc", path=str(Path(sys.executable).parent))
    return beside or shutil.which("dvc")


def repository(root: Path) -> Path | None:
    """The folder at or above `root` that DVC keeps its own things in, or None."""
    root = root.resolve()
    return next((folder for folder in (root, *root.parents) if (folder / ".dvc").is_dir()), None)


def run_dvc(command: Sequence[str], repo: Path, variables: Mapping[str, str] = MappingProxyType({})) -> Said:
    """Run DVC in `repo`, waiting for its lock where another of its processes holds that.

    `variables` of the environment come beside those of this process.
    """
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        done = subprocess.run(
            command,
            cwd=repo,
            env={**os.environ, "DVC_NO_ANALYTICS": "1", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode == 0 or _LOCKED not in done.stderr or time.monotonic() > deadline:
            return Said(done.returncode == 0, done.stdout, done.stderr, done.returncode)
        time.sleep(1)
