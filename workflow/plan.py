"""Say what would run, why, and what it would cost, without running anything: what `make plan` does.

Snakemake decides what there is to do (`due.py`), and what that takes is foretold from what was run before (`costs.py`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from clusters import HERE, Profile, shared_profile
from costs import costs, schedule
from data_files import empty_marks, lacking, lost
from due import UNKNOWN, Due, Plan, read_plan
from entry import ends_in_one_line
from faults import broken_notes, faults
from interplay.errors import InterplayError
from interplay.markup import plain_table, show, some_of
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims
from interplay.protocols.forecast import duration
from interplay.protocols.plan import Job, code_of, departs_otherwise, differs_from_plan, plan_jobs, record_path
from interplay.protocols.setup import Setup
from interplay.records import code_digest, read_record
from interplay.records.identity import first_of
from interplay.records.machine import usable_memory
from interplay.records.provenance import package_versions
from outputs import files_of
from reproduce import CONFIG, ROOT, asked_for, cores_given, parser_of, snakemake_arguments
from stale import Standing, examine

RESULTS = Path("results")
MOST_REASONS = 4  # of a job, in its line


@ends_in_one_line
def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--id", default="", help="a figure, a table or a claim; everything if not given")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    setup, device = asked_for(arguments)
    profile = shared_profile(arguments.profile)
    cores = cores_given(arguments.cores)
    targets = targets_of(arguments.id, RESULTS / setup.folder)
    standing = examine(setup, RESULTS, targets)
    forced, gone = broken(standing)
    standing = replace(standing, forced=standing.forced | forced)
    plan = foretell(setup, device, cores, targets, standing, gone, profile)
    jobs = {job.slug: job for job in plan_jobs(setup)}
    forced = standing.forced
    show("\n".join([*told(setup, plan, jobs, device, cores, forced), *left_behind(setup, plan, jobs)]))
    return 0


def broken(standing: Standing) -> tuple[dict[str, list[str]], list[str]]:
    """What `mend` would take away first: rules that would be run again for it, and why, and networks.

    Nothing asks for a network but the runs that read it, so no rule is run for one alone.

    Raises:
        InterplayError: where `mend` stops, and for notes with which Snakemake cannot plan; one line.
    """
    for note in broken_notes():
        raise InterplayError(
            f"{note}: a broken note of Snakemake, with which it cannot plan; delete it, or run "
            "`make reproduce`, which does"
        )
    found = {fault.path.relative_to(standing.out).as_posix(): fault for fault in faults(standing.out, standing.outputs)}
    networks = {name for name in found if name.startswith("models/")}
    made = {job.slug: job.outputs for job in standing.jobs} | {one.rule: one.outputs for one in standing.made}
    own = {rule: [found[name] for name in outputs if name in found.keys() - networks] for rule, outputs in made.items()}
    forced = {
        rule: [f"{one.path}: {one.wrong}, would be {'set aside' if one.aside else 'taken away'}" for one in some]
        for rule, some in own.items()
        if some
    }
    return forced, [str(found[name].path) for name in sorted(networks)]


def foretell(
    setup: Setup,
    device: str,
    cores: int | None,
    targets: Sequence[Path],
    standing: Standing,
    broken: Sequence[str] = (),
    profile: Profile = HERE,
) -> Plan:
    """What `reproduce.py` would have Snakemake do: fetch what due jobs read and lack, then all else.

    What is `broken` is there and would be taken away first.

    Raises:
        InterplayError: there is no plan; one line.
    """
    missing = [*broken, *empty_marks(profile.data)]

    def plan_for(files: Sequence[Path | str], forced: Iterable[str], there: Sequence[str]) -> Plan:
        given = snakemake_arguments(setup, device, cores, files, RESULTS, CONFIG, profile.planning, forced)
        return read_plan(given, there, missing)

    gone = lost(standing.jobs, standing.out, profile.data)
    plan = plan_for(targets, standing.forced, gone)
    files = lacking(standing.jobs, gone, [one.rule for one in plan.due], profile.data)
    if not files:
        return plan
    first = plan_for(files, (), ())
    names = tuple(one.rule for one in first.due)
    due = tuple(replace(one, waits_for=(*one.waits_for, *names)) for one in plan.due if one.rule not in names)
    left, unknown = (tuple(rule for rule in rules if rule not in names) for rules in (plan.left, plan.unknown))
    return Plan((*first.due, *due), left, unknown)


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
    return files_of(kinds[name], name, results, CONFIG)


def told(
    setup: Setup, plan: Plan, jobs: dict[str, Job], device: str, cores: int, forced: Mapping[str, list[str]]
) -> Iterator[str]:
    """The table of due jobs, and what all of them take together; of those `forced`, why they are."""
    if not plan.due:
        yield f"nothing to do: all {len(plan.left)} jobs are up to date"
        return
    priced = costs(plan, jobs, device, RESULTS)
    rows = [
        [
            one.due.rule,
            "unknown" if one.seconds is None else duration(one.seconds),
            f"{one.memory_mib:,} MiB",
            one.device,
            first_of(forced.get(one.due.rule) or reasons(setup, one.due, jobs), MOST_REASONS),
        ]
        for one in priced
    ]
    yield plain_table(("job", "time", "memory", "on", "why"), rows, "lrrll")
    yield ""
    here = usable_memory().total_mib
    whole = schedule(priced, cores, here)
    unknown = sum(one.seconds is None for one in priced)
    cards = sum(one.due.gpu > 0 for one in priced)
    total = sum(one.seconds or 0.0 for one in priced)
    yield f"{len(plan.due)} jobs would run, {len(plan.left)} are up to date"
    yield (
        f"{total:.0f} s of computing ({duration(total)}), {duration(whole.seconds)} on {cores} core{'s' * (cores != 1)}"
        + (f"; {unknown} of unknown cost, not counted" if unknown else "")
    )
    yield f"at most {whole.memory_mib:,} MiB of memory at once; this process may have {here:,} MiB" + (
        ": too little for the largest job" if whole.memory_mib > here else ""
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
        if record.provenance.code_digest != code_digest(*code_of(job.experiment, run.settings.model_dump())):
            lines.append("code changed; the names of the modules were not kept")
    return list(dict.fromkeys(lines))


def left_behind(setup: Setup, plan: Plan, jobs: dict[str, Job]) -> Iterator[str]:
    """What is not run again although it was made otherwise than it would be now."""
    folder = RESULTS / setup.folder
    other_versions: dict[str, list[str]] = {}
    told_otherwise: dict[str, list[str]] = {}
    installed = {name: version for name, version in package_versions().items() if name != "interplay"}
    for rule in (rule for rule in plan.left if rule in jobs):
        job = jobs[rule]
        paths = [folder / record_path(job.experiment, run.name) for run in job.runs]
        records = [(run, read_record(path)) for run, path in zip(job.runs, paths, strict=True) if path.is_file()]
        for run, record in records:
            used = record.provenance.packages
            for name, version in installed.items():
                if used.get(name, version) != version:
                    other_versions.setdefault(f"{name} {used[name]} (here {version})", []).append(rule)
            for line in departs_otherwise(record, setup, job.experiment, run):
                told_otherwise.setdefault(line, []).append(rule)
    if runs := [rule for rule in plan.unknown if rule in jobs]:
        yield f"{len(runs)} jobs are kept of which Snakemake has no notes: their records are as is planned now"
    for versions, rules in sorted(other_versions.items()):
        yield f"kept, but made with {versions}: {some_of(sorted(set(rules)), 3)}"
    for line, rules in sorted(told_otherwise.items()):
        yield f"kept, but what was published was said to be otherwise ({line}): {some_of(sorted(set(rules)), 3)}"


if __name__ == "__main__":
    sys.exit(main())
