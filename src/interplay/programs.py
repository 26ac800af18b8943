"""Asking programs, none of which may keep anyone waiting."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


def ask(command: Sequence[str], seconds: float, folder: Path | None = None) -> tuple[str, str]:
    """What a program prints, and in one line why it fails or does not answer; one of them is empty.

    Args:
        command: words, which no shell sees.
        seconds: after which it is ended.
        folder: in which it runs.
    """
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {seconds:g} s"
    except OSError as error:
        return "", (error.strerror or str(error)).lower()
    if done.returncode == 0:
        return done.stdout.strip(), ""
    said = [line.strip() for line in (*done.stdout.splitlines(), *done.stderr.splitlines()) if line.strip()]
    return "", said[-1] if said else f"exit status {done.returncode}"
