"""Memory for the jobs, and for as many as are to run at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from interplay.doctor.diagnosis import Diagnosis, check, mend, note, ok
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs
from interplay.doctor.sizes import gibibytes


@check("memory", quick=True)
def memory(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """What the plan declares of its jobs fits into what this process may use; a job too large stops no other."""
    have, jobs = machine.memory, needs.memory_of_jobs(cards=machine.driver)
    whose = "its control group allows" if have.limited else "the machine has"
    found = f"{whose} {gibibytes(have.total_mib)}, {gibibytes(have.free_mib)} free"
    if not jobs:
        yield ok(found)
        return
    name, largest = next(iter(jobs.items()))
    found += f"; the largest job, {name}, declares {gibibytes(largest)}"
    together = list(accumulate(list(jobs.values())[: needs.at_once]))
    fitting = sum(size <= have.total_mib for size in together)
    if largest > have.total_mib:
        too_large = sum(size > have.total_mib for size in jobs.values())
        say = mend if too_large == len(jobs) else note
        yield say(
            f"{found}; {too_large} of {len(jobs)} jobs do not fit and may be killed",
            "take a machine or a limit with more memory, a smaller TIER, or one claim or figure (make claim ID=...)",
        )
    elif fitting < len(together):
        yield note(
            f"{found}; {needs.at_once} jobs at once would take {gibibytes(together[-1])}",
            f"those that do not fit wait; CORES={fitting * needs.threads} does as much",
        )
    elif largest > have.free_mib:
        yield note(found, "end what else takes memory")
    else:
        yield ok(found)
