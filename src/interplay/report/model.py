"""What the report shows, as plain data: gathered once, rendered twice (page and appendix)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from interplay.evidence.verdicts import Verdict
from interplay.evidence.words import Word
from interplay.protocols.catalogue import Exhibit
from interplay.report.commands import Commands

RecordState = Literal["found", "changed", "gone"]


@dataclass(frozen=True)
class RecordRef:
    """A record that a claim rests on; `state` tells whether it still is what was judged."""

    name: str
    digest: str
    state: RecordState


@dataclass(frozen=True)
class ClaimRow:
    """A claim with its verdict and what its records cost; `experiments` also names those that are still to be run."""

    verdict: Verdict
    records: tuple[RecordRef, ...]
    experiments: tuple[str, ...]
    seconds: float
    peak_memory_mib: float


@dataclass(frozen=True)
class DocumentRow:
    """A source document and how its claims fare."""

    key: str
    title: str
    counts: dict[Word, int]
    claims: tuple[ClaimRow, ...]


@dataclass(frozen=True)
class Image:
    """A figure as a data URI; `width` in CSS pixels at its printed size, 0 if the file does not tell."""

    uri: str
    path: str
    width: int


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
class RunRow:
    """One run: what it read and what it cost."""

    name: str
    experiment: str
    dataset: str
    seed: int
    device: str
    sessions: int
    seconds: float
    peak_memory_mib: float


@dataclass(frozen=True)
class ExperimentRow:
    """One experiment: what was run of it, at what cost, and how far from what was published.

    `overrides` maps each deviation to the number of records it holds for; `planned` is None where no plan is known;
    `code` maps the digests of the code that made the records to their number, `code_now` is today's.
    """

    name: str
    runs: int
    planned: int | None
    seconds: float
    peak_memory_mib: float
    overrides: dict[str, int]
    protocol: str
    code: dict[str, int]
    code_now: str


@dataclass(frozen=True)
class Environment:
    """Commit, software and machine shared by some of the runs."""

    git_commit: str
    git_dirty: bool
    python: str
    platform: str
    hardware: str
    device: str
    threads: int
    packages: dict[str, str]
    runs: int


@dataclass(frozen=True)
class DataSource:
    """A data set that was read: its content digests with the number of records that read each."""

    name: str
    digests: dict[str, int]


@dataclass(frozen=True)
class Report:
    """Everything on the page."""

    folder: str
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
    counts: dict[Word, int]
    documents: tuple[DocumentRow, ...]
    figures: tuple[ExhibitView, ...]
    tables: tuple[ExhibitView, ...]
    experiments: tuple[ExperimentRow, ...]
    runs: tuple[RunRow, ...]
    environments: tuple[Environment, ...]
    sources: tuple[DataSource, ...]

    @property
    def claims(self) -> tuple[ClaimRow, ...]:
        """All claims, document by document."""
        return tuple(claim for document in self.documents for claim in document.claims)

    @property
    def questions(self) -> int:
        """Number of questions that were put and not left unrun."""
        return sum(claim.verdict.asks for claim in self.claims)

    @property
    def seconds(self) -> float:
        """Time inside all runs together."""
        return sum(run.seconds for run in self.runs)

    @property
    def peak_memory_mib(self) -> float:
        """Largest resident size of any run."""
        return max((run.peak_memory_mib for run in self.runs), default=0.0)

    @property
    def overrides(self) -> int:
        """Number of deviations from the published protocols."""
        return sum(len(experiment.overrides) for experiment in self.experiments)

    @property
    def as_published(self) -> bool:
        """Whether the protocols and the data are those of the documents, without any deviation."""
        return self.tier == "paper" and self.data == "published" and not self.overrides and bool(self.runs)
