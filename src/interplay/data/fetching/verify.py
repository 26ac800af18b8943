"""Comparing what lies on the disk with what is pinned."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from shlex import quote

from interplay.data.ledger import Ledger, Stamp, stamp
from interplay.errors import InterplayError
from interplay.protocols.assets import FilePin, Pinned

_BLOCK = 1 << 20


def file_hashes(path: Path, kinds: Collection[str]) -> dict[str, str]:
    """Hashes of a file by the names of their kinds, in one pass over it."""
    states = {kind: hashlib.new(kind, usedforsecurity=False) for kind in kinds}
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            for state in states.values():
                state.update(block)
    return {kind: state.hexdigest() for kind, state in states.items()}


def file_fault(name: str, path: Path, pin: FilePin, *, both: bool = True) -> str | None:
    """What is wrong with a file, in a few words, or None: the size is compared first, since that costs nothing.

    The MD5, which is only what DVC and publishers name a file by, is compared too where `both` is set.
    """
    if not path.is_file():
        return f"{name} is missing"
    size = path.stat().st_size
    if size != pin.size:
        kind = "truncated" if size < pin.size else "too long"
        return f"{name} is {kind}: {size:,} bytes, pinned {pin.size:,}"
    pinned = {"sha256": pin.sha256} | ({"md5": pin.md5} if both and pin.md5 else {})
    for kind, found in file_hashes(path, pinned).items():
        if found != pinned[kind]:
            return f"{name} is altered: {kind} {found[:16]}..., pinned {pinned[kind][:16]}..."
    return None


def fault(pinned: Pinned, base: Path) -> str | None:
    """What is wrong with a set that lies at `base`, or None: every pinned file must be there and be right."""
    faults = (file_fault(name, pinned.locate(name, base), pin) for name, pin in pinned.files.items())
    return next((found for found in faults if found), None)


def stamps(pinned: Pinned, root: Path) -> dict[Path, Stamp]:
    """Stamps of the files of a set that are in their place."""
    paths = (pinned.locate(name, root / pinned.path) for name in pinned.files)
    return {path: stamp(path) for path in paths if path.is_file()}


def note_all(pinned: Pinned, root: Path, ledger: Ledger, seen: dict[Path, Stamp]) -> None:
    """Remember that all files of a set in its place were found right; `seen` are stamps of before they were read."""
    for name, pin in pinned.files.items():
        path = pinned.locate(name, root / pinned.path)
        ledger.note(path, pin.sha256, seen[path])


def require(name: str, title: str, pinned: Pinned, root: Path, ledger: Ledger, *, afresh: bool = False) -> None:
    """Stop unless every pinned file is in its place and right; read only what was touched since it was last verified.

    Args:
        afresh: read everything, whatever the ledger says.

    Raises:
        InterplayError: a file is missing, altered or cannot be read; the line says how to mend it.
    """
    place = root / pinned.path
    mend = f"`interplay fetch {name} --root {quote(str(root))}`"
    if not place.exists():
        raise InterplayError(f"{place}: {title} is not there; {mend} brings it")
    for file, pin in pinned.files.items():
        path = pinned.locate(file, place)
        if not afresh and ledger.said(path) == pin.sha256:
            continue
        try:
            seen = stamp(path) if path.exists() else None
            wrong = file_fault(file, path, pin, both=False)
        except OSError as error:
            raise InterplayError(f"{path}: cannot be read ({error.strerror or error})") from error
        if wrong is not None or seen is None:
            raise InterplayError(f"{place}: {wrong}; {mend} puts the right file in its place")
        ledger.note(path, pin.sha256, seen)
