"""STL-10 from its binary archive, read by torchvision."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from interplay.data.content import Decoded
from interplay.data.unpacking import unpacked_for_now

_CHUNK = 500  # images turned at a time: the unlabelled part is 2.8 GB and must not be held twice


def read_stl10(archive: Path, split: str) -> Decoded:
    """Images [N, 3, 96, 96] and labels 0 .. 9, all `UNLABELLED` in the split `unlabelled`."""
    from torchvision.datasets import STL10

    with unpacked_for_now(archive) as folder:
        data = STL10(folder, split="unlabeled" if split == "unlabelled" else split, download=False)
    # The file holds pixels column by column, and torchvision shows it through a transposed view of what it read.
    columns = data.data.transpose(0, 1, 3, 2)
    for start in range(0, len(columns), _CHUNK):
        columns[start : start + _CHUNK] = columns[start : start + _CHUNK].transpose(0, 1, 3, 2).copy()
    return Decoded(columns, np.asarray(data.labels, np.int8).astype(np.int64), tuple(data.classes))
