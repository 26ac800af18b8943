"""Restoring what was published of a tier: brought beside, verified, held against the plan, then moved into place."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from interplay.archive.bench import bench
from interplay.archive.bringing import bring_files, bring_manifest, named
from interplay.archive.contents import (
    MADE,
    MANIFEST,
    RECORDS,
    Level,
    Say,
    measures_networks,
    parts_of,
    planned_made,
    sound,
)
from interplay.archive.currency import changed_since, decided_by, judged_by
from interplay.archive.manifest import FileHashes, Published, hashes, read_pin
from interplay.errors import InterplayError
from interplay.protocols.plan import Job, plan_jobs
from interplay.protocols.setup import Setup
from interplay.records import read_record
from interplay.records.disk import explain
from interplay.records.identity import changes, first_of
from interplay.records.store import OtherVersionError, put_in_place

ASIDE = ".before-restore"  # ends the name of a file that was moved away


@dataclass(frozen=True)
class Restored:
    """What a restore left in the folder of results.

    Attributes:
        files: what was brought or was there already, right, by its path below the folder.
        current: outputs of jobs that rest on nothing which is to be made again: Snakemake may take them as made.
        made: whether figures, tables, metrics, verdicts and report, all that the catalogue has, are among the files.
        to_do: jobs of the plan that are left to be done.
        stale: what was published of a job, but is not what is planned now: the reasons by the name of a run.
    """

    files: tuple[str, ...]
    current: tuple[str, ...]
    made: bool
    to_do: tuple[Job, ...]
    stale: Mapping[str, list[str]] = field(default_factory=dict)


def restore(
    setup: Setup, results: Path, *, remote: str | None, level: Level = "all", force: bool = False, say: Say = print
) -> Restored:
    """Bring what was published of a setup into its folder of results, at one of three levels.

    `records` brings the records, `checkpoints` the networks too but no records of runs that only measure them, `all`
    everything. Nothing is written before all of it has been brought and verified; what was published but is not what
    is planned now is named and left out.

    Args:
        setup: tier, data mapping and overrides whose results they are.
        results: folder of all results.
        remote: URL, folder or name of the remote; None is DVC's default.
        level: what is brought.
        force: replace results here that differ.
        say: told what happens, line by line.

    Raises:
        InterplayError: nothing was published, a file is missing or damaged on the remote, or results here differ; one
            line that names it and says how to mend it.
    """
    folder, jobs = results / setup.folder, plan_jobs(setup)
    pin = read_pin(folder)
    with bench(results, remote) as made:
        published = bring_manifest(made, pin, folder)
        bring_files(made, pin, published, folder, level, say)
        place = made.results / folder.name
        kept, stale = _as_planned(setup, jobs, place, published)
        for name, reasons in stale.items():
            say(f"left out: {name}, made otherwise than is planned now: {first_of(reasons)}")
        if stale:
            known = published.git_commit != "unknown" and not published.git_dirty
            plan = f"; `git checkout {published.git_commit}` has the plan they follow" if known else ""
            say(f"left out: {len(stale)} runs in all{plan}")
        chosen = [job for job in kept if level != "checkpoints" or not measures_networks(job)]
        whole = len(kept) == len(jobs)
        files = _files_of(setup, folder, published, chosen, level, whole, say)
        there = sound(jobs, [job for job in jobs if set(files).issuperset(_needed(job, level))])
        outputs = [path for job in there for path in job.outputs]
        others = [path for path in outputs if path not in files]  # that this level does not bring
        apart = [path for path in others if _differs(folder / path, published.files.get(path))]
        written = _place(place, folder, {path: published.files[path] for path in files}, apart, force, say)
        say(f"{setup.folder}: {len(files)} files verified, {written} of them new here")
    current = [path for path in outputs if path in files]
    made_here = set(files).issuperset(planned_made(setup.config))
    to_do = [job for job in jobs if not all((folder / path).is_file() for path in _needed(job, level))]
    return Restored(tuple(files), tuple(current), made_here, tuple(to_do), stale)


def _needed(job: Job, level: Level) -> list[str]:
    """The outputs of a job that a level brings."""
    return [path for path in job.outputs if level != "records" or path.startswith(f"{RECORDS}/")]


def _as_planned(
    setup: Setup, jobs: Iterable[Job], place: Path, published: Published
) -> tuple[list[Job], dict[str, list[str]]]:
    """Jobs of the plan that were published as they are planned now; and why runs of the others were not."""
    kept: list[Job] = []
    stale: dict[str, list[str]] = {}
    for job in jobs:
        paths = [path for path in job.outputs if path.startswith(f"{RECORDS}/")]
        if not all(path in published.files for path in paths):
            continue
        modules = published.modules.get(job.experiment, {})
        found: dict[str, list[str]] = {}
        for run, path in zip(job.runs, paths, strict=True):
            try:
                reasons = changed_since(read_record(place / path), setup, job.experiment, run, modules)
            except OtherVersionError:
                reasons = ["its record is of another version of the schema"]
            except InterplayError as error:  # of another version of the code, perhaps; it is what was published
                reasons = [str(error).removeprefix(f"{place / path}: ").partition("; ")[0]]
            if reasons:
                found[f"{job.experiment}/{run.name}"] = reasons
        decided = decided_by(setup, job)
        earlier = published.jobs.get(job.slug, {})
        if not found and earlier.get("plan") != decided["plan"]:
            known = {key: value for key, value in earlier.items() if key != "plan"}
            now = {key: value for key, value in decided.items() if key != "plan"}
            reasons = changes(known, now) or ["its settings or its job are planned otherwise"]
            found = {f"{job.experiment}/{run.name}": reasons for run in job.runs}
        stale |= found
        kept += [] if found else [job]
    return kept, stale


def _files_of(
    setup: Setup, folder: Path, published: Published, jobs: Iterable[Job], level: Level, whole: bool, say: Say
) -> list[str]:
    """The files that are put in place: outputs of `jobs` and, where it fits what is here now, what was made of them."""
    parts = parts_of(level)
    outputs = [path for job in jobs for path in job.outputs if path.split("/")[0] in parts]
    planned = {path for job in plan_jobs(setup) for path in job.outputs}
    others = [path for path in published.files if path not in planned and path.split("/")[0] in parts]
    beside = [path for path in others if path.split("/")[0] not in (*MADE, RECORDS, "models")]
    if dropped := [path for path in others if path.split("/")[0] == RECORDS]:
        say(f"left out: {len(dropped)} records of runs that are not planned any more ({dropped[0]})")
    # The report last: a restore that is killed leaves it missing, and the workflow makes what else is.
    made = sorted((path for path in others if path.split("/")[0] in MADE), key=_turn)
    if made:
        records = {path: one.sha256 for path, one in published.files.items() if path.startswith(f"{RECORDS}/")}
        reasons = changes(published.judged_by, judged_by(setup.config, folder, records))
        if reasons or not whole:
            why = first_of(reasons) if reasons else "some of their records are to be made again"
            say(f"left out: figures, tables, metrics, verdicts and report ({why}); `make reproduce` makes them")
            made = []
    return [path for path in (*beside, *outputs, *made) if path in published.files]


def _turn(path: str) -> int:
    return MADE.index(path.split("/")[0])


def _differs(path: Path, wanted: FileHashes | None) -> bool:
    """Whether a file lies there, and is another one."""
    return path.is_file() and hashes(path) != wanted


def _place(place: Path, folder: Path, files: Mapping[str, FileHashes], apart: list[str], force: bool, say: Say) -> int:
    """Move files into the folder of results, in the order in which they were made; the number of those that are new.

    What lies `apart` differs from what was published beside them, but is not brought: it cannot be replaced.
    """
    fresh = [path for path in files if not (folder / path).is_file()]
    differing = [path for path in files if _differs(folder / path, files[path])]
    if (differing or apart) and not force:
        by_force = "replaces it" if differing else "does"
        mend = f"move it away, or FORCE=1 (--force) {by_force}"
        raise InterplayError(named(folder, [*differing, *apart], "not what was published", mend))
    for path in apart:
        aside = _aside(folder / path)
        (folder / path).replace(aside)
        say(f"moved away: {folder / path}, now {aside.name}")
    for path in differing:
        say(f"replaced: {folder / path}")
    now = time.time()  # one for all: none is newer than what was made from it
    fresh += differing
    for path in [path for path in files if path in set(fresh)]:
        _move(place / path, folder / path, now)
    _move(place / MANIFEST, folder / MANIFEST, now)
    return len(fresh)


def _aside(path: Path) -> Path:
    """Where a file is moved away to: beside its place, and over nothing that was moved away before."""
    places = (path.with_name(f"{path.name}{ASIDE}{f'-{number}' if number > 1 else ''}") for number in count(1))
    return next(place for place in places if not os.path.lexists(place))


def _move(source: Path, target: Path, now: float) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.utime(source, (now, now))
        put_in_place(source, target)
    except OSError as error:
        raise InterplayError(explain(error, target) or f"{target}: cannot be written ({error})") from error
