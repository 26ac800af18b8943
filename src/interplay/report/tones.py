"""What came out, in eight tones for the eye, and how many unique statements stand in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, get_args

from interplay.evidence.summary import NOTHING_JUDGED
from interplay.evidence.verdicts import Verdict
from interplay.evidence.words import BASES, Basis, Word

Tone = Literal["holds", "fails", "undecided", "source", "ours", "yes", "no", "none"]
TONES: tuple[Tone, ...] = get_args(Tone)

TONE_OF: dict[Word, Tone] = {
    "verified": "holds",
    "false": "source",
    "unresolved": "undecided",
    "needs an assumption": "source",
    "misprint": "source",
    "numerically fragile": "source",
    "our finding": "ours",
    "borne out": "holds",
    "compatible": "undecided",
    "contradicted": "source",
    "reproduced": "holds",
    "deviates": "fails",
    "underpowered": "undecided",
    "holds at reduced protocol": "holds",
    "does not hold at reduced protocol": "fails",
    "undecided at reduced protocol": "undecided",
    "holds on substitute data": "holds",
    "does not hold on substitute data": "fails",
    "undecided on substitute data": "undecided",
    "yes": "yes",
    "no": "no",
    "undecided": "undecided",
    "not representative": "none",
    "not run": "none",
}
LABELS: dict[Tone, str] = {
    "holds": "holds",
    "fails": "does not hold",
    "undecided": "undecided",
    "source": "error in the source",
    "ours": "our finding",
    "yes": "yes",
    "no": "no",
    "none": "not judged",
}
# Evidence that can carry "reproduced" or more is drawn filled, less than that in outline.
FULL: frozenset[Basis | None] = frozenset({"theory", "printed table", "published protocol"})

Row = str
"""A class of evidence, `nothing judged`, or `questions`, which are counted apart whatever they rest on."""

QUESTIONS = "questions"
ROWS: tuple[Row, ...] = (*BASES, NOTHING_JUDGED, QUESTIONS)


def basis_key(verdict: Verdict) -> str:
    """The class of the evidence that speaks; `nothing judged` where none does."""
    return verdict.rung.basis or NOTHING_JUDGED


def tally(verdicts: Sequence[Verdict]) -> dict[Row, Counter[Tone]]:
    """Number of unique claims by class of evidence and tone; every class appears, empty if need be."""
    counts: dict[Row, Counter[Tone]] = {row: Counter() for row in ROWS}
    for verdict in {one.id: one for one in verdicts}.values():
        counts[QUESTIONS if verdict.asks else basis_key(verdict)][TONE_OF[verdict.verdict]] += 1
    return counts
