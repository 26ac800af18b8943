"""From a name to a split that is ready to use: `load("cifar10", "train", Path("data"))`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from interplay.data.decoding import decode
from interplay.data.streamed import ImageFiles
from interplay.data.tensors import Images
from interplay.data.unpacked import open_files
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.protocols.datasets import dataset_info


def load(name: str | DatasetInfo, split: str, root: Path) -> Images:
    """Load one split of a data set of the catalogue, as bytes, from the data folder `root`.

    Verified before it is used: files against their pins, decoded content against its digest. What was verified once and
    has not been touched since is not read again. What takes seconds to decode is kept in `root/.decoded`.

    Raises:
        InterplayError: unknown name or split; files missing (nothing is downloaded here) or other than pinned; a set of
            image files, which is streamed.
    """
    info = _entry(name, split)
    if info.image_shape is None:
        raise InterplayError(f"{info.name}: its images vary in size and are streamed; read it with load_files")
    decoded, digest = decode(info, split, root)
    return Images(
        torch.from_numpy(decoded.images),
        torch.from_numpy(decoded.labels),
        info.num_classes,
        class_names=decoded.class_names,
        name=f"{info.name}/{split}",
        digest=digest,
    )


def load_files(
    name: str | DatasetInfo,
    split: str,
    root: Path,
    device: torch.device,
    *,
    transform: Callable[[Any], Tensor],
    workers: int = 0,
) -> ImageFiles:
    """One split of a data set whose images are files: decoded when they are asked for, by `workers` processes.

    Args:
        transform: of `torchvision.transforms.v2`: one PIL image to a tensor [C, H, W], the same size for all.
        workers: processes that decode and transform; 0 does it in this one, with the same result.

    Raises:
        InterplayError: as `load`; or the set is not one of image files.
    """
    info = _entry(name, split)
    if info.image_shape is not None:
        raise InterplayError(f"{info.name}: its images fit into memory; read it with load")
    files, digest = open_files(info, split, root)
    return ImageFiles(
        files.source,
        torch.tensor(files.labels, dtype=torch.int64),
        info.num_classes,
        transform,
        class_names=files.class_names,
        name=f"{info.name}/{split}",
        digest=digest,
        device=device,
        workers=workers,
    )


def _entry(name: str | DatasetInfo, split: str) -> DatasetInfo:
    info = dataset_info(name) if isinstance(name, str) else name
    if split not in info.splits:
        raise InterplayError(f"{info.name} has no split {split!r}; it has: {', '.join(info.splits)}")
    return info
