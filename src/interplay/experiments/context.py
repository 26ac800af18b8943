"""What an experiment is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from interplay.protocols.mappings import Substitute
from interplay.records import Finding, Record
from interplay.training import Checkpoint, Compute

Weights = tuple[dict[str, Tensor], str]
"""Tensors by name, on the CPU, and the digest of the file that they come from."""


@dataclass(frozen=True)
class Context:
    """Surroundings of one run: where data lies, what exists already, where to keep checkpoints.

    `earlier` are the records that the run needs, those of the networks it reads among them; `models` are the weights of
    those networks, by the name of the run that trained them. `weights` loads published
    weights, or what takes their place, by the published name. `compute` is how arithmetic is done on the device.
    """

    device: torch.device
    data_root: Path
    substitute: Substitute | None
    earlier: list[Record]
    checkpoint: Checkpoint
    models: Mapping[str, Path] = field(default_factory=dict)
    weights: Mapping[str, Callable[[], Weights]] = field(default_factory=dict)
    compute: Compute = field(default_factory=Compute)
    report: Callable[[int, Mapping[str, float]], None] | None = None


@dataclass(frozen=True)
class Result:
    """Results of one run, before they become a record."""

    metrics: dict[str, float] = field(default_factory=dict)
    trajectory: dict[str, list[float]] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    model: dict[str, Tensor] | None = None
    sessions: int = 1
