"""Say what would run, why, and what it would cost, without running anything: what `make plan` does.

Snakemake decides what there is to do (`due.py`); what a run takes is the forecast of `interplay forecast`, what a
figure takes is what it took when it was last drawn here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from statistics import fmean

from due import UNKNOWN, Due, Plan, read_plan
from interplay.errors import InterplayError
from interplay.markup import plain_table, show
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims
from interplay.protocols.forecast import Estimate, duration, forecast, measured_runs
from interplay.protocols.plan import Job, differs_from_plan, plan_jobs, record_path
from interplay.protocols.setup import Setup
from interplay.records import code_digest, read_record
from interplay.records.identity import first_of
from interplay.records.machine import usable_memory
from interplay.records.provenance import package_versions
from reproduce import CONFIG, ROOT, asked_for, cores_given, fail, parser_of, snakemake_arguments

RESULTS = Path("results")
MOST_REASONS = 4  # of a job, in its line


@dataclass(frozen=True)
class Cost:
    """Expected seconds of a due job, None where nothing like it was run yet, and where it runs."""

    due: Due
    device: str
    seconds: float | None


@dataclass(frozen=True)
class Schedule:
    """Wall seconds of all jobs on some cores, and the most memory that they hold at once (MiB)."""

    seconds: float
    memory_mib: int


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--id", default="", help="a figure, a table or a claim; everything if not given")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    try:
        setup, device = asked_for(arguments)
        cores = cores_given(arguments.cores)
        targets = targets_of(arguments.id, RESULTS / setup.folder)
        plan = read_plan(snakemake_arguments(setup, device, cores, targets, RESULTS, CONFIG))
        jobs = {job.slug: job for job in plan_jobs(setup)}
        show("\n".join([*told(setup, plan, jobs, device, cores), *left_behind(setup, plan, jobs)]))
    except InterplayError as error:
        return fail(str(error), 2)
    except BrokenPipeError:  # whoever read what is printed, as `| head` does, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


def targets_of(name: str, results: Path) -> list[Path]:
    """The files that make the figure, table or claim of that name; none for no name, which means everything.

    Raises:
        InterplayError: there is none; the names that come near.
    """
    if not name:
        return []
    kinds = {one: exhibit.kind for exhibit in load_catalogue(CONFIG).exhibits for one in exhibit.ids}
    kinds |= {claim.id: "claim" for claim in load_claims(CONFIG / "claims")}
    if name not in kinds:
        near = get_close_matches(name, kinds, 5, 0.5) or [one for one in kinds if name.lower() in one][:5]
        meant = f"did you mean {', '.join(near)}?" if near else "`make plan` without ID= names all that there is to do"
        raise InterplayError(f"there is no figure, table or claim {name!r}; {meant}")
    if kinds[name] == "claim":
        return [results / f"claims/{name}.json"]
    return [results / f"{kinds[name]}s/{name}.csv"]


def costs(plan: Plan, jobs: dict[str, Job], device: str, results: Path = RESULTS) -> list[Cost]:
    """What each due job will take: runs by the forecast, all else by what it, or what is like it, took here before."""
    own = [jobs[one.rule] for one in plan.due if one.rule in jobs]
    estimates: dict[str, Estimate] = {}
    if own:
        estimates = {one.job.slug: one for one in forecast(own, measured_runs(results), device)}
    of_kind: dict[str, list[float]] = {}
    for one in plan.due:
        if one.seconds is not None:
            of_kind.setdefault(_kind(one.rule), []).append(one.seconds)
    found = []
    for one in plan.due:
        if one.rule in estimates:
            estimate = estimates[one.rule]
            found.append(Cost(one, estimate.device, estimate.seconds))
        elif one.seconds is not None:
            found.append(Cost(one, "cpu", one.seconds))
        elif alike := of_kind.get(_kind(one.rule)):
            found.append(Cost(one, "cpu", fmean(alike)))
        else:
            found.append(Cost(one, "cpu", None))
    return found


def _kind(rule: str) -> str:
    return rule.partition("_")[0]


def schedule(jobs: Sequence[Cost], cores: int) -> Schedule:
    """Start what is ready, the first in line first, while there are cores, and one job that wants a card at a time.

    Jobs of unknown cost take no time.
    """
    waiting = sorted(jobs, key=lambda one: -one.due.priority)
    running: list[tuple[float, Cost]] = []
    done: set[str] = set()
    planned = {one.due.rule for one in jobs}
    now, most = 0.0, 0
    while waiting or running:
        for one in list(waiting):
            free = cores - sum(min(other.due.threads, cores) for _, other in running)
            ready = done.issuperset(planned.intersection(one.due.waits_for))
            card_free = not one.due.gpu or not any(other.due.gpu for _, other in running)
            if ready and card_free and min(one.due.threads, cores) <= free:
                waiting.remove(one)
                running.append((now + (one.seconds or 0.0), one))
        most = max(most, sum(one.due.memory_mib for _, one in running))
        first = min(running, key=lambda item: item[0])
        running.remove(first)
        now = first[0]
        done.add(first[1].due.rule)
    return Schedule(now, most)


def told(setup: Setup, plan: Plan, jobs: dict[str, Job], device: str, cores: int) -> Iterator[str]:
    """The table of due jobs, and what all of them take together."""
    if not plan.due:
        yield f"nothing to do: all {len(plan.left)} jobs are up to date"
        return
    priced = costs(plan, jobs, device)
    rows = [
        [
            one.due.rule,
            "unknown" if one.seconds is None else duration(one.seconds),
            f"{one.due.memory_mib:,} MiB",
            one.device,
            first_of(reasons(setup, one.due, jobs), MOST_REASONS),
        ]
        for one in priced
    ]
    yield plain_table(("job", "time", "memory", "on", "why"), rows, "lrrll")
    yield ""
    whole = schedule(priced, cores)
    unknown = sum(one.seconds is None for one in priced)
    cards = sum(one.due.gpu > 0 for one in priced)
    total = sum(one.seconds or 0.0 for one in priced)
    yield f"{len(plan.due)} jobs would run, {len(plan.left)} are up to date"
    yield (
        f"{total:.0f} s of computing ({duration(total)}), {duration(whole.seconds)} on {cores} core{'s' * (cores != 1)}"
        + (f"; {unknown} of unknown cost, not counted" if unknown else "")
    )
    here = usable_memory().total_mib
    yield f"at most {whole.memory_mib:,} MiB of memory at once; this process may have {here:,} MiB" + (
        ": too little, run fewer at once with CORES=" if whole.memory_mib > here else ""
    )
    yield f"{cards} of them on a GPU, one at a time" if cards else "no GPU is asked for"
    yield "times: of runs as in `interplay forecast`, of all else as it, or what is like it, took here before"


def reasons(setup: Setup, due: Due, jobs: dict[str, Job]) -> list[str]:
    """Why a job would run; where only digests were kept of what a run was made with, what its record tells of it."""
    if UNKNOWN not in " ".join(due.why) or due.rule not in jobs:
        return list(due.why)
    known = by_records(setup, jobs[due.rule])
    return known + [line for line in due.why if not known or not line.startswith(UNKNOWN)]


def by_records(setup: Setup, job: Job) -> list[str]:
    """What the records of a job's runs say otherwise than the plan does now."""
    lines: list[str] = []
    for run in job.runs:
        path = RESULTS / setup.folder / record_path(job.experiment, run.name)
        if not path.is_file():
            continue
        record = read_record(path)
        lines += differs_from_plan(record, setup, job.experiment, run)
        if record.provenance.code_digest != code_digest(f"interplay.experiments.{job.experiment}"):
            lines.append("code changed; the names of the modules were not kept")
    return list(dict.fromkeys(lines))


def left_behind(setup: Setup, plan: Plan, jobs: dict[str, Job]) -> Iterator[str]:
    """What is not run again although it was made otherwise than it would be now."""
    folder = RESULTS / setup.folder
    other_code: list[str] = []
    other_versions: dict[str, list[str]] = {}
    installed = {name: version for name, version in package_versions().items() if name != "interplay"}
    for rule in (rule for rule in plan.left if rule in jobs):
        job = jobs[rule]
        paths = [path for one in job.outputs if (path := folder / one).suffix == ".json" and path.is_file()]
        origins = [read_record(path).provenance for path in paths]
        code = code_digest(f"interplay.experiments.{job.experiment}")
        if rule in plan.unknown and any(one.code_digest != code for one in origins):
            other_code.append(rule)
        for one in origins:
            for name, version in installed.items():
                if one.packages.get(name, version) != version:
                    other_versions.setdefault(f"{name} {one.packages[name]} (here {version})", []).append(rule)
    if plan.unknown:
        yield f"{len(plan.unknown)} jobs are kept of which Snakemake has no notes, as after a restore"
    if other_code:
        yield f"  of them, made by other code than this: {_some(other_code)}"
    for versions, rules in sorted(other_versions.items()):
        yield f"kept, but made with {versions}: {_some(sorted(set(rules)))}"


def _some(rules: Sequence[str]) -> str:
    return ", ".join(rules[:3]) + (f" and {len(rules) - 3} more" if len(rules) > 3 else "")


if __name__ == "__main__":
    sys.exit(main())
