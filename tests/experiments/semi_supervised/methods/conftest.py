"""A batch of FreeMatch in float64 on which some samples pass the threshold and some do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from interplay.experiments.semi_supervised.methods.freematch import FreeMatchState

SAMPLES, PIXELS, FEATURES, CLASSES = 24, 6, 5, 4


@dataclass
class Case:
    """A network of features and head, images of leaves, and a state of FreeMatch's averages.

    `step(method, settings, threshold)` runs a method; `features` and `guess` are what it sees of the two views.
    """

    bench: Any
    labelled: Tensor
    labels: Tensor
    views: dict[str, Tensor]

    @property
    def network(self) -> nn.Module:
        return self.bench.network

    def state(self, threshold: float) -> FreeMatchState:
        even = torch.full((CLASSES,), 1 / CLASSES, dtype=torch.float64)
        return FreeMatchState(torch.tensor(threshold, dtype=torch.float64), even, even)

    def step(self, method: Any, settings: Any, threshold: float, state: Any = None, **problem: Any) -> Any:
        batch = {"labelled": {"weak": self.labelled, "label": self.labels}, "unlabelled": self.views}
        return self.bench.step(method, settings, self.state(threshold) if state is None else state, batch, **problem)

    def features(self, view: str) -> Tensor:
        return self.network.features(self.views[view]).detach()

    @property
    def confidence(self) -> Tensor:
        return self.network(self.views["weak"]).softmax(1).max(1).values.detach()


@pytest.fixture
def case(perceptron: Callable[[dict[str, Tensor]], Any]) -> Case:
    """Two views of 24 samples, six labelled ones, a perceptron of five features."""
    draw = torch.Generator().manual_seed(5)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    weights = {
        "body.weight": normal(FEATURES, PIXELS),
        "body.bias": normal(FEATURES),
        "head.weight": normal(CLASSES, FEATURES),
        "head.bias": torch.zeros(CLASSES, dtype=torch.float64),
    }
    views = {name: normal(SAMPLES, 1, 2, 3).requires_grad_() for name in ("weak", "strong")}
    return Case(perceptron(weights), normal(6, 1, 2, 3), torch.arange(6) % CLASSES, views)
