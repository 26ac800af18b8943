"""Statistics of the training set and their use."""

from __future__ import annotations

import torch

from interplay.data import Normalisation


def test_statistics_equal_those_of_the_scaled_pixels():
    images = torch.randint(0, 256, (5000, 3, 4, 5), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    found = Normalisation.of(images)
    scaled = images.double() / 255
    torch.testing.assert_close(torch.tensor(found.mean).double(), scaled.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(torch.tensor(found.std).double(), scaled.std(dim=(0, 2, 3), correction=0))


def test_normalised_images_have_mean_zero_and_deviation_one():
    images = torch.randint(0, 200, (500, 2, 8, 8), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    out = Normalisation.of(images)(images)
    assert out.dtype == torch.float32
    assert out.mean(dim=(0, 2, 3)).abs().max() < 1e-5
    assert (out.std(dim=(0, 2, 3), correction=0) - 1).abs().max() < 1e-5


def test_statistics_made_in_inference_mode_serve_training_too():
    """They are made once for each device, in whatever mode the first batch is normalised in."""
    images = torch.randint(0, 200, (5, 1, 3, 3), generator=torch.Generator().manual_seed(2)).to(torch.uint8)
    normalise = Normalisation((0.123,), (0.456,))
    with torch.inference_mode():
        normalise(images)
    weight = torch.ones((), requires_grad=True)
    (normalise(images) * weight).sum().backward()
    assert weight.grad == normalise(images).sum()


def test_a_constant_channel_becomes_zero_and_not_nan():
    images = torch.full((10, 1, 3, 3), 7, dtype=torch.uint8)
    assert torch.equal(Normalisation.of(images)(images), torch.zeros(10, 1, 3, 3))
