"""Sets of image files: unpacked once from verified archives, and left alone for as long as nobody touches them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from interplay.data.decoding import read_split, require_files
from interplay.data.ledger import FOLDER, Ledger, Stamp
from interplay.data.unpacking import unpack
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.records import text_digest


class Files(NamedTuple):
    """What the reader of a set of image files gives: images by index as (PIL image, label), all labels, class names."""

    source: Any
    labels: Sequence[int]
    class_names: tuple[str, ...]


def open_files(info: DatasetInfo, split: str, root: Path) -> tuple[Files, str]:
    """The image files of a split, without reading one, and the digest of the archives that they come from.

    Raises:
        InterplayError: archives are missing or altered, or hold other images than the catalogue says.
    """
    ledger = Ledger(root, info.name)
    try:
        folder, digest = _unpacked(info, root, ledger)
    finally:
        ledger.save()
    files: Files = read_split(info, split, folder)
    found = (len(files.labels), len(files.class_names))
    if found != (info.splits[split], info.num_classes):
        raise InterplayError(
            f"{info.name} ({split}): {found[0]} images of {found[1]} classes where the catalogue has "
            f"{info.splits[split]} of {info.num_classes}"
        )
    return files, text_digest(f"{split} {digest}")


def _unpacked(info: DatasetInfo, root: Path, ledger: Ledger) -> tuple[Path, str]:
    """The folder with the set's unpacked files, and the digest of its archives.

    It counts as whole while names, sizes and times of all its files are what they were when it was made; else it is
    made anew, beside the old one, and takes its place.
    """
    if info.pinned is None:
        raise InterplayError(f"{info.name}: a set of image files comes from archives; pin them")
    require_files(info, root, ledger)
    digest = text_digest("".join(sorted(pin.sha256 for pin in info.pinned.files.values())))
    folder = root / FOLDER / info.name
    if folder.is_dir() and ledger.said_of(folder, _tree(folder)) == digest:
        return folder, digest
    require_files(info, root, ledger, afresh=True)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacking-") as room:
            fresh = Path(room) / "set"
            for name in info.pinned.files:
                unpack(info.pinned.locate(name, root / info.pinned.path), fresh / info.unpacked)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.replace(folder)
    except OSError as error:
        raise InterplayError(f"{folder}: cannot be made ({error.strerror or error}); free or mend that disk") from error
    ledger.note(folder, digest, _tree(folder))
    return folder, digest


def _tree(folder: Path) -> Stamp:
    """A stamp of a folder: how many files it holds, and a number made of their names, sizes and times."""
    state, count = hashlib.sha256(), 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            status = Path(place, name).stat()
            state.update(f"{place}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
            count += 1
    return [count, int.from_bytes(state.digest()[:7], "big")]
