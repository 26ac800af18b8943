"""What the control groups of this process, version 1 and 2, and those above them allow it: CPU time and memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_NO_LIMIT = 1 << 60  # version 1 says "no limit" by the largest number of whole pages


def cpu_quotas(root: Path) -> Iterator[float]:
    """Cores' worth of CPU time that each group with a quota allows."""
    for folder in _folders(root, "cpu"):
        quota = _quota(folder)
        if quota is not None:
            yield quota


def memory_limits(root: Path) -> Iterator[tuple[int, int]]:
    """Bytes that each group with a limit allows, and those that are taken and cannot be given back at once."""
    for folder in _folders(root, "memory"):
        limit = _number(folder / "memory.max") or _number(folder / "memory.limit_in_bytes")
        if limit is not None and limit < _NO_LIMIT:
            taken = _number(folder / "memory.current") or _number(folder / "memory.usage_in_bytes") or 0
            yield limit, max(0, taken - _reclaimable(folder))


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """The groups of this process for a controller, each from the innermost to the outermost that can be seen."""
    for controllers, path in _cgroups(root, controller):
        for mounted_at, mounted in _mounts(root, controllers, controller):
            # In a container the path may be the host's, of which only the end is to be seen below the mount.
            inside = Path(path).relative_to(mounted) if Path(path).is_relative_to(mounted) else Path()
            for below in (inside, *inside.parents):
                yield root / mounted_at.lstrip("/") / below


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


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # not there, or "max"
        return None


def _reclaimable(folder: Path) -> int:
    """Bytes of files that were read and can be dropped from memory, in the groups below as well."""
    told = {name: value for name, _, value in (line.partition(" ") for line in read_lines(folder / "memory.stat"))}
    # In version 1 the name without `total_` is of the group alone, while the limit and what is taken are of all below.
    value = told.get("total_inactive_file", told.get("inactive_file", ""))
    return int(value) if value.isdecimal() else 0


def _cgroups(root: Path, controller: str) -> Iterator[tuple[str, str]]:
    """Lines `4:cpu,cpuacct:/path` (version 1) and `0::/path` (version 2) of this process that concern a controller."""
    for line in read_lines(root / "proc/self/cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers or controller in controllers.split(","):
            yield controllers, path


def _mounts(root: Path, controllers: str, controller: str) -> Iterator[tuple[str, str]]:
    """Where a cgroup hierarchy is mounted, and which part of it."""
    for line in read_lines(root / "proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3:
            continue
        wanted = kind[0] == "cgroup2" if not controllers else kind[0] == "cgroup" and controller in kind[2].split(",")
        if wanted:
            yield fields[4], fields[3]


def read_lines(path: Path) -> list[str]:
    """Lines of a file that the system makes; none where there is no such file."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
