"""Trains decoders from scratch on what a frozen network makes of its images: all of them in one go over the data."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from interplay.collapse.v_information.decoders import Bank, DecoderSettings, FoldedBank, SeparateBank
from interplay.errors import InterplayError
from interplay.models import CnnShape, CompressionCNN, Decoder

SMALL_STEP = 100_000  # values in the largest map of a decoder's batch; measured, benchmarks/side_by_side_decoders.py

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


@dataclass(frozen=True)
class Reading:
    """What one decoder came to; cross-entropies in nats.

    Attributes:
        last_epoch: mean loss over the batches of its last epoch, while its weights moved: what public code reports.
        frozen: loss of the trained decoder over the same samples afterwards, nearer to the infimum of the definition.
        epochs: that it was trained.
    """

    last_epoch: float
    frozen: float
    epochs: int


@dataclass(frozen=True, order=True)
class Key:
    """One decoder: the layer that it reads, its samples, the row of `Samples.parts`, and the question."""

    layer: int
    samples: str
    part: int
    question: str


def train_decoders(
    network: CompressionCNN,
    samples: Sequence[Samples],
    layers: Sequence[int],
    settings: DecoderSettings,
    draw: Draw,
    *,
    folded: bool | None = None,
    only: Container[Key] | None = None,
) -> dict[Key, Reading]:
    """Train one decoder per layer, set of samples, row of its parts and question, all side by side.

    All share the encoder's pass over a batch. Decoders of one layer have one shape; folded, they are trained as one
    network (see `Decoder`), and on CUDA different layers run in streams of their own. Each decoder gets the initial
    weights and the batches that it would get alone, so results do not depend on what is trained beside it. A decoder
    that reaches `settings.stop_at_loss` leaves.

    Args:
        network: frozen; read in the precision of its weights.
        samples: sets of equally many parts of equal size, with the same questions.
        layers: l of h^l, each of 0 .. 3.
        settings: of the training.
        draw: randomness by purpose.
        folded: None folds wherever that is faster: on CUDA, and on a CPU where steps are small.
        only: the decoders to train; None trains all.

    Raises:
        InterplayError: sets of different sizes or questions, or batches too small for batch normalisation.
    """
    _check(samples, settings.batch_size)
    device = samples[0].images.device
    keys, banks = {}, {}
    for layer in layers:
        every = [
            (Key(layer, one.name, part, question), source * len(one.parts) + part)
            for source, one in enumerate(samples)
            for part in range(len(one.parts))
            for question in one.labels
        ]
        chosen = [(key, source) for key, source in every if only is None or key in only]
        if chosen:
            keys[layer] = [key for key, _ in chosen]
            fold_these = _folding_pays(network.shape, layer, samples[0], settings, device) if folded is None else folded
            decoders = _decoders(network, keys[layer], draw, channels_last=not fold_these)
            make = FoldedBank.of if fold_these else SeparateBank
            banks[layer] = make(decoders, [source for _, source in chosen], settings)
    feed = _Feed(network, samples, settings.batch_size, draw, _streams(device, layers))
    readings: dict[Key, Reading] = {}
    epoch = 0
    while banks:
        losses = feed.epoch(banks, keys, epoch, lambda bank, hidden, labels: bank.step(hidden, labels))
        epoch += 1
        done = {
            layer: [i for i, loss in enumerate(means) if settings.is_done(keys[layer][i].question, epoch, loss)]
            for layer, means in losses.items()
        }
        done = {layer: over for layer, over in done.items() if over}
        if not done:
            continue
        finished = {layer: banks[layer].only(over) for layer, over in done.items()}
        theirs = {layer: [keys[layer][i] for i in over] for layer, over in done.items()}
        frozen = feed.epoch(finished, theirs, "frozen", lambda bank, hidden, labels: bank.losses(hidden, labels))
        for layer, over in done.items():
            for key, i, value in zip(theirs[layer], over, frozen[layer], strict=True):
                readings[key] = Reading(losses[layer][i], value, epoch)
            rest = [i for i in range(len(keys[layer])) if i not in set(over)]
            keys[layer] = [keys[layer][i] for i in rest]
            if rest:
                banks[layer] = banks[layer].only(rest)
            else:
                del banks[layer]
    return readings


class _Feed:
    """Leads an epoch's batches through the encoder and on to the banks."""

    def __init__(
        self,
        network: CompressionCNN,
        samples: Sequence[Samples],
        batch_size: int,
        draw: Draw,
        streams: Mapping[int, torch.cuda.Stream],
    ) -> None:
        self.network, self.samples, self.batch_size, self.draw, self.streams = (
            network,
            samples,
            batch_size,
            draw,
            streams,
        )
        self.rows = {(one.name, part): (s, part) for s, one in enumerate(samples) for part in range(len(one.parts))}
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
            answers = torch.stack([a[:, i] for a, i in zip(self.answers, indices, strict=True)])
            labels = answers.transpose(1, 2).flatten(0, 2)  # [sets * parts * questions, batch]
            ready = torch.cuda.current_stream() if self.streams else None
            for layer, bank in banks.items():
                with self._beside(layer):
                    loss = use(bank, hidden[layer], labels[where[layer]]) * labels.shape[1]
                    sums[layer] = sums[layer] + loss if layer in sums else loss
            if ready is not None:  # the next batch may overwrite what the streams still read
                for layer in banks:
                    ready.wait_stream(self.streams[layer])
        size = self.samples[0].parts.shape[1]
        return {layer: (total / size).tolist() for layer, total in sums.items()}

    def _answers_of(self, keys: Sequence[Key]) -> Tensor:
        parts, questions = len(self.samples[0].parts), len(self.questions)
        places = ((self.rows[key.samples, key.part], self.questions[key.question]) for key in keys)
        rows = [(s * parts + part) * questions + question for (s, part), question in places]
        return torch.tensor(rows, device=self.answers[0].device)

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
        stream.wait_stream(torch.cuda.current_stream())
        return torch.cuda.stream(stream)


def _folding_pays(
    shape: CnnShape, layer: int, samples: Samples, settings: DecoderSettings, device: torch.device
) -> bool:
    """On a CPU, separate convolutions are faster than grouped ones, except where a step is mostly overhead."""
    if device.type == "cuda" or layer == 3:
        return True
    _, height, width = shape.layer(layer)
    batch = settings.batch_size // len(samples.parts)
    return batch * shape.layer(layer + 1)[0] * height * width <= SMALL_STEP


def _decoders(network: CompressionCNN, keys: Sequence[Key], draw: Draw, *, channels_last: bool) -> list[Decoder]:
    """A decoder for each key, initialised from the key alone, where and as precise as the network is."""
    weight = next(network.parameters())
    layout = torch.channels_last if channels_last else torch.contiguous_format
    decoders = []
    with torch.random.fork_rng(devices=[]):
        for key in keys:
            torch.manual_seed(draw("decoder", key.layer, key.samples, key.part, key.question).initial_seed())
            decoders.append(network.decoder(key.layer).to(weight.device, weight.dtype).to(memory_format=layout))
    return decoders


def _streams(device: torch.device, layers: Sequence[int]) -> dict[int, torch.cuda.Stream]:
    return {layer: torch.cuda.Stream(device) for layer in layers} if device.type == "cuda" else {}


def _check(samples: Sequence[Samples], batch_size: int) -> None:
    shapes = {(tuple(one.parts.shape), tuple(one.labels)) for one in samples}
    if len(shapes) != 1:
        raise InterplayError("decoders: sets that are trained side by side need equal sizes and the same questions")
    parts, size = samples[0].parts.shape
    batch = batch_size // parts
    if batch < 2 or size % batch == 1:
        raise InterplayError(
            f"decoders: batches of {batch_size} leave one of {parts} parts of {size} samples with fewer than the "
            "2 samples a batch that batch normalisation needs; choose another batch size"
        )
