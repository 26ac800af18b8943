"""STL-10 from a small archive of its binary format."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from interplay.data import UNLABELLED, load
from interplay.errors import InterplayError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 96, 96), dtype=np.uint8)
LABELS = [1, 2, 3, 9, 10]


@pytest.fixture
def members(stl10_members):
    return stl10_members(IMAGES, LABELS, IMAGES[:2], [10, 1], IMAGES)


@pytest.mark.parametrize("chunk", [1, 2, 500])
def test_columns_become_rows_and_labels_count_from_zero(tmp_path, stl10, members, monkeypatch, chunk):
    monkeypatch.setattr("interplay.data.readers.stl10._CHUNK", chunk)
    info = stl10(members)
    train = load(info, "train", tmp_path)
    assert np.array_equal(train.pixels.numpy(), IMAGES)
    assert train.labels.tolist() == [0, 1, 2, 8, 9]
    assert train.class_names[:2] == ("airplane", "bird")
    assert load(info, "test", tmp_path).labels.tolist() == [9, 0]


def test_the_unlabelled_split_says_so(tmp_path, stl10, members):
    data = load(stl10(members), "unlabelled", tmp_path)
    assert torch.equal(data.labels, torch.full((5,), UNLABELLED))
    assert np.array_equal(data.pixels.numpy(), IMAGES)
    assert len(data.sample(3)) == 3
    with pytest.raises(InterplayError, match="stl10/unlabelled: images without labels have no classes to take from"):
        data.first_per_class(1)


def test_half_an_image_is_one_clear_line(tmp_path, stl10, members):
    content = members | {"train_X.bin": members["train_X.bin"][:-1]}
    with pytest.raises(InterplayError, match=r"stl10 \(train\): torchvision .* cannot read it: cannot reshape"):
        load(stl10(content), "train", tmp_path)


@pytest.mark.parametrize("labels", [bytes([1, 2, 3, 9, 11]), bytes([0, 2, 3, 9, 10]), bytes([1, 2])])
def test_labels_that_cannot_be_are_one_clear_line(tmp_path, stl10, members, labels):
    with pytest.raises(InterplayError, match="label"):
        load(stl10(members | {"train_y.bin": labels}), "train", tmp_path)
