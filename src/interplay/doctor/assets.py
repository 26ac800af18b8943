"""How data sets and weights lie in the data folder, without reading more than has to be."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from pathlib import Path

from interplay.data.fetching.verify import file_fault
from interplay.data.ledger import FOLDER, Ledger
from interplay.doctor.machine import Asset
from interplay.doctor.needs import Needs
from interplay.protocols.assets import DatasetInfo, Pinned
from interplay.protocols.datasets import DATASETS
from interplay.protocols.weights import WEIGHTS

READ_AT_MOST = 2 << 30  # bytes of a set that was not verified before; more takes minutes, and every run verifies anyway
_LABEL_BYTES = 8


def look_at_assets(needs: Needs, root: Path, *, read: bool) -> tuple[Asset, ...]:
    """The data sets and weights that are asked for, below the data folder `root`.

    Args:
        needs: what is asked for.
        root: the data folder.
        read: read what is there and was not verified before, unless it is very large.
    """
    unpacked = {name: _to_unpack(DATASETS[name], root) for name in needs.datasets}
    found = []
    for name in needs.assets:
        if name in WEIGHTS:
            found.append(_look(name, WEIGHTS[name].forms, root, read))
            continue
        info = DATASETS[name]
        if info.placed is not None:
            folder = root / info.placed.path
            there = folder.is_dir() and any(folder.iterdir())
            found.append(Asset(name=name, state="there" if there else "missing", by_hand=info.placed.how))
        elif info.pinned is not None:
            found.append(_look(name, (info.pinned,), root, read, unpacked.pop(name, 0)))
    made = sum(unpacked.values())
    return (*found, *([Asset(name="sets made of others", state="verified", unpacked=made)] if made else ()))


def _look(name: str, forms: Iterable[Pinned], root: Path, read: bool, unpacked: int = 0) -> Asset:
    """Of several files that may serve, the first that is there."""
    forms = tuple(forms)
    there = next((form for form in forms if (root / form.path).exists()), None)
    if there is None:
        size = forms[0].size
        return Asset(name=name, state="missing", size=size, unpacked=unpacked)
    ledger, known = Ledger(root, name), True
    for file, pin in there.files.items():
        path = there.locate(file, root / there.path)
        if ledger.said(path) == pin.sha256:
            continue
        fault = _wrong_size(file, path, pin.size)
        if fault is None and read and there.size <= READ_AT_MOST:
            fault = file_fault(file, path, pin)
        else:
            known = False
        if fault is not None:
            return Asset(name=name, state="damaged", fault=fault, size=there.size, unpacked=unpacked)
    return Asset(name=name, state="verified" if known else "there", size=there.size, unpacked=unpacked)


def _wrong_size(file: str, path: Path, size: int) -> str | None:
    if not path.is_file():
        return f"{file} is missing"
    found = path.stat().st_size
    return None if found == size else f"{file} has {found:,} bytes, pinned {size:,}"


def _to_unpack(info: DatasetInfo, root: Path) -> int:
    """Bytes that will be written of what is decoded or unpacked; images are about as large in their archives."""
    if info.image_shape is None:
        return 0 if info.pinned is None or (root / FOLDER / info.name).is_dir() else info.pinned.size
    lacking = [
        count
        for split, count in info.splits.items()
        if not (root / FOLDER / f"{info.name}-{split}.safetensors").exists()
    ]
    return sum(lacking) * (prod(info.image_shape) + _LABEL_BYTES)
