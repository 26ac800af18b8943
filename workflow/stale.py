"""What Snakemake would take for up to date only because it has no notes of it: held against the plan here.

A file without a note counts as made, whatever changed since: after notes were lost, or where results were copied
without them. One that was copied over another has the note of that one. And a record that the plan has no run for (any
more) lies where figures, tables and verdicts look for records: it is listed (`unplanned.json`), and counts again as
soon as a plan has it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from interplay.archive.currency import changed_since
from interplay.errors import InterplayError
from interplay.markup import some_of
from interplay.protocols.plan import Job, plan_jobs, record_path
from interplay.protocols.setup import Setup
from interplay.records import read_record, visible_files, write_text_atomically
from interplay.records.identity import first_of
from interplay.records.seals import is_sealed
from interplay.records.selection import UNPLANNED, read_unplanned
from mending import Say, tell
from outputs import NOTES, Made, asked_of, made_of_records, note_on, outputs_of

NO_NOTE = "Snakemake has no note of what it was made from"


@dataclass(frozen=True)
class Standing:
    """How a folder of results stands to the plan.

    Attributes:
        out: the folder, as Snakemake's rules name it.
        jobs, made: that make `targets`, or all of them.
        outputs: paths below the folder that the plan and the catalogue make.
        forced: why Snakemake must be told to run a rule, by its name.
        unplanned: names of the records of no run of the plan; what they were when last looked at is in `UNPLANNED`.
        redrawn: what reads a record that began or ceased to be planned.
    """

    out: Path
    jobs: tuple[Job, ...]
    made: tuple[Made, ...]
    outputs: frozenset[str]
    forced: dict[str, list[str]] = field(default_factory=dict)
    unplanned: tuple[str, ...] = ()
    redrawn: tuple[Made, ...] = ()


def examine(setup: Setup, root: Path, targets: Sequence[Path | str], notes: Path = NOTES) -> Standing:
    """Hold what lies below `root` of a setup, as far as `targets` need it, against the plan; nothing is changed.

    Raises:
        InterplayError: the configuration cannot be read; one line.
    """
    out = root / setup.folder
    plan, all_made = plan_jobs(setup), made_of_records(setup.config)
    jobs, made = asked_of(targets, out, plan, all_made)
    planned = {f"{job.experiment}/{run.name}" for job in plan for run in job.runs}
    found = [path.relative_to(out / "records") for path in visible_files(out / "records", "*/**/*.json")]
    there = {path.as_posix().removesuffix(".json") for path in found}
    unplanned = there - planned
    moved = unplanned ^ (_listed(out) & there)
    redrawn = [one for one in all_made if any(fnmatchcase(name, glob) for name in moved for glob in one.needs)]
    forced = {}
    for job in jobs:
        if reasons := _differs(setup, job, out, notes):
            forced[job.slug] = reasons
    for one in made:
        outputs = [out / path for path in one.outputs if (out / path).exists()]
        if outputs and one in redrawn:
            forced[one.rule] = [f"runs that it shows began or ceased to be planned: {some_of(sorted(moved))}"]
        elif any(not note_on(path, notes).is_file() for path in outputs):
            forced[one.rule] = [NO_NOTE]
    known = outputs_of(plan, all_made)
    return Standing(out, tuple(jobs), tuple(made), known, forced, tuple(sorted(unplanned)), tuple(redrawn))


def _listed(out: Path) -> frozenset[str]:
    try:
        return read_unplanned(out)
    except InterplayError:  # `enter` writes it anew
        return frozenset()


def _differs(setup: Setup, job: Job, out: Path, notes: Path) -> list[str]:
    """What the records of a job of which no note tells say otherwise than the plan does; nothing if some lack."""
    paths = [out / record_path(job.experiment, run.name) for run in job.runs]
    outputs = [out / path for path in job.outputs if (out / path).is_file()]
    if not all(path.is_file() for path in paths):
        return []
    if all(note_on(path, notes).is_file() for path in outputs) and all(_is_told(path, notes) for path in paths):
        return []
    found: list[str] = []
    for run, path in zip(job.runs, paths, strict=True):
        try:
            found += changed_since(read_record(path), setup, job.experiment, run, {})
        except InterplayError as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def _is_told(path: Path, notes: Path) -> bool:
    """Whether Snakemake's note on a record is of what lies there now: it was not copied over what the note is of."""
    note = note_on(path, notes)
    try:
        began = json.loads(note.read_bytes()).get("starttime") or 0.0
        return is_sealed(path) and began <= path.stat().st_mtime <= note.stat().st_mtime
    except (OSError, ValueError, AttributeError):
        return False


def enter(standing: Standing, notes: Path = NOTES, say: Say = tell) -> None:
    """Write down which records are not planned, and say in a line each what is made again for what this found.

    Raises:
        InterplayError: the disk refuses; one line.
    """
    out, jobs = standing.out, {job.slug for job in standing.jobs}
    if _listed(out) != set(standing.unplanned) or (standing.unplanned and not (out / UNPLANNED).is_file()):
        # First what was drawn of them loses its notes: killed in between, it is drawn anew all the same.
        for path in (out / path for one in standing.redrawn for path in one.outputs):
            note_on(path, notes).unlink(missing_ok=True)
        write_text_atomically(out / UNPLANNED, json.dumps(standing.unplanned, indent=1) + "\n")
    if standing.unplanned:
        say(
            f"{out}: kept and left out of everything, as no run of this plan makes them: "
            f"{some_of([f'records/{name}.json' for name in standing.unplanned])}; {out / UNPLANNED} names them"
        )
    runs = {rule: reasons for rule, reasons in standing.forced.items() if rule in jobs}
    for rule, reasons in runs.items():
        found = f"no note of Snakemake is of what is there, which is not as is planned now: {first_of(reasons)}"
        say(f"{rule}: {found}; made again")
    if others := sorted(standing.forced.keys() - runs.keys()):
        say(f"{some_of(others)}: {standing.forced[others[0]][0]}; made again")
