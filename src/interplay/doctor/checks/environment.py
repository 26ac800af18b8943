"""Python and packages against what the project supports and its lock pins."""

from __future__ import annotations

from collections.abc import Iterator

from interplay.doctor.diagnosis import Diagnosis, check, mend, note, ok
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs

SHOWN = 4
ANEW = "rm -f .venv/.packages && make setup"


@check("Python", quick=True)
def python(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """The interpreter is one of the supported versions."""
    version = ".".join(map(str, machine.python))
    if needs.python.contains(version):
        yield ok(version)
    else:
        yield mend(f"{version}, supported are {needs.python}", "make setup PYTHON=/path/to/python3.11")


@check("packages")
def packages(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """The environment holds what the lock pins for this machine, each in its version."""
    if not needs.locked:
        yield note("no envs/requirements.lock to compare with", "run this in a checkout")
        return
    wrong = [
        f"{name} {machine.installed.get(name, 'is missing')} (locked {version})"
        for name, version in needs.locked.items()
        if machine.installed.get(name) != version
    ]
    told = f"{', '.join(wrong[:SHOWN])}{f' and {len(wrong) - SHOWN} more' if wrong[SHOWN:] else ''}"
    if not machine.set_up:
        yield mend(".venv was not set up from the locks that lie here now", "make setup")
    elif wrong and machine.own_environment:
        yield mend(f"{len(wrong)} of {len(needs.locked)} packages are not those of the lock: {told}", ANEW)
    elif wrong:
        yield note(
            f"this environment is not .venv, and {len(wrong)} of {len(needs.locked)} packages differ: {told}",
            "records name their versions; `make setup` makes the environment of the lock",
        )
    else:
        yield ok(f"all {len(needs.locked)} as locked")
