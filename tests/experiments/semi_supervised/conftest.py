"""Fixtures for semi-supervised learning: a toy problem, and what independent implementations gave.

The toy, on which unlabelled images help: digits of which 20 are labelled, a small network, a hundred steps.

The numbers of `oracle` are those of oracle/README.md. Methods whose loss reads logits alone were run with the identity
for a network there, the others with a small perceptron; `on_logits` and `perceptron` are these, as our methods want
them.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from interplay.data.semi_supervised import SemiSplits, load_semi_supervised
from interplay.experiments.semi_supervised.method import Method, Problem, methods
from interplay.experiments.semi_supervised.task import SemiSupervisedTask
from interplay.protocols.semi_supervised import SemiSupervisedProtocol
from interplay.protocols.setup import load_setup
from interplay.training import Compute

LABELS, STEPS, WEIGHT = 20, 100, 0.1

# What is made for a million steps is scaled to a hundred: averages that remember 20 steps in place of a thousand, and
# thresholds that a network of a hundred steps reaches. MixMatch's weight, which has 400,000 steps to rise to 100, gets
# to 20; ReMixMatch's take as long as those of other methods, not two steps. VAT goes as far as an image of 64 pixels
# allows in place of 3,072, by their square roots, with the weight of its paper: with .3 it is the entropy that teaches,
# which needs no target.
SCALED: dict[str, dict[str, Any]] = {
    "fixmatch": {"threshold": 0.8},
    "pseudo_label": {"threshold": 0.8},
    "vat": {"epsilon": 0.87, "weight": 1.0},
    "mixmatch": {"weight": 20.0},
    "remixmatch": {"momentum": 0.95, "warm_up": 0.4},
    "freematch": {"momentum": 0.95},
    "max_mi": {"momentum": 0.95},
    "min_hd": {"momentum": 0.95},
}


@pytest.fixture(scope="session")
def toy_protocol(config) -> Callable[..., SemiSupervisedProtocol]:
    """The smoke protocol with the toy's sizes and scaled hyperparameters, and changes to it."""

    def make(**changes: Any) -> SemiSupervisedProtocol:
        protocol = load_setup(config, "smoke").protocols["semi_supervised"]
        assert isinstance(protocol, SemiSupervisedProtocol)
        toy = {
            "architectures": {"stl10": {"depth": 10, "width": 1, "groups": 3}},
            "iterations": STEPS,
            "batch_size": 16,
            "optimizer": {"learning_rate": 0.05},
            "trajectory": {"points": 2, "information_sample": 128, "unlabelled_sample": 128},
            "methods": SCALED,
        }
        return protocol.vary(toy).vary(changes)

    return make


@pytest.fixture(scope="session")
def toy_data(tmp_path_factory) -> Callable[[int], SemiSplits]:
    """Digits with 20 labels that a seed chooses."""
    root: Path = tmp_path_factory.mktemp("data")

    @cache
    def load(seed: int) -> SemiSplits:
        return load_semi_supervised("digits", root, torch.device("cpu"), pooling=1, num_labels=LABELS, seed=seed)

    return load


@pytest.fixture(scope="session")
def toy_task(toy_protocol, toy_data) -> Callable[..., SemiSupervisedTask]:
    """The training of a method on the toy problem."""

    def make(
        method: str,
        seed: int = 0,
        device: str = "cpu",
        compute: Compute | None = None,
        instead: Method[Any, Any] | None = None,
        **changes: Any,
    ) -> SemiSupervisedTask:
        protocol, data = toy_protocol(**changes), toy_data(seed)
        return SemiSupervisedTask(
            protocol,
            instead or methods()[method],
            protocol.methods.of(method),
            weight=WEIGHT if method in ("max_mi", "min_hd") else 0.0,
            dataset="stl10",
            labelled=data.labelled.to(torch.device(device)),
            unlabelled=data.unlabelled.to(torch.device(device)),
            held_out=data.held_out.to(torch.device(device)),
            held_out_name="test",
            flip=False,
            seed=seed,
            compute=compute,
        )

    return make


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
