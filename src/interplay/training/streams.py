"""Streams of batches: each in an order of its own, several views of the same images, nothing carried between steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Protocol

import torch
from torch import Tensor

from interplay.data.batches import View
from interplay.data.images import Images
from interplay.data.randomness import generator
from interplay.data.streamed import ImageFiles, Transform
from interplay.errors import InterplayError

Draw = Callable[[torch.Generator], Tensor]
"""Random numbers of a step."""

Batch = Mapping[str, Mapping[str, Tensor]]
"""What a step is given: tensors by the name of their source and their own, `batch["unlabelled"]["strong"]`."""


class Source(Protocol):
    """Gives tensors for a step, determined by the step's number alone, on the device and always of the same shapes."""

    def batch(self, step: int) -> Mapping[str, Tensor]:
        """Tensors by name."""


class EpochOrder:
    """Which samples the batches hold: epochs in random order, each determined by seed, purpose and its number.

    Args:
        samples: how many there are.
        batch_size: of each batch.
        seed, purpose: of the order.
        device: of the indices.
        endless: batches run on from one epoch to the next, and may be larger than the samples are many (ten labels, 64
            a batch). Otherwise the incomplete last batch of an epoch is dropped, and the size is at most `samples`.

    Raises:
        InterplayError: no samples, or an empty batch.
    """

    def __init__(
        self,
        samples: int,
        batch_size: int,
        seed: int,
        *purpose: str | int,
        device: torch.device | str = "cpu",
        endless: bool = False,
    ) -> None:
        if samples < 1 or batch_size < 1:
            raise InterplayError(
                f"a stream needs samples and batches, got {samples} samples in batches of {batch_size}"
            )
        self.samples, self.seed, self.purpose, self.endless = samples, seed, purpose, endless
        self.batch_size = batch_size if endless else min(batch_size, samples)
        self.device = torch.device(device)
        self._epochs: dict[int, Tensor] = {}

    def __call__(self, step: int) -> Tensor:
        """Indices `[batch_size]` of the step's batch."""
        size = self.batch_size
        if not self.endless:
            epoch, place = divmod(step, self.samples // size)
            return self._epoch(epoch)[place * size : (place + 1) * size]
        start = step * size
        epochs = range(start // self.samples, (start + size - 1) // self.samples + 1)
        whole = torch.cat([self._epoch(epoch) for epoch in epochs])
        return whole[start - epochs[0] * self.samples :][:size]

    def _epoch(self, epoch: int) -> Tensor:
        if epoch not in self._epochs:
            order = torch.randperm(self.samples, generator=generator(self.seed, *self.purpose, epoch))
            if self.device.type == "cuda":  # from pinned memory, so that the host does not wait for the device
                order = order.pin_memory().to(self.device, non_blocking=True)
            # The epoch before is still needed where a batch runs on into this one.
            self._epochs = {number: kept for number, kept in self._epochs.items() if abs(epoch - number) <= 1}
            self._epochs[epoch] = order
        return self._epochs[epoch]


class Stream:
    """Batches of samples: `index`, `label` where there are labels, and every view of the same images by its name.

    Args:
        images: in memory, as bytes; each view is normalised as they say.
        order: of the batches.
        views: what is made of the images of a batch, `{"weak": ..., "strong": ...}`.
        seed, purpose: of the randomness of the views. A single view draws from (seed, "augment", *purpose, step), each
            of several from (seed, "augment", *purpose, its name, step).
        labelled: False leaves the labels out.
    """

    def __init__(
        self,
        images: Images,
        order: EpochOrder,
        views: Mapping[str, View],
        seed: int,
        *purpose: str | int,
        labelled: bool = True,
    ) -> None:
        if not views:
            raise InterplayError("a stream needs at least one view of its images")
        self.images, self.order, self.views, self.labelled = images, order, dict(views), labelled
        named = len(self.views) > 1
        self._sources = {
            name: Randomness(seed, "augment", *purpose, *((name,) if named else ()), device=images.device)
            for name in self.views
        }

    def batch(self, step: int) -> dict[str, Tensor]:
        """The step's samples."""
        index = self.order(step)
        batch = {"index": index}
        if self.labelled:
            batch["label"] = self.images.labels[index]
        for name, view in self.views.items():
            (images,) = self.images.views(index, view, generator=self._sources[name].at(step))
            batch[name] = channels_last(images)
        return batch


class FileStream:
    """The same of image files, which worker processes decode ahead of the steps.

    Steps are asked for one after the other, from any one on: a resumed run reads what the uninterrupted one would have.
    Each view decodes the images of a batch anew, under a transform of its own.

    Args:
        files: of which each view is made.
        order: of the batches, with indices on the CPU.
        views: one PIL image to what the network is given, `{"weak": ..., "strong": ...}`, alike in size for all images.
        seed, purpose, labelled: as of `Stream`.
    """

    def __init__(
        self,
        files: ImageFiles,
        order: EpochOrder,
        views: Mapping[str, Transform],
        seed: int,
        *purpose: str | int,
        labelled: bool = True,
    ) -> None:
        if not views:
            raise InterplayError("a stream needs at least one view of its images")
        self.files, self.order, self.labelled = files, order, labelled
        self._views = {name: files.transformed(transform) for name, transform in views.items()}
        self._sources = {
            name: Randomness(seed, "augment", *purpose, *((name,) if len(views) > 1 else ())) for name in views
        }
        self._next = -1
        self._readers: dict[str, Iterator[tuple[Tensor, Tensor]]] = {}

    def batch(self, step: int) -> dict[str, Tensor]:
        """The step's samples; out of turn, the workers start anew."""
        if step != self._next:
            self._readers = {name: self._read(name, step) for name in self._views}
        self._next = step + 1
        batch = {"index": self.order(step).to(self.files.device, non_blocking=True)}
        for name, reader in self._readers.items():
            images, labels = next(reader)
            batch[name] = channels_last(images)
            if self.labelled:
                batch["label"] = labels
        return batch

    def _read(self, name: str, start: int) -> Iterator[tuple[Tensor, Tensor]]:
        source = self._sources[name]
        return self._views[name].batches(map(self.order, count(start)), lambda place: source.at(start + place))


class Draws:
    """Random numbers that a loss needs (mixing weights, noise): drawn outside of it, so that it can be captured.

    Args:
        draws: by name, what each is drawn by.
        seed, purpose: of the randomness; each name has a sequence of its own.
        device: where numbers are drawn.
    """

    def __init__(
        self, draws: Mapping[str, Draw], seed: int, *purpose: str | int, device: torch.device | str = "cpu"
    ) -> None:
        self.draws = dict(draws)
        self._sources = {name: Randomness(seed, *purpose, name, device=device) for name in self.draws}

    def batch(self, step: int) -> dict[str, Tensor]:
        """The step's numbers."""
        return {name: draw(self._sources[name].at(step)) for name, draw in self.draws.items()}


class Randomness:
    """The generators `generator(seed, *purpose, step)`, in one object that is set anew: making one on a GPU is slow."""

    def __init__(self, seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> None:
        self.seed, self.purpose = seed, purpose
        self._generator = torch.Generator(device=device)

    def at(self, step: int) -> torch.Generator:
        """The generator of a step; the one before is no longer to be used."""
        return self._generator.manual_seed(generator(self.seed, *self.purpose, step).initial_seed())


def channels_last(images: Tensor) -> Tensor:
    """Images `[batch, channels, height, width]` with channels innermost in memory, as convolutions take them fastest.

    One channel lies there either way; its strides then say so, or the first convolution would take it for the other.
    """
    if images.ndim != 4:
        return images
    if images.shape[1] > 1:
        return images.contiguous(memory_format=torch.channels_last)
    channels, height, width = images.shape[1:]
    strides = (channels * height * width, 1, width * channels, channels)
    return images.contiguous().as_strided(images.shape, strides)
