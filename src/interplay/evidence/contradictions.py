"""Where two levels of evidence say the contrary of each other about one claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from interplay.evidence.outcomes import Ruling
from interplay.evidence.verdicts import Verdict

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
                sides = (side(first.ruling, first.leaning), side(second.ruling, second.leaning))
                if disagree((first.ruling, first.leaning), (second.ruling, second.leaning)):
                    held, failed = (first, second) if sides[0] > 0 else (second, first)
                    found.append(Contradiction(verdict.id, held.level, failed.level))
    return found


def disagree(first: tuple[Ruling, Ruling | None], second: tuple[Ruling, Ruling | None]) -> bool:
    """Whether two rulings, each with its leaning, point opposite ways and one of them is decided."""
    decided = any(ruling in (*FOR, *AGAINST) for ruling, _ in (first, second))
    return decided and side(*first) * side(*second) < 0


def side(ruling: Ruling, leaning: Ruling | None) -> int:
    """1 for the claim, -1 against it, 0 for neither; what is undecided takes the side that it leans to."""
    shown = leaning if ruling == "undecided" and leaning else ruling
    return (shown in FOR) - (shown in AGAINST)
