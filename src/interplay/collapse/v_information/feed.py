"""Leads the samples through the frozen encoder and on to the decoders, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from interplay.collapse.v_information.decoders import Bank
from interplay.models import CompressionCNN

Draw = Callable[..., torch.Generator]
"""A CPU generator for a purpose: `draw("order", "train", 3)`; equal purposes give equal draws."""


@dataclass(frozen=True)
class Samples:
    """Images and the questions that decoders are to answer about them.

    Attributes:
        name: of the data, for example `train`.
        images: `[N, channels, height, width]`.
        labels: for every question its answers `[N]`; each question has decoders of its own.
        parts: `[K, m]` indices; each row holds the samples of other decoders: one row of all samples, or one for each
            class. A batch holds as many samples of each row and passes the encoder whole, because batch normalisation
            makes a representation depend on its batch.
    """

    name: str
    images: Tensor
    labels: Mapping[str, Tensor]
    parts: Tensor

    def batches(self, size: int, draw: Draw, *purpose: str | int) -> Iterator[Tensor]:
        """Indices `[K, size // K]` of every batch of an epoch, in random order; the last batch may be smaller."""
        random = torch.rand(self.parts.shape, generator=draw("order", self.name, *purpose)).argsort(1)
        order = self.parts.gather(1, random.to(self.parts.device))
        yield from order.split(max(1, size // len(order)), dim=1)


@dataclass(frozen=True, order=True)
class Key:
    """One decoder: the layer that it reads, its samples, the row of `Samples.parts`, and the question."""

    layer: int
    samples: str
    part: int
    question: str


class Feed:
    """Leads an epoch's batches through the encoder and on to the banks."""

    def __init__(
        self,
        network: CompressionCNN,
        samples: Sequence[Samples],
        batch_size: int,
        draw: Draw,
        layers: Sequence[int],
    ) -> None:
        self.network, self.samples, self.batch_size, self.draw = network, samples, batch_size, draw
        self.device = samples[0].images.device
        cuda = self.device.type == "cuda"
        self.streams = {layer: torch.cuda.Stream(self.device) for layer in layers} if cuda else {}
        self.sets = {one.name: place for place, one in enumerate(samples)}
        self.questions = {question: i for i, question in enumerate(samples[0].labels)}
        self.answers = [torch.stack(list(one.labels.values())) for one in samples]

    def epoch(
        self,
        banks: Mapping[int, Bank],
        keys: Mapping[int, Sequence[Key]],
        name: str | int,
        use: Callable[[Bank, Tensor, Tensor], Tensor],
    ) -> dict[int, list[float]]:
        """`use` every bank on every batch; mean losses per sample, in nats, of the decoders of each layer."""
        sums: dict[int, Tensor] = {}
        where = {layer: self._answers_of(keys[layer]) for layer in banks}
        orders = [one.batches(self.batch_size, self.draw, name) for one in self.samples]
        for indices in zip(*orders, strict=True):
            hidden = self._encode(indices, max(banks))
            # [sets, questions, parts, batch]; decoders of a layer are ordered by set, part and question
            answers = torch.stack([a[:, i] for a, i in zip(self.answers, indices, strict=True)])
            labels = answers.transpose(1, 2).flatten(0, 2)  # [sets * parts * questions, batch]
            ready = torch.cuda.current_stream(self.device) if self.streams else None
            for layer, bank in banks.items():
                with self._beside(layer):
                    loss = use(bank, hidden[layer], labels[where[layer]]) * labels.shape[1]
                    sums[layer] = sums[layer] + loss if layer in sums else loss
            if ready is not None:  # the next batch may overwrite what the streams still read
                for layer in banks:
                    ready.wait_stream(self.streams[layer])
        size = self.samples[0].parts.shape[1]
        return {layer: (total / size).tolist() for layer, total in sums.items()}

    def source(self, key: Key) -> int:
        """Which input the decoder of `key` reads, of sets * parts in all."""
        return self.sets[key.samples] * len(self.samples[0].parts) + key.part

    def _answers_of(self, keys: Sequence[Key]) -> Tensor:
        rows = [self.source(key) * len(self.questions) + self.questions[key.question] for key in keys]
        return torch.tensor(rows, device=self.device)

    @torch.no_grad()
    def _encode(self, indices: Sequence[Tensor], depth: int) -> list[Tensor]:
        """h^0 .. h^depth `[sets * parts, batch, channels, height, width]`."""
        encoded = []
        for one, index in zip(self.samples, indices, strict=True):
            layers = self.network.encode(one.images[index.flatten()], depth)
            encoded.append([hidden.unflatten(0, index.shape) for hidden in layers])
        return [torch.cat(sets) for sets in zip(*encoded, strict=True)]

    def _beside(self, layer: int) -> AbstractContextManager[object]:
        if not self.streams:
            return nullcontext()
        stream = self.streams[layer]
        stream.wait_stream(torch.cuda.current_stream(self.device))
        return torch.cuda.stream(stream)
