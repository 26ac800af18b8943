"""Checkpoints that survive an interruption at any moment, and are never mistaken for another run's."""

from __future__ import annotations

import glob
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from interplay.errors import InterplayError
from interplay.records.disk import cannot_read_now
from interplay.records.identity import HOW_TO_KEEP, KEEP_VARIABLE, Identity, changes, first_of
from interplay.records.seals import is_broken
from interplay.records.store import replacing, set_aside

OLDER = "it was saved by an older version, which did not note what made it"


class Checkpoint:
    """One file that holds the state of one run.

    It lies outside the outputs of the workflow, which deletes the outputs of a failed job, and carries the identity of
    the run: code module by module, protocol, inputs, device. Where any of it changed, `say` tells what, and the
    checkpoint is set aside (`<path>.earlier`) until the run is finished, so that `keep` can still take it over.

    Args:
        path: where it lies.
        identity: what decides the run's result, from `make_identity`.
        name: the run, as messages call it.
        say: where messages go.
        keep: take over a checkpoint though something changed; what, is then listed in `taken_over`.
    """

    def __init__(
        self,
        path: Path,
        identity: Identity,
        *,
        name: str = "",
        say: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
        keep: bool = False,
    ) -> None:
        self.path, self.identity, self.keep = path, identity, keep
        self.name, self.say = name or path.name, say
        self.taken_over: list[str] = []

    @property
    def aside(self) -> Path:
        """Where one lies that was not taken over."""
        return self.path.with_name(f"{self.path.name}.earlier")

    def save(self, state: dict[str, Any]) -> None:
        """Write the state atomically: a reader sees the old checkpoint or the whole new one.

        Raises:
            InterplayError: the disk is full, read-only or refuses; one line that names it.
        """
        content = {"identity": dict(self.identity), "taken_over": self.taken_over, "state": state}
        with replacing(self.path) as temporary, temporary.open("wb") as stream:
            torch.save(content, stream)

    def load(self, device: torch.device | str = "cpu") -> dict[str, Any] | None:
        """The saved state; None where there is none, it is damaged, or (unless `keep`) something changed since.

        Why it is not taken over is one line to `say`; what is damaged is set aside (`<path>.unreadable`).

        Raises:
            InterplayError: it cannot be read now, for want of memory, say, which says nothing about it; it is kept.
        """
        try:
            if self.keep and self.aside.is_file():
                self.aside.replace(self.path)
            if not self.path.is_file():
                return None
            if is_broken(self.path):  # torch.load would take flipped bits for weights
                raise ValueError("it is damaged")
            content = torch.load(self.path, map_location=device, weights_only=True)
            state: dict[str, Any] = content["state"]
            saved = content["identity"]
        except Exception as error:
            if not_now := cannot_read_now(error) or ("the card refuses" if "CUDA error" in str(error) else None):
                raise InterplayError(
                    f"{self.name}: {self.path} cannot be read now ({not_now}); it is kept, and the same command goes "
                    "on from it once it can be (or delete it to start anew)"
                ) from error
            reason = (str(error) or type(error).__name__).splitlines()[0][:100]
            aside = set_aside(self.path)
            self.say(f"{self.name}: {self.path} cannot be read ({reason}); set aside as {aside.name}, starting anew")
            return None
        changed = changes(saved, self.identity) if isinstance(saved, Mapping) else [OLDER]
        which = f"{self.name}: checkpoint" + (f" of step {state['done']}" if "done" in state else "")
        if changed and not self.keep:
            self.path.replace(self.aside)
            self.say(f"{which} is not taken over: {first_of(changed)}; {HOW_TO_KEEP}")
            return None
        if changed:
            self.say(f"{which} is taken over although: {first_of(changed)}")
        self.taken_over = [*content.get("taken_over", []), *changed]
        return state

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """Around putting the state back: one that was kept on purpose may no longer fit.

        Raises:
            InterplayError: it does not; one line.
        """
        try:
            yield
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            if not self.taken_over:
                raise
            reason = (str(error) or type(error).__name__).splitlines()[0][:100]
            raise InterplayError(
                f"{self.name}: the kept checkpoint does not fit any more ({reason}): {first_of(self.taken_over)}; "
                f"run without {KEEP_VARIABLE}"
            ) from error

    def beside(self, name: str) -> Checkpoint:
        """A further checkpoint of the same run, for what changes more often than its state; `remove` deletes both."""
        path = self.path.with_name(f"{self.path.name}.{name}")
        return Checkpoint(path, self.identity, name=f"{self.name}, {name}", say=self.say, keep=self.keep)

    def remove(self) -> None:
        """Delete the checkpoint, those beside it and what a killed process left; the run is finished and recorded."""
        name = glob.escape(self.path.name)
        for path in (
            self.path,
            *(path for form in (f"{name}.*", f".{name}.*") for path in self.path.parent.glob(form)),
        ):
            path.unlink(missing_ok=True)
