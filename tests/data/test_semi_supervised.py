"""What is labelled, what is unlabelled and what is held out, of sets with and without a split of hidden labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from interplay.data import UNLABELLED, load
from interplay.data.images import load_splits
from interplay.data.semi_supervised import load_semi_supervised
from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder in which `digits`, which needs no files, is kept decoded."""
    return tmp_path_factory.mktemp("data")


def digits(root, num_labels=40, seed=0, pooling=1, **more):
    return load_semi_supervised("digits", root, CPU, pooling=pooling, num_labels=num_labels, seed=seed, **more)


def as_set(images):
    """Images with their labels, as a multiset without order."""
    pairs = zip(images.pixels, images.labels.tolist(), strict=True)
    return sorted((pixels.numpy().tobytes(), label) for pixels, label in pairs)


def contains(larger, smaller):
    """Whether a sorted multiset has every element of another, as often."""
    left = list(larger)
    return all(item in left and (left.remove(item) or True) for item in smaller)


@pytest.mark.parametrize("num_labels", [40, 1000])
def test_a_set_without_hidden_labels_trains_on_all_of_train(data, num_labels):
    """Digits take the place of STL-10: 1,442 images to train on, 140 to 147 of each class, so 1,000 labels exist."""
    splits = digits(data, num_labels)
    train, test = (load("digits", split, data) for split in ("train", "test"))
    assert splits.labelled.labels.bincount().tolist() == [num_labels // 10] * 10
    assert torch.equal(splits.unlabelled.pixels, train.pixels)
    assert torch.equal(splits.unlabelled.labels, train.labels)  # the true ones, to observe pseudo-labels by
    assert torch.equal(splits.held_out.pixels, test.pixels)
    chosen = torch.tensor(splits.labelled_split.indices)
    assert torch.equal(splits.labelled.pixels, train.pixels[chosen])
    assert torch.equal(splits.labelled.labels, train.labels[chosen])
    assert splits.digests == {
        "digits/train": train.digest,
        "digits/test": test.digest,
        f"digits/labelled-{num_labels}-seed0": splits.labelled_split.hash,
    }


def test_normalised_and_pooled_like_supervised_data(data):
    splits, plain = digits(data, pooling=2), load_splits("digits", data, CPU, pooling=2)
    normalise = plain.train.normalise
    assert splits.labelled.normalise == splits.unlabelled.normalise == splits.held_out.normalise == normalise
    assert torch.equal(splits.unlabelled.pixels, plain.train.pixels)
    assert splits.labelled.image_shape == (1, 4, 4)


def test_validation_is_neither_labelled_nor_unlabelled_and_test_is_not_read(data):
    splits, whole = digits(data, validation_fraction=0.2), digits(data)
    assert splits.labelled_split == whole.labelled_split  # the same labels as without validation
    assert len(splits.held_out) == round(0.2 * 1442)
    assert as_set(whole.unlabelled) == sorted([*as_set(splits.unlabelled), *as_set(splits.held_out)])
    assert contains(as_set(splits.unlabelled), as_set(splits.labelled))
    assert not set(as_set(splits.held_out)) & set(as_set(splits.labelled))
    shares = splits.held_out.labels.bincount() / (load("digits", "train", data).labels.bincount() - 4)
    assert float(shares.max() - shares.min()) < 0.01
    assert set(splits.digests) == {"digits/train", "digits/labelled-40-seed0"}


def test_validation_is_the_same_in_every_run_with_the_same_labels(data):
    first, again, other = (digits(data, seed=seed, validation_fraction=0.1) for seed in (0, 0, 1))
    assert torch.equal(first.held_out.pixels, again.held_out.pixels)
    assert as_set(first.labelled) != as_set(other.labelled)


def test_a_sample_holds_the_labelled_images(data):
    splits = digits(data, 100, train_sample=300)
    assert len(splits.unlabelled) == 300
    assert splits.labelled_split == digits(data, 100).labelled_split
    assert contains(as_set(splits.unlabelled), as_set(splits.labelled))
    assert (splits.unlabelled.labels.bincount() - 30).abs().max() <= 1
    both = digits(data, 100, train_sample=300, validation_fraction=0.5)
    assert (len(both.labelled), len(both.unlabelled), len(both.held_out)) == (100, 150, 150)
    assert as_set(splits.unlabelled) == sorted([*as_set(both.unlabelled), *as_set(both.held_out)])


def test_only_labelled_images_can_be_asked_for(data):
    splits = digits(data, 100, train_sample=100)
    assert as_set(splits.unlabelled) == as_set(splits.labelled)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"num_labels": 1450}, "digits: 1450 labels are more than its 1442 training images"),
        ({"num_labels": 15}, "digits: 15 labels cannot be shared equally among 10 classes"),
        ({"num_labels": 1440}, "digits: 1440 labels are 144 of each class, but class 8 has 140 training images"),
        ({"train_sample": 39}, "train_sample: 39 images with 40 labels; ask for 40 to 1442"),
        ({"train_sample": 1443}, "train_sample: 1443 images with 40 labels; ask for 40 to 1442"),
        ({"validation_fraction": 1.0}, "validation_fraction: must lie between 0 and 1, not 1.0"),
        ({"validation_fraction": 0.0001}, "validation_fraction: 0.0001 of 1442 images is 0, but 1402 are not labelled"),
        ({"num_labels": 1400, "validation_fraction": 0.1}, "is 144, but 42 are not labelled; .* 1 to 42 are held out"),
        ({"pooling": 3}, "pool"),
        ({"seed": -1}, "digits: labels are drawn with a seed of 0 or more, not -1"),
    ],
)
def test_what_the_data_do_not_allow_is_one_clear_line(data, settings, said):
    with pytest.raises(InterplayError, match=said) as caught:
        digits(data, **settings)
    assert "\n" not in str(caught.value)


def test_a_wrong_number_stops_before_anything_is_read(tmp_path):
    with pytest.raises(InterplayError, match="cifar10: 3 labels cannot be shared equally"):
        load_semi_supervised("cifar10", tmp_path, CPU, pooling=1, num_labels=3, seed=0)
    with pytest.raises(InterplayError, match="fixed lists for seeds 0 to 7, none for 9"):
        load_semi_supervised("cifar10", tmp_path, CPU, pooling=1, num_labels=10, seed=9)


def test_a_hundred_classes_take_four_labels_each(tmp_path, pin, monkeypatch):
    """glyphs100, in the place of CIFAR-100, has 250 images of each class; here rendered small by a stand-in reader."""
    assert DATASETS["glyphs100"].splits["train"] == 250 * 100
    rng = np.random.default_rng(0)

    def read(place, split):
        from interplay.data.content import Decoded

        labels = rng.permutation(np.arange(1000) % 100)
        return Decoded(rng.integers(0, 256, (1000, 1, 28, 28), dtype=np.uint8), labels, tuple(map(str, range(100))))

    monkeypatch.setattr("interplay.data.decoding.reader_of", lambda info: read)
    info = DATASETS["glyphs100"].model_copy(update={"splits": {"train": 1000, "test": 1000}, "digests": {}})
    splits = load_semi_supervised(info, tmp_path, CPU, pooling=2, num_labels=400, seed=3)
    assert splits.labelled.labels.bincount().tolist() == [4] * 100


TRAIN, TEST, HIDDEN = (
    np.random.default_rng(part).integers(0, 256, (count, 3, 96, 96), dtype=np.uint8)
    for part, count in enumerate((20, 3, 13))
)
LABELS = [1 + index % 10 for index in range(20)]


@pytest.fixture
def small_stl10(stl10, stl10_members):
    return stl10(stl10_members(TRAIN, LABELS, TEST, [3, 2, 1], HIDDEN))


@pytest.mark.parametrize("chunk", [1, 5, 512])
def test_hidden_labels_and_all_of_train_are_unlabelled(small_stl10, tmp_path, monkeypatch, chunk):
    monkeypatch.setattr("interplay.data.semi_supervised._CHUNK", chunk)
    splits = load_semi_supervised(small_stl10, tmp_path, CPU, pooling=1, num_labels=10, seed=0)
    assert np.array_equal(splits.unlabelled.pixels.numpy(), np.concatenate([TRAIN, HIDDEN]))
    assert torch.equal(splits.unlabelled.labels, torch.full((33,), UNLABELLED))
    assert splits.labelled.labels.sort().values.tolist() == list(range(10))
    assert np.array_equal(splits.labelled.pixels.numpy(), TRAIN[list(splits.labelled_split.indices)])
    assert splits.held_out.labels.tolist() == [2, 1, 0]
    assert set(splits.digests) == {"stl10/train", "stl10/unlabelled", "stl10/test", "stl10/labelled-10-seed0"}
    channels = TRAIN.transpose(1, 0, 2, 3).reshape(3, -1) / 255  # normalised by the training split alone
    assert splits.unlabelled.normalise.mean == pytest.approx(channels.mean(axis=1))
    assert splits.unlabelled.normalise.std == pytest.approx(channels.std(axis=1))
    assert splits.unlabelled.normalise == splits.labelled.normalise == splits.held_out.normalise


def test_hidden_images_are_pooled_and_sampled_in_their_proportion(small_stl10, tmp_path):
    splits = load_semi_supervised(small_stl10, tmp_path, CPU, pooling=4, num_labels=10, seed=0, train_sample=21)
    means = np.concatenate([TRAIN, HIDDEN]).reshape(33, 3, 24, 4, 24, 4).mean(axis=(3, 5))
    assert splits.unlabelled.image_shape == (3, 24, 24)
    found = splits.unlabelled.pixels.numpy()
    nearest = [np.abs(means - pixels).reshape(33, -1).max(axis=1).argmin() for pixels in found]
    assert np.abs(means[nearest] - found).max() <= 0.5
    assert len(set(nearest)) == 21
    assert set(splits.labelled_split.indices) <= set(nearest)
    others = [near for near in nearest if near not in splits.labelled_split.indices]
    assert sum(near >= 20 for near in others) == round(11 * 13 / 23)  # of 23 that are not labelled, 13 are hidden


def test_validation_of_stl10_is_of_its_labelled_split(small_stl10, tmp_path):
    splits = load_semi_supervised(
        small_stl10, tmp_path, CPU, pooling=1, num_labels=10, seed=0, validation_fraction=0.25
    )
    assert len(splits.held_out) == 5
    assert len(splits.unlabelled) == 33 - 5
    rows = {image.tobytes() for image in splits.held_out.pixels.numpy()}
    assert rows <= {image.tobytes() for image in TRAIN}
    assert not rows & {image.tobytes() for image in splits.unlabelled.pixels.numpy()}
    assert not rows & {image.tobytes() for image in splits.labelled.pixels.numpy()}
    assert int(splits.held_out.labels.min()) >= 0
    assert "stl10/test" not in splits.digests


def test_ten_labels_of_real_cifar10_need_all_of_it(cifar10, cifar10_members, tmp_path):
    info = cifar10(cifar10_members())
    with pytest.raises(InterplayError, match="count 50000 training images, here are 10"):
        load_semi_supervised(info, tmp_path, CPU, pooling=1, num_labels=10, seed=0)
    assert not (tmp_path / "splits").exists()


@pytest.mark.each_device
def test_images_arrive_on_the_device(small_stl10, tmp_path, device):
    splits = load_semi_supervised(small_stl10, tmp_path, device, pooling=1, num_labels=10, seed=0)
    for images in (splits.labelled, splits.unlabelled, splits.held_out):
        assert images.pixels.device.type == images.labels.device.type == device.type
    assert np.array_equal(splits.unlabelled.pixels.cpu().numpy(), np.concatenate([TRAIN, HIDDEN]))
