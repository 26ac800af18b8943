"""The plan: every job of the workflow, what it reads and what it writes. The Snakefile only turns it into rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from interplay.errors import InterplayError
from interplay.protocols.experiments import EXPERIMENTS, unfold
from interplay.protocols.runs import Run
from interplay.protocols.setup import Setup
from interplay.records import code_digest, text_digest


@dataclass(frozen=True)
class Job:
    """One process of the workflow: some runs of one experiment. Paths are relative to the results folder."""

    experiment: str
    name: str
    runs: tuple[Run, ...]
    digest: str

    @property
    def slug(self) -> str:
        """The name of the job's rule."""
        return f"run_{self.experiment}_{self.name}".replace("/", "_").replace("-", "_").replace(".", "_")

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
    def datasets(self) -> list[str]:
        """Data sets that the job reads."""
        return sorted({run.dataset_used for run in self.runs if run.dataset_used})


def record_path(experiment: str, run: str) -> str:
    """Where the record of a run lies, below the results folder."""
    return f"records/{experiment}/{run}.json"


def model_path(experiment: str, run: str) -> str:
    """Where the trained weights of a run lie, below the results folder."""
    return f"models/{experiment}/{run}.safetensors"


def plan_jobs(setup: Setup, experiments: Iterable[str] | None = None) -> list[Job]:
    """All jobs of the setup, or those of some experiments."""
    jobs = []
    for experiment in experiments or EXPERIMENTS:
        if experiment not in EXPERIMENTS:
            raise InterplayError(f"experiment {experiment!r} is unknown; choose one of {', '.join(EXPERIMENTS)}")
        runs = unfold(experiment, setup.protocols, setup.mapping.of(experiment))
        groups: dict[str, list[Run]] = {}
        for run in runs:
            groups.setdefault(run.family if setup.tier.bundle == "family" else run.name, []).append(run)
        digest = job_digest(setup, experiment)
        jobs += [Job(experiment, name, tuple(members), digest) for name, members in groups.items()]
    return jobs


def job_digest(setup: Setup, experiment: str) -> str:
    """Digest of all that decides a job's result besides its inputs: code, protocol and data mapping."""
    code = code_digest(f"interplay.experiments.{experiment}")
    mapping = setup.mapping.of(experiment)
    return text_digest(code + setup.protocols[experiment].model_dump_json() + mapping.model_dump_json())


def select_runs(setup: Setup, experiment: str, pattern: str) -> list[Run]:
    """Runs of an experiment whose name or family matches the glob `pattern`.

    Raises:
        InterplayError: there is none.
    """
    runs = [run for job in plan_jobs(setup, [experiment]) for run in job.runs]
    chosen = [run for run in runs if fnmatchcase(run.name, pattern) or fnmatchcase(run.family, pattern)]
    if not chosen:
        some = ", ".join(run.name for run in runs[:4])
        raise InterplayError(f"{experiment}: no run matches {pattern!r}; runs are named like {some}")
    return chosen


def matching_records(jobs: Iterable[Job], selectors: Iterable[str]) -> list[str]:
    """Record paths of the planned runs that match one of the globs on `<experiment>/<run>`."""
    patterns = list(selectors)
    return [
        record_path(job.experiment, run.name)
        for job in jobs
        for run in job.runs
        if any(fnmatchcase(f"{job.experiment}/{run.name}", pattern) for pattern in patterns)
    ]
