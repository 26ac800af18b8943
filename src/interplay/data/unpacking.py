"""Archives unpacked: after their hash was verified, nowhere but where told to, and to no more than is likely."""

from __future__ import annotations

import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Self

from interplay.data.ledger import FOLDER, UNPACKED
from interplay.errors import InterplayError
from interplay.records.disk import explain

if not hasattr(tarfile, "data_filter"):  # Python before 3.11.4, as in Debian 12, cannot refuse members that lead out
    from backports import tarfile  # type: ignore[no-redef]

GROWTH = 10  # unpacked bytes for a packed one: photographs and pixels do not even double
LEAST_BYTES = 2**26  # that may be unpacked from an archive however small
MOST_MEMBERS = 10**6  # ten times those of the largest set that is fetched
MOST_HEADER = 2**20  # bytes in which a tar archive gives a long name; tarfile reads them in one piece
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, ValueError, NotImplementedError)
_PAX = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_NAMES = (*_PAX, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar (packed or not) or zip archive into `folder`, which is made.

    Members that would land elsewhere, links that lead out and special files are refused, and so are archives that hold
    or claim to hold more than `GROWTH` times their own size or more than `MOST_MEMBERS` members.

    Raises:
        InterplayError: the archive cannot be read, holds such a member or too much, or the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        size = archive.stat().st_size
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as contents:
                contents.extractall(folder, list(_checked(contents, size)))
        else:
            with open_tar(archive) as contents:
                contents.extractall(folder, bounded(contents, size), filter="data")
    except (OSError, *DAMAGE) as error:
        said = explain(error, folder) or " ".join(str(error).split())
        raise InterplayError(f"{archive}: cannot be unpacked into {folder} ({said})") from error


def open_tar(archive: Path | None = None, stream: Any = None) -> tarfile.TarFile:
    """A tar archive, packed or not: a file that can be read anywhere, or whatever has `read(count)`, read once."""
    return tarfile.open(archive, mode="r" if stream is None else "r|*", fileobj=stream, tarinfo=Member)


class Member(tarfile.TarInfo):
    """A member of a tar archive; one whose name alone would fill the memory is refused."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type in _NAMES and member.size > MOST_HEADER:
            raise ValueError(f"a name of {member.size:,} bytes")
        return member


def bounded(archive: tarfile.TarFile, packed: int) -> Iterator[tarfile.TarInfo]:
    """The members of a tar archive of `packed` bytes, one by one, as long as they are no more than is likely.

    Raises:
        ValueError: they are more.
    """
    total = 0
    for count, member in enumerate(archive, 1):
        total += member.size
        check_amount(count, total, packed)
        yield member


def _checked(archive: zipfile.ZipFile, packed: int) -> Iterator[str]:
    """The names in a zip archive. zipfile reads no more of a member than it claims to hold."""
    members = archive.infolist()
    check_amount(len(members), sum(member.file_size for member in members), packed)
    for member in members:
        place = PurePosixPath(member.filename)
        if place.is_absolute() or ".." in place.parts or "\\" in member.orig_filename or "\0" in member.orig_filename:
            raise ValueError(f"{member.filename!r} would land elsewhere")
        yield member.filename


def check_amount(count: int, total: int, packed: int) -> None:
    """Stop at an archive of `packed` bytes that unfolds into more than is likely.

    Raises:
        ValueError: it does.
    """
    if count > MOST_MEMBERS or total > max(LEAST_BYTES, GROWTH * packed):
        raise ValueError(f"{count:,} members of {total:,} bytes in {packed:,}, more than any data set would have")


@contextmanager
def unpacked_for_now(archive: Path) -> Iterator[Path]:
    """A folder with the members of `archive`, on the same disk where that can be written, removed afterwards."""
    beside = archive.parent / FOLDER
    try:
        beside.mkdir(exist_ok=True)
        room = tempfile.TemporaryDirectory(dir=beside, prefix=UNPACKED)
    except OSError:
        room = tempfile.TemporaryDirectory(prefix="interplay-")
    with room as folder:
        unpack(archive, Path(folder))
        yield Path(folder)
