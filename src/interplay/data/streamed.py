"""Images that are files of various sizes: decoded and augmented one by one, by worker processes, when asked for.

What is drawn for an image depends on the generator, the place of its batch and its place in it, never on the number of
workers or on which of them takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from interplay.data.batches import Order, check_labels, first_of_each, index_batches, sampled
from interplay.errors import InterplayError

Transform = Callable[[Any], Tensor]
CPU = torch.device("cpu")
Drawn = tuple[int, int | None]  # the index of an image, and the seed of what is drawn for it


@dataclass(frozen=True, eq=False)
class ImageFiles:
    """Images and labels of a split or a part of it, of which only the labels are in memory.

    Attributes:
        source: image files by index, as a PIL image and a label: a data set of torchvision without transform.
        labels: int64 [N], 0 .. num_classes - 1, or all `UNLABELLED`.
        transform: one PIL image to what the network is given, [C, H, W], the same size for all
            (`torchvision.transforms.v2`).
        indices: which images of `source`, int64 [N]; all where None.
        digest: of the files of the whole split.
        device: where batches are put.
        workers: processes that decode; 0 does it in this one.
    """

    source: Sequence[tuple[Any, Any]] | Dataset[tuple[Any, Any]]
    labels: Tensor
    num_classes: int
    transform: Transform
    indices: Tensor | None = None
    class_names: tuple[str, ...] = ()
    name: str = "images"
    digest: str = ""
    device: torch.device = CPU
    workers: int = 0

    def __post_init__(self) -> None:
        check_labels(self.labels, self.num_classes, self.class_names, self.name)

    def __len__(self) -> int:
        return len(self.labels)

    def transformed(self, transform: Transform) -> ImageFiles:
        """The same images under another transform: another view of them."""
        return replace(self, transform=transform)

    def subset(self, indices: Tensor) -> ImageFiles:
        """The images at `indices` (int64 [n]), in that order; nothing is read."""
        own = torch.arange(len(self)) if self.indices is None else self.indices
        return replace(self, labels=self.labels[indices], indices=own[indices])

    def sample(self, size: int | None) -> ImageFiles:
        """A fixed random sample, the same in every run; all images where `size` is None or not smaller."""
        chosen = sampled(self.labels, size, self.name)
        return self if chosen is None else self.subset(chosen)

    def first_per_class(self, count: int | None) -> ImageFiles:
        """The first `count` images of each class; all where None."""
        chosen = first_of_each(self.labels, count, self.name)
        return self if chosen is None else self.subset(chosen)

    def batches(
        self, order: Order, generator: torch.Generator | Callable[[int], torch.Generator] | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Batch by batch in the given order. Without a generator, a transform that draws differs from time to time.

        `generator` may be one for all batches, or give one by the place of the batch, counted from 0.
        """
        loader = DataLoader(
            _Decoding(self),
            batch_sampler=_Plan(order, len(self), generator),
            num_workers=self.workers,
            pin_memory=self.device.type == "cuda",
            collate_fn=_collated,
            generator=torch.Generator(),  # of the workers' base seed, which nothing here depends on
        )
        for batch in loader:
            if isinstance(batch, InterplayError):
                raise batch
            images, chosen = batch
            labels = self.labels[chosen]
            yield images.to(self.device, non_blocking=True), labels.to(self.device, non_blocking=True)


class _Plan:
    """The images of each batch, with a seed for each where there is a generator to draw it from."""

    def __init__(
        self, order: Order, count: int, generator: torch.Generator | Callable[[int], torch.Generator] | None
    ) -> None:
        self._order, self._count, self._generator = order, count, generator

    def __iter__(self) -> Iterator[list[Drawn]]:
        for place, chosen in enumerate(index_batches(self._order, self._count)):
            seeds: list[int | None] = [None] * len(chosen)
            draw = self._generator(place) if callable(self._generator) else self._generator
            if draw is not None:
                seeds = list(torch.randint(2**62, (len(chosen),), generator=draw, device=draw.device).tolist())
            yield list(zip(chosen.tolist(), seeds, strict=True))


def _collated(items: list[tuple[Tensor, int] | InterplayError]) -> Any:
    """A batch; or what is wrong with one of its images, which a worker would send as a traceback if it were raised."""
    failed = next((item for item in items if isinstance(item, InterplayError)), None)
    return default_collate(items) if failed is None else failed


class _Decoding(Dataset[tuple[Tensor, int] | InterplayError]):
    """Decodes one image and transforms it, with the seed drawn for it; what a worker process holds."""

    def __init__(self, files: ImageFiles) -> None:
        self._source: Any = files.source
        self._indices, self._transform, self._name = files.indices, files.transform, files.name

    def __getitem__(self, drawn: Drawn) -> tuple[Tensor, int] | InterplayError:
        place, seed = drawn
        index = place if self._indices is None else int(self._indices[place])
        try:
            image, _ = self._source[index]
        except MemoryError:
            raise
        except Exception as error:  # a parser of PIL raises whatever a damaged file makes of it
            return InterplayError(f"{self._name}: image {index} cannot be decoded ({error})")
        if seed is None:
            return self._transform(image), place
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self._transform(image), place
