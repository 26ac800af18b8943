"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import signal

# A shell's background job ignores SIGINT, and what it starts inherits that; tests that interrupt would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Small matrices gain nothing from a second thread and lose much where something else uses the other core.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interplay.records import Record, collect_provenance

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def config(root: Path) -> Path:
    """The configuration of the repository."""
    return root / "config"


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """A valid record, any field of which can be replaced."""

    def make(**changes: Any) -> Record:
        content: dict[str, Any] = {
            "experiment": "supervised",
            "run": "cifar10/plain/seed0",
            "tier": "smoke",
            "data_mapping": "offline",
            "dataset": "cifar10",
            "dataset_used": "fashion-mnist",
            "seed": 0,
            "protocol": {"iterations": 600},
            "overrides": ["iterations: 1048576 -> 600"],
            "provenance": collect_provenance(
                code="0" * 16,
                device="cpu",
                threads=1,
                data={"fashion-mnist/train": "1" * 16},
                started=datetime(2026, 1, 1, tzinfo=UTC),
                wall_seconds=1.0,
                seconds={},
            ),
        }
        return Record.model_validate(content | changes)

    return make
