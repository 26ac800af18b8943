"""Verdicts counted and in plain text, for the end of `make reproduce` and for logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import fill

from interplay.evidence.contradictions import contradictions
from interplay.evidence.verdicts import Verdict
from interplay.evidence.words import ERRORS, WORDS, Word
from interplay.markup import one_line, plain_table

NOTHING_JUDGED = "nothing judged"  # the class of evidence where there is none
ACCUSING: tuple[Word, ...] = ("contradicted", *ERRORS.values())


def count_verdicts(verdicts: Sequence[Verdict]) -> dict[str, dict[Word, int]]:
    """Number of claims by document and word; every word appears, at zero if need be.

    A claim that two documents make counts in both; the number of unique ones is that of the verdicts.
    """
    counts = Counter((document, verdict.verdict) for verdict in verdicts for document in verdict.documents)
    documents = dict.fromkeys(document for verdict in verdicts for document in verdict.documents)
    return {document: {word: counts[document, word] for word in WORDS} for document in documents}


def render_counts(verdicts: Sequence[Verdict]) -> str:
    """The counts as a table in plain text: a row per word that occurs, a column per document, and one of unique claims.

    This way round it fits in 80 columns: documents have short names.
    """
    counts = count_verdicts(verdicts)
    unique = Counter(verdict.verdict for verdict in verdicts)
    rows = [[word, *(str(row[word]) for row in counts.values()), str(unique[word])] for word in WORDS if unique[word]]
    total = ["claims", *(str(sum(row.values())) for row in counts.values()), str(len(verdicts))]
    head = ["verdict", *counts, "unique"]
    return plain_table(head, [*rows, total], "l" + "r" * (len(head) - 1), width=80)


def render_verdicts(verdicts: Sequence[Verdict], width: int = 100) -> str:
    """The counts, the headline claims, what did not come out and why, what is in error, answers, contradictions."""
    if not verdicts:
        return "No claims."
    levels = dict.fromkeys(rung.level for verdict in verdicts for rung in verdict.ladder)
    lines = [one_line(f"{len(verdicts)} claims, on {', '.join(levels)}"), "", render_counts(verdicts)]
    headlines = [verdict for verdict in verdicts if verdict.weight == "headline"]
    lines += _listed("headline claims", _by_word(headlines), width)
    against = [verdict for verdict in verdicts if verdict.rung.ruling == "fails" and not verdict.asks]
    lines += _listed(
        "did not come out", [f"{v.id} ({v.source}): {v.statement} {v.rung.sentence}" for v in against], width
    )
    accused = [verdict for verdict in verdicts if verdict.verdict in ACCUSING]
    lines += _listed("in error as printed, or our finding (why: in the report)", _by_word(accused), width)
    answered = [verdict for verdict in verdicts if verdict.asks and verdict.verdict in ("yes", "no")]
    lines += _listed("questions answered", _by_word(answered), width)
    return "\n".join(lines + _listed("levels of evidence disagree", map(str, contradictions(verdicts)), width))


def _by_word(verdicts: Sequence[Verdict]) -> list[str]:
    """A line for each word, with the claims that have it."""
    found = {word: [verdict.id for verdict in verdicts if verdict.verdict == word] for word in WORDS}
    return [f"{word} ({len(ids)}): {', '.join(ids)}" for word, ids in found.items() if ids]


def _listed(title: str, entries: Iterable[str], width: int) -> list[str]:
    told = [_indent(entry, width) for entry in entries]
    return ["", f"{title}:", *told] if told else []


def render_ladder(verdict: Verdict, width: int = 100) -> str:
    """A verdict, and what every level says; the one that speaks for all is marked."""
    lines = [one_line(f"{verdict.id}: {verdict.verdict} ({verdict.source})")]
    for number, rung in enumerate(verdict.ladder):
        mark = "* " if number == verdict.decided_by else "  "
        said = f"{mark}{rung.level}: {rung.word}. {rung.sentence}"
        lines.append(fill(said, width, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False))
    return "\n".join(lines)


def _indent(text: str, width: int) -> str:
    return fill(text, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
