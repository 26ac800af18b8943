"""Claims as they stood before a tier was run: what was changed since can be told, and is shown in the report.

Before the first run of a tier that says so (`freeze_claims`), digests of all that decides a claim are written beside
its records. Editing a threshold after seeing results is not forbidden; passing it off as decided before is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from interplay.errors import InterplayError
from interplay.protocols.claims import Claim
from interplay.protocols.sourced import Strict, first_problem
from interplay.records import text_digest, write_text_atomically
from interplay.records.provenance import git_state

NAME = "claims.lock.json"
# What decides a verdict; where a claim is said, how much it weighs and notes on it do not.
DECISIVE = {"says", "needs", "valid_if", "test", "threshold", "tiers", "data", "asks", "error"}


class FrozenClaims(Strict):
    """Digests of claims by id, and when and at which commit they were taken."""

    frozen: str
    git_commit: str
    git_dirty: bool
    claims: dict[str, str]


def claim_digest(claim: Claim) -> str:
    """Of all that decides a claim's verdict: 16 hexadecimal digits."""
    return text_digest(claim.model_dump_json(include=DECISIVE))


def freeze_claims(claims: Iterable[Claim], results: Path) -> bool:
    """Write the digests of `claims` into a folder of results, unless they were frozen there before.

    Returns:
        whether they were written.
    """
    path = results / NAME
    if path.exists():
        return False
    commit, dirty = git_state()
    frozen = FrozenClaims(
        frozen=datetime.now(UTC).isoformat(timespec="seconds"),
        git_commit=commit,
        git_dirty=dirty,
        claims={claim.id: claim_digest(claim) for claim in claims},
    )
    write_text_atomically(path, json.dumps(frozen.model_dump(), indent=1) + "\n")
    return True


def read_frozen(results: Path) -> FrozenClaims | None:
    """What was frozen in a folder of results; None where nothing was.

    Raises:
        InterplayError: the file is not one of ours.
    """
    path = results / NAME
    if not path.is_file():
        return None
    try:
        return FrozenClaims.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        said = first_problem(error) if isinstance(error, ValidationError) else str(error.strerror)
        raise InterplayError(
            f"{path}: not a list of frozen claims ({said}); bring it back (git, make restore or a backup)"
        ) from error


def changed_since(frozen: FrozenClaims, claims: Iterable[Claim]) -> dict[str, str]:
    """What became of claims since they were frozen: `changed`, `added` or `dropped`, by id."""
    now = {claim.id: claim_digest(claim) for claim in claims}
    found = {name: "changed" for name, digest in now.items() if frozen.claims.get(name, digest) != digest}
    found |= {name: "added" for name in now if name not in frozen.claims}
    found |= {name: "dropped" for name in frozen.claims if name not in now}
    return dict(sorted(found.items()))
