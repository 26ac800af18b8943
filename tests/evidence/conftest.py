"""Synthetic records with the courses that training really takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interplay.evidence import Level, load_published
from interplay.records import Provenance, Record

ROOT = Path(__file__).resolve().parents[2]

PROVENANCE = Provenance(
    git_commit="0" * 40,
    git_dirty=False,
    code_digest="0" * 16,
    packages={},
    python="3.11",
    platform="none",
    hardware="none",
    device="cpu",
    threads=1,
    data={},
    started="2024-01-01T00:00:00+00:00",
    wall_seconds=1.0,
    peak_memory_mib=1.0,
)


def make_record(name, *, seed=0, tier="smoke", data="offline", dataset="cifar10", protocol=None, **fields):
    """A record called `<experiment>/<run>`."""
    experiment, _, run = name.partition("/")
    return Record(
        experiment=experiment,
        run=run,
        tier=tier,
        data_mapping=data,
        dataset=dataset,
        seed=seed,
        protocol=protocol or {},
        provenance=PROVENANCE,
        **fields,
    )


def supervised_trajectory(seed, points=30):
    """Accuracy and MIR rise, HDR falls, the entropy of the head dips: with noise of a plausible size."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, points)

    def noisy(values, scale):
        return (values + rng.normal(0, scale, points)).tolist()

    return {
        "step": np.round(t * 600).tolist(),
        "test_accuracy": noisy(0.1 + 0.77 * (1 - np.exp(-6 * t)), 0.006),
        "feature_entropy": noisy(0.37 + 1.64 * (1 - np.exp(-5 * t)), 0.01),
        "head_entropy": noisy(1.97 + 0.24 * np.exp(-t / 0.03) + 0.12 * (1 - np.exp(-t / 0.5)), 0.002),
        "mir": noisy(0.34 + 0.24 * (1 - np.exp(-4 * t)), 0.004),
        "hdr": noisy(0.013 + 0.82 * np.exp(-5 * t), 0.005),
    }


def grokking_trajectory(seed, points=41):
    """Training accuracy is 1 by a sixth of the run, test accuracy by two thirds; MIR has a peak, HDR a valley."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, points)

    def step(at, width):
        return 1 / (1 + np.exp(-(t - at) / width))

    def noisy(values, scale):
        return (values + rng.normal(0, scale, points)).tolist()

    return {
        "step": np.round(t * 2000).tolist(),
        "train_accuracy": np.clip(step(0.08, 0.01), 0, 1).tolist(),
        "test_accuracy": np.clip(step(0.5, 0.03), 0, 1).tolist(),
        "mir": noisy(0.3 + 0.45 * step(0.1, 0.03) - 0.35 * step(0.45, 0.06), 0.006),
        "hdr": noisy(0.5 - 0.4 * step(0.1, 0.03) + 0.5 * step(0.45, 0.06), 0.006),
    }


def supervised_runs(seeds=(0, 1, 2), objective="plain", gain=0.0, **fields):
    """Runs of one objective whose best accuracy is 0.870 plus `gain`, a seed's luck, and a little noise."""
    luck = {0: 0.004, 1: -0.003, 2: 0.001, 3: -0.002, 4: 0.003}
    own = {0: 0.0002, 1: -0.0003, 2: 0.0001, 3: 0.0003, 4: -0.0002}
    sign = 1 if objective == "plain" else -1
    return [
        make_record(
            f"supervised/cifar10/{objective}/seed{seed}",
            seed=seed,
            trajectory=supervised_trajectory(seed),
            metrics={"best_test_accuracy": 0.87 + gain + luck[seed] + sign * own[seed]},
            overrides=["iterations: 1048576 -> 600"],
            **fields,
        )
        for seed in seeds
    ]


def grokking_runs(seeds=(0, 1, 2)):
    """Runs of modular addition."""
    return [
        make_record(f"grokking/addition/seed{seed}", seed=seed, dataset=None, trajectory=grokking_trajectory(seed))
        for seed in seeds
    ]


@pytest.fixture(scope="session")
def make():
    """`make(name, **fields)` gives a record."""
    return make_record


@pytest.fixture(scope="session")
def level():
    """`level(records, tier, data)` gives a level of evidence."""
    return lambda records, tier="smoke", data="offline": Level(tier, tier, data, records)


@pytest.fixture(scope="session")
def supervised():
    """`supervised(seeds, objective, gain)` gives records of supervised training."""
    return supervised_runs


@pytest.fixture(scope="session")
def grokking():
    """`grokking(seeds)` gives records of modular addition."""
    return grokking_runs


@pytest.fixture(scope="session")
def config():
    """The real configuration."""
    return ROOT / "config"


@pytest.fixture(scope="session")
def published(config):
    """The real published values."""
    return load_published(config / "published")
