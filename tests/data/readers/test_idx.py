"""Fashion-MNIST from small files of the idx format; the real one where it has been fetched."""

from __future__ import annotations

import numpy as np
import pytest

from interplay.data import load
from interplay.protocols.datasets import DATASETS


def test_both_splits_are_read(fashion, tmp_path):
    train, test = (load(fashion, split, tmp_path) for split in ("train", "test"))
    assert (len(train), len(test)) == (7, 3)
    assert train.image_shape == (1, 28, 28)
    assert train.labels.tolist() == list(range(7))
    expected = np.random.default_rng(0).integers(0, 256, (7, 28, 28))
    assert np.array_equal(train.pixels[:, 0].numpy(), expected)
    assert train.class_names[9] == "Ankle boot"


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_real_set_has_its_content(root, split):
    if not (root / "data/fashion-mnist").is_dir():
        pytest.skip("Fashion-MNIST is not fetched; `interplay fetch fashion-mnist`")
    data, info = load("fashion-mnist", split, root / "data"), DATASETS["fashion-mnist"]
    assert data.digest == info.digests[split]
    assert data.labels.bincount().tolist() == [info.splits[split] // 10] * 10
