"""Published lists of what belongs to which split: read, and held to the data set that they are about."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import StrictInt, StrictStr, TypeAdapter, ValidationError

from interplay.data.listed import Files, listed
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.protocols.labelled import SPLITS
from interplay.records import text_digest

Entry = tuple[StrictStr, StrictInt, StrictStr]
_LISTS: TypeAdapter[dict[str, list[Entry]]] = TypeAdapter(dict[str, list[Entry]])


def split_path(info: DatasetInfo, root: Path) -> Path | None:
    """Where the split file of a set belongs below the data folder `root`; None of a set that has none."""
    return root / SPLITS / info.name / info.split_file.name if info.split_file is not None else None


def given_split(
    info: DatasetInfo, split: str, root: Path, folder: Path, class_names: Sequence[str]
) -> tuple[Files, str] | None:
    """What the split file of a set says of a split, and the digest of the file; None where there is none.

    The names of classes stay those of the reader; those in the file must be made of the same words.

    Args:
        folder: the set's unpacked files.
        class_names: by label.

    Raises:
        InterplayError: the file cannot be read or has another form, a path leaves the folder of images or names no file
            in it, a class is unknown or has another label, or an image is listed twice.
    """
    place = split_path(info, root)
    if place is None or not place.is_file():
        return None
    assert info.split_file is not None
    images = folder / info.split_file.images if info.split_file.images else folder
    text, lists = _read(place, tuple(info.splits))
    seen: dict[str, str] = {}
    for part, entries in lists.items():
        for path, label, name in entries:
            if path in seen:
                raise InterplayError(f"{place}: {path} is in {seen[path]} and in {part}; fetch the file again")
            seen[path] = part
            _check_class(place, path, label, name, class_names)
    chosen = lists[split]
    paths = [_inside(place, images, path) for path, _, _ in chosen]
    return listed(paths, [label for _, label, _ in chosen], class_names), text_digest(text)


def _read(place: Path, splits: Sequence[str]) -> tuple[str, dict[str, list[Entry]]]:
    try:
        text = place.read_text(encoding="utf-8")
        content: Any = json.loads(text)
        lists = _LISTS.validate_python(content)
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            said = f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"
        else:
            said = str(error)
        raise InterplayError(
            f"{place}: is no split file, which holds lists of [path, label, class name] by split ({said}); "
            "fetch it again or remove it"
        ) from error
    if missing := [split for split in splits if split not in lists]:
        raise InterplayError(f"{place}: has no split {', '.join(missing)}; fetch it again or remove it")
    return text, {split: lists[split] for split in splits}


def _check_class(place: Path, path: str, label: int, name: str, class_names: Sequence[str]) -> None:
    if 0 <= label < len(class_names) and _words(name) == _words(class_names[label]):
        return
    known = {_words(own): index for index, own in enumerate(class_names)}
    right = known.get(_words(name))
    said = f"is unknown (label {label})" if right is None else f"has label {label}, in the data set {right}"
    raise InterplayError(f"{place}: the class {name!r} of {path} {said}; is the file one of this data set?")


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", name.casefold()))


def _inside(place: Path, images: Path, path: str) -> Path:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path:
        raise InterplayError(f"{place}: {path} leaves the folder of images; paths start from {images}")
    if not (images / parts).is_file():
        raise InterplayError(f"{place}: {path} is not in {images}; is the file one of this data set?")
    return images / parts
