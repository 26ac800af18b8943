"""Archives unpacked, after their hash was verified and nowhere but where they are told to."""

from __future__ import annotations

import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interplay.data.ledger import FOLDER
from interplay.errors import InterplayError
from interplay.records.disk import explain


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar (packed or not) or zip archive into `folder`, which is made.

    Members that would land elsewhere, links that lead out and special files are refused.

    Raises:
        InterplayError: the archive cannot be read, holds such a member, or the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as contents:
                contents.extractall(folder)  # drops drive letters, leading slashes and `..` itself
        else:
            with tarfile.open(archive) as contents:
                contents.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, OSError, NotImplementedError) as error:
        said = explain(error, folder) or error
        raise InterplayError(f"{archive}: cannot be unpacked into {folder} ({said})") from error


@contextmanager
def unpacked_for_now(archive: Path) -> Iterator[Path]:
    """A folder with the members of `archive`, on the same disk where that can be written, removed afterwards."""
    beside = archive.parent / FOLDER
    try:
        beside.mkdir(exist_ok=True)
        room = tempfile.TemporaryDirectory(dir=beside, prefix=".unpacked-")
    except OSError:
        room = tempfile.TemporaryDirectory(prefix="interplay-")
    with room as folder:
        unpack(archive, Path(folder))
        yield Path(folder)
