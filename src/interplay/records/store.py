"""Atomic writing and strict reading of records."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from interplay.errors import InterplayError
from interplay.records.disk import explain
from interplay.records.schema import SCHEMA_VERSION, Record
from interplay.records.seals import seal


class OtherVersionError(InterplayError):
    """A record is whole, and of another version of the schema."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; what is written there replaces `path` when the block ends, or is gone.

    A reader sees the old file or the whole new one, never a part, also after a power cut. The file is sealed (`seals`),
    so that damage that comes later shows.

    Raises:
        InterplayError: the disk is full, read-only or refuses; one line that names it.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(descriptor)
        temporary = Path(name)
        yield temporary
        put_in_place(temporary, path)
    except Exception as error:
        if isinstance(error, InterplayError) or (said := explain(error, path)) is None:
            raise
        raise InterplayError(said) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def put_in_place(source: Path, target: Path) -> None:
    """Seal a file, and move it to `target` on the same file system so that both survive a power cut.

    Raises:
        OSError: the disk refuses.
    """
    # mkstemp makes files private, and DVC read-only; a result should be readable like any other file.
    mask = os.umask(0)
    os.umask(mask)
    source.chmod(0o666 & ~mask)
    seal(source)
    with source.open("rb+") as stream:
        os.fsync(stream.fileno())
    source.replace(target)
    _settle_folder(target.parent)


def _settle_folder(folder: Path) -> None:
    """Have the names in a folder survive a power cut, where the system can do that for folders."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_writable(folder: Path) -> None:
    """Make `folder`, and see that a file can be written there, before hours are spent on what is to be kept in it.

    Raises:
        InterplayError: it cannot; one line.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(b"x" * 4096)
    except OSError as error:
        raise InterplayError(explain(error, folder) or f"{folder}: cannot be written ({error})") from error


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the whole new one, never a part.

    Raises:
        InterplayError: the disk is full, read-only or refuses; one line that names it.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, or a copy where the file system knows no links, atomically.

    Raises:
        InterplayError: the disk is full, read-only or refuses; one line that names it.
    """
    with replacing(target) as temporary:
        temporary.unlink()
        try:
            temporary.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, temporary)


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    write_bytes_atomically(path, text.encode())


def write_record(record: Record, path: Path) -> None:
    """Write `record` as JSON to `path`, atomically."""
    write_text_atomically(path, record.model_dump_json(indent=1) + "\n")


def read_record(path: Path) -> Record:
    """Read one record.

    Raises:
        OtherVersionError: it is of another version of the schema.
        InterplayError: the file is missing, is not JSON, or does not fit the schema.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror}); make it with `make reproduce`") from error
    try:
        return Record.model_validate_json(content)
    except ValidationError as error:
        if (version := version_said(content)) not in (None, SCHEMA_VERSION):
            raise OtherVersionError(
                f"{path}: a record of version {version} of the schema, where {SCHEMA_VERSION} is read; read it with the"
                " version of interplay that wrote it, or move it away and rerun"
            ) from error
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise InterplayError(f"{path}: not a valid record ({where}: {first['msg']}); delete it and rerun") from error


def version_said(content: bytes, *where: str) -> int | None:
    """The version of the schema that a record says it has, or one that stands at `where` in it; None for none."""
    try:
        inner = json.loads(content)
        for key in (*where, "schema_version"):
            inner = inner[key]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return inner if isinstance(inner, int) else None


def set_aside(path: Path) -> Path:
    """Move what cannot be read out of the way, to `<path>.unreadable`, rather than write over it."""
    aside = path.with_name(f"{path.name}.unreadable")
    path.replace(aside)
    return aside
