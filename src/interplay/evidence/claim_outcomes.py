"""What one level of evidence says of a claim, before it is given a word."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from interplay.evidence.judges import judge_test
from interplay.evidence.levels_at_hand import Level
from interplay.evidence.outcomes import NotRunError, Outcome
from interplay.evidence.preconditions import meeting
from interplay.evidence.published import Published
from interplay.protocols.claim_files import selectors
from interplay.protocols.claims import Claim
from interplay.records import Record


def outcome_on(claim: Claim, level: Level, published: Published) -> tuple[list[Record], Outcome]:
    """What a level says, and the records that were used."""
    patterns = selectors(claim)
    missing = [need for need in patterns if not any(fnmatchcase(name, need) for name in level.names)]
    if missing:
        return [], Outcome("not run", f"Not judged: no record matches {', '.join(missing)}.")
    if claim.tiers is not None and level.tier not in claim.tiers:
        said = f"It means something only at tier {' or '.join(claim.tiers)}, not at {level.tier}."
        return [], Outcome("not representative", said)
    if claim.data is not None and level.data not in claim.data:
        said = f"It speaks of the {' or '.join(claim.data)} data themselves, not of the {level.data} ones."
        return [], Outcome("not representative", said)
    used = [record for record in level.records if any(fnmatchcase(record.name, pattern) for pattern in patterns)]
    try:
        kept, reasons = meeting(used, claim.valid_if)
    except NotRunError as reason:
        return [], Outcome("not run", f"Not judged: {reason}.")
    if reasons:
        said = f"It asks that {'; and that '.join(reasons)}."
        gone = [need for need in patterns if not any(fnmatchcase(record.name, need) for record in kept)]
        outcome = Outcome("not run", "") if gone else judge_test(claim.test, kept, published)
        if outcome.ruling == "not run":
            return [], Outcome("not representative", said)
        return kept, replace(outcome, sentence=f"{outcome.sentence} {said}")
    return used, judge_test(claim.test, used, published)
