"""What is published of a tier, file by file, and the three levels at which it is restored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, get_args

from interplay.errors import InterplayError
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.experiments import find_experiment
from interplay.protocols.frozen_claims import NAME as FROZEN_CLAIMS
from interplay.protocols.plan import Job
from interplay.records import visible_files

Say = Callable[[str], None]
Level = Literal["records", "checkpoints", "all"]
LEVELS: tuple[Level, ...] = get_args(Level)
RECORDS, MODELS, MANIFEST, VERDICTS = "records", "models", "published.json", "verdicts.json"
# What is made from records, in the order in which it is: what is missing of it is made again if the report is.
MADE = ("figures", "tables", "metrics", VERDICTS, "report")
# Below a folder of results; nothing else is published (logs, unfinished checkpoints, verdicts on single claims).
PUBLISHED = (FROZEN_CLAIMS, RECORDS, MODELS, *MADE)


def as_level(text: str) -> Level:
    """The level of that name.

    Raises:
        InterplayError: there is none.
    """
    for level in LEVELS:
        if level == text:
            return level
    raise InterplayError(f"level {text!r} is unknown; choose one of {', '.join(LEVELS)}")


def parts_of(level: Level) -> tuple[str, ...]:
    """The folders and files, of those published, that a level brings."""
    if level == "records":
        return (FROZEN_CLAIMS, RECORDS)
    return (FROZEN_CLAIMS, RECORDS, MODELS) if level == "checkpoints" else PUBLISHED


def made_files(folder: Path) -> list[str]:
    """Figures, tables, metrics, verdicts and report in a folder of results, by their path below it."""
    found = []
    for part in MADE:
        place = folder / part
        found += [place] if place.is_file() else visible_files(place, "**/*")
    return [path.relative_to(folder).as_posix() for path in found]


def planned_made(config: Path) -> list[str]:
    """Files that are made of the records, as the catalogue has them, below a folder of results.

    Pictures beside the report are not among them: which ones there are the page says.

    Raises:
        InterplayError: the catalogue cannot be read; one line.
    """
    catalogue = load_catalogue(config)
    exhibits = [path for one in catalogue.exhibits for path in one.files]
    metrics = [f"metrics/{experiment}.json" for experiment in catalogue.headlines]
    return [*exhibits, *metrics, VERDICTS, "report/index.html", "report/appendix.md"]


def measures_networks(job: Job) -> bool:
    """Whether a job only measures networks that others trained: minutes, where training took hours."""
    return find_experiment(job.experiment).measures


def sound(jobs: Iterable[Job], whole: Iterable[Job]) -> list[Job]:
    """Of the jobs that are `whole` (made as is planned), those that rest on none that is not; jobs in order of plan."""
    good = {path for job in whole for path in job.outputs}
    names = {job.slug for job in whole}
    found: list[Job] = []
    for job in _in_order(list(jobs)):
        if job.slug in names and good.issuperset(job.inputs):
            found.append(job)
        else:
            good -= set(job.outputs)
    return found


def _in_order(jobs: list[Job]) -> list[Job]:
    """Jobs such that each follows those that make what it reads."""
    makers = {path: job for job in jobs for path in job.outputs}
    ordered: dict[str, Job] = {}

    def place(job: Job) -> None:
        if job.slug not in ordered:
            for path in job.inputs:
                if path in makers:
                    place(makers[path])
            ordered[job.slug] = job

    for job in jobs:
        place(job)
    return list(ordered.values())
