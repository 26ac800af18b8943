"""STL-10 from a small archive of its binary format."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from interplay.data import UNLABELLED, load
from interplay.data.readers import stl10
from interplay.errors import InterplayError

NAMES = b"airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n"
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 96, 96), dtype=np.uint8)


def members(images: np.ndarray = IMAGES) -> dict[str, bytes]:
    columns = np.stack([[channel.T for channel in image] for image in images]).tobytes()
    return {
        "test_X.bin": columns[: 2 * 27648],
        "test_y.bin": bytes([10, 1]),
        "train_X.bin": columns,
        "train_y.bin": bytes([1, 2, 3, 9, 10]),
        "unlabeled_X.bin": columns,
        "class_names.txt": NAMES,
        "fold_indices.txt": b"0 1\n",
    }


@pytest.fixture
def write(tmp_path, pack, pin, monkeypatch):
    """Put an archive with these members in the place of STL-10's; torchvision is told their MD5."""
    from torchvision.datasets import STL10

    def make(content):
        for list_name in ("train_list", "test_list"):
            kept = [[name, hashlib.md5(content[name]).hexdigest()] for name, _ in getattr(STL10, list_name)]
            monkeypatch.setattr(STL10, list_name, kept)
        pack(tmp_path / "stl10_binary.tar.gz", {f"stl10_binary/{name}": text for name, text in content.items()})
        return pin("stl10", tmp_path, splits={"train": 5, "test": 2, "unlabelled": 5})

    return make


@pytest.mark.parametrize("chunk", [1, 2, 500])
def test_columns_become_rows_and_labels_count_from_zero(tmp_path, write, monkeypatch, chunk):
    monkeypatch.setattr(stl10, "_CHUNK", chunk)
    info = write(members())
    train = load(info, "train", tmp_path)
    assert np.array_equal(train.pixels.numpy(), IMAGES)
    assert train.labels.tolist() == [0, 1, 2, 8, 9]
    assert train.class_names[:2] == ("airplane", "bird")
    assert load(info, "test", tmp_path).labels.tolist() == [9, 0]


def test_the_unlabelled_split_says_so(tmp_path, write):
    data = load(write(members()), "unlabelled", tmp_path)
    assert torch.equal(data.labels, torch.full((5,), UNLABELLED))
    assert np.array_equal(data.pixels.numpy(), IMAGES)
    assert len(data.sample(3)) == 3
    with pytest.raises(InterplayError, match="stl10/unlabelled: images without labels have no classes to take from"):
        data.first_per_class(1)


def test_half_an_image_is_one_clear_line(tmp_path, write):
    content = members()
    content["train_X.bin"] = content["train_X.bin"][:-1]
    with pytest.raises(InterplayError, match=r"stl10 \(train\): torchvision .* cannot read it: cannot reshape"):
        load(write(content), "train", tmp_path)


@pytest.mark.parametrize("labels", [bytes([1, 2, 3, 9, 11]), bytes([0, 2, 3, 9, 10]), bytes([1, 2])])
def test_labels_that_cannot_be_are_one_clear_line(tmp_path, write, labels):
    with pytest.raises(InterplayError, match="label"):
        load(write(members() | {"train_y.bin": labels}), "train", tmp_path)
