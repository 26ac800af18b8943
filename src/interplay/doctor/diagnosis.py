"""What a check says, and how a function becomes a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs
from interplay.markup import one_line

State = Literal["ok", "note", "mend"]
WIDTH = 16  # of the longest name of a check


@dataclass(frozen=True)
class Diagnosis:
    """What was found, and what to do about it.

    Attributes:
        state: `mend` stops what was asked for until it is mended; `note` is worth knowing.
        found: what is the case.
        advice: what to do; empty where all is well.
        check: by which check.
    """

    state: State
    found: str
    advice: str = ""
    check: str = ""

    def __str__(self) -> str:
        said = f"{self.found}; {self.advice}" if self.advice else self.found
        return f"{self.state:<4}  {self.check:<{WIDTH}}  {one_line(said)}"


@dataclass(frozen=True)
class Check:
    """A check by name; the quick ones are made before every workflow."""

    name: str
    function: Callable[[Machine, Needs], Iterable[Diagnosis]]
    quick: bool

    def __call__(self, machine: Machine, needs: Needs) -> list[Diagnosis]:
        return [replace(found, check=self.name) for found in self.function(machine, needs)]


def check(name: str, *, quick: bool = False) -> Callable[[Callable[[Machine, Needs], Iterable[Diagnosis]]], Check]:
    """Make a function of the machine and the needs a check; a quick one must cost next to nothing."""
    return lambda function: Check(name, function, quick)


def ok(found: str) -> Diagnosis:
    """All is well."""
    return Diagnosis("ok", found)


def note(found: str, advice: str) -> Diagnosis:
    """Worth knowing; nothing stops."""
    return Diagnosis("note", found, advice)


def mend(found: str, advice: str) -> Diagnosis:
    """What was asked for cannot be had before this is mended."""
    return Diagnosis("mend", found, advice)
