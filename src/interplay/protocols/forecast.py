"""What a job will take before it runs: its operations, at the speed at which earlier runs did theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil, log
from pathlib import Path

from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS, files_of
from interplay.protocols.experiments import find_experiment
from interplay.protocols.plan import Job
from interplay.protocols.weights import WEIGHTS
from interplay.records import Record, read_record
from interplay.records.selection import record_files


@dataclass(frozen=True)
class Measured:
    """An earlier run: its operations, its seconds, those of them that were training, its device and where it ran.

    `device` is `cpu` or `cuda`.
    """

    experiment: str
    operations: float
    seconds: float
    training: float
    device: str
    where: str


@dataclass(frozen=True)
class Estimate:
    """Expected seconds of a job on the hardware of the runs that it is scaled from; None where there are none."""

    job: Job
    device: str
    seconds: float | None
    basis: str


def measured_runs(results: Path) -> list[Measured]:
    """Earlier runs under `results` (every tier, and the reference results) that say what they took."""
    found = []
    for folder in sorted({path.parent for path in results.glob("**/records") if path.is_dir()}):
        for record in _readable(folder):
            if record.operations:
                parts = record.provenance.seconds
                seconds = sum(parts.values()) or record.provenance.wall_seconds
                training = parts.get("training") or seconds
                device = record.provenance.device
                where = f"{folder.relative_to(results)}, {device}"
                kind = device.split(":")[0]
                found.append(Measured(record.experiment, record.operations, seconds, training, kind, where))
    return found


def _readable(folder: Path) -> Iterator[Record]:
    """The records of a folder but for those that are damaged, which say nothing of what a run takes."""
    for path in record_files(folder):
        with suppress(InterplayError):
            yield read_record(path)


def _of_similar(experiment: str, device: str, earlier: Sequence[Measured]) -> list[Measured]:
    """Runs of similar experiments on a device, without what they took beside training."""
    similar = find_experiment(experiment).similar
    return [
        replace(run, seconds=run.training, where=f"{run.where}, training of {run.experiment}")
        for run in earlier
        if run.experiment in similar and run.device == device
    ]


def device_of(job: Job, device: str) -> str:
    """`cpu` or `cuda`: where a job runs. With `auto`, what gains from an accelerator is taken to find one."""
    if device == "auto":
        return "cuda" if job.accelerator else "cpu"
    return device.split(":")[0]


def forecast(jobs: Iterable[Job], earlier: Sequence[Measured], device: str) -> list[Estimate]:
    """Expected seconds of each job, scaled from the earlier run of the same experiment that is nearest in size.

    Only runs on the same kind of device count: a GPU's time does not follow from a CPU's. Where the experiment has none
    there, the training of a similar one stands in, and the basis names it.
    """
    estimates = []
    for job in jobs:
        where = device_of(job, device)
        kin = [run for run in earlier if run.experiment == job.experiment]
        alike = [run for run in kin if run.device == where] or _of_similar(job.experiment, where, earlier)
        if not alike:
            basis = f"only runs on {kin[0].device} are at hand" if kin else "nothing of its kind was run yet"
            estimates.append(Estimate(job, where, None, basis))
            continue
        size = max(run.cost.operations for run in job.runs)
        nearest = min(alike, key=lambda run: abs(log(run.operations / size)))
        scale = size / nearest.operations
        basis = f"{nearest.where}" + ("" if 0.99 < scale < 1.01 else f", times {scale:.3g}")
        estimates.append(Estimate(job, where, job.operations * nearest.seconds / nearest.operations, basis))
    return estimates


# Operations a second that are reached at least, for limits of time on a cluster: about a tenth of the slowest that was
# seen. Seen: one CPU thread, 4e10 (grokking as published) to 2e11 (smoke); one H100, 2e13 (WRN-28-2, batches of 64) to
# 3e13 (V-information of f+). A GPU may be ten times slower than that one.
SLOWEST = {"cpu": 4e9, "cuda": 2e11}
LEAST_MINUTES = 10


CUDA_MIB = 2048  # of ordinary memory that a process with a CUDA context takes besides its own (seen: 0.9 GiB)
SNAKEMAKE_MIB = 400  # a job of a cluster holds two processes of Snakemake besides its own (seen: 134 MiB each)
MOST_GROWTH = 2.0


def memory_mib(job: Job, device: str, attempt: int = 1, submitted: bool = False) -> int:
    """Memory of the machine, not of the card, that a job may take (MiB).

    Args:
        job: the job.
        device: `cpu`, `cuda`, `cuda:N` or `auto`.
        attempt: the how manieth try it is. Each asks for half as much again, as the one before may have been ended for
            lack of memory, but for twice as much at most: most tries are for those that a limit of time ended.
        submitted: to a cluster, where Snakemake runs inside the job.
    """
    own = job.memory_mib + (CUDA_MIB if device_of(job, device) == "cuda" else 0)
    return round(own * min(1 + (attempt - 1) / 2, MOST_GROWTH)) + (SNAKEMAKE_MIB if submitted else 0)


# Of disk, where data are staged: sets as fetched and unpacked, and besides records, networks, checkpoints.
OWN_DISK_MB, COPIES = 10_000, 2


def disk_mb(job: Job) -> int:
    """Disk of a machine to which data sets and results of a job are brought (MB)."""
    sizes = {info.pinned.path: info.pinned.size for info in DATASETS.values() if info.pinned}
    sets = {path for name in job.datasets for path in files_of(DATASETS[name])}
    weights = [max(form.size for form in WEIGHTS[name].forms) for name in job.weights]
    return OWN_DISK_MB + ceil(COPIES * (sum(sizes[path] for path in sets) + sum(weights)) / 1e6)


def runtime_minutes(job: Job, device: str) -> int:
    """Minutes after which a job may be taken for hanging; generous, since a job that is cut off loses work."""
    return LEAST_MINUTES + round(job.operations / SLOWEST[device_of(job, device)] / 60)


SPARE_TRIES, MOST_TRIES = 2, 20  # a job that fails at once should not be submitted hundreds of times


def tries_when_cut_off(minutes: int, longest: int) -> int | None:
    """How often at most to submit again a job of `minutes` that is cut off after `longest`; None where it is not.

    None leaves it to the profile how often to try; 0 would forbid it. What is not done by then goes on when the
    workflow is run again.
    """
    return min((minutes - 1) // longest + SPARE_TRIES, MOST_TRIES) if minutes > longest else None


# What figures, tables, verdicts and the report take: 3 to 7 s and 175 MiB in smoke, where records are short. A group of
# twelve, two at a time, asks for six times these minutes; 3 is 25 times the slowest, for file systems that are slow.
READING_MIB, READING_MINUTES = 1024, 3
FETCHING_MIB = 1024
_SLOW_LINE = 1e6  # bytes a second


def fetching_minutes(size: int) -> int:
    """Minutes after which the fetching of so many bytes may be taken for hanging."""
    return LEAST_MINUTES + round(size / _SLOW_LINE / 60)


def duration(seconds: float) -> str:
    """Seconds for people: `90 s`, `12.5 min`, `3.0 h`, `2.1 days`."""
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
