"""What this process may use of the machine, and what it must find there before anything else starts."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator, Mapping, MutableMapping
from math import ceil
from pathlib import Path

from interplay.errors import InterplayError

# Cores of a job of Slurm on this node, and of each of its tasks. Where Slurm confines jobs by affinity or cgroups they
# say nothing new; many clusters do not.
ALLOCATED = ("SLURM_CPUS_ON_NODE", "SLURM_CPUS_PER_TASK")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def usable_cores(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> int:
    """Cores that this process may use: those it may be scheduled on, its cgroups' quota, and what Slurm allocated.

    A container on a machine of 64 cores with a quota of 2 sees 64; as many threads would wait for each other.

    Args:
        root: where `proc` and the cgroups lie; another one in tests.
        environment: where Slurm says what it allocated.
    """
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    allocated = [int(environment[name]) for name in ALLOCATED if environment.get(name, "").isdecimal()][:1]
    return max(1, min([found, *(ceil(quota) for quota in _quotas(root)), *allocated]))


def bounded(threads: int) -> int:
    """`threads`, or as many as this process may use."""
    return min(threads, usable_cores())


def _quotas(root: Path) -> Iterator[float]:
    """Cores' worth of CPU time that the cgroups of this process and those above them allow, version 1 and 2."""
    for controllers, path in _cgroups(root):
        for mounted_at, mounted in _mounts(root, controllers):
            # In a container the path may be the host's, of which only the end is to be seen below the mount.
            inside = Path(path).relative_to(mounted) if Path(path).is_relative_to(mounted) else Path()
            for below in (inside, *inside.parents):
                folder = root / mounted_at.lstrip("/") / below
                quota = _quota(folder)
                if quota is not None:
                    yield quota


def _quota(folder: Path) -> float | None:
    try:
        if (folder / "cpu.max").is_file():  # version 2: "200000 100000" or "max 100000"
            used, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        else:  # version 1, -1 for no limit
            used = (folder / "cpu.cfs_quota_us").read_text(encoding="ascii")
            period = (folder / "cpu.cfs_period_us").read_text(encoding="ascii")
        return int(used) / int(period) if used.strip() not in ("max", "-1") and int(used) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _cgroups(root: Path) -> Iterator[tuple[str, str]]:
    """Lines `4:cpu,cpuacct:/path` (version 1) and `0::/path` (version 2) of this process that concern CPU time."""
    for line in _lines(root / "proc/self/cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers or "cpu" in controllers.split(","):
            yield controllers, path


def _mounts(root: Path, controllers: str) -> Iterator[tuple[str, str]]:
    """Where a cgroup hierarchy is mounted, and which part of it."""
    for line in _lines(root / "proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3:
            continue
        wanted = kind[0] == "cgroup2" if not controllers else kind[0] == "cgroup" and "cpu" in kind[2].split(",")
        if wanted:
            yield fields[4], fields[3]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def bound_threads(environment: MutableMapping[str, str]) -> None:
    """Bound what the environment asks of numeric libraries by what this process may use, before they are imported."""
    for name in THREAD_VARIABLES:
        value = environment.get(name, "")
        if value.isdecimal() and int(value) > usable_cores():
            environment[name] = str(usable_cores())


def settle(environment: MutableMapping[str, str]) -> None:
    """Give this process a name, a home and a place for temporary files where it has none.

    In a container it may run as a user without account, whose home is `/` or cannot be written; matplotlib, torch and
    Snakemake look for both and fail, or draw up their list of fonts anew in every process.

    Raises:
        InterplayError: there is no folder for temporary files.
    """
    try:
        temporary = Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise InterplayError("no folder for temporary files can be written; name one with TMPDIR=") from error
    if environment.get("TMPDIR") and not Path(environment["TMPDIR"]).is_dir():
        environment["TMPDIR"] = str(temporary)
    user = os.getuid()
    try:
        account = pwd.getpwuid(user)
    except KeyError:
        account = None
        if not any(environment.get(name) for name in ("LOGNAME", "USER", "LNAME", "USERNAME")):
            environment["USER"] = f"user{user}"
    home = environment.get("HOME") or (account.pw_dir if account else "")
    if home in ("", "/") or not os.access(home, os.W_OK | os.X_OK):
        private = _private(temporary, user)
        environment.setdefault("MPLCONFIGDIR", str(private / "matplotlib"))
        environment.setdefault("XDG_CACHE_HOME", str(private / "cache"))
        if home in ("", "/") or not Path(home).is_dir():
            environment["HOME"] = str(private)


def _private(temporary: Path, user: int) -> Path:
    """A folder of this user alone that all of its processes share; a new one where someone else took its name."""
    folder = temporary / f"interplay-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
        if not folder.is_symlink() and state.st_uid == user and not state.st_mode & 0o022:
            return folder
    except OSError:
        pass  # someone else's, or a file
    return Path(tempfile.mkdtemp(prefix=f"interplay-{user}-"))
