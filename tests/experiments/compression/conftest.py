"""Small runs on ten rendered glyphs, which need no download and are large enough for both networks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interplay.experiments.runner import run_all
from interplay.protocols.plan import select_runs
from interplay.protocols.setup import load_setup
from interplay.protocols.sourced import lay_over
from interplay.records import read_record

SMALL = {
    "datasets": ["cifar10"],
    "networks": {"f_plus": {"channels": [4, 8, 12], "image_pooling": 2}, "f_minus": {"channels": [16, 16, 32]}},
    "train_per_class": 12,
    "test_per_class": 12,
    "epochs": 3,
    "stop_at_loss": None,
    "batch_size": 40,
    "information": {"every": 2, "per_class": 11, "sufficiency_epochs": 2, "minimality_epochs": 3, "batch_size": 40},
    "random_labels": {"datasets": ["cifar10"], "networks": ["f_plus"], "train_per_class": 6, "epochs": 2},
    "toy": {"dataset": "cifar10", "train_per_class": 10, "batch_size": 15, "epochs": 2, "shown_per_class": 4},
}


@pytest.fixture
def small(config):
    """The smoke setup with a protocol of a few seconds, and further overrides."""

    def make(**overrides):
        setup = load_setup(config, "smoke")
        protocol = setup.protocols["compression"]
        content = lay_over(lay_over(protocol.model_dump(), SMALL), overrides)
        return replace(setup, protocols=setup.protocols | {"compression": type(protocol).model_validate(content)})

    return make


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """A data folder that keeps the glyphs from test to test."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def do(tmp_path, rendered, device):
    """Run what matches a pattern; `say` may interrupt. The records by name of the run."""

    def run(setup, pattern, say=lambda line: None, results="results"):
        paths = run_all(
            setup,
            "compression",
            select_runs(setup, "compression", pattern),
            results=tmp_path / results,
            data_root=rendered,
            device=device,
            threads=1,
            say=say,
        )
        records = [read_record(path) for path in paths]
        return {record.run: record for record in records}

    return run
