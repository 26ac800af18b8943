"""Verdicts counted and in plain text, for the end of `make reproduce` and for logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import fill
from typing import get_args

from interplay.evidence.outcomes import ANSWERS, Ruling
from interplay.evidence.verdicts import Verdict
from interplay.markup import plain_table
from interplay.protocols.source_errors import IN_WORDS, SourceError

RULINGS: tuple[Ruling, ...] = get_args(Ruling)
QUESTION_RULINGS: tuple[Ruling, ...] = tuple(ANSWERS.values())


def count_verdicts(verdicts: Sequence[Verdict]) -> dict[str, dict[Ruling, int]]:
    """Number of claims by document and ruling; every ruling appears, at zero if need be."""
    counts = Counter((verdict.document, verdict.verdict) for verdict in verdicts)
    documents = dict.fromkeys(verdict.document for verdict in verdicts)
    return {document: {ruling: counts[document, ruling] for ruling in RULINGS} for document in documents}


def count_errors(verdicts: Sequence[Verdict]) -> dict[str, dict[SourceError, int]]:
    """Number of claims by document and kind of error; every kind appears, at zero if need be."""
    counts = Counter((verdict.document, verdict.error) for verdict in verdicts)
    documents = dict.fromkeys(verdict.document for verdict in verdicts)
    return {document: {error: counts[document, error] for error in IN_WORDS} for document in documents}


def render_counts(verdicts: Sequence[Verdict]) -> str:
    """The counts as a table in plain text of 80 columns: a row per ruling, a column per document and one for all.

    Below "wrong in the source" the kinds of error that occur. This way round it fits: documents have short names, and
    of rulings with long ones only the first column grows, which breaks its lines.
    """
    counts, errors = count_verdicts(verdicts), count_errors(verdicts)
    head = ["verdict", *counts, "all"]
    rows: list[tuple[str, list[int]]] = []
    for ruling in RULINGS:
        rows.append((ruling, [row[ruling] for row in counts.values()]))
        if ruling == "wrong in the source":
            kinds = ((kind, [row[kind] for row in errors.values()]) for kind in IN_WORDS if kind != "our_finding")
            rows += [(f"- {kind.replace('_', ' ')}", numbers) for kind, numbers in kinds if any(numbers)]
    cells = [[name, *map(str, (*numbers, sum(numbers)))] for name, numbers in rows]
    return plain_table(head, cells, "l" + "r" * (len(head) - 1), width=80)


def render_verdicts(verdicts: Sequence[Verdict], width: int = 100) -> str:
    """A table of counts, what is wrong in the source by kind, our findings, questions by answer, and what deviates."""
    if not verdicts:
        return "No claims."
    lines = [f"{len(verdicts)} claims, tier {verdicts[0].tier}, {verdicts[0].data} data", ""]
    lines.append(render_counts(verdicts))
    if any(verdict.verdict == "wrong in the source" for verdict in verdicts):
        lines += ["", "wrong in the source (why: in the report):"]
        kinds = [kind for kind in IN_WORDS if kind != "our_finding"]
        found = {kind: [verdict.id for verdict in verdicts if verdict.error == kind] for kind in kinds}
        told = {f"{IN_WORDS[kind]} ({len(ids)})": ids for kind, ids in found.items() if ids}
        lines += [_indent(f"{kind}: {', '.join(ids)}", width) for kind, ids in told.items()]
    if ours := [verdict.id for verdict in verdicts if verdict.error == "our_finding"]:
        lines += ["", "our finding, no error of a document:", _indent(", ".join(ours), width)]
    for answer in QUESTION_RULINGS:
        if answered := [verdict.id for verdict in verdicts if verdict.verdict == answer]:
            lines += ["", f"asked, {answer} (numbers: in the report):", _indent(", ".join(answered), width)]
    if deviating := [verdict for verdict in verdicts if verdict.verdict == "deviates"]:
        lines += ["", "deviates:"]
        lines += [_indent(f"{v.id} ({v.source}): {v.statement} {v.sentence}", width) for v in deviating]
    return "\n".join(lines)


def _indent(text: str, width: int) -> str:
    return fill(text, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
