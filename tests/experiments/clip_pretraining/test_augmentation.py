"""Views move, scale, colour and grain pictures, and mirror none."""

from __future__ import annotations

import pytest
import torch

from interplay.experiments.clip_pretraining.augmentation import augmented
from interplay.protocols.clip_pretraining import Augmentation

NOTHING = {
    "shift": 0.0,
    "scale": (1.0, 1.0),
    "grey": 0.0,
    "contrast": 0.0,
    "colour": 0.0,
    "brightness": 0.0,
    "noise": 0.0,
}


def view(images, seed=0, **changes):
    return augmented(Augmentation.model_validate(NOTHING | changes))(images, torch.Generator().manual_seed(seed))


@pytest.fixture
def images():
    draw = torch.Generator().manual_seed(1)
    return torch.randint(60, 190, (64, 3, 16, 16), generator=draw, dtype=torch.uint8)


def test_without_settings_nothing_changes(images):
    assert torch.equal(view(images), images)


@pytest.mark.parametrize("change", [{name: (0.8, 1.2) if name == "scale" else 0.3} for name in NOTHING])
def test_every_setting_changes_something_and_follows_from_the_generator(images, change):
    found = view(images, **change)
    assert found.dtype == torch.uint8 and found.shape == images.shape
    assert not torch.equal(found, images)
    assert torch.equal(found, view(images, **change)) and not torch.equal(found, view(images, 1, **change))


def test_shifts_stay_within_bounds_and_reach_them():
    dot = torch.zeros(400, 1, 33, 33, dtype=torch.uint8)
    dot[:, :, 16, 16] = 255
    found = view(dot, shift=3.0).float()
    columns = (found.sum((1, 2)) * torch.arange(33)).sum(1) / found.sum((1, 2, 3)) - 16
    assert columns.abs().max() <= 3.05
    assert columns.min() < -2.5 and columns.max() > 2.5


def test_scales_lie_between_their_bounds_and_what_is_smaller_lies_anywhere():
    square = torch.zeros(400, 1, 33, 33, dtype=torch.uint8)
    square[:, :, 8:25, 8:25] = 255
    found = view(square, scale=(0.5, 1.25)).float()
    mass = found.sum((1, 2, 3))
    sides = (mass / 255).sqrt() / 17
    assert 0.5 - 0.03 < sides.min() < 0.6 and 1.15 < sides.max() < 1.25 + 0.03
    columns = (found.sum((1, 2)) * torch.arange(33)).sum(1) / mass - 16
    off = columns.abs() / 16.5
    assert (off <= (1 - sides).clamp(min=0) + 0.03).all(), "none leaves the image"
    assert off[sides < 0.6].max() > 0.3 and off[sides > 1.02].max() < 0.03


def test_grey_takes_colours_away_and_leaves_brightness(images):
    found = view(images, grey=1.0).float()
    spread = found.std(1).mean((1, 2)) / images.float().std(1).mean((1, 2))
    assert spread.min() < 0.1 and spread.max() > 0.9
    torch.testing.assert_close(found.mean(1), images.float().mean(1), rtol=0, atol=0.51)


def test_colours_change_together_in_an_image_and_apart_between_images(images):
    flat = torch.full((64, 3, 8, 8), 100, dtype=torch.uint8)
    found = view(flat, colour=0.2).float()
    assert (found.std((2, 3)) == 0).all()
    means = found.mean((2, 3))
    assert means.std(1).min() > 0 and means.min() >= 80 and means.max() <= 120
