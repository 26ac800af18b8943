"""Fixtures for semi-supervised learning: numbers that independent implementations gave, and networks to compare on.

The numbers are those of oracle/README.md. Methods whose loss reads logits alone were run with the identity for a
network there, the others with a small perceptron; `on_logits` and `perceptron` are these, as our methods want them.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from interplay.experiments.semi_supervised.method import Problem

FOLDER = Path(__file__).with_name("oracle")


@dataclass(frozen=True)
class Oracle:
    """One file of numbers: `inputs`, and the `outputs` that the reference gave for them.

    Lists of numbers are tensors, whole numbers in int64; single numbers, texts and null stay, also within lists.
    """

    provenance: dict[str, str]
    inputs: dict[str, Any]
    outputs: dict[str, Any]


def _tensors(value: Any, dtype: torch.dtype) -> Any:
    if isinstance(value, dict):
        return {name: _tensors(entry, dtype) for name, entry in value.items()}
    if isinstance(value, list):
        try:
            tensor = torch.tensor(value, dtype=torch.float64)
        except (TypeError, ValueError):
            return [_tensors(entry, dtype) for entry in value]
        return tensor.to(dtype) if "." in (text := json.dumps(value)) or "e-" in text else tensor.long()
    return value


@pytest.fixture(scope="session")
def oracle() -> Callable[..., Oracle]:
    """Reads a file of numbers: `oracle("freematch")`, floats in float64 or `oracle("freematch", torch.float32)`."""

    def read(name: str, dtype: torch.dtype = torch.float64) -> Oracle:
        found = json.loads((FOLDER / f"{name}.json").read_text())
        return Oracle(found["provenance"], _tensors(found["inputs"], dtype), _tensors(found["outputs"], dtype))

    return read


@pytest.fixture(scope="session")
def closed_form() -> ModuleType:
    """Weights and images in closed form, as the reference had them."""
    spec = importlib.util.spec_from_file_location("closed_form", FOLDER / "closed_form.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Identity(nn.Module):
    """The images are the features and the logits."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Identity()

    def features(self, images: Tensor) -> Tensor:
        return images

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))


class Perceptron(nn.Module):
    """tanh features of flattened images and a linear head, with the weights of a file."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        names = {name.removeprefix("backbone.").replace("rot_classifier", "second_head"): name for name in weights}
        for layer in {name.rsplit(".", 1)[0] for name in names}:
            weight, bias = (weights[names[f"{layer}.{part}"]] for part in ("weight", "bias"))
            linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
            linear.load_state_dict({"weight": weight, "bias": bias})
            self.add_module(layer, linear)

    def features(self, images: Tensor) -> Tensor:
        return torch.tanh(self.body(images.flatten(1)))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))


@dataclass
class Bench:
    """Runs a method with a network of our choice."""

    network: nn.Module

    def step(self, method: Any, settings: Any, state: Any, batch: dict[str, Any], **problem: Any) -> Any:
        """A step of the method; the loss still has its graph."""
        unlabelled = batch["unlabelled"]
        views = [value for name, value in unlabelled.items() if name != "index"]
        known = {
            "num_classes": 4,
            "labelled_batch": len(batch["labelled"]["label"]),
            "unlabelled_batch": len(views[0]),
            "unlabelled_samples": len(views[0]),
            "image_shape": tuple(views[0].shape[1:]),
            "steps": 1000,
            "weight": 0.0,
            "device": torch.device("cpu"),
        }
        learner = SimpleNamespace(network=self.network, ema=None, evaluated=self.network)
        return method.loss(learner, batch, state, settings, Problem(**{**known, **problem}))


@pytest.fixture
def on_logits() -> Bench:
    """The identity as a network: images that are logits."""
    return Bench(Identity())


@pytest.fixture(scope="session")
def perceptron() -> Callable[[dict[str, Tensor]], Bench]:
    """A perceptron from the `weights` of a file; its parameters by name, `second_head` for ReMixMatch's rotation."""
    return lambda weights: Bench(Perceptron(weights))
