"""The clock: what is made again is decided by the times of files, so none may lie ahead."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

from interplay.doctor.diagnosis import Diagnosis, check, mend, note, ok
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs
from interplay.protocols.forecast import duration

APART = 2.0  # seconds, for which the workflow waits for files to appear (`latency-wait`)
BEHIND = 60.0  # seconds that clocks of two machines may differ without anyone minding
FAR_BEHIND = 86_400.0  # no commit of another's is a day ahead but by a wrong clock, mostly this one
SET_IT = "set the clock (timedatectl set-ntp true, or ask whoever runs this machine)"


@check("clock", quick=True)
def clock(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """Now is after everything that was made."""
    now = datetime.fromtimestamp(machine.now, UTC)
    wrong = list(_wrong(machine, f"{now:%Y-%m-%d %H:%M:%S} UTC", f"{now:%Y-%m-%dT%H:%M:%SZ}"))
    yield from wrong or [ok(f"{now:%Y-%m-%d %H:%M:%S} UTC, after all that was made here; the file systems agree")]


def _wrong(machine: Machine, now: str, stamp: str) -> Iterator[Diagnosis]:
    if machine.newest_result is not None:
        (path, made), folder = machine.newest_result, shlex.quote(str(machine.folders["results"].path))
        if made > machine.now + BEHIND:
            yield mend(
                f"{now}, {duration(made - machine.now)} before {path} was made: what is stale would pass for new",
                # All get one time: later ones among them would make of others what is read and newer than its readers.
                f"{SET_IT}; if times of files are wrong: find {folder} -newermt now -exec touch -d {stamp} {{}} +",
            )
    if machine.newest_commit is not None:
        behind = machine.newest_commit - machine.now
        if behind > FAR_BEHIND:
            yield mend(f"{now}, {duration(behind)} before the commit that is checked out", SET_IT)
        elif behind > BEHIND:
            yield note(f"{now}, {duration(behind)} before the commit that is checked out", SET_IT)
    ahead = machine.folders["results"].ahead
    if abs(ahead) > APART:
        where = "ahead of" if ahead > 0 else "behind"
        yield note(
            f"the file system of {machine.folders['results'].path} is {duration(abs(ahead))} {where} this clock",
            f"{SET_IT}, or that of the file server",
        )
