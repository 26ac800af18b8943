"""A toy problem on which unlabelled images help: digits of which 20 are labelled, a small network, a hundred steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from interplay.data.semi_supervised import SemiSplits, load_semi_supervised
from interplay.experiments.semi_supervised.method import methods
from interplay.experiments.semi_supervised.task import SemiSupervisedTask
from interplay.protocols.semi_supervised import SemiSupervisedProtocol
from interplay.protocols.setup import load_setup
from interplay.training import Compute

LABELS, STEPS, WEIGHT = 20, 100, 0.1

# What is made for a million steps is scaled to a hundred: averages that remember 20 steps in place of a thousand, and
# thresholds that a network of a hundred steps reaches.
SCALED: dict[str, dict[str, Any]] = {
    "fixmatch": {"threshold": 0.8},
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

    def make(method: str, seed: int = 0, device: str = "cpu", compute: Compute | None = None, **changes: Any):
        protocol, data = toy_protocol(**changes), toy_data(seed)
        return SemiSupervisedTask(
            protocol,
            methods()[method],
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
