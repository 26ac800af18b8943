"""Machines that nobody has, and what is asked of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from interplay.doctor.machine import Card, Folder, Machine
from interplay.doctor.needs import Needs, needs_of
from interplay.protocols.setup import load_setup
from interplay.records.machine import Memory

NOON = 1_900_000_000.0


@pytest.fixture
def folder():
    """A folder of a large local disk; any field can be replaced."""

    def make(**changes):
        given = {"path": Path("results"), "refused": None, "mount": Path("/"), "kind": "ext4", "free": 10**12}
        return Folder(**given | changes)

    return make


@pytest.fixture
def machine(folder):
    """A machine with which all is well; any field can be replaced."""

    def make(**changes):
        names = ("results", "data", ".cache", ".snakemake")
        given = {
            "now": NOON,
            "python": (3, 11, 9),
            "installed": {"torch": "2.14.1", "numpy": "2.0"},
            "cores": 8,
            "all_cores": 8,
            "memory": Memory(total_mib=64 << 10, free_mib=60 << 10, limited=False),
            "folders": {name: folder(path=Path(name)) for name in names},
            "newest_result": ("results/smoke/records/a.json", NOON - 5),
            "newest_commit": NOON - 3600,
        }
        return Machine(**given | changes)

    return make


@pytest.fixture
def card():
    """A card of 80 GiB; any field can be replaced."""

    def make(**changes):
        given = {"index": 0, "name": "NVIDIA H100", "memory_mib": 81_559, "free_mib": 81_000}
        return Card(**given | {"capability": (9, 0), "driver": "580.82.07"} | changes)

    return make


@pytest.fixture(scope="session")
def of_tier(config):
    """What a tier really asks for, its lock apart."""
    known = {}

    def make(tier="smoke", data=None, device=None, cores=2, **changes) -> Needs:
        key = (tier, data, device, cores)
        if key not in known:
            setup = load_setup(config, tier, data)
            known[key] = needs_of(setup, device or setup.tier.compute.device, cores, whole=False)
        given = {
            "python": SpecifierSet(">=3.11,<3.14"),
            "locked": {"torch": "2.14.1", "numpy": "2.0", "nvidia-cuda-runtime": "13.0.96"},
        }
        return replace(known[key], **given | changes)

    return make
