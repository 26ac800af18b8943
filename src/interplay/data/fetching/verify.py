"""Comparing what lies on the disk with what is pinned."""

from __future__ import annotations

import hashlib
from pathlib import Path

from interplay.data.fetching.pins import FilePin, Pinned

_BLOCK = 1 << 20


def file_md5(path: Path) -> str:
    """MD5 of a file, which is what DVC pins by; it guards against damage, not against an attacker."""
    state = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            state.update(block)
    return state.hexdigest()


def file_fault(name: str, path: Path, pin: FilePin) -> str | None:
    """What is wrong with a file, in a few words, or None: the size is compared first, since that costs nothing."""
    if not path.is_file():
        return f"{name} is missing"
    size = path.stat().st_size
    if size != pin.size:
        kind = "truncated" if size < pin.size else "too long"
        return f"{name} is {kind}: {size:,} bytes, pinned {pin.size:,}"
    found = file_md5(path)
    return None if found == pin.md5 else f"{name} is altered: md5 {found}, pinned {pin.md5}"


def fault(pinned: Pinned, base: Path) -> str | None:
    """What is wrong with a data set that lies at `base`, or None: every pinned file must be there and be right."""
    faults = (file_fault(name, pinned.locate(name, base), pin) for name, pin in pinned.files.items())
    return next((found for found in faults if found), None)
