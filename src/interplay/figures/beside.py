"""What a figure shows beside its records: bounds of claims, printed values, records of runs at larger scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from interplay.evidence.published import Published, load_published
from interplay.figures.limits import Limit, limits
from interplay.protocols.catalogue import Exhibit
from interplay.protocols.claim_files import load_claims
from interplay.protocols.claims import Claim
from interplay.records import Record, select_records
from interplay.records.selection import REFERENCE, folders_beside


@dataclass(frozen=True)
class Beside:
    """The claims on what a figure shows, the published values, and records of `results/reference` that it shows too."""

    claims: Sequence[Claim] = ()
    published: Published | None = None
    reference: Sequence[Record] = ()

    def limits(self, quantity: str, runs: Sequence[Record], among: Sequence[Record] = ()) -> list[Limit]:
        """What the claims ask of a metric or column of `runs`; see `interplay.figures.limits.limits`."""
        return limits(self.claims, quantity, runs, among)


NOTHING = Beside()


def load_beside(exhibit: Exhibit, records: Sequence[Record], results: Path, config: Path) -> Beside:
    """What there is to show beside `records`, those of `results`, in a figure.

    Raises:
        InterplayError: claims, published values or a record of the reference cannot be read.
    """
    claims = [claim for claim in load_claims(config / "claims") if exhibit.shows_claim(claim.id, claim.exhibits)]
    reference = reference_records(exhibit, records, results) if exhibit.reference else []
    return Beside(claims, load_published(config / "published"), reference)


def reference_records(exhibit: Exhibit, records: Sequence[Record], results: Path) -> list[Record]:
    """Records of `results/reference` of the same names, made at another tier or on other data than `records` were.

    Of several of one name, tier and data mapping the first counts: the folders are sorted by their names.

    Raises:
        InterplayError: one of them cannot be read.
    """
    names = {record.name for record in records}
    own = {(record.tier, record.data_mapping) for record in records}
    folders = [path for path in folders_beside(results) if path.parent.name == REFERENCE]
    found = [record for folder in folders for record in select_records(folder, exhibit.needs)]
    wanted = [one for one in found if one.name in names and (one.tier, one.data_mapping) not in own]
    once = {(one.name, one.tier, one.data_mapping): one for one in reversed(wanted)}
    return list(reversed(once.values()))
