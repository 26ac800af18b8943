"""Members of a tar.gz, read in one pass, with every way in which an archive can be broken told in one line."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO, TypeVar

from interplay.errors import InterplayError

T = TypeVar("T")


def read_members(path: Path, wanted: Collection[str], read: Callable[[str, IO[bytes], int], T]) -> dict[str, T]:
    """What `read(name, stream, size)` makes of each of the `wanted` members; the archive is read up to the last.

    Raises:
        InterplayError: the archive cannot be read, is truncated or corrupt, or lacks a member.
    """
    found: dict[str, T] = {}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.name in wanted else None
                if stream is not None:
                    found[member.name] = read(member.name, stream, member.size)
                if len(found) == len(wanted):
                    return found
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise InterplayError(f"{path}: truncated or corrupt ({error}); delete it and fetch it again") from error
    missing = sorted(set(wanted) - set(found))
    raise InterplayError(f"{path}: lacks {', '.join(missing)}; delete it and fetch it again")


def source_key(path: Path, split: str) -> str:
    """What a decoded copy of `path` depends on: its size and time of change."""
    try:
        status = path.stat()
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror}); `interplay fetch` brings it") from error
    return f"1 {split} {path.name} {status.st_size} {status.st_mtime_ns}"
