"""Cores, and the CPU time that a container or a cluster allows."""

from __future__ import annotations

from collections.abc import Iterator

from interplay.doctor.diagnosis import Diagnosis, check, note, ok
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs


@check("cores", quick=True)
def cores(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """At least one whole core."""
    found = f"{machine.cores} of {machine.all_cores} usable"
    if machine.quota is None:
        yield ok(found)
    elif machine.quota < 1:
        yield note(
            f"{found}, but a quota allows {machine.quota:.2g} of a core",
            f"everything takes {1 / machine.quota:.2g} times as long; raise the quota (docker run --cpus)",
        )
    else:
        yield ok(f"{found}, a quota allows {machine.quota:.3g}")
