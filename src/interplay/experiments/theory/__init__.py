"""Numeric checks of every numbered statement of the documents but the note, and of the remarks that turned out wrong.

Each check measures the residual of a statement as printed and, where the print is wrong, of its correction.
"""

from __future__ import annotations

from interplay.errors import InterplayError
from interplay.experiments.context import Context, Result
from interplay.experiments.theory import (  # noqa: F401  (importing registers the checks)
    collapse_values,
    complexity,
    definitions,
    divergences,
    entropy_readings,
    frames,
    losses,
    neural_compression,
    regression,
    relabelling,
    remarks,
    ridge,
    thesis_information,
    uniformity,
)
from interplay.experiments.theory.registry import CHECKS, run_check
from interplay.protocols.theory import TheoryProtocol, TheoryRun
from interplay.records import Finding

__all__ = ["CHECKS", "check_document", "run"]


def run(protocol: TheoryProtocol, run: TheoryRun, context: Context) -> Result:
    """The findings of one document: the one that the run's settings name."""
    return Result(findings=check_document(protocol, run.settings.document))


def check_document(protocol: TheoryProtocol, document: str) -> dict[str, Finding]:
    """The findings of one document, by statement (`metrics24/theorem-iv2`), sorted by name.

    Raises:
        InterplayError: the protocol does not cover the document, or nothing is checked in it.
    """
    names = sorted(name for name in CHECKS if name.startswith(f"{document}/"))
    if document not in protocol.documents or not names:
        raise InterplayError(
            f"theory: no checks for document {document!r}; choose from {', '.join(protocol.documents)}"
        )
    return {name: run_check(name, protocol.seed, protocol.draws) for name in names}
