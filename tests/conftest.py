"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import signal

# A shell's background job ignores SIGINT, and what it starts inherits that; tests that interrupt would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Small matrices gain nothing from a second thread and lose much where something else uses the other core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# cuBLAS reads this once, when the first test on a card starts it; without it sums have no fixed order there.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from interplay.protocols.plan import code_of
from interplay.records import Record, code_digest, collect_provenance
from interplay.records.machine import usable_cores

if TYPE_CHECKING:
    import torch

    from interplay.protocols.experiments import AnyRun
    from interplay.protocols.setup import Setup

ROOT = Path(__file__).resolve().parent.parent

# No test says how fast a machine is, which may be busy with something else.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def config(root: Path) -> Path:
    """The configuration of the repository."""
    return root / "config"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "each_device: once on the CPU and once on CUDA, where there is a device")


@pytest.hookimpl(optionalhook=True)  # tests run without pytest-xdist, too
def pytest_xdist_auto_num_workers() -> int:
    """Processes of `--numprocesses=auto`: what a quota leaves counts, and each holds a torch of its own in memory."""
    return min(usable_cores(), 4)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("each_device") is not None:
        metafunc.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)], indirect=True)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """The CPU, or what `each_device` asks for; on CUDA convolutions are of full precision, as on the CPU."""
    import torch

    chosen = torch.device(getattr(request, "param", "cpu"))
    if chosen.type == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield chosen
    torch.backends.cudnn.allow_tf32 = before


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def planned_record(make_record: Callable[..., Record]) -> Callable[..., Record]:
    """`planned_record(setup, experiment, run)` is a record as a run of the plan leaves it, with an invented metric."""

    def make(setup: Setup, experiment: str, run: AnyRun) -> Record:
        datasets = setup.mapping.of(experiment).datasets
        made = make_record().provenance
        return Record(
            experiment=experiment,
            run=run.name,
            tier=setup.tier_name,
            data_mapping=setup.data_name,
            datasets={name: datasets[name].use for name in run.reads},
            seed=run.seed,
            protocol=run.protocol.model_dump(mode="json"),
            settings=run.settings.model_dump(mode="json"),
            overrides=setup.overrides_of(experiment, run, "fp32"),
            metrics={"accuracy": 0.5},
            provenance=made.model_copy(
                update={"code_digest": code_digest(*code_of(experiment, run.settings.model_dump())), "data": {}}
            ),
        )

    return make


@pytest.fixture(scope="session")
def cross_modal_runs() -> Callable[..., list[Record]]:
    """`cross_modal_runs(make_record, datasets=..., seeds=...)` gives records of cross-modal fine-tuning."""
    found: Callable[..., list[Record]] = run_path(str(ROOT / "tests/synthetic/cross_modal.py"))["runs"]
    return found
