"""Images in memory: bytes until they are asked for, and every way of taking some of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch

from interplay.data import UNLABELLED, Images, Normalisation, flip_and_crop, load
from interplay.data.images import load_splits
from interplay.data.randomness import generator
from interplay.errors import InterplayError


@pytest.fixture
def data() -> Images:
    pixels = torch.randint(0, 256, (40, 3, 9, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    labels = torch.arange(40) % 4
    return Images(pixels, labels, 4, Normalisation.of(pixels), ("a", "b", "c", "d"), "toys/train", "0" * 16)


def test_a_batch_is_augmented_as_bytes_and_then_normalised_bit_for_bit_as_the_other_way_round(data):
    """Cropping and flipping move pixels, normalising changes each for itself: the order must not show in any bit."""
    chosen = torch.tensor([3, 39, 3, 0, 17])
    for flip in (False, True):
        view = partial(flip_and_crop, padding=4, flip=flip)
        images, labels = data.batch(chosen, view, torch.Generator().manual_seed(5))
        whole = data.normalise(data.pixels)
        expected = flip_and_crop(whole[chosen], torch.Generator().manual_seed(5), padding=4, flip=flip)
        assert torch.equal(images, expected)
        assert labels.tolist() == [3, 3, 3, 0, 1]


def test_normalised_images_are_those_of_the_plain_formula(data):
    mean, std = (torch.tensor(part).view(1, 3, 1, 1) for part in (data.normalise.mean, data.normalise.std))
    assert torch.equal(data.images, (data.pixels.float() / 255 - mean) / std)
    raw = data.normalised(Normalisation(scale=1, dtype=torch.float64))
    assert torch.equal(raw.images, data.pixels.double())
    assert torch.equal(data.normalised(Normalisation()).images, data.pixels.float() / 255)


def test_batches_follow_the_order_asked_for(data):
    for order in (16, torch.arange(40).split(16)):
        parts = list(data.batches(order))
        assert [len(labels) for _, labels in parts] == [16, 16, 8]
        assert torch.equal(torch.cat([images for images, _ in parts]), data.images)
    (images, labels), *rest = data.batches(torch.tensor([[7, 2]]))
    assert not rest
    assert labels.tolist() == [3, 2]
    assert torch.equal(images, data.images[[7, 2]])


def test_batches_can_be_augmented(data):
    view = partial(flip_and_crop, padding=2)
    order = [torch.tensor([1, 2]), torch.tensor([3, 4])]
    parts = list(data.batches(order, torch.Generator().manual_seed(3), view=view))
    draw = torch.Generator().manual_seed(3)
    for (images, _), chosen in zip(parts, order, strict=True):
        assert torch.equal(images, data.batch(chosen, view, draw)[0])
    with pytest.raises(InterplayError, match="toys/train: augmentation needs a generator"):
        next(data.batches(8, view=view))


def test_views_are_of_the_same_images(data):
    black = lambda pixels, draw: pixels * 0  # noqa: E731
    plain, dark = data.views(torch.tensor([5]), None, black, generator=torch.Generator())
    assert torch.equal(plain, data.images[5:6])
    assert torch.equal(dark, data.normalise(torch.zeros(1, 3, 9, 8, dtype=torch.uint8)))


def test_nothing_but_bytes_is_kept_until_all_are_asked_for(data):
    list(data.batches(8))
    data.sample(10).first_per_class(1)
    assert "images" not in vars(data)
    assert data.pixels.dtype == torch.uint8


def test_floats_are_given_as_they_are():
    images = torch.randn(3, 1, 2, 2)
    data = Images(images, torch.tensor([0, 1, 0]), 2)
    assert torch.equal(data.images, images)
    assert torch.equal(data.batch(torch.tensor([2]))[0], images[2:])


def test_a_subset_keeps_the_order_asked_for_and_what_it_comes_from(data):
    part = data.subset(torch.tensor([3, 0]))
    assert part.labels.tolist() == [3, 0]
    assert torch.equal(part.pixels[0], data.pixels[3])
    assert (len(part), part.class_names) == (2, data.class_names)
    assert (part.digest, part.normalise) == (data.digest, data.normalise)


def test_a_sample_is_the_same_in_every_run(data):
    expected = torch.randperm(40, generator=generator(0, "evaluation sample"))[:7]
    assert torch.equal(data.sample(7).pixels, data.pixels[expected])
    assert data.sample(None) is data.sample(40) is data.sample(41) is data


def test_the_first_of_each_class(data):
    assert data.first_per_class(2).labels.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert data.first_per_class(None) is data
    assert data.first_classes(2).labels.unique().tolist() == [0, 1]
    assert data.first_classes(None) is data


def test_shuffling_moves_images_and_labels_together(data):
    shuffled = data.shuffled(torch.Generator().manual_seed(1))
    order = torch.randperm(40, generator=torch.Generator().manual_seed(1))
    assert torch.equal(shuffled.pixels, data.pixels[order])
    assert torch.equal(shuffled.labels, data.labels[order])


def test_pooling_keeps_bytes(data):
    square = replace(data, pixels=data.pixels[:, :, :8])
    assert square.pooled(2).image_shape == (3, 4, 4)
    assert square.pooled(2).pixels.dtype == torch.uint8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"pixels": torch.zeros(40, 9, dtype=torch.uint8)},
            r"images must be uint8 .* not uint8 \[40, 9\]",
        ),
        ({"pixels": torch.zeros(40, 1, 2, 2, dtype=torch.int32)}, "not int32"),
        ({"labels": torch.zeros(3, dtype=torch.int64)}, r"labels must be \[40\], not \[3\]"),
        ({"labels": torch.zeros(40)}, r"labels must be int64 \[N\], not float32"),
        ({"labels": torch.zeros(40, dtype=torch.int32)}, "not int32"),
        ({"labels": torch.arange(40) % 5}, r"label 4 lies outside 0 \.\. 3"),
        ({"labels": torch.arange(40) % 4 - 2}, "label -2 lies outside"),
        ({"labels": torch.arange(40) % 4 - 1}, "label -1 lies outside"),
        ({"class_names": ("a",)}, "1 class names for 4 classes"),
    ],
)
def test_what_does_not_fit_is_refused(data, change, message):
    with pytest.raises(InterplayError, match=f"toys/train: .*{message}"):
        replace(data, **change)


def test_images_without_labels_are_all_without(data):
    unlabelled = replace(data, labels=torch.full((40,), UNLABELLED))
    assert unlabelled.sample(3).labels.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("take", "message"),
    [
        (lambda data: data.sample(0), "a sample of 0 images leaves nothing"),
        (lambda data: data.sample(-1), "a sample of -1 images leaves nothing"),
        (lambda data: data.first_per_class(0), "cannot take 0 samples of each class"),
        (lambda data: data.first_per_class(11), "cannot take 11 samples of each class; the smallest has 10"),
        (lambda data: data.first_classes(0), "no images are left"),
        (lambda data: data.subset(torch.empty(0, dtype=torch.int64)), "no images are left"),
        (lambda data: list(data.batches(0)), "batches of 0 images hold nothing"),
        (lambda data: list(data.batches(-3)), "batches of -3 images hold nothing"),
    ],
)
def test_nothing_at_all_is_one_clear_line(data, take, message):
    with pytest.raises(InterplayError, match=message) as caught:
        take(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"train_sample": 0}, "train_sample: cannot choose 0 of 1442"),
        ({"train_sample": 1443}, "train_sample: cannot choose 1443 of 1442"),
        (
            {"validation_fraction": 1e-9},
            "validation_fraction: .* 1e-09 of 1442 samples leaves one",
        ),
        ({"validation_fraction": 1.0}, "validation_fraction: the validation fraction must lie between"),
        ({"pooling": 3}, "image_pooling 3 does not divide images of 8x8"),
    ],
)
def test_a_split_that_comes_out_empty_is_one_clear_line_that_names_the_key(tmp_path, asked, message):
    with pytest.raises(InterplayError, match=message):
        load_splits("digits", tmp_path, torch.device("cpu"), **({"pooling": 1} | asked))


def test_splits_are_normalised_by_the_training_images(tmp_path):
    splits = load_splits("digits", tmp_path, torch.device("cpu"), pooling=2, train_sample=500)
    assert splits.train.images.mean().abs() < 1e-5
    assert (splits.train.images.std(correction=0) - 1).abs() < 1e-5
    assert splits.held_out.normalise == splits.train.normalise == Normalisation.of(splits.train.pixels)
    assert splits.train.image_shape == (1, 4, 4)
    digests = {f"digits/{split}": load("digits", split, tmp_path).digest for split in ("train", "test")}
    assert splits.digests == digests


def test_a_validation_split_never_reads_the_test_set(tmp_path):
    splits = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1, validation_fraction=0.2)
    assert list(splits.digests) == ["digits/train"]
    assert len(splits.train) + len(splits.held_out) == 1442


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_an_unlabelled_split_of_the_largest_kind_fits_as_bytes():
    """100,000 images of 96x96 are 2.8 GB on the device, and a batch of them costs no more than itself."""
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()  # what other tests hold
    pixels = torch.zeros(100_000, 3, 96, 96, dtype=torch.uint8)
    data = Images(pixels, torch.full((100_000,), UNLABELLED), 10, Normalisation((0.4,) * 3, (0.2,) * 3)).to(
        torch.device("cuda")
    )
    draw = torch.Generator(device="cuda").manual_seed(0)
    for start in range(0, 100_000, 25_000):
        data.batch(torch.arange(start, start + 448, device="cuda"), partial(flip_and_crop, padding=12), draw)
    assert torch.cuda.max_memory_allocated() - before < 3.3e9
