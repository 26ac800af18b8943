"""One run of an experiment, as the plan, the runner and the records know it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from interplay.protocols.sourced import Strict


class Run(Strict):
    """One run of an experiment; `name` is its path below the experiment's records."""

    name: str
    family: str = Field(description="runs that one process does together where the tier bundles by family")
    seed: int
    settings: dict[str, Any] = Field(default_factory=dict, description="what sets this run apart from its siblings")
    dataset: str | None = Field(default=None, description="published data set whose place the run takes")
    dataset_used: str | None = Field(default=None, description="data set that is read")
    needs: tuple[str, ...] = Field(default=(), description="records <experiment>/<run> that must exist first")
    models: tuple[str, ...] = Field(default=(), description="runs <experiment>/<run> whose record and weights it reads")
    keeps_model: bool = Field(default=False, description="the trained weights are kept beside the record")
