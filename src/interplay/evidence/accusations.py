"""No document is accused without a kind of error that was decided and argued beforehand, in the claim."""

from __future__ import annotations

from dataclasses import replace

from interplay.evidence.outcomes import Outcome
from interplay.protocols.source_errors import IN_WORDS, SourceError


def accuse(outcome: Outcome, error: SourceError | None) -> tuple[Outcome, SourceError | None]:
    """The outcome of a statement listed under `error` (None: not listed), and the kind of error that was found.

    - fails as printed, listed: it stays, and the sentence says of which kind;
    - fails as printed, not listed: `fails`, since nobody has decided that the error is the document's;
    - anything else stays as it is; a listed statement that holds says that the list is wrong.
    """
    if outcome.ruling == "wrong as printed":
        if error is None:
            reason = "It fails as printed, but the claim names no kind of error: the document is not accused."
            return replace(outcome, ruling="fails", sentence=f"{reason} {outcome.sentence}"), None
        if error == "our_finding":
            return replace(outcome, sentence=f"Our finding, no error of the document. {outcome.sentence}"), error
        words = IN_WORDS[error]
        return replace(outcome, sentence=f"{words[0].upper()}{words[1:]}. {outcome.sentence}"), error
    if outcome.ruling == "holds" and error is not None:
        reason = f"Listed as an error of the document ({IN_WORDS[error]}), yet it holds: the list is wrong."
        return replace(outcome, sentence=f"{outcome.sentence} {reason}"), None
    return outcome, None
