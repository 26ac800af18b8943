"""Tiers: declared overrides of the published protocols, and the machine that they are meant for."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt

from interplay.errors import InterplayError
from interplay.protocols.claims import DataName
from interplay.protocols.runs import Capture, Precision
from interplay.protocols.sourced import Strict, each_once

DEVICE = re.compile(r"cpu|auto|cuda(:\d+)?")


def check_device(name: str) -> str:
    """A device by name: `cpu`, `cuda`, `cuda:N`, or `auto`.

    Raises:
        InterplayError: another name.
    """
    if not DEVICE.fullmatch(name):
        raise InterplayError(f"device: {name} is unknown; choose auto, cpu, cuda or cuda:N")
    return name


class Compute(Strict):
    """How a run uses the machine.

    `device` is `cpu`, `cuda`, `cuda:N`, or `auto`: the first free card, else the CPU. `precision` beside `fp32` is an
    override of every published protocol and recorded as one: `tf32` rounds the factors of products on a GPU, `bf16` is
    autocast there. `capture` replays the step of training as one CUDA graph, or compiles it.
    """

    device: str = Field(pattern=f"^({DEVICE.pattern})$")
    precision: Precision = "fp32"
    deterministic: bool = True
    capture: Capture = "none"


class Tier(Strict):
    """How much of the published protocols is run, on what, and on which machine (`config/tiers/<tier>.yaml`)."""

    description: str
    data: Annotated[tuple[DataName, ...], AfterValidator(each_once)] = Field(
        min_length=1, description="data mappings that are allowed, the default first"
    )
    bundle: Literal["family", "run"] = Field(description="one process per family of sibling runs, or one per run")
    threads: PositiveInt = Field(description="threads of a job")
    compute: Compute
    disk_gb: PositiveFloat | None = Field(
        default=None, description="what the results take on the disk at most, checkpoints on the way included (GB)"
    )
    freeze_claims: bool = Field(
        default=True,
        description="write down, before the first run, what the claims ask; the report shows later changes",
    )


class Changes(Strict):
    """What is left out of a protocol and laid over it."""

    without: Annotated[tuple[str, ...], AfterValidator(each_once)] = Field(
        default=(), description="data sets that are left out wherever named, and dotted keys"
    )
    overrides: dict[str, Any] = Field(default_factory=dict, description="laid over the published protocol")


class TierOverrides(Changes):
    """What a tier changes in an experiment (`config/tiers/<tier>/<experiment>.yaml`), and more with one mapping."""

    with_data: dict[DataName, Changes] = Field(
        default_factory=dict, description="by data mapping, changes that hold under it alone and come after the others"
    )
