"""What is asked of a machine: the runs of a tier, or those that one claim, figure or table needs."""

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
from interplay.protocols.forecast import CUDA_MIB
from interplay.protocols.plan import drawing_mib
from interplay.protocols.setup import Setup
from interplay.records.digests import SOURCE

LOCK = Path("envs/requirements.lock")
_PINNED = re.compile(r"^[a-z0-9][^\\\n]*==[^\\\n]*", re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """A run of the plan, the job that does it, and what that reads: `<experiment>/<run>`, `<experiment>/<job>`."""

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
        runs: that are to be done.
        at_once: jobs that may run beside each other, each with so many `threads`.
        precision: of the arithmetic on a card.
        disk_gb: what the tier declares of its results; None where it declares nothing.
        python: versions that the package supports, and `locked` those of the packages of the lock, for this machine.
    """

    tier: str
    data: str
    device: str
    runs: tuple[Wanted, ...]
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

    def memory_of_jobs(self, cuda: bool) -> dict[str, int]:
        """Declared memory of each job (MiB), the largest first; `cuda`: of jobs that gain from one, on a card."""
        sizes: dict[str, int] = {}
        for one in self.runs:
            more = drawing_mib(one.datasets) + (CUDA_MIB if cuda and one.run.accelerator else 0)
            sizes[one.job] = max(sizes.get(one.job, 0), one.run.cost.memory_mib + more)
        return dict(sorted(sizes.items(), key=lambda item: -item[1]))

    def on_cards(self) -> dict[str, int]:
        """Declared memory (MiB) of the jobs that gain from a card, the largest first."""
        gain = {one.job for one in self.runs if one.run.accelerator}
        return {job: size for job, size in self.memory_of_jobs(cuda=False).items() if job in gain}


def needs_of(
    setup: Setup,
    device: str,
    cores: int,
    selectors: Iterable[str] | None = None,
    checkout: Path = SOURCE.parents[1],
    *,
    whole: bool = True,
) -> Needs:
    """What a setup asks for, or of it what the records ask for that the globs `selectors` name.

    Args:
        setup: tier, data mapping and overrides.
        device: `cpu`, `cuda`, `cuda:N` or `auto`.
        cores: that the workflow is given.
        selectors: globs on `<experiment>/<run>`; None is everything.
        checkout: where the lock lies.
        whole: read the lock too, which only the slow checks look at.

    Raises:
        InterplayError: the lock cannot be read.
    """
    wanted = [_wanted(setup, experiment, run) for experiment in experiments() for run in setup.unfold(experiment)]
    return Needs(
        tier=setup.tier_name,
        data=setup.data_name,
        device=device,
        runs=tuple(wanted if selectors is None else _needed(wanted, selectors)),
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


def _origins(name: str) -> tuple[str, ...]:
    """The sets whose files are read for a set: itself, those that it is made of, or the one whose files it shares."""
    info = DATASETS[name]
    if info.permuted_from:
        return _origins(info.permuted_from)
    own = (name,) if info.pinned or info.placed else ()
    return own + tuple(origin for made_of in info.drawn_from for origin in _origins(made_of))
