"""What the session allows: the encoding of texts and the number of open files."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from interplay.doctor.diagnosis import Diagnosis, check, note, ok
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs

ENOUGH_FILES = 1024  # Linux's usual limit, with which everything was run


@check("locale", quick=True)
def encoding(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """Texts and file names are UTF-8."""
    other = [name for name in dict.fromkeys(machine.encoding) if _canonical(name) != "utf-8"]
    if other:
        yield note(f"texts or file names are {' and '.join(other)}, not UTF-8", "export LC_ALL=C.UTF-8")
    else:
        yield ok("UTF-8")


@check("open files", quick=True)
def open_files(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """As many as Linux allows by default."""
    if 0 <= machine.open_files < ENOUGH_FILES:  # -1 is no limit
        yield note(f"{machine.open_files} at most", f"ulimit -n {ENOUGH_FILES}")
    else:
        yield ok("no limit" if machine.open_files < 0 else f"{machine.open_files} at most")


def _canonical(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return name
