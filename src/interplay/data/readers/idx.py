"""Fashion-MNIST from its unpacked idx files, read by torchvision."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from interplay.data.content import Decoded


def read_fashion_mnist(folder: Path, split: str) -> Decoded:
    """Images [N, 1, 28, 28] and labels [N]."""
    from torchvision.datasets import FashionMNIST

    class Here(FashionMNIST):  # type: ignore[misc]  # torchvision has no types
        """The files as they lie here; torchvision would look for them in `FashionMNIST/raw`."""

        raw_folder = str(folder)

    data = Here(folder, train=split == "train", download=False)
    return Decoded(data.data.numpy()[:, None], data.targets.numpy().astype(np.int64), tuple(data.classes))
