"""Tiers: declared lists of overrides of the published protocols."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveInt

from interplay.protocols.claims import DataName
from interplay.protocols.sourced import Strict


class Tier(Strict):
    """How much of the published protocols is run, and on what."""

    description: str
    data: tuple[DataName, ...] = Field(min_length=1, description="data mappings that are allowed, the default first")
    bundle: Literal["family", "run"] = Field(description="one process per family of sibling runs, or one per run")
    threads: PositiveInt = Field(description="threads of a job")
    overrides: dict[str, dict[str, Any]] = Field(default_factory=dict, description="by experiment")
