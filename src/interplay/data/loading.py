"""From files to a `Dataset` in memory: `load("cifar10", "train", Path("data"))`."""

from __future__ import annotations

from pathlib import Path

import torch

from interplay.data.catalogue import DatasetInfo, dataset_info
from interplay.data.content import Arrays
from interplay.data.dataset import Dataset
from interplay.data.formats.cifar import read_cifar10, read_cifar100
from interplay.data.formats.digits import read_digits
from interplay.data.formats.idx import read_fashion_mnist
from interplay.data.formats.stl10 import read_stl10
from interplay.data.glyphs import read_glyphs
from interplay.errors import InterplayError


def load(name: str, split: str, root: Path) -> Dataset:
    """Load one split of a data set of the catalogue from the data folder `root`.

    What takes seconds to decode (archives, rendered glyphs) is kept in `root/.decoded` for the next time.

    Raises:
        InterplayError: unknown name or split; files missing (nothing is downloaded here), truncated or corrupt.
    """
    info = dataset_info(name)
    if split not in info.splits:
        raise InterplayError(f"{name} has no split {split!r}; it has: {', '.join(info.splits)}")
    if info.fetched and not (root / str(info.path)).exists():
        raise InterplayError(
            f"{root / str(info.path)}: {info.title} is not there; `interplay fetch {name} --root {root}` brings it"
        )
    arrays = _read(info, split, root)
    return Dataset(
        name=name,
        split=split,
        images=torch.from_numpy(arrays.images),
        labels=torch.from_numpy(arrays.labels),
        num_classes=info.num_classes,
        class_names=arrays.class_names,
    )


def _read(info: DatasetInfo, split: str, root: Path) -> Arrays:
    path = root / (info.path or "")
    match info.name:
        case "cifar10":
            return read_cifar10(path, split)
        case "cifar100":
            return read_cifar100(path, split)
        case "stl10":
            return read_stl10(path, split)
        case "fashion-mnist":
            return read_fashion_mnist(path, split)
        case "digits":
            return read_digits(split)
        case "glyphs100" | "glyphs10":
            return read_glyphs(root, info.name, split)
    raise InterplayError(f"{info.name} is in the catalogue but nothing reads it")
