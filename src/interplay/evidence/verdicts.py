"""Verdicts: every claim put to its judge, stamped with tier, data mapping, overrides and the records used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from math import isfinite
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from interplay.errors import InterplayError
from interplay.evidence.accusations import accuse
from interplay.evidence.judges import judge_test
from interplay.evidence.outcomes import Outcome, Ruling, answer
from interplay.evidence.published import Published
from interplay.protocols.claim_files import selectors
from interplay.protocols.claims import Claim, DataName, TierName
from interplay.protocols.source_errors import SourceError
from interplay.protocols.sourced import Strict
from interplay.records import Record, text_digest, write_text_atomically


class RecordUsed(Strict):
    """A record that a verdict rests on; `digest` is the first 16 hexadecimal digits of SHA-256 of its file."""

    name: str
    digest: str


class Verdict(Strict):
    """What became of one claim. Numbers that are not finite are None (JSON has no NaN).

    `error` is the kind of error behind `wrong in the source` and `our finding`; None with any other verdict.
    """

    id: str
    document: str
    where: str
    source: str
    statement: str
    verdict: Ruling
    error: SourceError | None = None
    sentence: str
    evidence: dict[str, float | None]
    test: str
    tier: TierName
    data: DataName
    overrides: tuple[str, ...]
    records: tuple[RecordUsed, ...]
    note: str


def judge(
    claims: Iterable[Claim], records: Sequence[Record], published: Published, tier: TierName, data: DataName
) -> list[Verdict]:
    """One verdict per claim, in their order, from the records of one tier and one data mapping.

    Raises:
        InterplayError: a record of another tier or mapping is among those used, two records share a name, or a claim
            names a published cell that does not exist.
    """
    names = [record.name for record in records]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InterplayError(f"two records are called {twice[0]}; judge one results folder at a time")
    return [_judge_one(claim, records, published, tier, data) for claim in claims]


def _judge_one(
    claim: Claim, records: Sequence[Record], published: Published, tier: TierName, data: DataName
) -> Verdict:
    patterns = selectors(claim)
    missing = [need for need in patterns if not any(fnmatchcase(record.name, need) for record in records)]
    used: list[Record] = []
    if claim.tiers is not None and tier not in claim.tiers:
        outcome = Outcome("not run", f"Meaningful only at tier {' or '.join(claim.tiers)}, not at {tier}.")
    elif claim.data is not None and data not in claim.data:
        outcome = Outcome("not run", f"Meaningful only on {' or '.join(claim.data)} data, not on {data}.")
    elif missing:
        outcome = Outcome("not run", f"Not judged: no record matches {', '.join(missing)}.")
    else:
        used = [record for record in records if any(fnmatchcase(record.name, pattern) for pattern in patterns)]
        for record in used:
            if (record.tier, record.data_mapping) != (tier, data):
                raise InterplayError(
                    f"record {record.name} is of tier {record.tier} on {record.data_mapping} data, "
                    f"not of {tier} on {data}; judge each results folder by itself"
                )
        outcome = judge_test(claim.test, used, published)
        outcome = answer(outcome) if claim.asks else outcome
    outcome, error = accuse(outcome, claim.error)
    return Verdict(
        id=claim.id,
        document=claim.document,
        where=claim.where,
        source=f"{claim.document}, {claim.where}",
        statement=claim.says,
        verdict=outcome.ruling,
        error=error,
        sentence=outcome.sentence,
        evidence={name: float(value) if isfinite(value) else None for name, value in outcome.numbers.items()},
        test=claim.test.kind,
        tier=tier,
        data=data,
        overrides=tuple(sorted({override for record in used for override in record.overrides})),
        records=tuple(
            RecordUsed(name=record.name, digest=text_digest(record.model_dump_json(indent=1) + "\n"))
            for record in sorted(used, key=lambda record: record.name)
        ),
        note=claim.note,
    )


def write_verdicts(verdicts: Iterable[Verdict], path: Path) -> None:
    """Write a JSON list of verdicts, atomically."""
    content = [verdict.model_dump(mode="json") for verdict in verdicts]
    write_text_atomically(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_verdicts(path: Path) -> list[Verdict]:
    """Read a list of verdicts.

    Raises:
        InterplayError: the file is missing, is not JSON, or does not fit the schema.
    """
    try:
        return TypeAdapter(list[Verdict]).validate_json(path.read_bytes())
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror}); make it with `interplay verdicts`") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise InterplayError(f"{path}: not a list of verdicts ({where}: {first['msg']}); make it anew") from error
