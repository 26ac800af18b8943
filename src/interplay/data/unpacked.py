"""Sets of image files: unpacked once from verified archives, and left alone for as long as nobody touches them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from interplay.data.decoding import read_split, require_files
from interplay.data.ledger import FOLDER, Ledger, Stamp
from interplay.data.listed import Files, ListedFiles
from interplay.data.locking import alone
from interplay.data.split_files import given_split
from interplay.data.unpacking import unpack
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo, Pinned
from interplay.records import text_digest
from interplay.records.disk import explain

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")


def open_files(info: DatasetInfo, split: str, root: Path) -> tuple[Files, str]:
    """The image files of a split, without reading one, and the digest of what they come from.

    That is the archives; for a set that was put in place by hand, the names, sizes and labels of the split's files;
    and the split file, where there is one.

    Raises:
        InterplayError: archives are missing or altered, a folder that users put in place is missing or is not what it
            should be, or there are other images than the catalogue says.
    """
    if info.placed is not None:
        folder = root / info.placed.path
        files, digest = _read_placed(info, split, folder), ""
    else:
        ledger = Ledger(root, info.name)
        try:
            folder, digest = _unpacked(info, root, ledger)
        finally:
            ledger.save()
        files = read_split(info, split, folder)
    given = given_split(info, split, root, folder, files.class_names)
    if given is not None:
        files, lists = given
        digest = f"{digest} {lists}"
    found = (len(files.labels), len(files.class_names))
    if found != (info.splits[split], info.num_classes):
        raise InterplayError(
            f"{info.name} ({split}): {found[0]} images of {found[1]} classes where the catalogue has "
            f"{info.splits[split]} of {info.num_classes}"
        )
    if info.placed is not None:
        digest = f"{digest} {_listing(files, folder)}"
    return files, text_digest(f"{split} {digest}")


def _read_placed(info: DatasetInfo, split: str, folder: Path) -> Files:
    assert info.placed is not None
    if not folder.is_dir():
        raise InterplayError(f"{folder}: {info.title} is not there; {info.placed.how}")
    try:
        files: Files = read_split(info, split, folder)
    except InterplayError as error:
        raise InterplayError(f"{error}; {info.placed.how}") from error
    return files


def _listing(files: Files, folder: Path) -> str:
    """Digest of the names, sizes and labels of files; one that is missing is told when it is asked for."""
    source: ListedFiles = files.source
    state = hashlib.sha256()
    for path, label in zip(source.paths, source.labels, strict=True):
        place = Path(path)
        size = place.stat().st_size if place.is_file() else -1
        state.update(f"{place.relative_to(folder)} {size} {label}\n".encode())
    return state.hexdigest()


def _unpacked(info: DatasetInfo, root: Path, ledger: Ledger) -> tuple[Path, str]:
    """The folder with the set's unpacked files, and the digest of its archives.

    It counts as whole while names, sizes and times of all its files are what they were when it was made; else it is
    made anew, beside the old one, and takes its place. Processes that want it at once wait for the one that makes it.
    """
    if info.pinned is None:
        raise InterplayError(f"{info.name}: a set of image files comes from archives; pin them")
    require_files(info, root, ledger)
    digest = text_digest("".join(sorted(pin.sha256 for pin in info.pinned.files.values())))
    folder = root / FOLDER / info.name
    if _is_whole(folder, digest, ledger):
        return folder, digest
    lock = folder.with_name(f"{info.name}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        with alone(lock):  # or the folder would be taken from under another process that has just made it
            if not _is_whole(folder, digest, Ledger(root, info.name)):
                require_files(info, root, ledger, afresh=True)
                _unpack_all(info, info.pinned, root, folder)
                ledger.note(folder, digest, _tree(folder))
                ledger.save()
    except OSError as error:
        raise InterplayError(explain(error, folder) or f"{folder}: cannot be made ({error})") from error
    return folder, digest


def _is_whole(folder: Path, digest: str, ledger: Ledger) -> bool:
    return folder.is_dir() and ledger.said_of(folder, _tree(folder)) == digest


def _unpack_all(info: DatasetInfo, pinned: Pinned, root: Path, folder: Path) -> None:
    for left in folder.parent.glob(f".unpacking-{folder.name}-*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".unpacking-{folder.name}-") as room:
        fresh = Path(room) / "set"
        for name in pinned.files:
            packed, below = pinned.locate(name, root / pinned.path), fresh / info.unpacked
            if name.endswith(_ARCHIVES):
                unpack(packed, below)
            else:
                below.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(packed, below / PurePosixPath(name).name)
        for name in info.inner:
            packed = fresh / info.unpacked / name
            unpack(packed, packed.parent)
            packed.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        fresh.replace(folder)


def _tree(folder: Path) -> Stamp:
    """A stamp of a folder: how many files it holds, and a number made of their names, sizes and times."""
    state, count = hashlib.sha256(), 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            status = path.lstat()
            times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
            state.update(f"{path.relative_to(folder)} {status.st_size} {times}\n".encode())
            count += 1
    return [count, int.from_bytes(state.digest()[:7], "big")]
