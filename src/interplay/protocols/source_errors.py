"""Kinds of error that a statement of a document can be found in, from a false theorem down to a slip of print."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator

SourceError = Literal["false", "needs_assumption", "misprint", "fragile", "our_finding"]

IN_WORDS: dict[SourceError, str] = {
    "false": "false",
    "needs_assumption": "needs an assumption",
    "misprint": "misprint with a clear meaning",
    "fragile": "numerically fragile",
    "our_finding": "our finding",
}


def _quoted(value: Any) -> Any:
    """YAML reads a bare `false` as a truth value, which would look like "no error"."""
    if value is False:
        raise ValueError(f'write error: "false" in quotes, or one of {", ".join(get_args(SourceError)[1:])}')
    return value


ErrorField = Annotated[SourceError, BeforeValidator(_quoted)]
