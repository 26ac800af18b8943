"""What was run at each level of evidence, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


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

    `overrides` maps each override to the number of records it holds for; `planned` is None where no plan is known;
    `code` maps the digests of the code that made the records to their number, `code_now` are today's.
    """

    name: str
    runs: int
    planned: int | None
    seconds: float
    peak_memory_mib: float
    overrides: dict[str, int]
    protocol: str
    code: dict[str, int]
    code_now: tuple[str, ...]


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
class LevelRow:
    """A level of evidence: a folder of results, what was run in it, and how many claims it speaks for."""

    name: str
    tier: str
    data: str
    speaks_for: int
    experiments: tuple[ExperimentRow, ...]
    runs: tuple[RunRow, ...]
    environments: tuple[Environment, ...]
    sources: tuple[DataSource, ...]

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
        """Number of overrides of the published protocols."""
        return sum(len(experiment.overrides) for experiment in self.experiments)
