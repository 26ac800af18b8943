"""The idx format, on small files; the real Fashion-MNIST where it has been fetched."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from interplay.data import CATALOGUE, load
from interplay.data.formats.idx import FILES, read_idx
from interplay.errors import InterplayError


def idx(array: np.ndarray) -> bytes:
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "fashion-mnist"
    target.mkdir()
    rng = np.random.default_rng(0)
    for count, (images, labels) in zip((7, 3), FILES.values(), strict=True):
        (target / images).write_bytes(idx(rng.integers(0, 256, (count, 28, 28))))
        (target / labels).write_bytes(idx(np.arange(count)))
    return target


def test_both_splits_are_read(folder):
    train, test = (load("fashion-mnist", split, folder.parent) for split in ("train", "test"))
    assert (len(train), len(test)) == (7, 3)
    assert train.image_shape == (1, 28, 28)
    assert train.labels.tolist() == list(range(7))
    expected = np.random.default_rng(0).integers(0, 256, (7, 28, 28))
    assert np.array_equal(train.images[:, 0].numpy(), expected)
    assert train.class_names[9] == "Ankle boot"


@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (0, 3)])
def test_any_rank_is_read(tmp_path, shape):
    array = np.random.default_rng(1).integers(0, 256, shape)
    (tmp_path / "a").write_bytes(idx(array))
    assert np.array_equal(read_idx(tmp_path / "a"), array)


@pytest.mark.parametrize("cut", [0, 3, 4, 7, 15, 100, -1])
def test_truncated_files_are_one_clear_line(folder, cut):
    path = folder / FILES["train"][0]
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InterplayError, match=r"train-images-idx3-ubyte: .*fetch it again"):
        load("fashion-mnist", "train", folder.parent)


@pytest.mark.parametrize("change", [lambda b: b + b"x", lambda b: b"\x1f\x8b" + b[2:], lambda b: b"<html>" + b[6:]])
def test_files_of_another_kind_are_one_clear_line(folder, change):
    path = folder / FILES["test"][1]
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(InterplayError, match="t10k-labels-idx1-ubyte"):
        load("fashion-mnist", "test", folder.parent)


def test_images_and_labels_of_different_number_do_not_fit(folder):
    (folder / FILES["test"][1]).write_bytes(idx(np.arange(4)))
    with pytest.raises(InterplayError, match="do not fit"):
        load("fashion-mnist", "test", folder.parent)


def test_a_missing_file_is_one_clear_line(folder):
    (folder / FILES["test"][1]).unlink()
    with pytest.raises(InterplayError, match="interplay fetch"):
        load("fashion-mnist", "test", folder.parent)


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_real_set_has_its_content(root, split):
    if not (root / "data/fashion-mnist").is_dir():
        pytest.skip("Fashion-MNIST is not fetched; `interplay fetch fashion-mnist`")
    data, info = load("fashion-mnist", split, root / "data"), CATALOGUE["fashion-mnist"]
    assert data.digest == info.digests[split]
    assert data.labels.bincount().tolist() == [info.splits[split] // 10] * 10
