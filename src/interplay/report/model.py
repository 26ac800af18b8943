"""What the report shows, as plain data: gathered once, rendered twice (page and appendix)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from interplay.evidence.contradictions import Contradiction
from interplay.evidence.verdicts import Rung, Verdict
from interplay.protocols.catalogue import Exhibit
from interplay.protocols.coverage_summary import CoverageSummary
from interplay.report.commands import Commands
from interplay.report.level_rows import LevelRow
from interplay.report.tones import TONE_OF, Row, Tone

RecordState = Literal["found", "changed", "gone"]


@dataclass(frozen=True)
class RecordRef:
    """A record that a claim rests on, of one level; `state` tells whether it still is what was judged."""

    name: str
    level: str
    digest: str
    state: RecordState


@dataclass(frozen=True)
class RungRow:
    """What one level says, with the records that it says it from."""

    rung: Rung
    speaks: bool
    records: tuple[RecordRef, ...]

    @property
    def stale(self) -> bool:
        """Whether a record changed or went since it was judged."""
        return any(record.state != "found" for record in self.records)


@dataclass(frozen=True)
class ClaimRow:
    """A claim with its verdict and what the records that speak cost.

    `experiments` also names those that are still to be run; `exhibits` are those of the catalogue that show it.
    """

    verdict: Verdict
    rungs: tuple[RungRow, ...]
    experiments: tuple[str, ...]
    exhibits: tuple[Exhibit, ...]
    seconds: float
    peak_memory_mib: float

    @property
    def tone(self) -> Tone:
        """What came out, for the eye."""
        return TONE_OF[self.verdict.verdict]

    @property
    def speaks(self) -> RungRow:
        """The level that speaks for all."""
        return self.rungs[self.verdict.decided_by]

    @property
    def reference(self) -> RungRow | None:
        """What the strongest of the reference runs says, whether it speaks for all or not."""
        return next((row for row in self.rungs if row.rung.level.startswith("reference/")), None)

    def at(self, level: str) -> RungRow | None:
        """What that level says; None where it was not asked."""
        return next((row for row in self.rungs if row.rung.level == level), None)


@dataclass(frozen=True)
class Group:
    """The claims of a section that one exhibit shows, or none (`view` None).

    `here` tells whether the exhibit itself stands here; `links` are claims that stand elsewhere and are said here too.
    """

    view: ExhibitView | None
    here: bool
    claims: tuple[ClaimRow, ...]
    links: tuple[ClaimRow, ...]


@dataclass(frozen=True)
class Section:
    """A section of a document: what is said in it, and how it fares."""

    slug: str
    title: str
    counts: Counter[Tone]
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class DocumentRow:
    """A source document and how its claims fare; `claims` are all that it says, also those that stand elsewhere."""

    key: str
    title: str
    counts: dict[Row, Counter[Tone]]
    claims: tuple[ClaimRow, ...]
    sections: tuple[Section, ...]

    @property
    def headlines(self) -> tuple[ClaimRow, ...]:
        """What the document is about."""
        return tuple(claim for claim in self.claims if claim.verdict.weight == "headline")


@dataclass(frozen=True)
class Image:
    """A figure as a file beside the page; `path` is that in the results folder, `size` CSS pixels at its printed size.

    `size` is (0, 0) where the file does not tell. `uri` and `thumbnail` are relative to the page.
    """

    path: str
    uri: str
    thumbnail: str
    size: tuple[int, int]

    @property
    def width(self) -> int:
        """In CSS pixels, at its printed size."""
        return self.size[0]


@dataclass(frozen=True)
class Column:
    """Head of a column; `role` marks those that hold published and our own values."""

    title: str
    role: Literal["published", "ours", ""]
    numeric: bool


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `missing` where the file leaves it empty or says so."""

    text: str
    missing: bool


@dataclass(frozen=True)
class Table:
    """A table as read from its CSV file."""

    path: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def missing(self) -> int:
        """Number of cells without a value."""
        return sum(cell.missing for row in self.rows for cell in row)


@dataclass(frozen=True)
class ExhibitView:
    """An exhibit of the catalogue and what was found of it; without content, `problem` says why."""

    exhibit: Exhibit
    content: Image | Table | None
    problem: str
    absent_ids: tuple[str, ...]
    records: int


@dataclass(frozen=True)
class Report:
    """Everything on the page. The first of `levels` is the folder that it was asked about.

    `coverage` says how much of the documents the exhibits and claims cover, and what is left out; `changed_claims`
    says, a line each, what changed in the claims since they were frozen for this tier; `contradictions` are the claims
    on which two levels disagree.
    """

    folder: str
    level: str
    tier: str
    data: str
    tier_description: str
    data_description: str
    substitutions: tuple[str, ...]
    git_commit: str
    git_dirty: bool
    version: str
    commands: Commands
    verdicts_problem: str
    counts: dict[Row, Counter[Tone]]
    claims: tuple[ClaimRow, ...]
    documents: tuple[DocumentRow, ...]
    figures: tuple[ExhibitView, ...]
    tables: tuple[ExhibitView, ...]
    levels: tuple[LevelRow, ...]
    coverage: CoverageSummary | None = None
    changed_claims: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def own(self) -> LevelRow:
        """The level of the folder itself."""
        return self.levels[0]
