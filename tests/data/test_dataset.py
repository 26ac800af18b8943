"""The typed data set, its checks and its digest."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from interplay.data import Dataset, data_digest
from interplay.errors import InterplayError


@pytest.fixture
def data() -> Dataset:
    images = torch.arange(4 * 2 * 3 * 3, dtype=torch.uint8).reshape(4, 2, 3, 3)
    return Dataset("tiny", "train", images, torch.tensor([0, 1, 2, 1]), 3, ("a", "b", "c"))


def test_the_digest_is_over_content_only(data):
    assert data.digest == data_digest(replace(data, name="other", class_names=("x", "y", "z")))
    for index in (0, -1):
        images = data.images.clone()
        images.view(-1)[index] ^= 1
        assert data_digest(replace(data, images=images)) != data.digest
    assert data_digest(replace(data, labels=torch.tensor([0, 1, 2, 2]))) != data.digest
    assert data_digest(replace(data, images=data.images.reshape(4, 2, 9, 1))) != data.digest


def test_the_digest_does_not_depend_on_the_layout_in_memory(data):
    assert data_digest(replace(data, images=data.images.contiguous(memory_format=torch.channels_last))) == data.digest


def test_the_digest_is_sha256(data):
    import hashlib

    raw = b"(4, 2, 3, 3)(4,)" + bytes(range(72)) + b"".join(v.to_bytes(8, "little") for v in (0, 1, 2, 1))
    assert data.digest == hashlib.sha256(raw).hexdigest()[:16]


def test_a_subset_keeps_the_order_asked_for(data):
    part = data.subset(torch.tensor([3, 0]))
    assert part.labels.tolist() == [1, 0]
    assert torch.equal(part.images[0], data.images[3])
    assert (len(part), part.class_names) == (2, data.class_names)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": torch.zeros(4, 2, 3, 3)}, "images must be uint8"),
        ({"images": torch.zeros(4, 9, dtype=torch.uint8)}, "images must be uint8"),
        ({"labels": torch.zeros(3, dtype=torch.int64)}, "labels must be int64"),
        ({"labels": torch.zeros(4)}, "labels must be int64"),
        ({"labels": torch.tensor([0, 1, 2, 3])}, "label 3 lies outside 0 .. 2"),
        ({"labels": torch.tensor([0, 1, 2, -2])}, "label -2 lies outside"),
        ({"class_names": ("a",)}, "1 class names for 3 classes"),
    ],
)
def test_what_does_not_fit_is_refused(data, change, message):
    with pytest.raises(InterplayError, match=message):
        replace(data, **change)
