"""What due jobs take: a run what `interplay forecast` says of it, a figure what it took when it was last drawn here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from due import Due, Plan
from interplay.protocols.forecast import Estimate, forecast, measured_runs, memory_mib
from interplay.protocols.plan import Job


@dataclass(frozen=True)
class Cost:
    """Expected seconds of a due job, None where nothing like it was run yet, where it runs, and its memory (MiB).

    `due.memory_mib` is what Snakemake counts of that: no more than there is.
    """

    due: Due
    device: str
    seconds: float | None
    memory_mib: int


@dataclass(frozen=True)
class Schedule:
    """Wall seconds of all jobs on some cores, and the most memory that they hold at once (MiB)."""

    seconds: float
    memory_mib: int


def costs(plan: Plan, jobs: dict[str, Job], device: str, results: Path) -> list[Cost]:
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
            found.append(Cost(one, estimate.device, estimate.seconds, memory_mib(estimate.job, device)))
            continue
        alike = [one.seconds] if one.seconds is not None else of_kind.get(_kind(one.rule))
        found.append(Cost(one, "cpu", fmean(alike) if alike else None, one.memory_mib))
    return found


def _kind(rule: str) -> str:
    return rule.partition("_")[0]


def schedule(jobs: Sequence[Cost], cores: int, memory: int) -> Schedule:
    """Start what is ready, the first in line first, while cores and memory (MiB) last, one at a time on a card.

    A job that is larger than the memory runs alone. Jobs of unknown cost take no time.
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
            left = memory - sum(min(other.memory_mib, memory) for _, other in running)
            fits = min(one.due.threads, cores) <= free and min(one.memory_mib, memory) <= left
            if ready and card_free and fits:
                waiting.remove(one)
                running.append((now + (one.seconds or 0.0), one))
        most = max(most, sum(one.memory_mib for _, one in running))
        first = min(running, key=lambda item: item[0])
        running.remove(first)
        now = first[0]
        done.add(first[1].due.rule)
    return Schedule(now, most)
