"""How much of the documents is covered, counted, for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from interplay.errors import InterplayError
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.coverage import Entry, load_coverage
from interplay.protocols.places import Document


@dataclass(frozen=True)
class Tally:
    """How many of `total` claims cover, and for the rest how many there are of each reason, the most frequent first."""

    total: int
    covered: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class DocumentTally:
    """What of one document claims cover: its numbered items, its exhibits, its sentences that state a result."""

    document: Document
    items: Tally
    exhibits: Tally
    statements: Tally


@dataclass(frozen=True)
class CoverageSummary:
    """How many exhibits the documents have, how many are made, and the ids of the others by reason."""

    exhibits: int
    made: int
    missing: tuple[tuple[str, tuple[str, ...]], ...]
    documents: tuple[DocumentTally, ...]

    def __str__(self) -> str:
        rest = "; ".join(f"{len(ids)} {reason}" for reason, ids in self.missing)
        return f"{self.made} of {self.exhibits} exhibits" + (f", the rest because: {rest}" if rest else "")


def coverage_summary(config: Path) -> CoverageSummary:
    """What is covered of the documents, by `config/coverage.yaml` and the catalogue.

    Raises:
        InterplayError: a file is missing or does not fit; one line.
    """
    coverage, catalogue = load_coverage(config), load_catalogue(config)
    made = {name for exhibit in catalogue.exhibits for name in exhibit.ids}
    missing: dict[str, list[str]] = {}
    count = 0
    for document in coverage.documents.values():
        for item in (one for one in document.items if one.exhibits):
            count += 1
            if item.exhibits[0] in made:
                continue
            if item.not_made is None:
                path, name = config / "coverage.yaml", item.exhibits[0]
                raise InterplayError(f"{path}: {name} is not in the catalogue; say in not_made why")
            missing.setdefault(coverage.reasons[item.not_made], []).append(item.exhibits[0])
    documents = tuple(
        DocumentTally(
            name,
            items=_tally((item for item in document.items if not item.exhibits), coverage.reasons),
            exhibits=_tally((item for item in document.items if item.exhibits), coverage.reasons),
            statements=_tally(document.statements, coverage.reasons),
        )
        for name, document in coverage.documents.items()
    )
    absent = tuple((reason, tuple(ids)) for reason, ids in missing.items())
    return CoverageSummary(count, count - sum(len(ids) for _, ids in absent), absent, documents)


def _tally(entries: Iterable[Entry], reasons: Mapping[str, str]) -> Tally:
    found = tuple(entries)
    because = Counter(reasons[entry.because] for entry in found if entry.because is not None)
    return Tally(len(found), sum(bool(entry.claims) for entry in found), tuple(because.most_common()))
