"""Images ready for the CNNs: the first of each class, pooled, scaled, on the device, shuffled once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from interplay.data import average_pool, first_per_class, load
from interplay.errors import InterplayError
from interplay.training import generator


@dataclass(frozen=True)
class Images:
    """Images `[N, channels, height, width]` in the network's precision and labels `[N]`, on the device."""

    images: Tensor
    labels: Tensor

    def batches(self, size: int) -> list[tuple[Tensor, Tensor]]:
        """Images and labels of consecutive batches; the last may be smaller."""
        return list(zip(self.images.split(size), self.labels.split(size), strict=True))

    def first_per_class(self, count: int | None) -> Images:
        """The first `count` of each class; all where None."""
        if count is None:
            return self
        chosen = first_per_class(self.labels, count)
        return Images(self.images[chosen], self.labels[chosen])

    def with_permuted_labels(self, seed: int) -> Images:
        """The same images with their labels handed out at random, once."""
        order = torch.randperm(len(self.labels), generator=generator(seed, "random labels"))
        return replace(self, labels=self.labels[order.to(self.labels.device)])


@dataclass(frozen=True)
class Preparation:
    """How images are prepared.

    Attributes:
        pooling: edge of the squares of pixels that are averaged.
        raw: 0 to 255, as stored, instead of 0 to 1.
        dtype: of the result.
    """

    pooling: int
    raw: bool
    dtype: torch.dtype


def load_images(
    name: str,
    split: str,
    root: Path,
    device: torch.device,
    how: Preparation,
    *,
    per_class: int | None,
    classes: int | None = None,
) -> tuple[Images, str]:
    """A split, or of its first `classes` classes the first `per_class` images of each, and the digest of the whole.

    Images are shuffled once, in the same way for all runs: where a data set comes sorted by class, batches of
    neighbours would have one class each, and batch normalisation would show the networks nothing else.
    """
    data = load(name, split, root)
    digest = data.digest
    if classes is not None:
        data = data.subset((data.labels < classes).nonzero().flatten())
    if per_class is not None:
        try:
            data = data.subset(first_per_class(data.labels, per_class))
        except InterplayError as error:
            raise InterplayError(f"{split}_per_class: {name}: {error}") from error
    order = torch.randperm(len(data.labels), generator=generator(0, "evaluation order", split))
    pixels = average_pool(data.images[order], how.pooling).to(torch.float32)
    images = (pixels if how.raw else pixels / 255).to(device, how.dtype, memory_format=torch.channels_last)
    return Images(images, data.labels[order].to(device)), digest
