"""Looking at this machine: everything that the checks ask about, gathered once."""

from __future__ import annotations

import locale
import os
import resource
import shutil
import sys
import time
from dataclasses import replace
from importlib import metadata, util
from pathlib import Path

from interplay.doctor.assets import look_at_assets
from interplay.doctor.commands import CLIENTS, CLUSTER_SECONDS, ENGINES, cards_of_torch, look_at_cards, look_for
from interplay.doctor.folders import try_folder
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs
from interplay.doctor.sources import ask_sources
from interplay.dvc import dvc_executable, repository
from interplay.records.digests import SOURCE
from interplay.records.machine import cpu_quota, usable_cores, usable_memory
from interplay.records.provenance import commit_time

CHECKOUT = SOURCE.parents[1]


def look(needs: Needs, results: Path, data: Path, checkout: Path = CHECKOUT) -> Machine:
    """What costs next to nothing to see.

    Args:
        needs: what is asked for.
        results: the folder of the tier's results.
        data: the data folder.
        checkout: where `.venv`, `.cache` and `.snakemake` lie.
    """
    places = {"results": results, "data": data, ".cache": checkout / ".cache", ".snakemake": checkout / ".snakemake"}
    sizes, newest = _look_at_results(results)
    major, minor, micro = sys.version_info[:3]
    return Machine(
        now=time.time(),
        python=(major, minor, micro),
        installed={},
        cores=usable_cores(),
        all_cores=os.cpu_count() or 1,
        quota=cpu_quota(),
        memory=usable_memory(),
        folders={name: try_folder(path) for name, path in places.items()},
        results_bytes=sizes,
        assets=look_at_assets(needs, data, read=False),
        dvc=dvc_executable() is not None and repository(data) is not None,
        newest_result=newest,
        newest_commit=commit_time(),
        encoding=(locale.getpreferredencoding(do_setlocale=False), sys.getfilesystemencoding()),
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        driver=_has_driver(),
    )


def look_closely(
    needs: Needs, results: Path, data: Path, checkout: Path = CHECKOUT, *, online: bool = False
) -> Machine:
    """As `look`, and what takes seconds: packages, content of data, programs; with `online`, the sources of data."""
    machine = look(needs, results, data, checkout)
    assets = look_at_assets(needs, data, read=True)
    cards, problem = look_at_cards()
    visible, silent = cards_of_torch(sys.executable) if cards else (0, "")
    own = Path(sys.prefix).resolve() == (checkout / ".venv").resolve()
    return replace(
        machine,
        installed={_canonical(one.name): one.version for one in metadata.distributions() if one.name},
        own_environment=own,
        set_up=not own or _is_set_up(checkout),
        assets=ask_sources(assets) if online else assets,
        cards=cards,
        visible=visible,
        cards_problem=problem or silent,
        engines=look_for(ENGINES),
        clients=look_for(CLIENTS, CLUSTER_SECONDS),
    )


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _is_set_up(checkout: Path) -> bool:
    """Whether the set-up of `.venv` was finished with the locks that lie there now, as `envs/install.py` tells it."""
    spec = util.spec_from_file_location("install", checkout / "envs/install.py")
    stamp = checkout / ".venv/.packages"
    if spec is None or spec.loader is None or not stamp.is_file():
        return False
    install = util.module_from_spec(spec)
    spec.loader.exec_module(install)
    return bool(stamp.read_text(encoding="utf-8") == install._digest(install.BOOTSTRAP, install.REQUIREMENTS))


def results_bytes(folder: Path) -> int:
    """What the results of a tier take already."""
    return _look_at_results(folder)[0]


def _look_at_results(folder: Path) -> tuple[int, tuple[str, float] | None]:
    """Bytes of what is there, and the newest record, whose time must not lie ahead."""
    total, newest = 0, None
    for place, _, names in os.walk(folder):
        records = "records" in Path(place).relative_to(folder).parts[:1]
        for name in names:
            path = os.path.join(place, name)  # noqa: PTH118 (thousands of them, before every workflow)
            try:
                status = os.lstat(path)
            except OSError:
                continue
            total += status.st_blocks * 512
            if records and (newest is None or status.st_mtime > newest[1]):
                newest = (path, status.st_mtime)
    return total, newest


def _has_driver() -> bool:
    """Whether NVIDIA's driver is there, without asking it; under WSL only its tool is."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
