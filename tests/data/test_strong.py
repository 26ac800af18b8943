"""Cutout against Pillow's rectangles, and the strong view as a view of images and of streams."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from interplay.data import Images, cutout, flip_and_crop, rand_augment, strong_view
from interplay.errors import InterplayError


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, shape, generator=seeded(seed)).byte()


def naive(image: torch.Tensor, draws: list[float], largest: float, fill: tuple[int, ...]) -> torch.Tensor:
    """One image: a rectangle of Pillow's, its corners as the reference code has them."""
    height, width = image.shape[1:]
    side = draws[0] * largest * width
    if side == 0:
        return image
    left, top = int(max(0, draws[1] * width - side / 2)), int(max(0, draws[2] * height - side / 2))
    corners = (left, top, min(width, left + side), min(height, top + side))
    picture = Image.fromarray(image[0].numpy() if len(image) == 1 else image.permute(1, 2, 0).numpy())
    grey = Image.new("RGB", (1, 1), fill).convert("L").getpixel((0, 0))
    ImageDraw.Draw(picture).rectangle(corners, fill if len(image) == 3 else grey)
    pixels = torch.from_numpy(np.array(picture))
    return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)


@settings(max_examples=80)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(1, 9), st.sampled_from([1, 3]), st.integers(1, 20), st.integers(1, 20)),
    largest=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    fill=st.tuples(*[st.integers(0, 255)] * 3),
)
def test_squares_are_those_that_pillow_draws(seed, shape, largest, fill):
    images = noise(*shape, seed=seed)
    found = cutout(images, seeded(seed), largest=largest, fill=fill)
    draws = torch.rand(3, shape[0], generator=seeded(seed), dtype=torch.float64).T.tolist()
    expected = [naive(image, draw, largest, fill) for image, draw in zip(images, draws, strict=True)]
    assert torch.equal(found, torch.stack(expected))


def test_sides_are_uniform_up_to_half_and_centres_anywhere():
    covered = cutout(torch.zeros(20_000, 1, 32, 32, dtype=torch.uint8), seeded(0))[:, 0] > 0
    rows = covered.any(2).sum(1)
    assert (rows.min(), rows.max()) == (1, 16)
    # Sides of 1 to 16 pixels, equally often. No square that is shifted or cut off reaches rows and columns 17 to 23:
    # there the chance of a pixel is the mean area over that of the image.
    middle = covered.double().mean(0)[17:24, 17:24]
    expected = (torch.arange(1, 17) ** 2).double().mean() / 32**2
    assert torch.allclose(middle, expected, rtol=0.1)
    # Shifted inside at the upper left, and so as large as any other; cut off at the lower right.
    upper_left, lower_right = (covered[covered[:, edge, edge]].sum((1, 2)).double().mean() for edge in (0, 31))
    assert upper_left > 1.5 * lower_right > 0


def test_grey_of_one_channel_is_the_colours():
    assert cutout(torch.zeros(9, 1, 8, 8, dtype=torch.uint8), seeded(0)).unique().tolist() == [0, 123]


def test_the_strong_view_crops_last_or_first():
    images = noise(20, 3, 16, 12)
    draw = seeded(3)
    last = flip_and_crop(cutout(rand_augment(images, draw), draw), draw)
    draw = seeded(3)
    cropped = flip_and_crop(images, draw, padding=2, flip=False)
    first = cutout(rand_augment(cropped, draw, operations=2), draw, largest=0.2)
    assert torch.equal(strong_view(images, seeded(3)), last)
    changed = partial(strong_view, crop="first", operations=2, largest=0.2, padding=2, flip=False)
    assert torch.equal(changed(images, seeded(3)), first)
    with pytest.raises(InterplayError, match="crops 'first' or 'last', not 'never'"):
        strong_view(images, seeded(3), crop="never")


def test_it_is_a_view_of_images():
    images = Images(noise(9, 1, 14, 14), torch.arange(9), 9)
    weak, strong = images.views(torch.tensor([4, 2]), flip_and_crop, strong_view, generator=seeded(1))
    draw = seeded(1)
    flip_and_crop(images.pixels[[4, 2]], draw)
    expected = strong_view(images.pixels[[4, 2]], draw)
    assert torch.equal(strong, images.normalise(expected))
    assert weak.shape == strong.shape


@pytest.mark.parametrize("view", [cutout, strong_view])
def test_a_device_is_never_waited_for(view):
    found = view(torch.empty(8, 3, 32, 32, dtype=torch.uint8, device="meta"), seeded(0))
    assert (found.shape, found.dtype, found.device.type) == ((8, 3, 32, 32), torch.uint8, "meta")


def test_what_cannot_be_covered_is_refused_in_one_line():
    with pytest.raises(InterplayError, match=r"^Cutout takes images as uint8 \[N, 1 or 3, H, W\].*not float32"):
        cutout(torch.zeros(1, 3, 4, 4), seeded(0))
    with pytest.raises(InterplayError, match=r"^Cutout takes images.*at least one, not uint8 \[0, 3, 4, 4\]"):
        cutout(noise(0, 3, 4, 4), seeded(0))
    with pytest.raises(InterplayError, match=r"from 0 to 1, not 1.5"):
        cutout(noise(1, 3, 4, 4), seeded(0), largest=1.5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("crop", ["first", "last"])
def test_a_generator_on_the_cpu_gives_the_same_views_on_the_gpu(crop):
    images = noise(64, 3, 32, 32)
    found = strong_view(images.cuda(), seeded(5), crop=crop)
    assert torch.equal(found.cpu(), strong_view(images, seeded(5), crop=crop))
