"""Archives unpacked: after their hash was verified, nowhere but where told to, and to no more than is likely."""

from __future__ import annotations

import lzma
import re
import stat
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
MOST_LETTERS = 1000  # of a name: beyond PATH_MAX, older Pythons lose sight of where a path leads (CVE-2025-4517)
# Of a chain of headers (recursion), a time beyond all calendars (overflow) or a password (any RuntimeError), too.
DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, ValueError, OverflowError, RuntimeError, LookupError),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PAX = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_NAMES = (*_PAX, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_SPARSE = "a file with holes, which may be of any size"


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar (packed or not) or zip archive into `folder`, which is made.

    All members are looked at before the first is written. Links are left out: no reader asks for one, and they are
    how archives get out of their folder. An archive is refused that holds a special file, a file twice, a name that is
    absolute, leads up, has control characters or more than `MOST_LETTERS` letters, or that holds or claims to hold more
    than `GROWTH` times its own size or more than `MOST_MEMBERS` members.

    Raises:
        InterplayError: the archive cannot be read, holds such a member or too much, or the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        size = archive.stat().st_size
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as contents:
                contents.extractall(folder, _zip_members(contents, size))
        else:
            with open_tar(archive) as contents:
                contents.extractall(folder, _tar_members(contents, size), filter="data")
    except (OSError, *DAMAGE) as error:
        said = explain(error, folder) or " ".join(str(error).split())
        raise InterplayError(f"{archive}: cannot be unpacked into {folder} ({said})") from error


def open_tar(archive: Path | None = None, stream: Any = None) -> tarfile.TarFile:
    """A tar archive, packed or not: a file that can be read anywhere, or whatever has `read(count)`, read once."""
    return tarfile.open(archive, mode="r" if stream is None else "r|*", fileobj=stream, tarinfo=Member)


class Member(tarfile.TarInfo):
    """A member of a tar archive; one that would fill the memory before anybody sees it is refused."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.size < 0:  # all that is left would be read as its name
            raise ValueError(f"a member of {member.size:,} bytes")
        if member.type in _NAMES and member.size > MOST_HEADER:
            raise ValueError(f"a name of {member.size:,} bytes")
        if member.type == tarfile.GNUTYPE_SPARSE:
            raise ValueError(_SPARSE)
        return member

    def _proc_gnusparse_10(self, *_: Any) -> None:
        """Called for a map of holes among the data, which may be as long as the archive."""
        raise ValueError(_SPARSE)


def bounded(archive: tarfile.TarFile, packed: int) -> Iterator[tarfile.TarInfo]:
    """The members of a tar archive of `packed` bytes, one by one, as long as they are no more than is likely.

    Raises:
        ValueError: they are more, or one has holes or a size below zero.
    """
    total = 0
    for count, member in enumerate(archive, 1):
        if member.size < 0:  # by an extended header, which stands above the plain one
            raise ValueError(f"a member of {member.size:,} bytes")
        if member.issparse():
            raise ValueError(_SPARSE)
        total += member.size
        check_amount(count, total, packed)
        yield member


def _tar_members(archive: tarfile.TarFile, packed: int) -> list[tarfile.TarInfo]:
    seen: set[PurePosixPath] = set()
    found = []
    for member in bounded(archive, packed):
        if member.issym() or member.islnk():
            continue
        if not member.isreg() and not member.isdir():
            raise ValueError(f"{_shown(member.name)} is a device or a pipe")
        _check_name(member.name, member.isdir(), seen)
        found.append(member)
    return found


def _zip_members(archive: zipfile.ZipFile, packed: int) -> list[str]:
    """The names in a zip archive. zipfile reads no more of a member than it claims to hold."""
    members = archive.infolist()
    check_amount(len(members), sum(member.file_size for member in members), packed)
    seen: set[PurePosixPath] = set()
    for member in members:
        if "\\" in member.orig_filename:
            raise ValueError(f"{_shown(member.orig_filename)} would land elsewhere")
        _check_name(member.orig_filename, member.is_dir(), seen)
    return [member.filename for member in members if not stat.S_ISLNK(member.external_attr >> 16)]


def _check_name(name: str, is_folder: bool, seen: set[PurePosixPath]) -> None:
    place = PurePosixPath(name)
    if len(name) > MOST_LETTERS:
        raise ValueError(f"a name of {len(name):,} letters")
    if place.is_absolute() or ".." in place.parts:
        raise ValueError(f"{_shown(name)} would land elsewhere")
    if _CONTROL.search(name):
        raise ValueError(f"{_shown(name)} has control characters in its name")
    if place in seen:
        raise ValueError(f"{_shown(name)} is there twice")
    if not is_folder:  # which writes nothing over
        seen.add(place)


def _shown(name: str) -> str:
    return repr(name if len(name) <= 100 else f"{name[:100]}...")


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
