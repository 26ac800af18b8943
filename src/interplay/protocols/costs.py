"""What the costs of several experiments share."""

from __future__ import annotations

from math import prod

TRAINING = 3.0  # a training step costs about three forward passes
TEST_IMAGES = 10_000  # of the published image data sets and most of those that take their place
IMAGES = 70_000  # train and test together
PROCESS_MIB = 1400  # Python with torch and what its allocator keeps; the smoke tier's processes peak at 0.7 to 1.3 GiB


def memory_of(image: tuple[int, int, int], *, images: int = IMAGES, more_mib: float = 0.0) -> int:
    """MiB of a process that holds `images` images as bytes and, prepared, as float32, and `more_mib` besides."""
    return PROCESS_MIB + round(images * prod(image) * 5 / 2**20 + more_mib)
