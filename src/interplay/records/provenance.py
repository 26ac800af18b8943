"""Where a record comes from: commit, packages, hardware, time and memory."""

from __future__ import annotations

import os
import platform
import re
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path

from interplay.records.digests import SOURCE
from interplay.records.machine import usable_cores
from interplay.records.schema import Provenance

PACKAGES = ("interplay", "torch", "torchvision", "numpy", "scipy", "scikit-learn", "safetensors", "matplotlib")

GIT_KEPT = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH")


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
    taken_over: Sequence[str] = (),
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
        taken_over=list(taken_over),
    )


def git_state() -> tuple[str, bool]:
    """The commit of the source tree and whether it has uncommitted changes.

    `("unknown", False)`, of which the second part says nothing, outside git, where git is not installed or there is no
    commit yet, and where the source lies inside of another repository, as an installed package or an unpacked archive
    may. A container has no `.git`: there, and only there, `INTERPLAY_GIT_COMMIT` counts, in which its build passes the
    commit, with `-dirty` after it where there were changes. Results are no changes.
    """
    root = SOURCE.parents[1]
    if not (root / ".git").exists():
        given = re.fullmatch(r"([0-9a-f]{7,64})(-dirty)?", os.environ.get("INTERPLAY_GIT_COMMIT", ""))
        return (given[1], given[2] is not None) if given else ("unknown", False)
    try:
        if not Path(_git("rev-parse", "--show-toplevel")).samefile(root):
            return "unknown", False
        commit = _git("rev-parse", "--verify", "HEAD")
        return commit, bool(_git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!results"))
    except (OSError, subprocess.CalledProcessError):
        return "unknown", False


def commit_time() -> float | None:
    """When the commit of the source tree was made, in seconds since 1970; None where `git_state` knows none."""
    if not (SOURCE.parents[1] / ".git").exists():  # a source tree inside another repository
        return None
    try:
        said = _git("log", "-1", "--format=%ct")
    except (OSError, subprocess.CalledProcessError):
        return None
    return float(said) if said.isdecimal() else None


def _git(*arguments: str) -> str:
    # In a hook GIT_DIR and the like name another repository. A checkout that someone else owns is read all the same:
    # its code is what runs here, so that its configuration is no further danger.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in GIT_KEPT}
    root = SOURCE.parents[1]
    command = ["git", "-C", str(root), "-c", f"safe.directory={root}", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, env={**environment, "GIT_OPTIONAL_LOCKS": "0"})
    return os.fsdecode(done.stdout).strip()


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
    cores, usable = os.cpu_count() or 1, usable_cores()
    allowed = f" ({usable} usable)" if usable < cores else ""
    return f"{model}, {cores} cores{allowed}, {memory:.0f} GiB"


def peak_memory_mib() -> float:
    """Largest resident size of this process so far, in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would count the parent too, as far as this process was forked from it
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**10
    scale = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
