"""Members of a tar.gz, read in one pass, with every way in which an archive can be broken told in one line."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

from interplay.errors import InterplayError


def members(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, IO[bytes], int]]:
    """Yield (name, stream, size) of the `wanted` members in the order of the archive, and stop after the last.

    Raises:
        InterplayError: the archive cannot be read, is truncated or corrupt, or lacks a member.
    """
    missing = set(wanted)
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if member.name not in missing:
                    continue
                stream = archive.extractfile(member)
                if stream is not None:
                    missing.remove(member.name)
                    yield member.name, stream, member.size
                if not missing:
                    return
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise InterplayError(f"{path}: truncated or corrupt ({error}); delete it and fetch it again") from error
    raise InterplayError(f"{path}: lacks {', '.join(sorted(missing))}; delete it and fetch it again")


def source_key(path: Path, split: str) -> str:
    """What a decoded copy of `path` depends on: its size and time of change."""
    try:
        status = path.stat()
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror}); `interplay fetch` brings it") from error
    return f"1 {split} {path.name} {status.st_size} {status.st_mtime_ns}"
