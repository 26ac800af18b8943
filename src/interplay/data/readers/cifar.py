"""CIFAR-10 and CIFAR-100, read by torchvision out of the official `python` archives.

torchvision unpickles. It is given nothing but the members of an archive whose pinned SHA-256 has just been verified,
and compares each with an MD5 of its own before it opens it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from interplay.data.content import Decoded
from interplay.data.unpacking import unpacked_for_now


def read_cifar10(archive: Path, split: str) -> Decoded:
    """Images [N, 3, 32, 32] and labels of CIFAR-10."""
    from torchvision.datasets import CIFAR10

    return _read(CIFAR10, archive, split)


def read_cifar100(archive: Path, split: str) -> Decoded:
    """Images [N, 3, 32, 32] and fine labels of CIFAR-100."""
    from torchvision.datasets import CIFAR100

    return _read(CIFAR100, archive, split)


def _read(kind: type, archive: Path, split: str) -> Decoded:
    with unpacked_for_now(archive) as folder:
        data = kind(folder, train=split == "train", download=False)
    images = np.ascontiguousarray(data.data.transpose(0, 3, 1, 2))  # torchvision has channels last
    return Decoded(images, np.asarray(data.targets, np.int64), tuple(data.classes))
