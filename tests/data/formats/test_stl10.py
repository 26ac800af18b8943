"""STL-10 from a small archive of its binary format."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from interplay.data import load
from interplay.data.dataset import UNLABELLED
from interplay.data.formats import stl10
from interplay.errors import InterplayError

NAMES = b"airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n"
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 96, 96), dtype=np.uint8)


def members(images: np.ndarray = IMAGES) -> dict[str, bytes]:
    columns = np.stack([[channel.T for channel in image] for image in images]).tobytes()
    return {
        "stl10_binary/test_X.bin": columns[: 2 * 27648],
        "stl10_binary/test_y.bin": bytes([10, 1]),
        "stl10_binary/train_X.bin": columns,
        "stl10_binary/train_y.bin": bytes([1, 2, 3, 9, 10]),
        "stl10_binary/unlabeled_X.bin": columns,
        "stl10_binary/class_names.txt": NAMES,
        "stl10_binary/fold_indices.txt": b"0 1\n",
    }


@pytest.mark.parametrize("chunk", [1, 2, 500])
def test_columns_become_rows_and_labels_count_from_zero(tmp_path, pack, monkeypatch, chunk):
    monkeypatch.setattr(stl10, "_CHUNK", chunk)
    pack(tmp_path / "stl10_binary.tar.gz", members())
    train = load("stl10", "train", tmp_path)
    assert np.array_equal(train.images.numpy(), IMAGES)
    assert train.labels.tolist() == [0, 1, 2, 8, 9]
    assert train.class_names[:2] == ("airplane", "bird")
    assert load("stl10", "test", tmp_path).labels.tolist() == [9, 0]


def test_the_unlabelled_split_says_so(tmp_path, pack):
    pack(tmp_path / "stl10_binary.tar.gz", members())
    data = load("stl10", "unlabelled", tmp_path)
    assert torch.equal(data.labels, torch.full((5,), UNLABELLED))
    assert np.array_equal(data.images.numpy(), IMAGES)


def test_half_an_image_is_one_clear_line(tmp_path, pack):
    content = members()
    content["stl10_binary/train_X.bin"] = content["stl10_binary/train_X.bin"][:-1]
    pack(tmp_path / "stl10_binary.tar.gz", content)
    with pytest.raises(InterplayError, match="no whole number of images"):
        load("stl10", "train", tmp_path)


def test_a_truncated_archive_is_one_clear_line(tmp_path, pack):
    path = pack(tmp_path / "stl10_binary.tar.gz", members())
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(InterplayError, match="truncated or corrupt"):
        load("stl10", "train", tmp_path)


@pytest.mark.parametrize("labels", [bytes([1, 2, 3, 9, 11]), bytes([0, 2, 3, 9, 10]), bytes([1, 2])])
def test_labels_that_cannot_be_are_one_clear_line(tmp_path, pack, labels):
    pack(tmp_path / "stl10_binary.tar.gz", members() | {"stl10_binary/train_y.bin": labels})
    with pytest.raises(InterplayError, match="label"):
        load("stl10", "train", tmp_path)
