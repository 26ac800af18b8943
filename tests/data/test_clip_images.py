"""CLIP's transforms are those of OpenCLIP and of the reference code; bytes in memory are treated like files."""

from __future__ import annotations

import open_clip
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from interplay.data.clip_images import (
    CLIP_NORMALISATION,
    as_clip_takes,
    evaluation_transform,
    training_transform,
    training_view,
)
from interplay.data.tensors import Images


@pytest.fixture
def picture():
    draw = torch.Generator().manual_seed(0)
    coarse = torch.randint(256, (3, 7, 9), generator=draw, dtype=torch.uint8)
    return v2.functional.to_pil_image(v2.functional.resize(coarse, [70, 90]))


def test_the_statistics_are_those_of_openclip():
    assert CLIP_NORMALISATION.mean == open_clip.OPENAI_DATASET_MEAN
    assert CLIP_NORMALISATION.std == open_clip.OPENAI_DATASET_STD


def test_evaluation_is_that_of_openclip(picture):
    ours, theirs = evaluation_transform(32)(picture), open_clip.image_transform(32, is_train=False)(picture)
    torch.testing.assert_close(ours, theirs)
    grey = Image.new("L", (40, 50), 128)
    assert evaluation_transform(32)(grey).shape == (3, 32, 32)


def test_training_takes_a_part_and_mirrors_half(picture):
    torch.manual_seed(0)
    transform = training_transform(32, scale=(0.9999, 1.0))
    square = picture.resize((32, 32))
    whole = evaluation_transform(32)(square)
    mirrored = [bool((transform(square) - whole).abs().mean() > 1e-6) for _ in range(40)]
    assert 10 < sum(mirrored) < 30
    part = training_transform(32, scale=(0.1, 0.2), flip=False)
    assert part(picture).shape == (3, 32, 32)
    assert not torch.equal(part(picture), part(picture))


def test_bytes_in_memory_become_what_files_become(picture):
    pixels = v2.functional.pil_to_tensor(picture)[None]
    images = Images(pixels, torch.tensor([0]), 1, digest="d")
    prepared = as_clip_takes(images, 32)
    # OpenCLIP resizes with Pillow, torch with its own filter, and both round to bytes.
    torch.testing.assert_close(prepared.images[0], evaluation_transform(32)(picture), rtol=0, atol=2.01 / 255 / 0.26)
    assert prepared.digest == "d"
    small = Images(pixels[:, :1, :32, :32], torch.tensor([0]), 1)
    same = as_clip_takes(small, 32)
    assert torch.equal(same.pixels, small.pixels.expand(-1, 3, -1, -1))


def test_views_of_bytes_follow_from_the_generator_alone(picture):
    pixels = v2.functional.pil_to_tensor(picture)[None].expand(4, -1, -1, -1)
    view = training_view(32, scale=(0.2, 0.6))
    draws = [view(pixels, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    before = torch.random.get_rng_state()
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
    assert draws[0].shape == (4, 3, 32, 32) and draws[0].dtype == torch.uint8
    assert not torch.equal(draws[0][0], draws[0][1]), "each image has a crop of its own"
    view(pixels, torch.Generator())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_view_of_the_whole_is_the_image(picture):
    pixels = v2.functional.pil_to_tensor(picture)[None, :, :64, :64]
    view = training_view(64, scale=(1.0, 1.0), flip=False)
    assert torch.equal(view(pixels, torch.Generator().manual_seed(0)), pixels)
