"""Bytes to what a network is given: per-channel mean and standard deviation of the training set, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

_CHUNK = 4096  # images: the statistics of a large set must not need it as floats


@dataclass(frozen=True)
class Normalisation:
    """(pixels / scale - mean) / std for each channel; without statistics, pixels / scale.

    Attributes:
        mean: of each channel, of pixels divided by `scale`.
        std: standard deviations likewise.
        scale: 255 takes bytes to 0 .. 1; 1 leaves them as stored.
        dtype: of the result. It is computed in float32 whatever that is.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    scale: float = 255.0
    dtype: torch.dtype = torch.float32

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
        """Normalised images of uint8 images [n, c, h, w], on their device and in their memory format."""
        scaled = images.to(torch.float32)
        if self.scale != 1:
            scaled = scaled / self.scale
        if self.mean:
            mean, std = _statistics(self.mean, self.std, images.device)
            scaled = (scaled - mean) / std
        return scaled.to(self.dtype)


@lru_cache(maxsize=16)  # made once, so that no training step copies from the host
def _statistics(mean: tuple[float, ...], std: tuple[float, ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation [1, c, 1, 1] on a device."""
    shape = (1, -1, 1, 1)
    return torch.tensor(mean, device=device).reshape(shape), torch.tensor(std, device=device).reshape(shape)
