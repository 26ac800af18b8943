"""Files of the data sets' own formats, written here byte by byte."""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

Pack = Callable[[Path, dict[str, bytes]], Path]


@pytest.fixture
def pack() -> Pack:
    """Write a tar.gz with the given members."""

    def write(path: Path, members: dict[str, bytes]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w:gz") as archive:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return path

    return write


@pytest.fixture
def cifar10_members() -> Callable[[], dict[str, bytes]]:
    """Five training batches of two images and a test batch of three, as CIFAR-10's archive names them."""
    import numpy as np

    def batch(first: int, count: int) -> bytes:
        images = np.arange(first, first + count, dtype=np.uint8)[:, None].repeat(3072, axis=1)
        images[:, 32:64] += 100  # second row of the first channel
        labels = [(first + index) % 10 for index in range(count)]
        return pickle.dumps({b"data": images, b"labels": labels, b"batch_label": b"a batch"}, protocol=2)

    def members() -> dict[str, bytes]:
        names = [f"class {label}".encode() for label in range(10)]
        folder = "cifar-10-batches-py"
        content = {f"{folder}/data_batch_{part}": batch(2 * part, 2) for part in (4, 1, 2, 5, 3)}
        content[f"{folder}/readme.html"] = b"<html>"
        content[f"{folder}/test_batch"] = batch(50, 3)
        content[f"{folder}/batches.meta"] = pickle.dumps({b"label_names": names, b"num_vis": 3072}, protocol=2)
        return content

    return members
