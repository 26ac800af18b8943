"""Batch augmentation against a naive version, one sample after the other."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms import v2

from interplay.data import average_pool, flip_and_crop
from interplay.data.augment import _draws
from interplay.errors import InterplayError


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def naive(images: np.ndarray, draws: list[list[int]], padding: int, flip: bool) -> np.ndarray:
    """Flip, pad with numpy's reflection, cut."""
    height, width = images.shape[2:]
    out = []
    for image, flipped, down, across in zip(images, *draws, strict=True):
        image = image[:, :, ::-1] if flip and flipped else image
        padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)), mode="reflect")
        top, left = padding + down, padding + across
        out.append(padded[:, top : top + height, left : left + width])
    return np.stack(out)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 3), st.integers(2, 9), st.integers(2, 9)),
    padding=st.integers(0, 4),
    flip=st.booleans(),
    dtype=st.sampled_from([torch.uint8, torch.float32]),
)
def test_agrees_with_the_naive_version(seed, shape, padding, flip, dtype):
    padding = min(padding, min(shape[2:]) - 1)
    images = torch.randint(0, 256, shape, generator=seeded(seed)).to(dtype)
    found = flip_and_crop(images, seeded(seed), padding=padding, flip=flip)
    draws = [draw.tolist() for draw in _draws(shape[0], padding, seeded(seed), images.device)]
    assert found.dtype == dtype
    assert np.array_equal(found.numpy(), naive(images.numpy(), draws, padding, flip))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 3), st.integers(5, 12), st.integers(5, 12)),
    padding=st.integers(0, 4),
    flip=st.booleans(),
)
def test_agrees_with_torchvision_one_image_after_the_other(seed, shape, padding, flip):
    """`torchvision.transforms.v2` with the same draws: flip, pad by reflection, crop."""
    images = torch.randint(0, 256, shape, generator=seeded(seed)).to(torch.uint8)
    found = flip_and_crop(images, seeded(seed), padding=padding, flip=flip)
    draws = _draws(shape[0], padding, seeded(seed), images.device)
    for image, out, flipped, down, across in zip(images, found, *draws, strict=True):
        image = v2.functional.horizontal_flip(image) if flip and flipped else image
        padded = v2.functional.pad(image, [padding] * 4, padding_mode="reflect") if padding else image
        top, left = padding + int(down), padding + int(across)
        assert torch.equal(out, v2.functional.crop(padded, top, left, *shape[2:]))


def test_all_crops_and_both_orientations_occur_equally_often():
    ramp = torch.arange(25, dtype=torch.float32).reshape(1, 1, 5, 5).expand(20_000, 1, 5, 5)
    out = flip_and_crop(ramp, seeded(0), padding=1)
    kinds, counts = torch.unique(out.reshape(len(out), -1), dim=0, return_counts=True)
    assert len(kinds) == 3 * 3 * 2
    assert counts.min() > 0.85 * 20_000 / 18
    assert counts.max() < 1.15 * 20_000 / 18


def test_nothing_to_do_changes_nothing_but_draws_as_much():
    images = torch.randint(0, 256, (4, 3, 6, 6), dtype=torch.uint8)
    still, moving = seeded(1), seeded(1)
    assert torch.equal(flip_and_crop(images, still, padding=0, flip=False), images)
    flip_and_crop(images, moving, padding=0, flip=True)
    assert torch.equal(still.get_state(), moving.get_state())


def test_padding_must_be_smaller_than_the_image():
    with pytest.raises(InterplayError, match="4x4 by 4 pixels"):
        flip_and_crop(torch.zeros(1, 1, 4, 4), seeded(0), padding=4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_generator_on_the_cpu_gives_the_same_crops_on_the_gpu():
    images = torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8)
    assert torch.equal(flip_and_crop(images.cuda(), seeded(5)).cpu(), flip_and_crop(images, seeded(5)))


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), factor=st.integers(1, 4))
def test_pooling_is_the_mean_rounded_to_the_nearest_byte(seed, factor):
    images = torch.randint(0, 256, (3, 2, 4 * factor, 3 * factor), generator=seeded(seed)).to(torch.uint8)
    blocks = images.double().unfold(2, factor, factor).unfold(3, factor, factor).mean(dim=(-1, -2))
    assert torch.equal(average_pool(images, factor), (blocks + 0.5).floor().to(torch.uint8))
    assert torch.allclose(average_pool(images.double(), factor), blocks)


@pytest.mark.parametrize("factor", [0, 3])
def test_pooling_must_divide(factor):
    with pytest.raises(InterplayError, match=f"image_pooling {factor} does not divide images of 28x28"):
        average_pool(torch.zeros(1, 1, 28, 28, dtype=torch.uint8), factor)
