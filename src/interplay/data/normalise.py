"""Bytes to normalised floats: per-channel mean and standard deviation of the training set."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_CHUNK = 4096  # images: the statistics of a large set must not need it as floats


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each channel, of pixels scaled to 0 .. 1."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, images: Tensor) -> Normalisation:
        """Statistics of uint8 images [n, c, h, w], over all pixels, exact (integer sums); a constant channel gets 1."""
        channels = images.shape[1]
        total = torch.zeros(channels, dtype=torch.int64, device=images.device)
        squares = torch.zeros_like(total)
        for start in range(0, len(images), _CHUNK):
            pixels = images[start : start + _CHUNK].to(torch.int32)
            total += pixels.sum(dim=(0, 2, 3))
            squares += (pixels * pixels).sum(dim=(0, 2, 3))
        count = images.numel() // channels
        mean = [value / count for value in total.tolist()]
        # Python's integers keep count * squares - total^2 exact, where floats would cancel.
        pairs = zip(squares.tolist(), total.tolist(), strict=True)
        variance = [(count * square - value * value) / (count * count) for square, value in pairs]
        return cls(tuple(m / 255 for m in mean), tuple(v**0.5 / 255 if v > 0 else 1.0 for v in variance))

    def __call__(self, images: Tensor) -> Tensor:
        """Normalised float32 images of uint8 images [n, c, h, w], on their device."""
        shape = (1, -1, 1, 1)
        mean = torch.tensor(self.mean, device=images.device).reshape(shape)
        std = torch.tensor(self.std, device=images.device).reshape(shape)
        return (images.to(torch.float32) / 255 - mean) / std
