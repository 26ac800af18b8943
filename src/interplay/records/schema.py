"""The schema of a run's record."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION: Literal[1] = 1
TierName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
DataName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class Strict(BaseModel):
    """Unknown keys are errors, values never change after validation; NaN is kept (JSON `NaN`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")


class Residual(Strict):
    """How far a statement is from holding: it holds when `value <= tolerance`."""

    value: float
    tolerance: float

    @property
    def holds(self) -> bool:
        return self.value <= self.tolerance  # a NaN never holds


class Finding(Strict):
    """The outcome of one numeric check of theory.

    `printed` is the residual of the statement as the document prints it; `mended` that of the corrected
    statement, where one was needed; `values` the numbers that a reader wants to see (the counterexample).
    """

    printed: Residual
    mended: Residual | None = None
    values: dict[str, float] = Field(default_factory=dict)
    note: str = ""


class Provenance(Strict):
    """Where a record comes from: enough to tell whether two records should agree."""

    git_commit: str
    git_dirty: bool
    code_digest: str
    packages: dict[str, str]
    python: str
    platform: str
    hardware: str
    device: str
    threads: int
    data: dict[str, str] = Field(description="content digest of each data set and file of weights read, by name")
    started: str = Field(description="UTC, ISO 8601")
    wall_seconds: float
    seconds: dict[str, float] = Field(default_factory=dict, description="where the time went")
    peak_memory_mib: float = Field(description="largest resident size of the process so far")
    sessions: int = Field(default=1, description="processes that worked on this run; above 1 after a resume")
    taken_over: list[str] = Field(
        default_factory=list, description="what had changed since work of an earlier session that was kept on purpose"
    )


class Record(Strict):
    """Everything that is kept of one run.

    `metrics` are scalars at the end; `trajectory` holds columns of equal length, `step` among them;
    `findings` are checks of theory; `tables` small two-dimensional results, as lists of rows.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    experiment: str
    run: str
    tier: TierName
    data_mapping: DataName
    dataset: str | None = Field(default=None, description="the published data set whose place this run takes")
    dataset_used: str | None = Field(default=None, description="the data set that was really read")
    datasets: dict[str, str] = Field(default_factory=dict, description="all data sets: published -> really read")
    seed: int
    protocol: dict[str, Any] = Field(description="what the run followed, its own variation included")
    settings: dict[str, Any] = Field(default_factory=dict, description="what sets this run apart from its siblings")
    variation: list[str] = Field(default_factory=list, description="what the run sets otherwise than its experiment")
    overrides: list[str] = Field(default_factory=list, description="deviations from the published protocol in force")
    operations: float | None = Field(default=None, description="of the run, by the cost model of its experiment")
    metrics: dict[str, float] = Field(default_factory=dict)
    trajectory: dict[str, list[float]] = Field(default_factory=dict)
    findings: dict[str, Finding] = Field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)
    provenance: Provenance

    @property
    def name(self) -> str:
        """`<experiment>/<run>`, as the plan and the claims call it."""
        return f"{self.experiment}/{self.run}"
