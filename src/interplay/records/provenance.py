"""Where a record comes from: commit, packages, hardware, time and memory."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path

from interplay.records.digests import SOURCE
from interplay.records.schema import Provenance

PACKAGES = ("interplay", "torch", "torchvision", "numpy", "scipy", "scikit-learn", "safetensors", "matplotlib")


def collect_provenance(
    *,
    code: str,
    device: str,
    threads: int,
    data: Mapping[str, str],
    started: datetime,
    wall_seconds: float,
    seconds: Mapping[str, float],
    sessions: int = 1,
) -> Provenance:
    """Gather the provenance of a run that ends now."""
    commit, dirty = git_state()
    return Provenance(
        git_commit=commit,
        git_dirty=dirty,
        code_digest=code,
        packages=package_versions(),
        python=platform.python_version(),
        platform=platform.platform(),
        hardware=hardware_name(),
        device=device,
        threads=threads,
        data=dict(data),
        started=started.astimezone(UTC).isoformat(timespec="seconds"),
        wall_seconds=wall_seconds,
        seconds=dict(seconds),
        peak_memory_mib=peak_memory_mib(),
        sessions=sessions,
    )


def git_state() -> tuple[str, bool]:
    """The commit of the source tree and whether it has uncommitted changes; `("unknown", False)` outside git.

    A container has no `.git`; its build passes the commit in `INTERPLAY_GIT_COMMIT`. Results do not count as changes.
    """
    if given := os.environ.get("INTERPLAY_GIT_COMMIT"):
        return given, False
    try:
        commit = _git("rev-parse", "HEAD")
        return commit, bool(_git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!results"))
    except (OSError, subprocess.CalledProcessError):
        return "unknown", False


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(SOURCE.parents[1]), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def package_versions() -> dict[str, str]:
    """Versions of the packages that can change a number; absent ones are left out."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


@cache
def hardware_name() -> str:
    """Processor, cores and memory in one line; the accelerator, if any, is part of `device`."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB"


def peak_memory_mib() -> float:
    """Largest resident size of this process so far, in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would count the parent too, as far as this process was forked from it
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**10
    scale = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
