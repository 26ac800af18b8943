"""Reading the claims, and which records each of them is about."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from interplay.errors import InterplayError
from interplay.protocols.claim_patterns import expand_claims
from interplay.protocols.claims import Claim, ClaimFile
from interplay.protocols.preconditions import GroupPrecondition
from interplay.protocols.sourced import read_yaml, validate
from interplay.records import visible_files


def load_claims(folder: Path) -> list[Claim]:
    """All claims of the files in `folder` (`config/claims`), file by file in the order of their names.

    Raises:
        InterplayError: no file, a file that does not fit, or an id that two claims share; one line.
    """
    paths = visible_files(folder, "*.yaml")
    if not paths:
        raise InterplayError(f"{folder}: no claims found; run from the repository root or pass --config")
    origin: dict[str, Path] = {}
    claims: list[Claim] = []
    for path in paths:
        for claim in validate(ClaimFile, expand_claims(read_yaml(path), path), path).claims:
            if claim.id in origin:
                raise InterplayError(f"{path}: claim {claim.id!r} stands in {origin[claim.id]} already; rename one")
            origin[claim.id] = path
            claims.append(claim)
    return claims


def find_claim(claims: Iterable[Claim], claim_id: str) -> Claim:
    """The claim with that id.

    Raises:
        InterplayError: there is none.
    """
    known = {claim.id: claim for claim in claims}
    if claim_id not in known:
        close = [name for name in known if claim_id in name or name in claim_id] or list(known)
        raise InterplayError(f"no claim {claim_id!r}; there are {', '.join(close[:8])}{', ...' if close[8:] else ''}")
    return known[claim_id]


def selectors(claim: Claim) -> tuple[str, ...]:
    """Globs on record names that the claim needs, or that its test or its preconditions read, each once."""
    fields = ("runs", "greater", "lesser")
    read = [getattr(claim.test, name) for name in fields if hasattr(claim.test, name)]
    read += [precondition.runs for precondition in claim.valid_if if precondition.runs is not None]
    read += [precondition.below for precondition in claim.valid_if if isinstance(precondition, GroupPrecondition)]
    globs = (glob for found in read for glob in ((found,) if isinstance(found, str) else found))
    return tuple(dict.fromkeys((*claim.needs, *globs)))
