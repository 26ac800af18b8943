"""What was run: experiments with their overrides, runs with their cost, environments, data. All taken from records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml

from interplay.protocols.datasets import dataset_label
from interplay.protocols.plan import code_of, plan_jobs
from interplay.protocols.setup import load_setup
from interplay.records import Record, code_digest
from interplay.report.level_rows import DataSource, Environment, ExperimentRow, RunRow


def list_runs(records: Sequence[Record]) -> tuple[RunRow, ...]:
    """One row per record, the longest first."""
    rows = [
        RunRow(
            name=record.name,
            experiment=record.experiment,
            dataset=dataset_label(record) if record.dataset_used else "",
            seed=record.seed,
            device=record.provenance.device,
            sessions=record.provenance.sessions,
            seconds=record.provenance.wall_seconds,
            peak_memory_mib=record.provenance.peak_memory_mib,
        )
        for record in records
    ]
    return tuple(sorted(rows, key=lambda row: (-row.seconds, row.name)))


def list_experiments(records: Sequence[Record], planned: dict[str, int]) -> tuple[ExperimentRow, ...]:
    """One row per experiment that was run or planned, in alphabetical order."""
    rows = []
    for name in sorted({*planned, *(record.experiment for record in records)}):
        own = [record for record in records if record.experiment == name]
        rows.append(
            ExperimentRow(
                name=name,
                runs=len(own),
                planned=planned.get(name),
                seconds=sum(record.provenance.wall_seconds for record in own),
                peak_memory_mib=max((record.provenance.peak_memory_mib for record in own), default=0.0),
                overrides=dict(sorted(Counter(line for record in own for line in record.overrides).items())),
                protocol=yaml.safe_dump(own[0].protocol, sort_keys=False, allow_unicode=True).rstrip() if own else "",
                code=dict(sorted(Counter(record.provenance.code_digest for record in own).items())),
                code_now=tuple(sorted({code_digest(*code_of(name, record.settings)) for record in own})),
            )
        )
    return tuple(rows)


def count_planned(config: Path, tier: str, data: str) -> dict[str, int]:
    """Number of runs by experiment that the plan of a tier holds; empty for a configuration without tiers.

    Raises:
        InterplayError: the configuration is not valid.
    """
    if not (config / "tiers").is_dir():
        return {}
    counts: Counter[str] = Counter()
    for job in plan_jobs(load_setup(config, tier, data)):
        counts[job.experiment] += len(job.runs)
    return dict(counts)


def list_environments(records: Sequence[Record]) -> tuple[Environment, ...]:
    """Every combination of commit, software and machine, the one with most runs first."""
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        origin = record.provenance
        key = (
            *(origin.git_commit, origin.git_dirty, origin.python, origin.platform),
            *(origin.hardware, origin.device, origin.threads, tuple(sorted(origin.packages.items()))),
        )
        groups.setdefault(key, []).append(record)
    rows = []
    for _, members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[1][0].name)):
        origin = members[0].provenance
        rows.append(
            Environment(
                git_commit=origin.git_commit,
                git_dirty=origin.git_dirty,
                python=origin.python,
                platform=origin.platform,
                hardware=origin.hardware,
                device=origin.device,
                threads=origin.threads,
                packages=dict(sorted(origin.packages.items())),
                runs=len(members),
            )
        )
    return tuple(rows)


def list_sources(records: Sequence[Record]) -> tuple[DataSource, ...]:
    """Every data set that was read, with its digests; more than one digest means that the data changed on the way."""
    digests: dict[str, Counter[str]] = {}
    for record in records:
        for name, digest in record.provenance.data.items():
            digests.setdefault(name, Counter())[digest] += 1
    return tuple(DataSource(name, dict(sorted(found.items()))) for name, found in sorted(digests.items()))


def list_substitutions(records: Sequence[Record]) -> tuple[str, ...]:
    """`Fashion-MNIST (for CIFAR-10)` for each data set that takes the place of a published one."""
    swapped = (record for record in records if record.dataset and record.dataset_used not in (None, record.dataset))
    return tuple(sorted({dataset_label(record) for record in swapped}))
