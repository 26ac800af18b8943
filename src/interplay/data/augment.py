"""Augmentation of whole batches on the device where they are, without a loop over samples.

The weak augmentation of the public semi-supervised code (TorchSSL, docs/facts.md#augmentation; metrics24 VI-A trains
with it): first a horizontal flip with probability one half, then a crop of the image padded by reflection.
"""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.errors import InterplayError


def flip_and_crop(images: Tensor, generator: torch.Generator, *, padding: int = 4, flip: bool = True) -> Tensor:
    """Flip each image left to right or not, then crop it at random out of itself padded by reflection.

    One gather over computed pixel positions does both; nothing is padded in memory. The random numbers are drawn on
    the generator's device, so that a CPU generator gives the same crops on every device.

    Args:
        images: [batch, channels, height, width], any dtype.
        generator: source of all randomness, advanced by three draws of `batch` numbers whatever the settings.
        padding: pixels added on every side by reflection (the edge itself is not repeated); 0 crops nothing.
        flip: whether to flip at all.

    Returns:
        A tensor like `images`.

    Raises:
        InterplayError: `padding` is negative or not smaller than the image, where reflection has nothing to show.
    """
    batch, channels, height, width = images.shape
    if not 0 <= padding < min(height, width):
        raise InterplayError(f"cannot pad images of {height}x{width} by {padding} pixels by reflection; choose less")
    flipped, down, across = _draws(batch, padding, generator, images.device)
    rows = _reflect(torch.arange(height, device=images.device) + down[:, None], height)
    columns = _reflect(torch.arange(width, device=images.device) + across[:, None], width)
    if flip:
        columns = torch.where(flipped[:, None], width - 1 - columns, columns)
    positions = (rows[:, :, None] * width + columns[:, None, :]).reshape(batch, 1, -1)
    picked = images.reshape(batch, channels, -1).gather(2, positions.expand(-1, channels, -1))
    return picked.reshape(images.shape)


def average_pool(images: Tensor, factor: int) -> Tensor:
    """Average squares of `factor` x `factor` pixels: [n, c, h, w] to [n, c, h / factor, w / factor], same dtype.

    Bytes are rounded to the nearest (half up). Used by the smoke tier (`image_pooling`).

    Raises:
        InterplayError: `factor` does not divide height and width.
    """
    if factor < 1 or images.shape[-2] % factor or images.shape[-1] % factor:
        raise InterplayError(
            f"image_pooling {factor} does not divide images of {images.shape[-2]}x{images.shape[-1]}; choose a divisor"
        )
    if factor == 1:
        return images
    if images.dtype != torch.uint8:
        return torch.nn.functional.avg_pool2d(images, factor)
    count, channels, height, width = images.shape
    squares = images.reshape(count, channels, height // factor, factor, width // factor, factor)
    area = factor * factor
    return ((squares.sum(dim=(3, 5), dtype=torch.int32) * 2 + area) // (2 * area)).to(torch.uint8)


def _draws(batch: int, padding: int, generator: torch.Generator, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Whether each image is flipped, and where its crop starts relative to it: -padding .. padding, down and across."""
    source = generator.device
    flipped = torch.randint(2, (batch,), generator=generator, device=source).bool()
    down = torch.randint(-padding, padding + 1, (batch,), generator=generator, device=source)
    across = torch.randint(-padding, padding + 1, (batch,), generator=generator, device=source)
    return flipped.to(device), down.to(device), across.to(device)


def _reflect(positions: Tensor, size: int) -> Tensor:
    """Positions outside 0 .. size - 1 mirrored at the edge pixels."""
    return (size - 1) - ((size - 1) - positions.abs()).abs()
