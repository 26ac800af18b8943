"""The rulings of one folder of results in a small file that is committed, so that others can be compared with them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from interplay.errors import InterplayError
from interplay.evidence.outcomes import Ruling
from interplay.evidence.verdicts import Verdict
from interplay.protocols.claims import Claim
from interplay.protocols.frozen_claims import claim_digest
from interplay.protocols.sourced import Strict, first_problem
from interplay.records import write_text_atomically


class KeptRuling(Strict):
    """What a level said of a claim; `digest` is of all that decides the claim, as it was then."""

    digest: str
    ruling: Ruling
    leaning: Ruling | None = None


class KeptRulings(Strict):
    """The rulings of one level by claim; those that were not run are left out."""

    level: str
    git_commit: str
    rulings: dict[str, KeptRuling]


def keep_rulings(verdicts: Iterable[Verdict], claims: Iterable[Claim], level: str, commit: str, path: Path) -> None:
    """Write what `level` says of every claim."""
    digests = {claim.id: claim_digest(claim) for claim in claims}
    kept = {
        verdict.id: KeptRuling(digest=digests[verdict.id], ruling=rung.ruling, leaning=rung.leaning)
        for verdict in verdicts
        for rung in verdict.ladder
        if rung.level == level and rung.ruling != "not run" and verdict.id in digests
    }
    content = KeptRulings(level=level, git_commit=commit, rulings=dict(sorted(kept.items())))
    write_text_atomically(path, json.dumps(content.model_dump(exclude_none=True), indent=0) + "\n")


def read_rulings(path: Path) -> KeptRulings:
    """Read what was kept.

    Raises:
        InterplayError: the file is missing or does not fit.
    """
    try:
        return KeptRulings.model_validate_json(path.read_bytes())
    except OSError as error:
        hint = "keep rulings with benchmarks/keep_reference.py"
        raise InterplayError(f"{path}: cannot be read ({error.strerror}); {hint}") from error
    except ValidationError as error:
        raise InterplayError(f"{path}: not a file of rulings ({first_problem(error)}); make it anew") from error
