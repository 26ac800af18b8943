"""Images in memory, as bytes, on the device where they are used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from interplay.data.augment import average_pool
from interplay.data.batches import Order, View, check_labels, first_of_each, index_batches, sampled
from interplay.data.normalise import Normalisation
from interplay.errors import InterplayError

UNIT = Normalisation()  # 0 .. 1


@dataclass(frozen=True, eq=False)
class Images:
    """Images and labels of a split or a part of it.

    Pixels stay bytes: a batch is augmented as bytes, then normalised, so that 100,000 images of 96x96 are 2.8 GB on the
    device and never 11. Normalising after cropping and flipping is the same arithmetic, pixel by pixel, as before.

    Attributes:
        pixels: uint8 [N, C, H, W]; or float, which is given to the network as it is (images that never were bytes).
        labels: int64 [N], on the same device, 0 .. num_classes - 1, or all `UNLABELLED`.
        normalise: what turns a batch of bytes into what the network is given; pixels / 255 unless set.
        name: of the data set and split, for messages.
        digest: of the content of the whole split that these images come from; empty where they come from none.
    """

    pixels: Tensor
    labels: Tensor
    num_classes: int
    normalise: Normalisation = UNIT
    class_names: tuple[str, ...] = ()
    name: str = "images"
    digest: str = ""

    def __post_init__(self) -> None:
        pixels, labels = self.pixels, self.labels
        if pixels.ndim != 4 or not (pixels.dtype == torch.uint8 or pixels.is_floating_point()):
            kind = f"{str(pixels.dtype).removeprefix('torch.')} {list(pixels.shape)}"
            raise InterplayError(f"{self.name}: images must be uint8 [N, C, H, W], not {kind}")
        if labels.shape != pixels.shape[:1]:
            raise InterplayError(f"{self.name}: labels must be [{len(pixels)}], not {list(labels.shape)}")
        check_labels(labels, self.num_classes, self.class_names, self.name)

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """[channels, height, width]."""
        channels, height, width = self.pixels.shape[1:]
        return channels, height, width

    @property
    def device(self) -> torch.device:
        """Where the images are."""
        return self.pixels.device

    @cached_property
    def images(self) -> Tensor:
        """All of them as a network is given them [N, C, H, W], at once: for parts that are small."""
        return self._ready(self.pixels)

    def batch(
        self, indices: Tensor | slice, view: View | None = None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """One batch: the images at `indices`, augmented by `view` as bytes, normalised; and their labels [b]."""
        return self.views(indices, view, generator=generator)[0], self.labels[indices]

    def views(
        self, indices: Tensor | slice, *views: View | None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, ...]:
        """The same images under each of `views`, normalised, e.g. weak and strong ones; None leaves them as they are.

        Raises:
            InterplayError: a view without a generator to draw from.
        """
        pixels = self.pixels[indices]
        ready = []
        for view in views:
            if view is not None and generator is None:
                raise InterplayError(f"{self.name}: augmentation needs a generator to draw from")
            ready.append(self._ready(pixels if view is None or generator is None else view(pixels, generator)))
        return tuple(ready)

    def batches(
        self, order: Order, generator: torch.Generator | None = None, *, view: View | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Batch by batch in the given order, each augmented by `view` with numbers drawn from `generator`."""
        if isinstance(order, int) and order > 0:
            for start in range(0, len(self), order):  # slices need no copy
                yield self.batch(slice(start, start + order), view, generator)
            return
        for indices in index_batches(order, len(self)):
            yield self.batch(indices.to(self.device), view, generator)

    def subset(self, indices: Tensor) -> Images:
        """The images at `indices` (int64 [n], or a mask [N]), copied, in that order."""
        return replace(self, pixels=self.pixels[indices], labels=self.labels[indices])

    def sample(self, size: int | None) -> Images:
        """A fixed random sample, the same in every run; all images where `size` is None or not smaller."""
        chosen = sampled(self.labels, size, self.name)
        return self if chosen is None else self.subset(chosen)

    def first_per_class(self, count: int | None) -> Images:
        """The first `count` images of each class; all where None."""
        chosen = first_of_each(self.labels, count, self.name)
        return self if chosen is None else self.subset(chosen)

    def first_classes(self, count: int | None) -> Images:
        """The images of the first `count` classes; all where None. The number of classes stays what it was."""
        return self if count is None else self.subset(self.labels < count)

    def shuffled(self, generator: torch.Generator) -> Images:
        """All images in a random order."""
        return self.subset(torch.randperm(len(self), generator=generator).to(self.device))

    def with_permuted_labels(self, generator: torch.Generator) -> Images:
        """The same images with their labels handed out at random."""
        order = torch.randperm(len(self), generator=generator)
        return replace(self, labels=self.labels[order.to(self.device)])

    def pooled(self, factor: int) -> Images:
        """Squares of `factor` x `factor` pixels averaged, rounded to bytes."""
        return replace(self, pixels=average_pool(self.pixels, factor))

    def normalised(self, normalise: Normalisation) -> Images:
        """The same images, given to the network otherwise."""
        return replace(self, normalise=normalise)

    def to(self, device: torch.device, memory_format: torch.memory_format = torch.preserve_format) -> Images:
        """The same images on a device."""
        moved = self.pixels.to(device, memory_format=memory_format)
        return replace(self, pixels=moved, labels=self.labels.to(device))

    def _ready(self, pixels: Tensor) -> Tensor:
        return self.normalise(pixels) if pixels.dtype == torch.uint8 else pixels
