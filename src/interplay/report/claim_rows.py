"""Verdicts joined with the records that they rest on, level by level, and with the exhibits that show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from interplay.evidence.levels_at_hand import name_of
from interplay.evidence.verdicts import RecordUsed, Rung, Verdict
from interplay.protocols.catalogue import Exhibit
from interplay.protocols.claim_files import load_claims, selectors
from interplay.records import Record, select_records, text_digest
from interplay.records.selection import folders_beside
from interplay.report.model import ClaimRow, RecordRef, RecordState, RungRow

Records = Mapping[str, Sequence[Record]]
"""The records of each level."""


def records_by_level(results: Path, own: Sequence[Record], verdicts: Sequence[Verdict]) -> dict[str, Sequence[Record]]:
    """The records of the folder itself, then those of every level that some verdict heard and that is still there.

    Raises:
        InterplayError: a record cannot be read.
    """
    heard = {rung.level for verdict in verdicts for rung in verdict.ladder}
    found: dict[str, Sequence[Record]] = {name_of(results): own}
    for folder in folders_beside(results):
        if (name := name_of(folder)) in heard and name not in found:
            found[name] = select_records(folder, ["*"])
    return found


def join_claims(
    verdicts: Sequence[Verdict], records: Records, exhibits: Sequence[Exhibit], config: Path
) -> tuple[ClaimRow, ...]:
    """One row per verdict, in their order.

    Raises:
        InterplayError: the claims of the configuration cannot be read.
    """
    needs = _needs(config) if verdicts else {}
    by_id = {name: exhibit for exhibit in exhibits for name in exhibit.ids}
    by_name = {level: {record.name: record for record in own} for level, own in records.items()}
    digests = {
        level: {record.name: text_digest(record.model_dump_json(indent=1) + "\n") for record in own}
        for level, own in records.items()
    }
    rows = []
    for verdict in verdicts:
        level = by_name.get(verdict.rung.level, {})
        used = [level[ref.name] for ref in verdict.rung.records if ref.name in level]
        experiments = {record.experiment for record in used}
        experiments |= {need.partition("/")[0] for need in needs.get(verdict.id, ())}
        shown = {by_id[name].name: by_id[name] for place in verdict.said_in for name in place.exhibits if name in by_id}
        rows.append(
            ClaimRow(
                verdict=verdict,
                rungs=tuple(
                    RungRow(rung, number == verdict.decided_by, _references(rung, digests.get(rung.level, {})))
                    for number, rung in enumerate(verdict.ladder)
                ),
                experiments=tuple(sorted(experiments)),
                exhibits=tuple(shown.values()),
                seconds=sum(record.provenance.wall_seconds for record in used),
                peak_memory_mib=max((record.provenance.peak_memory_mib for record in used), default=0.0),
            )
        )
    return tuple(rows)


def _needs(config: Path) -> dict[str, tuple[str, ...]]:
    """What each claim reads, so that one which was not run can still say which experiment it waits for."""
    folder = config / "claims"
    return {claim.id: selectors(claim) for claim in load_claims(folder)} if folder.is_dir() else {}


def _references(rung: Rung, digests: Mapping[str, str]) -> tuple[RecordRef, ...]:
    return tuple(RecordRef(ref.name, rung.level, ref.digest, _state(ref, digests)) for ref in rung.records)


def _state(ref: RecordUsed, digests: Mapping[str, str]) -> RecordState:
    if ref.name not in digests:
        return "gone"
    return "found" if digests[ref.name] == ref.digest else "changed"
