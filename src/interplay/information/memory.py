"""How much memory this process may still take, and a refusal in one line before it takes more.

A machine's memory says little where a batch system, a container or `ulimit -v` allows less: the least of what is left
of all of them counts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import torch

from interplay.errors import InterplayError

CGROUPS, PROC = Path("/sys/fs/cgroup"), Path("/proc")

# Share of what is left that a computation may plan for: estimates are rough and others use memory too.
_USABLE = 0.9

# Less than this is not worth asking the kernel for, which a loop over batches would do each time.
_SMALL = 2**26


class Memory(NamedTuple):
    """Bytes that can still be taken, and what sets that limit."""

    free: int
    limit: str


def free_memory(device: torch.device | str = "cpu", *, cgroups: Path = CGROUPS, proc: Path = PROC) -> Memory:
    """The least of what the machine, the control group (v1 and v2), `ulimit -v` and `ulimit -d` leave.

    On a CUDA device what is free on that device. `cgroups` and `proc` are the folders where the kernel tells.
    """
    device = torch.device(device)
    if device.type == "cuda":
        # What torch has reserved and does not use is as good as free.
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return Memory(torch.cuda.mem_get_info(device)[0] + unused, f"this device ({device})")
    found = [Memory(_machine(proc), "this machine"), *_of_cgroups(cgroups, proc), *_of_process(proc)]
    return min(found, key=lambda memory: memory.free)


def check_fits(needed: float, what: str, remedy: str, device: torch.device | str = "cpu") -> None:
    """Raise an InterplayError that names both numbers if `what` takes more than can be had.

    Args:
        needed: bytes at the peak, beside what is taken already.
        what: subject of the message, in the plural ("2 classes of 8 features").
        remedy: what to do about it.
    """
    if needed < _SMALL:
        return
    free, limit = free_memory(device)
    if needed > _USABLE * free:
        raise InterplayError(f"{what} need {_size(needed)} of memory, and {limit} has {_size(free)} left; {remedy}")


def _size(count: float) -> str:
    return f"{count / 1e9:.3g} GB" if count >= 1e8 else f"{count / 1e6:.3g} MB"


def _machine(proc: Path) -> int:
    for line in _lines(proc / "meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")  # not Linux


def _of_process(proc: Path) -> list[Memory]:
    """What the limits of this process leave of address space and of data."""
    try:
        import resource
    except ImportError:  # not a Unix
        return []
    pages = " ".join(_lines(proc / "self" / "statm")).split()
    taken = [int(count) * os.sysconf("SC_PAGE_SIZE") for count in pages]
    found = []
    # statm: size, resident, shared, text, lib, data.
    for which, place, flag in ((resource.RLIMIT_AS, 0, "v"), (resource.RLIMIT_DATA, 5, "d")):
        limit = resource.getrlimit(which)[0]
        if limit != resource.RLIM_INFINITY and len(taken) > place:
            found.append(Memory(max(0, limit - taken[place]), f"the limit of this process (ulimit -{flag})"))
    return found


def _of_cgroups(cgroups: Path, proc: Path) -> list[Memory]:
    """What the control groups of this process, and all groups that they are part of, leave."""
    found = []
    for line in _lines(proc / "self" / "cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2; a hybrid system mounts it below `unified`
            roots, limit, usage = [cgroups, cgroups / "unified"], "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            roots, limit, usage = [cgroups / "memory"], "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        # In a container the path may be the host's, of which only the root is to be seen: missing folders say nothing.
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for root in roots:
            for depth in range(len(parts) + 1):
                found += _left(root.joinpath(*parts[:depth]), limit, usage)
    return found


def _left(group: Path, limit: str, usage: str) -> list[Memory]:
    allowed, taken = _lines(group / limit), _lines(group / usage)
    if not allowed or not taken or allowed[0] == "max" or int(allowed[0]) >= 2**60:  # v1 says "no limit" so
        return []
    # Cached files are given back when memory is wanted.
    cached = [int(line.split()[1]) for line in _lines(group / "memory.stat") if line.startswith("inactive_file ")]
    free = int(allowed[0]) - int(taken[0]) + sum(cached)
    return [Memory(max(0, free), f"the control group ({group})")]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
