"""A Debian package by its URL: downloaded, and its files taken out in Python, where there is neither apt nor dpkg."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

from interplay.data.fetching.http import Progress, SourceFailure, download
from interplay.data.unpacking import DAMAGE, bounded, open_tar
from interplay.protocols.assets import DebSource, Pinned

if TYPE_CHECKING:
    import tarfile

_MAGIC = b"!<arch>\n"
_HEADER = 60  # bytes: name 16, time 12, owner 6, group 6, mode 8, size 10, end 2
_BLOCK = 1 << 20


def fetch_deb(source: DebSource, pinned: Pinned, staging: Path, progress: Progress) -> None:
    """Take every file of a set out of the package to its place below `staging`.

    Raises:
        SourceFailure: the package cannot be had, is damaged, or lacks a file.
    """
    work = staging.parent
    package = work / "package.deb"
    download(source.url, package, source.size, progress)
    size = package.stat().st_size
    if size != source.size:
        raise SourceFailure(f"{source.url} has {size:,} bytes, not {source.size:,}")
    for name in pinned.files:
        target = pinned.locate(name, staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        take_out(package, source.path.replace("{file}", name), target, pinned.files[name].size)


def take_out(package: Path, path: str, target: Path, limit: int) -> None:
    """Write the file `path` of a package to `target`.

    A package is an ar archive, whose member `data.tar`, packed by xz or gzip, holds the files.

    Raises:
        SourceFailure: the package is damaged, packed in another way, lacks the file, or holds more than `limit` bytes.
    """
    try:
        with package.open("rb") as stream:
            size = _find(stream, "data.tar")
            with open_tar(stream=_Part(stream, size)) as archive:
                copy_member(archive, package.stat().st_size, path, target, limit)
    except DAMAGE as error:
        raise SourceFailure(f"{package.name} is no whole Debian package ({error})") from error


def copy_member(archive: tarfile.TarFile, packed: int, path: str, target: Path, limit: int) -> None:
    """Write the file `path` of the archive in a package of `packed` bytes to `target`.

    Raises:
        SourceFailure: there is none, or it has more than `limit` bytes.
        ValueError: the archive holds more than is likely, as `DAMAGE` tells of one that is damaged.
    """
    for member in bounded(archive, packed):
        if member.name.removeprefix("./") != path:
            continue
        inside = archive.extractfile(member) if member.isfile() else None
        if inside is None or member.size > limit:
            raise SourceFailure(f"its {path} is no file of at most {limit:,} bytes")
        with target.open("wb") as unpacked:
            while block := inside.read(_BLOCK):
                unpacked.write(block)
        return
    raise SourceFailure(f"the package holds no {path}")


def _find(stream: IO[bytes], wanted: str) -> int:
    """Go to where in an ar archive the first member begins whose name begins with `wanted`; its size in bytes."""
    if stream.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("it does not begin as one")
    while len(header := stream.read(_HEADER)) == _HEADER:
        size = int(header[48:58])
        if size < 0:  # would be read for ever
            raise ValueError(f"a member of {size} bytes")
        if header[:16].decode("ascii", "replace").startswith(wanted):
            return size
        stream.seek(size + size % 2, 1)
    raise ValueError(f"it has no {wanted}")


class _Part:
    """The next `size` bytes of a file, as a file of its own."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, count: int) -> bytes:
        """At most `count` bytes, none at the end."""
        block = self._stream.read(min(count, self._left))
        self._left -= len(block)
        return block
