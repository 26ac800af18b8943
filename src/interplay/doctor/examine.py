"""All checks, found by a scan, and the two ways of making them."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from interplay.doctor import checks as package
from interplay.doctor.diagnosis import Check, Diagnosis
from interplay.doctor.look import CHECKOUT, look
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs


@cache
def checks() -> tuple[Check, ...]:
    """Every check of the modules of `interplay.doctor.checks`, module by module in alphabetical order."""
    found: list[Check] = []
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        content = vars(import_module(f"{package.__name__}.{module.name}"))
        found += [value for value in content.values() if isinstance(value, Check)]
    return tuple(found)


def examine(machine: Machine, needs: Needs, *, quick: bool = False) -> list[Diagnosis]:
    """What all checks say, or the quick ones."""
    return [found for one in checks() if one.quick or not quick for found in one(machine, needs)]


def quick_examination(needs: Needs, results: Path, data: Path, checkout: Path = CHECKOUT) -> list[Diagnosis]:
    """What the quick checks of this machine say, but for what is well: made before every workflow."""
    found = examine(look(needs, results, data, checkout), needs, quick=True)
    return [one for one in found if one.state != "ok"]
