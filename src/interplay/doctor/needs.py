"""What is asked of a machine: the runs of a tier, or those that one claim, figure or table needs, less what is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS
from interplay.protocols.experiments import AnyRun, experiments
from interplay.protocols.forecast import device_of, memory_mib
from interplay.protocols.plan import Job, model_path, record_path
from interplay.protocols.setup import Setup
from interplay.records.digests import SOURCE

LOCK = Path("envs/requirements.lock")
_PINNED = re.compile(r"^[a-z0-9][^\\\n]*==[^\\\n]*", re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """A run of the plan, the job that does it, and what that reads: `<experiment>/<run>`, `<experiment>/<job>`."""

    experiment: str
    name: str
    job: str
    run: AnyRun
    datasets: tuple[str, ...]
    weights: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What is asked for.

    Attributes:
        tier, data, device: of the setup; `cpu`, `cuda`, `cuda:N` or `auto`.
        runs: that are to be done, and `share` which part they are of all of the tier.
        at_once: jobs that may run beside each other, each with so many `threads`.
        precision: of the arithmetic on a card.
        disk_gb: what the tier declares of its results; None where it declares nothing.
        python: versions that the package supports, and `locked` those of the packages of the lock, for this machine.
    """

    tier: str
    data: str
    device: str
    runs: tuple[Wanted, ...]
    share: float = 1.0
    at_once: int = 1
    threads: int = 1
    precision: str = "fp32"
    disk_gb: float | None = None
    python: SpecifierSet = field(default_factory=SpecifierSet)
    locked: Mapping[str, str] = field(default_factory=dict)

    @property
    def assets(self) -> tuple[str, ...]:
        """Data sets and weights that are read, each once: sets made of the same files are one."""
        return tuple(sorted({name for one in self.runs for used in one.datasets for name in _origins(used)})) + tuple(
            sorted({name for one in self.runs for name in one.weights})
        )

    @property
    def datasets(self) -> tuple[str, ...]:
        """All data sets that are read, those that are made of others too."""
        return tuple(sorted({name for one in self.runs for name in one.datasets}))

    @property
    def jobs(self) -> dict[str, Job]:
        """Those that do the runs, by name; without what only decides whether they are up to date."""
        groups: dict[str, list[Wanted]] = {}
        for one in self.runs:
            groups.setdefault(one.job, []).append(one)
        return {
            name: Job(
                experiment=ones[0].experiment,
                name=name.partition("/")[2],
                runs=tuple(one.run for one in ones),
                digest="",
                datasets=tuple(sorted({used for one in ones for used in one.datasets})),
                weights=tuple(sorted({used for one in ones for used in one.weights})),
            )
            for name, ones in groups.items()
        }

    def memory_of_jobs(self, *, cards: bool) -> dict[str, int]:
        """Memory of the machine that each job may take (MiB), the largest first; `cards`: there are cards to use."""
        return _largest_first(
            {name: memory_mib(job, self.device if cards else "cpu") for name, job in self.jobs.items()}
        )

    def on_cards(self) -> dict[str, int]:
        """Declared memory (MiB) of the jobs that use a card where there is one, the largest first."""
        using = {name: job for name, job in self.jobs.items() if device_of(job, self.device) == "cuda"}
        return _largest_first({name: max(run.cost.memory_mib for run in job.runs) for name, job in using.items()})


def needs_of(
    setup: Setup,
    device: str,
    cores: int,
    selectors: Iterable[str] | None = None,
    checkout: Path = SOURCE.parents[1],
    *,
    whole: bool = True,
    made: Path | None = None,
) -> Needs:
    """What a setup asks for, or of it what the records ask for that the globs `selectors` name.

    Args:
        setup: tier, data mapping and overrides.
        device: `cpu`, `cuda`, `cuda:N` or `auto`.
        cores: that the workflow is given.
        selectors: globs on `<experiment>/<run>`; None is everything.
        checkout: where the lock lies.
        whole: read the lock too, which only the slow checks look at.
        made: folder of the tier's results; jobs whose records lie there are done. None leaves out none.

    Raises:
        InterplayError: the lock cannot be read.
    """
    wanted = [_wanted(setup, experiment, run) for experiment in experiments() for run in setup.unfold(experiment)]
    asked = wanted if selectors is None else _needed(wanted, selectors)
    left = asked if made is None else _left(asked, made)
    return Needs(
        tier=setup.tier_name,
        data=setup.data_name,
        device=device,
        runs=tuple(left),
        share=len(left) / max(1, len(wanted)),
        at_once=max(1, cores // setup.tier.threads),
        threads=setup.tier.threads,
        precision=setup.tier.compute.precision,
        disk_gb=setup.tier.disk_gb,
        python=_supported(),
        locked=read_lock(checkout / LOCK) if whole else {},
    )


def read_lock(path: Path) -> dict[str, str]:
    """Versions by name that a lock pins for this machine and this Python; empty where there is none.

    Raises:
        InterplayError: a line of it is no requirement.
    """
    if not path.is_file():
        return {}
    pinned = {}
    for line in _PINNED.findall(path.read_text(encoding="utf-8")):
        try:
            requirement = Requirement(line.strip())
        except InvalidRequirement as error:
            raise InterplayError(f"{path}: {line.strip()!r} is no requirement; run `make lock`") from error
        if requirement.marker is None or requirement.marker.evaluate():
            pinned[requirement.name] = next(iter(requirement.specifier)).version
    return pinned


def _supported() -> SpecifierSet:
    try:
        return SpecifierSet(metadata.metadata("interplay")["Requires-Python"] or "")
    except metadata.PackageNotFoundError:  # the sources alone are on the path
        return SpecifierSet()


def _wanted(setup: Setup, experiment: str, run: AnyRun) -> Wanted:
    mapping = setup.mapping.of(experiment)
    job = run.family if setup.tier.bundle == "family" else run.name
    loaded = (mapping.weights[name] for name in run.weights)
    return Wanted(
        experiment=experiment,
        name=f"{experiment}/{run.name}",
        job=f"{experiment}/{job}",
        run=run,
        datasets=tuple(mapping.datasets[name].use for name in run.reads),
        weights=tuple(one.use for one in loaded if one.run is None),
    )


def _needed(wanted: list[Wanted], selectors: Iterable[str]) -> list[Wanted]:
    """The runs that the globs name and all that those read, with the others of their jobs."""
    globs, by_name = list(selectors), {one.name: one for one in wanted}
    queue = [one for one in wanted if any(fnmatchcase(one.name, glob) for glob in globs)]
    jobs: set[str] = set()
    while queue:
        job = queue.pop().job
        if job not in jobs:
            jobs.add(job)
            own = [one for one in wanted if one.job == job]
            queue += [by_name[name] for one in own for name in (*one.run.needs, *one.run.models)]
    return [one for one in wanted if one.job in jobs]


def _left(asked: list[Wanted], made: Path) -> list[Wanted]:
    """Of some runs those of jobs that lack a record, that others need the weights of, or that read what is made anew.

    A record that is there counts: whether it is stale only Snakemake's plan can tell, which takes seconds.
    """
    jobs = {one.name: one.job for one in asked}
    due = {one.job for one in asked if not (made / record_path(one.experiment, one.run.name)).is_file()}
    no_weights = {
        one.name
        for one in asked
        if one.run.keeps_model and not (made / model_path(one.experiment, one.run.name)).is_file()
    }
    before = -1
    while before < len(due):
        before = len(due)
        due |= {one.job for one in asked if any(jobs[name] in due for name in (*one.run.needs, *one.run.models))}
        due |= {jobs[name] for one in asked if one.job in due for name in one.run.models if name in no_weights}
    return [one for one in asked if one.job in due]


def _largest_first(sizes: dict[str, int]) -> dict[str, int]:
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _origins(name: str) -> tuple[str, ...]:
    """The sets whose files are read for a set: itself, those that it is made of, or the one whose files it shares."""
    info = DATASETS[name]
    if info.permuted_from:
        return _origins(info.permuted_from)
    own = (name,) if info.pinned or info.placed else ()
    return own + tuple(origin for made_of in info.drawn_from for origin in _origins(made_of))
