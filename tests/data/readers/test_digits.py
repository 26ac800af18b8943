"""scikit-learn's digits and the split that is made of them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from interplay.data import load
from interplay.protocols.datasets import DATASETS


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("empty")
    return {split: load("digits", split, nowhere) for split in ("train", "test")}


def test_the_splits_share_the_images_out_between_them(splits):
    images, labels = load_digits(return_X_y=True)
    stored = sorted((int(label), tuple(image)) for label, image in zip(labels, images, strict=True))
    found = []
    for data in splits.values():
        greys = (data.pixels.numpy().astype(float) * 16 / 255).round().reshape(len(data), -1)
        found += [(int(label), tuple(image)) for label, image in zip(data.labels, greys, strict=True)]
    assert sorted(found) == stored


def test_a_fifth_of_every_class_is_for_testing(splits):
    for everything, test in zip(np.bincount(load_digits().target), splits["test"].labels.bincount(), strict=True):
        assert test == everything // 5


def test_pixels_span_the_bytes(splits):
    assert splits["train"].pixels.min() == 0
    assert splits["train"].pixels.max() == 255
    assert len(splits["train"].pixels.unique()) == 17


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_content_is_the_pinned_one(splits, split):
    assert splits[split].digest == DATASETS["digits"].digests[split]
    assert len(splits[split]) == DATASETS["digits"].splits[split]


def test_the_negative_control_has_the_same_images_and_permuted_training_labels(splits, tmp_path):
    train, test = (load("digits-permuted", split, tmp_path) for split in ("train", "test"))
    assert train.pixels.equal(splits["train"].pixels) and test.labels.equal(splits["test"].labels)
    assert train.labels.bincount().equal(splits["train"].labels.bincount())
    assert (train.labels == splits["train"].labels).double().mean() < 0.2
