"""Checkpoints that survive an interruption at any moment, and are never mistaken for another run's."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Any

import torch


class Checkpoint:
    """One file that holds the state of one run.

    It lies outside the outputs of the workflow, which deletes the outputs of a failed job, and carries `identity` (a
    digest of protocol, data and code): a checkpoint of anything else is ignored.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path, self.identity = path, identity

    def save(self, state: dict[str, Any]) -> None:
        """Write the state atomically: a reader sees the old checkpoint or the whole new one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            with temporary.open("wb") as stream:
                torch.save({"identity": self.identity, "state": state}, stream)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(self.path)
        finally:
            temporary.unlink(missing_ok=True)

    def load(self, device: torch.device | str = "cpu") -> dict[str, Any] | None:
        """The saved state, or None where there is none, it is unreadable, or it belongs to something else."""
        if not self.path.is_file():
            return None
        try:
            content = torch.load(self.path, map_location=device, weights_only=True)
        except Exception:  # whatever is wrong with the file, starting anew is right
            return None
        if not isinstance(content, dict) or content.get("identity") != self.identity:
            return None
        state: dict[str, Any] = content["state"]
        return state

    def beside(self, name: str) -> Checkpoint:
        """A further checkpoint of the same run, for what changes more often than its state; `remove` deletes both."""
        return Checkpoint(self.path.with_name(f"{self.path.name}.{name}"), self.identity)

    def remove(self) -> None:
        """Delete the checkpoint and those beside it; the run is finished and recorded."""
        for path in (self.path, *self.path.parent.glob(f"{glob.escape(self.path.name)}.*")):
            path.unlink(missing_ok=True)
