"""From the verified files of a data set to a split in memory, whose own content is verified in turn."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from interplay.data.content import Decoded, permuted
from interplay.data.fetching.verify import require
from interplay.data.kept import keep, read_kept
from interplay.data.ledger import FOLDER, Ledger, stamp
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.records import code_digest, text_digest


def decode(info: DatasetInfo, split: str, root: Path) -> tuple[Decoded, str]:
    """A split and the digest of its content, verified: files against their pins, content against its own.

    What was verified once and has not been touched since is not read again. Where a decoded copy is kept it serves, if
    its content is still what it was.

    Raises:
        InterplayError: files are missing or altered, or the content is not the pinned one.
    """
    ledger = Ledger(root, info.name)
    try:
        require_files(info, root, ledger)
        key = _key(info, split)
        place = root / FOLDER / f"{info.name}-{split}.safetensors"
        found = _kept(info, split, place, key, ledger)
        return found if found is not None else _decode(info, split, root, place, key, ledger)
    finally:
        ledger.save()


def require_files(info: DatasetInfo, root: Path, ledger: Ledger, *, afresh: bool = False) -> None:
    """Stop unless all pinned files of a set are there and right."""
    if info.pinned is not None:
        require(info.name, info.title, info.pinned, root, ledger, afresh=afresh)


def reader_of(info: DatasetInfo) -> Callable[[Path | None, str], Any]:
    """The function that reads a split of the set."""
    module, _, function = info.reader.partition(":")
    try:
        reader: Callable[[Path | None, str], Any] = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise InterplayError(f"{info.name}: its reader {info.reader} cannot be imported ({error})") from error
    return reader


def read_split(info: DatasetInfo, split: str, place: Path | None) -> Any:
    """What the reader of a set makes of a split, any failure of it in one line."""
    reader = reader_of(info)
    try:
        return reader(place, split)
    except (InterplayError, MemoryError):
        raise
    except Exception as error:  # a parser raises whatever a damaged file makes of it
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InterplayError(f"{info.name} ({split}): {_with(info)} cannot read it: {reason}") from error


def _kept(info: DatasetInfo, split: str, place: Path, key: str, ledger: Ledger) -> tuple[Decoded, str] | None:
    found = read_kept(place, key)
    if found is None:
        return None
    decoded, stated = found
    expected = info.digests.get(split, stated)
    if ledger.said(place) == f"{key} {expected}":
        return decoded, expected
    seen = stamp(place)
    if decoded.digest != expected:
        return None  # damaged since, or once made of something else: made anew
    ledger.note(place, f"{key} {expected}", seen)
    return decoded, expected


def _decode(info: DatasetInfo, split: str, root: Path, place: Path, key: str, ledger: Ledger) -> tuple[Decoded, str]:
    require_files(info, root, ledger, afresh=True)  # nothing is opened on the word of the ledger
    decoded: Decoded = read_split(info, split, _place(info, root))
    if info.permuted_from is not None and split == "train":
        decoded = permuted(decoded)
    shape = (info.splits[split], *(info.image_shape or ()))
    if decoded.images.shape != shape or len(decoded.class_names) != info.num_classes:
        raise InterplayError(
            f"{info.name} ({split}): images {list(decoded.images.shape)} of {len(decoded.class_names)} classes where "
            f"the catalogue has {list(shape)} of {info.num_classes}"
        )
    digest = decoded.digest
    pinned = info.digests.get(split, digest)
    if digest != pinned:
        known = f"; the pinned content comes with {info.known_with}, install such a version" if info.known_with else ""
        raise InterplayError(
            f"{info.name} ({split}): its content has digest {digest}, pinned {pinned}, with {_with(info)}{known}"
        )
    if keep(place, key, decoded, digest):
        ledger.note(place, f"{key} {digest}", stamp(place))
        return read_kept(place, key) or (decoded, digest)  # mapped: the decoded array, of gigabytes perhaps, can go
    return decoded, digest


def _place(info: DatasetInfo, root: Path) -> Path | None:
    """What a reader reads from: the files of a set; the data folder, where it is made of others; else nothing."""
    if info.pinned is not None:
        return root / info.pinned.path
    return root if info.drawn_from else None


def _key(info: DatasetInfo, split: str) -> str:
    """What a decoded split depends on: the files, the code of the reader, and the library that reads."""
    files = "".join(pin.sha256 for pin in info.pinned.files.values()) if info.pinned else ""
    code = code_digest(info.reader.partition(":")[0])
    return f"3 {info.name} {split} {text_digest(files)} {code} {_with(info)}"


def _with(info: DatasetInfo) -> str:
    try:
        return f"{info.library} {version(info.library)}"
    except PackageNotFoundError:
        return f"{info.library} of unknown version"
