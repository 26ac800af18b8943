"""Files of the data sets' own formats, written here byte by byte, and catalogue entries that pin them."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interplay.protocols.assets import DatasetInfo
from interplay.protocols.datasets import DATASETS

Pack = Callable[[Path, dict[str, bytes]], Path]
CIFAR10 = "cifar-10-batches-py"


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
def pin() -> Callable[..., DatasetInfo]:
    """The catalogue's entry of a set, pinning what lies at its place below `root` just now instead."""

    def make(like: str, root: Path, **changes: Any) -> DatasetInfo:
        content = DATASETS[like].model_dump() | {"digests": {}} | changes
        if content["pinned"] is not None:
            place = root / content["pinned"]["path"]
            files = sorted(place.iterdir()) if place.is_dir() else [place]
            content["pinned"] = content["pinned"] | {"files": {path.name: pin_of(path) for path in files}}
        return DatasetInfo.model_validate(content)

    return make


def pin_of(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"size": len(content), **{kind: hashlib.new(kind, content).hexdigest() for kind in ("md5", "sha256")}}


@pytest.fixture
def cifar10_members() -> Callable[[], dict[str, bytes]]:
    """Five training batches of two images and a test batch of three, as CIFAR-10's archive names them."""

    def batch(first: int, count: int) -> bytes:
        images = np.arange(first, first + count, dtype=np.uint8)[:, None].repeat(3072, axis=1)
        images[:, 32:64] += 100  # second row of the first channel
        labels = [(first + index) % 10 for index in range(count)]
        return pickle.dumps({"data": images, "labels": labels, "batch_label": "a batch"}, protocol=2)

    def members() -> dict[str, bytes]:
        content = {f"{CIFAR10}/data_batch_{part}": batch(2 * part, 2) for part in (4, 1, 2, 5, 3)}
        content[f"{CIFAR10}/readme.html"] = b"<html>"
        content[f"{CIFAR10}/test_batch"] = batch(50, 3)
        names = [f"class {label}" for label in range(10)]
        content[f"{CIFAR10}/batches.meta"] = pickle.dumps({"label_names": names, "num_vis": 3072}, protocol=2)
        return content

    return members


@pytest.fixture
def cifar10(tmp_path, pack, pin) -> Callable[[dict[str, bytes]], DatasetInfo]:
    """Put an archive with the given members in the place of CIFAR-10's."""

    def write(members: dict[str, bytes]) -> DatasetInfo:
        pack(tmp_path / "cifar-10-python.tar.gz", members)
        return pin("cifar10", tmp_path, splits={"train": 10, "test": 3})

    return write


@pytest.fixture
def stl10_members() -> Callable[..., dict[str, bytes]]:
    """The files of STL-10's archive; pixels lie column by column, labels count from 1."""

    def members(
        train: np.ndarray, labels: list[int], test: np.ndarray, test_labels: list[int], hidden: np.ndarray
    ) -> dict[str, bytes]:
        return {
            "test_X.bin": columns(test),
            "test_y.bin": bytes(test_labels),
            "train_X.bin": columns(train),
            "train_y.bin": bytes(labels),
            "unlabeled_X.bin": columns(hidden),
            "class_names.txt": b"airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n",
            "fold_indices.txt": b"0 1\n",
        }

    def columns(images: np.ndarray) -> bytes:
        return np.stack([[channel.T for channel in image] for image in images]).tobytes()

    return members


@pytest.fixture
def stl10(tmp_path, pack, pin, monkeypatch) -> Callable[[dict[str, bytes]], DatasetInfo]:
    """Put an archive with the given members in the place of STL-10's; torchvision is told their MD5."""
    from torchvision.datasets import STL10

    def write(members: dict[str, bytes]) -> DatasetInfo:
        for list_name in ("train_list", "test_list"):
            kept = [[name, hashlib.md5(members[name]).hexdigest()] for name, _ in getattr(STL10, list_name)]
            monkeypatch.setattr(STL10, list_name, kept)
        content = {f"stl10_binary/{name}": text for name, text in members.items()}
        pack(tmp_path / "stl10_binary.tar.gz", content)
        files = {"train": "train_X.bin", "test": "test_X.bin", "unlabelled": "unlabeled_X.bin"}
        splits = {split: len(members[name]) // (3 * 96 * 96) for split, name in files.items()}
        return pin("stl10", tmp_path, splits=splits)

    return write


@pytest.fixture
def fashion(tmp_path, pin) -> DatasetInfo:
    """A small Fashion-MNIST in `tmp_path`, seven images to train and three to test, and an entry that pins it."""
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for count, part in ((7, "train"), (3, "t10k")):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(rng.integers(0, 256, (count, 28, 28))))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count)))
    return pin("fashion-mnist", tmp_path, splits={"train": 7, "test": 3})


def idx(array: np.ndarray) -> bytes:
    """An idx file of unsigned bytes: two zero bytes, type, rank, each dimension as big-endian uint32, the bytes."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()
