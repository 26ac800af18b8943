"""Where two levels of evidence say the contrary of each other about one claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from interplay.evidence.outcomes import Ruling
from interplay.evidence.verdicts import Rung, Verdict

FOR: tuple[Ruling, ...] = ("holds",)
AGAINST: tuple[Ruling, ...] = ("fails", "wrong as printed")


@dataclass(frozen=True)
class Contradiction:
    """A claim that holds on one level and does not on another; one of the two has decided, the other leans at least."""

    claim: str
    held_on: str
    failed_on: str

    def __str__(self) -> str:
        return f"{self.claim}: holds on {self.held_on}, does not on {self.failed_on}"


def contradictions(verdicts: Iterable[Verdict]) -> list[Contradiction]:
    """Every pair of levels that disagree.

    A level leans where its runs point one way but are too few to decide: one seed convicts nobody, yet it shows that
    what another level decided may be a matter of scale or of data. What a precondition rules out takes no side.
    """
    found = []
    for verdict in verdicts:
        for index, first in enumerate(verdict.ladder):
            for second in verdict.ladder[index + 1 :]:
                sides = (_side(first), _side(second))
                if sides in ((1, -1), (-1, 1)) and (_decided(first) or _decided(second)):
                    held, failed = (first, second) if sides[0] > 0 else (second, first)
                    found.append(Contradiction(verdict.id, held.level, failed.level))
    return found


def _decided(rung: Rung) -> bool:
    return rung.ruling in (*FOR, *AGAINST)


def _side(rung: Rung) -> int:
    ruling = rung.leaning if rung.ruling == "undecided" and rung.leaning else rung.ruling
    return (ruling in FOR) - (ruling in AGAINST)
