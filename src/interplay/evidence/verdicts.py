"""Verdicts: every claim put to its judge on every level of evidence at hand; the strongest that decides speaks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path

from pydantic import TypeAdapter, ValidationError, model_validator

from interplay.errors import InterplayError
from interplay.evidence.accusations import accuse
from interplay.evidence.claim_outcomes import outcome_on
from interplay.evidence.conditions import Conditions, basis_of, conditions_of
from interplay.evidence.judges import judge_test
from interplay.evidence.levels_at_hand import Level
from interplay.evidence.multiplicity import Tested, not_surviving
from interplay.evidence.outcomes import Ruling
from interplay.evidence.published import Published
from interplay.evidence.sensitivity import flips
from interplay.evidence.words import STRENGTH, Basis, Word, word
from interplay.protocols.claim_files import selectors
from interplay.protocols.claims import Claim, ClaimId, DataName, TierName, Weight
from interplay.protocols.places import Place
from interplay.protocols.source_errors import SourceError
from interplay.protocols.sourced import Strict
from interplay.records import text_digest, write_text_atomically

DECIDED: tuple[Ruling, ...] = ("holds", "fails", "wrong as printed")


class RecordUsed(Strict):
    """A record that a verdict rests on; `digest` is the first 16 hexadecimal digits of SHA-256 of its file."""

    name: str
    digest: str


class DegreeShown(Strict):
    """How clearly, as `outcomes.Degree` has it.

    `flips_at` are the factors (half, one and a half) by which the threshold may not be multiplied without another
    ruling; None where there is no threshold. Numbers that are not finite are None (JSON has no NaN).
    """

    effect: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    runs: int | None = None
    p: float | None = None
    variation: float | None = None
    flips_at: tuple[float, ...] | None = None


class Rung(Strict):
    """What one level of evidence says of a claim: a folder of results, of one tier and one data mapping.

    `basis` is None where nothing was judged. Numbers that are not finite are None.
    """

    level: str
    tier: TierName
    data: DataName
    ruling: Ruling
    leaning: Ruling | None = None
    basis: Basis | None
    word: Word
    error: SourceError | None = None
    sentence: str
    degree: DegreeShown
    evidence: dict[str, float | None]
    conditions: Conditions | None
    overrides: tuple[str, ...]
    records: tuple[RecordUsed, ...]


class Verdict(Strict):
    """What became of one claim. `ladder` holds what every level says, the strongest evidence first.

    The rung numbered `decided_by` speaks for all: the first that decides, and the first of all where none does.
    """

    id: ClaimId
    said_in: tuple[Place, ...]
    statement: str
    weight: Weight
    asks: bool
    test: str
    note: str
    verdict: Word
    decided_by: int
    ladder: tuple[Rung, ...]

    @model_validator(mode="after")
    def _is_decided(self) -> Verdict:
        if not 0 <= self.decided_by < len(self.ladder):
            raise ValueError(f"decided_by: {self.decided_by} is no rung of a ladder of {len(self.ladder)}")
        return self

    @property
    def rung(self) -> Rung:
        """The rung that speaks for all."""
        return self.ladder[self.decided_by]

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents that say it, each once."""
        return tuple(dict.fromkeys(place.document for place in self.said_in))

    @property
    def source(self) -> str:
        """Every place at which it is said, for readers."""
        return "; ".join(map(str, self.said_in))


def judge(claims: Iterable[Claim], levels: Sequence[Level], published: Published) -> list[Verdict]:
    """One verdict per claim, in their order, from the records of every level.

    Raises:
        InterplayError: no level, two records of a level share a name, one is of another tier or mapping than its level,
            or a claim names a published cell that does not exist.
    """
    if not levels:
        raise InterplayError("no results to judge; name a folder with --results")
    asked = list(claims)
    columns = [_on_level(asked, level, published, first=index == 0) for index, level in enumerate(levels)]
    return [
        _verdict(claim, [rung for rung in rungs if rung is not None])
        for claim, rungs in zip(asked, zip(*columns, strict=True), strict=True)
    ]


def _on_level(claims: Sequence[Claim], level: Level, published: Published, first: bool) -> list[Rung | None]:
    """What one level says of each claim; what needs no records comes out the same on every level, and is said once.

    Decisions that do not survive among all those of their document on this level are undecided.
    """
    rungs = [_rung(claim, level, published) if first or selectors(claim) else None for claim in claims]
    tested = [
        Tested(claim.documents, rung is not None and rung.ruling in DECIDED, None if rung is None else rung.degree.p)
        for claim, rung in zip(claims, rungs, strict=True)
    ]
    return [
        rung if rung is None or not reason else _undecided(rung, claim, reason)
        for claim, rung, reason in zip(claims, rungs, not_surviving(tested), strict=True)
    ]


def _undecided(rung: Rung, claim: Claim, reason: str) -> Rung:
    return rung.model_copy(
        update={
            "ruling": "undecided",
            "leaning": rung.ruling,
            "word": word("undecided", rung.basis, claim.asks, None),
            "sentence": f"{rung.sentence} {reason}",
        }
    )


def _verdict(claim: Claim, rungs: Sequence[Rung]) -> Verdict:
    at_hand = [rung for index, rung in enumerate(rungs) if index == 0 or rung.ruling != "not run"]
    ladder = sorted(at_hand, key=_strength, reverse=True)  # stable: the folder asked about comes first among equals
    decided = next((index for index, rung in enumerate(ladder) if rung.ruling in DECIDED), None)
    if decided is None:
        decided = next((index for index, rung in enumerate(ladder) if rung.ruling == "undecided"), 0)
    return Verdict(
        id=claim.id,
        said_in=claim.said_in,
        statement=claim.says,
        weight=claim.weight,
        asks=claim.asks,
        test=claim.test.kind,
        note=claim.note,
        verdict=ladder[decided].word,
        decided_by=decided,
        ladder=tuple(ladder),
    )


def _strength(rung: Rung) -> tuple[float, ...]:
    """Class of evidence, then likeness of protocol, then scale, then number of runs; what was not judged comes last."""
    if rung.basis is None or rung.ruling in ("not run", "not representative"):
        return (-1.0,)
    conditions = rung.conditions
    like = (conditions.protocol_share, conditions.scale or 0.0) if conditions else (1.0, 1.0)
    return (STRENGTH[rung.basis], *(round(value, 6) for value in like), len(rung.records))


def _rung(claim: Claim, level: Level, published: Published) -> Rung:
    used, outcome = outcome_on(claim, level, published)
    outcome, error = accuse(outcome, claim.error)
    judged = outcome.ruling not in ("not run", "not representative")
    basis = basis_of(used) if judged else None
    flipped = (
        flips(claim.test, outcome.ruling, lambda test: judge_test(test, used, published).ruling)
        if judged and outcome.ruling != "wrong as printed"
        else None
    )
    degree = {name: _finite(value) for name, value in vars(outcome.degree).items()} if outcome.degree else {}
    return Rung(
        level=level.name,
        tier=level.tier,
        data=level.data,
        ruling=outcome.ruling,
        leaning=outcome.leaning,
        basis=basis,
        word=word(outcome.ruling, basis, claim.asks, error),
        error=error,
        sentence=outcome.sentence,
        degree=DegreeShown.model_validate(degree | {"flips_at": flipped}),
        evidence={name: _finite(value) for name, value in outcome.numbers.items()},
        conditions=conditions_of(used, level.published_operations),
        overrides=tuple(sorted({override for record in used for override in record.overrides})),
        records=tuple(
            RecordUsed(name=record.name, digest=text_digest(record.model_dump_json(indent=1) + "\n"))
            for record in sorted(used, key=lambda record: record.name)
        ),
    )


def _finite(value: float | int | None) -> float | int | None:
    return value if value is None or isfinite(value) else None


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
