"""Many statements of one document: those decided by chance alone are kept to 5 % of the decided ones.

Every statement is decided at 5 % by itself. Of a hundred that are all false five would be confirmed; so a decision
counts only if it survives Benjamini and Hochberg's procedure at 5 % among all statements of its document that were put
to a test on the same results, decided or not. A claim that two documents make has to survive in both.

Source: Benjamini and Hochberg (1995), the false discovery rate. It holds for independent tests and for positively
dependent ones (Benjamini and Yekutieli 2001), as statements on the same runs mostly are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interplay.evidence.decisions import ALPHA


@dataclass(frozen=True)
class Tested:
    """A statement that was put to a test: its documents, whether it was decided, and its p-value (None: no test)."""

    documents: tuple[str, ...]
    decided: bool
    p: float | None


def limits(tested: Sequence[Tested]) -> dict[str, tuple[float, int]]:
    """For each document, the p up to which its decisions survive (0: none does), and how many of its statements count.

    The limit is the largest i / n of 5 % that is no smaller than the i-th smallest of the n p-values.
    """
    documents = dict.fromkeys(document for one in tested for document in one.documents)
    found = {}
    for document in documents:
        ps = sorted(one.p for one in tested if document in one.documents and one.p is not None and one.p == one.p)
        steps = [ALPHA * rank / len(ps) for rank in range(1, len(ps) + 1)]
        found[document] = (max((step for p, step in zip(ps, steps, strict=True) if p <= step), default=0.0), len(ps))
    return found


def not_surviving(tested: Sequence[Tested]) -> list[str]:
    """For each statement, a sentence that says why its decision does not stand; empty where it does or there was none.

    Of several documents the strictest speaks.
    """
    allowed = limits(tested)
    sentences = []
    for one in tested:
        said = ""
        if one.decided and one.p is not None and one.p == one.p:
            limit, document = min((allowed[name][0], name) for name in one.documents)
            if one.p > limit:
                count = allowed[document][1]
                said = (
                    f"Decided alone (p = {one.p:.3g}), not among the {count} statements of {document} that were tested."
                )
        sentences.append(said)
    return sentences
