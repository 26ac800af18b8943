"""What this process may use of the machine, and what it must find there before anything else starts."""

from __future__ import annotations

import os
import pwd
import re
import resource
import sys
import tempfile
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from interplay.errors import InterplayError
from interplay.records.cgroups import cpu_quotas, memory_limits, read_lines

# Cores of a job of Slurm on this node, and of each of its tasks. Where Slurm confines jobs by affinity or cgroups they
# say nothing new; many clusters do not.
ALLOCATED = ("SLURM_CPUS_ON_NODE", "SLURM_CPUS_PER_TASK")
# How the system, the loader of libraries and torch say that there is no memory left; on a card; and between processes.
_NO_MEMORY = re.compile(
    r"cannot allocate memory|can't allocate memory|not enough memory|failed to map segment|can't start new thread"
    r"|killed by signal: killed",
    re.IGNORECASE,
)
# What the interpreter says where it could not even keep that it had no memory.
_LOST_ERROR = re.compile(r"error return without exception set|returned NULL without setting an exception")
_CARD_FULL = re.compile(r"cuda[^\n]*out of memory|cu[a-z]+_status_(\w+_)?alloc(ation)?_failed", re.IGNORECASE)
_NONE_TO_SHARE = re.compile(
    r"killed by signal: bus error|out of shared memory|unable to (allocate shared memory|write to file </torch_)",
    re.IGNORECASE,
)
# No lack of memory: the loader keeps some room for what such libraries need, and gives it to those that come first.
_NO_TLS = re.compile(r"(?P<library>[^\s:]+): cannot allocate memory in static TLS block", re.IGNORECASE)
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
    return max(1, min([found, *(ceil(quota) for quota in cpu_quotas(root)), *allocated]))


def explain_memory(error: BaseException) -> str | None:
    """One line on a lack of memory, wherever in the chain of `error` it is; None where there is none."""
    current: BaseException | None = error
    while current is not None:
        said = str(current)
        if late := _NO_TLS.search(said):
            library = late["library"]
            return f"{library} was loaded too late (static TLS block); LD_PRELOAD={library} and the same command"
        if _CARD_FULL.search(said):
            return "the card has no more memory; end what else uses it, or take another (DEVICE=); work done is kept"
        if _NONE_TO_SHARE.search(said):
            return (
                "too little shared memory (/dev/shm) for the processes that read images; in a container give more "
                "(docker run --shm-size=1g); work done is kept, the same command goes on"
            )
        lost = isinstance(current, SystemError) and _LOST_ERROR.search(said)
        if lost or isinstance(current, MemoryError) or _NO_MEMORY.search(said):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
            what = "Python lost an error, as where it is out of memory" if lost else "out of memory"
            return (
                f"{what} (this process took {peak:.0f} MiB at most); with fewer CORES less is needed at a time; work "
                "done is kept, the same command goes on"
            )
        current = current.__cause__ or current.__context__
    return None


def bounded(threads: int) -> int:
    """`threads`, or as many as this process may use."""
    return min(threads, usable_cores())


def cpu_quota(root: Path = Path("/")) -> float | None:
    """Cores' worth of CPU time that the cgroups allow, which may be half a core; None without a quota."""
    return min(cpu_quotas(root), default=None)


@dataclass(frozen=True)
class Memory:
    """What this process may have of the machine's memory, and what of that is free now (MiB).

    `limited` says that a cgroup allows less than the machine has.
    """

    total_mib: int
    free_mib: int
    limited: bool


def usable_memory(root: Path = Path("/")) -> Memory:
    """Memory of the machine, and no more than the cgroups of this process and those above them allow."""
    told = {line.partition(":")[0]: line.partition(":")[2].split() for line in read_lines(root / "proc/meminfo")}
    sizes = {name: int(words[0]) for name, words in told.items() if words and words[0].isdecimal()}  # KiB
    installed = sizes.get("MemTotal", os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024)
    free = sizes.get("MemAvailable", installed)
    limits = list(memory_limits(root))
    total = min([installed, *(limit // 1024 for limit, _ in limits)])
    free = min([free, *((limit - taken) // 1024 for limit, taken in limits)])
    return Memory(total // 1024, max(0, free) // 1024, total < installed)


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
