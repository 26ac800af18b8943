"""The plan: every job of the workflow, what it reads, writes and takes. The Snakefile only turns it into rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from math import ceil, prod
from typing import Any

from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS
from interplay.protocols.experiments import AnyRun, experiments, find_experiment
from interplay.protocols.setup import Setup
from interplay.protocols.sourced import differences, remove
from interplay.records import Record, text_digest
from interplay.records.identity import flat

FILLS_RECORDS = "recording"  # module of the experiments


@dataclass(frozen=True)
class Job:
    """One process of the workflow: some runs of one experiment. Paths are relative to the results folder.

    `digest` is of the values that decide the results of its runs; code and files that are read count beside it.
    `datasets` and `weights` are those of the catalogue that it reads.
    """

    experiment: str
    name: str
    runs: tuple[AnyRun, ...]
    digest: str
    datasets: tuple[str, ...]
    weights: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The name of the job's rule."""
        return f"run_{self.experiment}_{self.name}".replace("/", "_").replace("-", "_").replace(".", "_")

    @property
    def code(self) -> tuple[str, ...]:
        """Modules on which the results of its runs depend, as in `code_of`."""
        found = (name for run in self.runs for name in code_of(self.experiment, run.settings.model_dump()))
        return tuple(dict.fromkeys(found))

    @property
    def outputs(self) -> list[str]:
        """Records, and the weights that are kept."""
        models = [model_path(self.experiment, run.name) for run in self.runs if run.keeps_model]
        return [record_path(self.experiment, run.name) for run in self.runs] + models

    @property
    def inputs(self) -> list[str]:
        """Records of other jobs, and the weights that are read."""
        own = {f"{self.experiment}/{run.name}" for run in self.runs}
        models = sorted({name for run in self.runs for name in run.models} - own)
        needs = sorted({name for run in self.runs for name in (*run.needs, *run.models)} - own)
        return [f"records/{name}.json" for name in needs] + [f"models/{name}.safetensors" for name in models]

    @property
    def accelerator(self) -> bool:
        """Whether one of the runs gains from an accelerator."""
        return any(run.accelerator for run in self.runs)

    @property
    def operations(self) -> float:
        """Of all runs together."""
        return sum(run.cost.operations for run in self.runs)

    @property
    def memory_mib(self) -> int:
        """Of the largest run, and of drawing the images that it reads, should it be the first to read them."""
        return max(run.cost.memory_mib for run in self.runs) + drawing_mib(self.datasets)


def drawing_mib(datasets: Iterable[str]) -> int:
    """Memory (MiB) in which the largest split of some sets is drawn that no file holds.

    Up to 16 bytes a value, pictures, canvases and sums of a lot together: `captioned-pictures` took 14, and a training
    that drew it 0.7 GiB more than one that found it drawn. Sets of files take no more than the cost of a run counts.
    """
    drawn = [info for name in datasets if not ((info := DATASETS[name]).pinned or info.placed)]
    values = [max(info.splits.values()) * prod(info.image_shape) for info in drawn if info.image_shape]
    return ceil(16 * max(values, default=0) / 2**20)


def record_path(experiment: str, run: str) -> str:
    """Where the record of a run lies, below the results folder."""
    return f"records/{experiment}/{run}.json"


def model_path(experiment: str, run: str) -> str:
    """Where the trained weights of a run lie, below the results folder."""
    return f"models/{experiment}/{run}.safetensors"


def code_of(experiment: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The modules whose code, with all that they depend on, decides what a run with these settings records.

    Those of its experiment, the one that fills records, and what a setting picks. What else the runner does (finding
    files, resuming, talking, provenance) is no part of it: a change there leaves results as they are.
    """
    own, declared = f"interplay.experiments.{experiment}", experiments().get(experiment)
    picks = declared.picks if declared else {}
    picked = [f"{own}.{package}.{settings[key]}" for key, package in picks.items() if key in settings]
    return (own, f"interplay.experiments.{FILLS_RECORDS}", *sorted(picked))


def plan_jobs(setup: Setup, chosen: Iterable[str] | None = None) -> list[Job]:
    """All jobs of the setup, or those of some experiments."""
    jobs = []
    for experiment in experiments() if chosen is None else chosen:
        groups: dict[str, list[AnyRun]] = {}
        for run in setup.unfold(experiment):
            groups.setdefault(run.family if setup.tier.bundle == "family" else run.name, []).append(run)
        datasets = setup.mapping.of(experiment).datasets
        for name, runs in groups.items():
            read = tuple(sorted({datasets[dataset].use for run in runs for dataset in run.reads}))
            loaded = {setup.mapping.weights[weights] for run in runs for weights in run.weights}
            fetched = tuple(sorted(substitute.use for substitute in loaded if substitute.run is None))
            digest = job_digest(setup, experiment, runs)
            jobs.append(Job(experiment, name, tuple(runs), digest, read, fetched))
    return jobs


def job_digest(setup: Setup, experiment: str, runs: Iterable[AnyRun]) -> str:
    """Digest of all values that decide the results of some runs, without their code and the files that they read."""
    values = {run.name: run_values(setup, experiment, run) for run in runs}
    return text_digest(json.dumps(values, sort_keys=True))


def job_values(setup: Setup, job: Job) -> dict[str, str]:
    """All values that decide the results of a job's runs, flat: `protocol.steps` where they agree, else run by run.

    A run's own values stand under its name: `plain/seed0: run.seed`, `plain/seed0: settings.temperature`.
    """
    each = {run.name: flat(run_values(setup, job.experiment, run)) for run in job.runs}
    first, *others = each.values()
    common = {
        key: value
        for key, value in first.items()
        if not key.startswith(("run.", "settings")) and all(other.get(key) == value for other in others)
    }
    own = {f"{name}: {key}": value for name, one in each.items() for key, value in one.items() if key not in common}
    return common | own


def run_values(setup: Setup, experiment: str, run: AnyRun) -> dict[str, Any]:
    """All values that decide a run's result, as plain data; beside them stand its code and the files that it reads."""
    datasets, weights = setup.mapping.of(experiment).datasets, setup.mapping.weights
    compute = setup.tier.compute
    return {
        "run": {"name": run.name, "seed": run.seed},
        "settings": run.settings.model_dump(mode="json"),
        "protocol": deciding(experiment, run.protocol.model_dump(mode="json")),
        "data": {name: datasets[name].model_dump(mode="json") for name in run.reads},
        "reads": [*run.needs, *run.models],
        "weights": {name: {"use": weights[name].use, "content": weights[name].content} for name in run.weights},
        "compute": {
            "precision": compute.precision,
            "deterministic": compute.deterministic,
            "capture": compute.capture,
        },
    }


def deciding(experiment: str, protocol: dict[str, Any]) -> dict[str, Any]:
    """The protocol of a run without what says only which other runs there are."""
    for leaf in find_experiment(experiment).lists_runs:
        protocol = remove(protocol, leaf.split(".")) or protocol
    return protocol


def differs_from_plan(record: Record, setup: Setup, experiment: str, run: AnyRun) -> list[str]:
    """What a record says of protocol and data otherwise than the plan does now, one line `key: old -> new` each."""
    datasets, followed = setup.mapping.of(experiment).datasets, run.protocol.model_dump(mode="json")
    return differences(
        {"protocol": deciding(experiment, record.protocol), "data": record.datasets},
        {"protocol": deciding(experiment, followed), "data": {name: datasets[name].use for name in run.reads}},
    )


def departs_otherwise(record: Record, setup: Setup, experiment: str, run: AnyRun) -> list[str]:
    """How a record's overrides differ from the plan's, as where a published value that they replace was corrected.

    Lists that say which runs there are do not count, nor the precision, which is that of the device.
    """
    passed = {f"{prefix}{leaf}" for prefix, leaf in _listing(experiment)} | {"compute.precision"}
    then, now = (
        {line for line in lines if line.partition(":")[0] not in passed}
        for lines in (record.overrides, setup.overrides_of(experiment, run))
    )
    return [f"{line} in its record" for line in sorted(then - now)] + [f"{line} now" for line in sorted(now - then)]


def _listing(experiment: str) -> Iterator[tuple[str, str]]:
    """Leaves that list runs, of an experiment and of those that it reads, with what overrides of those begin with."""
    found = find_experiment(experiment)
    yield from (("", leaf) for leaf in found.lists_runs)
    yield from ((f"{other}.", leaf) for other in found.reads for leaf in find_experiment(other).lists_runs)


def select_runs(setup: Setup, experiment: str, pattern: str) -> list[AnyRun]:
    """Runs of an experiment whose name or family matches the glob `pattern`.

    Raises:
        InterplayError: there is none.
    """
    runs = setup.unfold(experiment)
    if not runs:
        raise InterplayError(
            f"{experiment}: nothing to run under the data mapping {setup.data_name}; try --data offline"
        )
    chosen = [run for run in runs if fnmatchcase(run.name, pattern) or fnmatchcase(run.family, pattern)]
    if not chosen:
        some = ", ".join(run.name for run in runs[:4])
        raise InterplayError(f"{experiment}: no run matches {pattern!r}; runs are named like {some}")
    return chosen


def matching_records(jobs: Iterable[Job], selectors: Iterable[str]) -> list[str]:
    """Record paths of the planned runs that match one of the globs on `<experiment>/<run>`."""
    return matching(records_by_name(jobs), selectors)


def records_by_name(jobs: Iterable[Job]) -> dict[str, str]:
    """The path of each planned record by its name `<experiment>/<run>`."""
    return {f"{job.experiment}/{run.name}": record_path(job.experiment, run.name) for job in jobs for run in job.runs}


def matching(records: Mapping[str, str], selectors: Iterable[str]) -> list[str]:
    """The paths of those records whose name matches one of the globs, in the order of `records`."""
    wanted = re.compile("|".join(map(translate, selectors)) or r"(?!)")
    return [path for name, path in records.items() if wanted.match(name)]


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
