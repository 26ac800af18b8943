"""Small runs on real data: scikit-learn's digits need no download and are 8x8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from interplay.experiments.runner import run_all
from interplay.protocols.mappings import DataMapping, Substitute
from interplay.protocols.plan import select_runs
from interplay.protocols.setup import Setup, load_setup
from interplay.protocols.sourced import lay_over
from interplay.records import Record, read_record


@pytest.fixture(scope="session")
def small_setup(config) -> Callable[..., Setup]:
    """The smoke setup with digits in place of all images, and overrides for one experiment."""

    def make(experiment: str, **overrides: Any) -> Setup:
        setup = load_setup(config, "smoke")
        digits = Substitute(use="digits", num_classes=10, image=(1, 8, 8), horizontal_flip=False)
        mapping = DataMapping(description="digits", datasets={"cifar10": digits, "cifar100": digits})
        protocol = setup.protocols[experiment]
        changed = type(protocol).model_validate(lay_over(protocol.model_dump(), overrides))
        return replace(setup, mapping=mapping, protocols=setup.protocols | {experiment: changed})

    return make


@pytest.fixture(scope="session")
def do_in() -> Callable[..., list[Record]]:
    """Run what matches a pattern, with results in a folder, and read the records."""

    def run(setup: Setup, experiment: str, pattern: str, results: Path, device: str = "cpu") -> list[Record]:
        paths = run_all(
            setup,
            experiment,
            select_runs(setup, experiment, pattern),
            results=results,
            data_root=results / "no-data",  # digits come with scikit-learn
            device=torch.device(device),
            threads=1,
            say=lambda line: None,
        )
        return [read_record(path) for path in paths]

    return run


@pytest.fixture
def do(do_in, tmp_path, device) -> Callable[..., list[Record]]:
    """Run what matches a pattern, with results in the test's own folder or another, and read the records."""

    def run(setup: Setup, experiment: str, pattern: str, results: Path | None = None) -> list[Record]:
        return do_in(setup, experiment, pattern, results or tmp_path / "results", device)

    return run


@pytest.fixture
def same(device) -> Callable[[dict[str, Any], dict[str, Any]], bool]:
    """Whether two runs came to equal values: bit for bit on the CPU.

    On CUDA within a thousandth, because a few kernels have no fixed order of summation: these runs are so short that a
    rounding of the weights grows to less than a tenth of that (`test_devices.py` measures it).
    """
    tolerance = 0 if device.type == "cpu" else 1e-3

    def compare(first: dict[str, Any], second: dict[str, Any]) -> bool:
        expected = {
            name: pytest.approx(value, rel=tolerance, abs=tolerance, nan_ok=True) for name, value in first.items()
        }
        return expected == second

    return compare
