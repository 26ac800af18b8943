"""What a job will cost before it runs: its arithmetic, and the speed at which earlier runs did theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, log2
from pathlib import Path

from pydantic import BaseModel

from interplay.protocols.compression import CompressionProtocol
from interplay.protocols.compression_cost import compression_operations
from interplay.protocols.connectivity import ConnectivityProtocol
from interplay.protocols.estimators import EstimatorsProtocol
from interplay.protocols.experiments import EXPERIMENTS
from interplay.protocols.grokking import GrokkingProtocol
from interplay.protocols.mappings import DataMapping
from interplay.protocols.plan import Job, matching_records
from interplay.protocols.pruning import PruningProtocol
from interplay.protocols.runs import Run
from interplay.protocols.setup import Setup
from interplay.protocols.supervised import Architecture, SupervisedProtocol
from interplay.protocols.temperature import TemperatureProtocol
from interplay.protocols.theory import TheoryProtocol
from interplay.records import Record, select_records

TRAINING = 3.0  # a training step costs about three forward passes
TEST_IMAGES = 10_000  # of the published image data sets and most of those that take their place
TSNE_STEP = 5e4  # a step of t-SNE per sample and bit of their number, in operations of a network that take as long


@dataclass(frozen=True)
class Measured:
    """An earlier run: its operations, its seconds, and where it ran."""

    experiment: str
    operations: float
    seconds: float
    where: str


@dataclass(frozen=True)
class Estimate:
    """Expected seconds of a job on the hardware of the runs that it is scaled from; None where there are none."""

    job: Job
    seconds: float | None
    basis: str


def operations(setup: Setup, experiment: str, run: Run) -> float:
    """Multiplications and additions of a run, of its training alone, up to a constant per experiment."""
    protocol = setup.protocols[experiment]
    if isinstance(protocol, SupervisedProtocol):
        return _supervised(protocol, run, setup.mapping.of(experiment))
    if isinstance(protocol, GrokkingProtocol):
        shape = protocol.transformer
        pairs = protocol.train_fraction * protocol.modulus**2
        weights = shape.width * (2 * shape.mlp_width + shape.heads * shape.head_width + protocol.modulus)
        return TRAINING * 2 * protocol.steps * pairs * weights
    if isinstance(protocol, CompressionProtocol):
        assert run.dataset is not None
        return compression_operations(protocol, run, setup.mapping.of(experiment).datasets[run.dataset])
    if isinstance(protocol, TheoryProtocol):
        return float(protocol.draws)
    return _on_trained_network(setup, protocol, run)


def wide_resnet_operations(shape: Architecture, image: tuple[int, int, int]) -> float:
    """Multiplications and additions of the convolutions of one forward pass of one image."""
    channels, height, width = image
    total = 2.0 * 9 * channels * 16 * height * width
    inputs = 16
    for group in range(shape.groups):
        outputs = 16 * 2**group * shape.width
        if group > 0 or shape.groups == 4:
            height, width = -(-height // 2), -(-width // 2)
        blocks = (shape.depth - 4) // 6
        total += 2 * height * width * (9 * inputs * outputs + (2 * blocks - 1) * 9 * outputs**2 + inputs * outputs)
        inputs = outputs
    return total


def _supervised(protocol: SupervisedProtocol, run: Run, mapping: DataMapping) -> float:
    sweeping = run.settings.get("split") == "validation"
    steps = min(protocol.sweep.iterations, protocol.iterations) if sweeping else protocol.iterations
    return TRAINING * steps * protocol.batch_size * _one_image(protocol, run, mapping)


def _one_image(protocol: SupervisedProtocol, run: Run, mapping: DataMapping) -> float:
    """Operations of one forward pass of one image of the run's data set."""
    assert run.dataset is not None
    channels, height, width = mapping.datasets[run.dataset].image
    image = (channels, height // protocol.image_pooling, width // protocol.image_pooling)
    return wide_resnet_operations(protocol.architectures[run.dataset], image)


def _on_trained_network(setup: Setup, protocol: BaseModel, run: Run) -> float:
    supervised = setup.protocols["supervised"]
    assert isinstance(supervised, SupervisedProtocol)
    image = _one_image(supervised, run, setup.mapping)
    if isinstance(protocol, ConnectivityProtocol):
        return image * protocol.points * (2 * (protocol.test_sample or TEST_IMAGES) + protocol.norm_sample)
    if isinstance(protocol, PruningProtocol):
        training = TRAINING * protocol.fine_tuning.iterations * supervised.batch_size
        return image * (training + 3 * TEST_IMAGES)
    if isinstance(protocol, EstimatorsProtocol):
        return image * TEST_IMAGES + protocol.draws * sum(10.0 * size**3 for size in protocol.batch_sizes)
    assert isinstance(protocol, TemperatureProtocol)
    return image * (TEST_IMAGES + (protocol.clustering_sample or TEST_IMAGES)) + _embedding(protocol, supervised, run)


def _embedding(protocol: TemperatureProtocol, supervised: SupervisedProtocol, run: Run) -> float:
    first = min(supervised.variants.seeds, default=None)
    if run.seed != first or run.settings["temperature"] not in protocol.tsne.temperatures:
        return 0.0
    sample = protocol.tsne.sample
    return TSNE_STEP * protocol.tsne.iterations * sample * log2(sample)


def measured_runs(setup: Setup, results: Path) -> list[Measured]:
    """Earlier runs under `results` (every tier, and the reference results) whose protocol can still be read."""
    found = []
    for folder in sorted({path.parent for path in results.glob("**/records") if path.is_dir()}):
        records = select_records(folder, ["*"])
        # The networks that an experiment measured were trained by the protocol of their own tier.
        there = {record.experiment: earlier for record in records if (earlier := _protocol_of(setup, record))}
        for record in records:
            count = _operations_of(setup, record, there)
            if count is not None:
                where = f"{folder.relative_to(results)}, {record.provenance.device}"
                seconds = sum(record.provenance.seconds.values()) or record.provenance.wall_seconds
                found.append(Measured(record.experiment, count, seconds, where))
    return found


def _protocol_of(setup: Setup, record: Record) -> BaseModel | None:
    protocol = setup.protocols.get(record.experiment)
    if protocol is None:
        return None
    try:
        return type(protocol).model_validate(record.protocol)
    except ValueError:
        return None  # of an older schema


def _operations_of(setup: Setup, record: Record, there: Mapping[str, BaseModel]) -> float | None:
    earlier = _protocol_of(setup, record)
    if earlier is None or record.experiment not in EXPERIMENTS:
        return None
    if not set(EXPERIMENTS[record.experiment].reads) <= set(there):
        return None  # nobody knows the networks that it measured
    run = Run(name=record.run, family="", seed=record.seed, settings=record.settings, dataset=record.dataset)
    mapping = setup.mapping.of(record.experiment)
    if record.dataset and record.dataset_used != mapping.datasets[record.dataset].use:
        return None  # images of another size
    changed = Setup(**{**vars(setup), "protocols": {**setup.protocols, **there, record.experiment: earlier}})
    return operations(changed, record.experiment, run)


def forecast(setup: Setup, jobs: Iterable[Job], earlier: Sequence[Measured]) -> list[Estimate]:
    """Expected seconds of each job, scaled from the earlier run of the same experiment that is nearest in size."""
    estimates = []
    for job in jobs:
        counts = [operations(setup, job.experiment, run) for run in job.runs]
        alike = [run for run in earlier if run.experiment == job.experiment and run.operations > 0]
        if not alike:
            estimates.append(Estimate(job, None, "nothing of its kind was run yet"))
            continue
        size = max(counts)
        nearest = min(alike, key=lambda run: abs(log(run.operations / size)))
        scale = size / nearest.operations
        basis = f"{nearest.where}" + ("" if 0.99 < scale < 1.01 else f", times {scale:.3g}")
        estimates.append(Estimate(job, sum(counts) * nearest.seconds / nearest.operations, basis))
    return estimates


def needed_jobs(jobs: Sequence[Job], selectors: Iterable[str]) -> list[Job]:
    """The jobs that make the records which the globs name, and all that those jobs need in turn."""
    makers = {path: job for job in jobs for path in job.outputs}
    queue = matching_records(jobs, selectors)
    chosen: list[Job] = []
    while queue:
        job = makers[queue.pop()]
        if job not in chosen:
            chosen.append(job)
            queue += job.inputs
    return [job for job in jobs if job in chosen]
