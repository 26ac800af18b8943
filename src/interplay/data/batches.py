"""What images in memory and streamed images have in common: the protocol that training and evaluation ask for batches.

The order comes from outside, as batches of indices: whoever trains draws them from the seed and the step, so that a
resumed run sees the same images, and can draw several streams of one set (labelled and not, two views of each image).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, Self

import torch
from torch import Tensor

from interplay.data.content import UNLABELLED
from interplay.data.randomness import generator as seeded
from interplay.data.splits import first_per_class
from interplay.errors import InterplayError

View = Callable[[Tensor, torch.Generator], Tensor]
"""An augmentation of a whole batch: bytes [b, c, h, w] and where its randomness comes from, to bytes alike."""
Order = int | Iterable[Tensor]
"""A batch size (all images in their order; the last batch may be smaller), or the indices [b] of each batch."""


class Batches(Protocol):
    """Images with labels 0 .. `num_classes` - 1, or all `UNLABELLED`."""

    @property
    def labels(self) -> Tensor:
        """int64 [N]."""
        ...

    @property
    def num_classes(self) -> int: ...

    def __len__(self) -> int: ...

    def subset(self, indices: Tensor) -> Self:
        """The images at `indices` (int64 [n]), in that order."""
        ...

    def sample(self, size: int | None) -> Self:
        """A fixed random sample, the same in every run; all images where `size` is None or not smaller."""
        ...

    def first_per_class(self, count: int | None) -> Self:
        """The first `count` images of each class; all where None."""
        ...

    def batches(self, order: Order, generator: torch.Generator | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """Images as a network is given them [b, c, h, w], and their labels [b], batch by batch, on the device."""
        ...


def sampled(labels: Tensor, size: int | None, name: str) -> Tensor | None:
    """Indices of the fixed random sample of `size`; None where that is all.

    Raises:
        InterplayError: a sample of nothing.
    """
    if size is None or size >= len(labels):
        return None
    if size < 1:
        raise InterplayError(f"{name}: a sample of {size} images leaves nothing; ask for at least 1")
    return torch.randperm(len(labels), generator=seeded(0, "evaluation sample"))[:size].to(labels.device)


def first_of_each(labels: Tensor, count: int | None, name: str) -> Tensor | None:
    """Indices of the first `count` images of each class; None where that is all.

    Raises:
        InterplayError: a class has fewer, or `count` is below 1, or there are no labels.
    """
    if count is None:
        return None
    try:
        return first_per_class(labels, count)
    except InterplayError as error:
        raise InterplayError(f"{name}: {error}") from error


def index_batches(order: Order, count: int) -> Iterator[Tensor]:
    """The indices of each batch of `count` images.

    Raises:
        InterplayError: a batch size below 1.
    """
    if not isinstance(order, int):
        yield from order
        return
    if order < 1:
        raise InterplayError(f"batches of {order} images hold nothing; ask for at least 1")
    yield from torch.arange(count).split(order)


def check_labels(labels: Tensor, num_classes: int, class_names: tuple[str, ...], name: str) -> None:
    """Stop unless there are labels, of the right kind and within the classes.

    Raises:
        InterplayError: one line that names the images.
    """
    if labels.dtype != torch.int64 or labels.ndim != 1:
        kind = f"{str(labels.dtype).removeprefix('torch.')} {list(labels.shape)}"
        raise InterplayError(f"{name}: labels must be int64 [N], not {kind}")
    if not len(labels):
        raise InterplayError(f"{name}: no images are left; ask for at least one")
    if class_names and len(class_names) != num_classes:
        raise InterplayError(f"{name}: {len(class_names)} class names for {num_classes} classes")
    least, most = (int(bound) for bound in torch.aminmax(labels))
    # Labels are all there or all missing: -1 among others would be counted as a class by whoever indexes with it.
    if not (0 <= least <= most < num_classes or least == most == UNLABELLED):
        wrong = least if least < 0 else most
        raise InterplayError(f"{name}: label {wrong} lies outside 0 .. {num_classes - 1}")
