"""What tiers take, by declaration and forecast, and what was measured of runs that were really made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from interplay.markup import markdown_code as code
from interplay.markup import markdown_table
from interplay.protocols.datasets import DATASETS, files_of
from interplay.protocols.forecast import Measured, forecast, measured_runs
from interplay.protocols.plan import Job, plan_jobs
from interplay.protocols.setup import load_setup
from interplay.protocols.sourced import read_yaml, validate
from interplay.protocols.tiers import Tier
from interplay.protocols.weights import WEIGHTS
from interplay.records import Record, select_records, visible_files
from interplay.report.artifact_claims import TIERS
from interplay.report.formats import count_of, format_duration, format_memory

NOT_MEASURED = "not measured"


def tiers(config: Path, reference: Path) -> str:
    """A row for each tier and data mapping: what is declared of it, and what committed runs let expect."""
    earlier = measured_runs(reference)
    known = [path.stem for path in visible_files(config / "tiers", "*.yaml")]
    rows = []
    for name in sorted(known, key=lambda one: TIERS.index(one) if one in TIERS else len(TIERS)):
        tier = validate(Tier, read_yaml(config / "tiers" / f"{name}.yaml"), config / "tiers" / f"{name}.yaml")
        for data in tier.data:
            jobs = plan_jobs(load_setup(config, name, data))
            disk = NOT_MEASURED if tier.disk_gb is None else f"{tier.disk_gb:g} GB"
            rows.append(
                [
                    *(name, data, str(len(jobs)), str(sum(len(job.runs) for job in jobs))),
                    *(format_memory(max(job.memory_mib for job in jobs)), disk, _to_fetch(jobs)),
                    _expected(jobs, earlier) if tier.compute.device != "cpu" else "see above",
                ]
            )
    head = ("tier", "data", "jobs", "runs", "largest job", "results", "data to fetch")
    return markdown_table((*head, "expected on one H100"), rows)


def _to_fetch(jobs: Sequence[Job]) -> str:
    paths = {path for job in jobs for name in job.datasets for path in files_of(DATASETS[name])}
    pins = {info.pinned.path: info.pinned.size for info in DATASETS.values() if info.pinned}
    weights = {name for job in jobs for name in job.weights}
    size = sum(pins[path] for path in paths) + sum(WEIGHTS[name].forms[0].size for name in weights)
    by_hand = sorted({name for job in jobs for name in job.datasets if DATASETS[name].placed})
    return f"{size / 1e9:.2g} GB" + (f", and by hand {', '.join(by_hand)}" if by_hand else "")


def _expected(jobs: Sequence[Job], earlier: Sequence[Measured]) -> str:
    """`3.2 h for 40 jobs; 12 not measured`: of the jobs for which a committed run on a GPU says something."""
    found = [one.seconds for one in forecast(jobs, earlier, "cuda")]
    known = [seconds for seconds in found if seconds is not None]
    if not known:
        return NOT_MEASURED
    lacking = len(found) - len(known)
    told = f"{_rough(sum(known))} for {count_of(len(known), 'job')}"
    return told + (f"; {lacking} {NOT_MEASURED}" if lacking else "")


def _rough(seconds: float) -> str:
    """Two digits are more than a forecast of weeks from minutes deserves."""
    days = seconds / 86_400
    return (
        f"{float(f'{days:.2g}'):,.0f} days"
        if days >= 10
        else f"{days:.1f} days"
        if days >= 2
        else format_duration(seconds)
    )


def measured(reference: Path) -> str:
    """A row for each experiment of each folder of committed results: runs, time, memory, machine and commit."""
    rows = []
    for folder in sorted({path.parent for path in reference.glob("*/records")}):
        records = select_records(folder, ["*"])
        for experiment in sorted({record.experiment for record in records}):
            own = [record for record in records if record.experiment == experiment]
            rows.append([code(f"{reference.name}/{folder.name}"), experiment, *_of(own)])
    return markdown_table(("results", "experiment", "runs", "computing", "peak memory", "on", "commit"), rows)


def _of(records: Sequence[Record]) -> tuple[str, ...]:
    origins = [record.provenance for record in records]
    places = dict.fromkeys(
        f"{one.hardware}, {count_of(one.threads, 'thread')}" + (f", {one.device}" if one.device != "cpu" else "")
        for one in origins
    )
    commits = dict.fromkeys(code(one.git_commit[:7]) + " with changes" * one.git_dirty for one in origins)
    return (
        str(len(records)),
        format_duration(sum(one.wall_seconds for one in origins)),
        format_memory(max(one.peak_memory_mib for one in origins)),
        "; ".join(places),
        ", ".join(commits),
    )
