"""Trains decoders from scratch on what a frozen network makes of its images: all of them in one go over the data."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import torch

from interplay.collapse.v_information.decoders import Bank, DecoderSettings, FoldedBank, SeparateBank
from interplay.collapse.v_information.feed import Draw, Feed, Key, Samples
from interplay.collapse.v_information.interim import Interim
from interplay.errors import InterplayError
from interplay.models import CnnShape, CompressionCNN, Decoder

SMALL_STEP = 100_000  # values in the largest map of a decoder's batch; measured, benchmarks/side_by_side_decoders.py


@dataclass(frozen=True)
class DecoderLosses:
    """What one decoder came to; cross-entropies in nats.

    Attributes:
        last_epoch: mean loss over the batches of its last epoch, while its weights moved: what public code reports.
        frozen: loss of the trained decoder over the same samples afterwards, nearer to the infimum of the definition.
        epochs: that it was trained.
    """

    last_epoch: float
    frozen: float
    epochs: int


def train_decoders(
    network: CompressionCNN,
    samples: Sequence[Samples],
    layers: Sequence[int],
    settings: DecoderSettings,
    draw: Draw,
    *,
    folded: bool | None = None,
    only: Container[Key] | None = None,
    interim: Interim | None = None,
) -> dict[Key, DecoderLosses]:
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
        interim: keeps the state between epochs; a training that was interrupted goes on from there, on the CPU bit for
            bit as if it had not been.

    Raises:
        InterplayError: sets of different sizes or questions, or batches too small for batch normalisation.
    """
    _check(samples, settings.batch_size)
    interim = interim or Interim()
    training = _Training(network, samples, layers, settings, draw, folded)
    if (saved := interim.resume()) is not None:
        training.load_state_dict(saved)
    else:
        every = [
            Key(layer, one.name, part, question)
            for layer in layers
            for one in samples
            for part in range(len(one.parts))
            for question in one.labels
        ]
        training.start([key for key in every if only is None or key in only])
    while training.banks:
        training.epoch()
        interim.keep(training.state_dict)
    return training.readings


class _Training:
    """The decoders that are still trained, in one bank for each layer, and the readings of those that are done."""

    def __init__(
        self,
        network: CompressionCNN,
        samples: Sequence[Samples],
        layers: Sequence[int],
        settings: DecoderSettings,
        draw: Draw,
        folded: bool | None,
    ) -> None:
        self.network, self.samples, self.settings, self.draw = network, samples, settings, draw
        self.feed = Feed(network, samples, settings.batch_size, draw, layers)
        device = samples[0].images.device
        pays = {layer: _folding_pays(network.shape, layer, samples[0], settings, device) for layer in layers}
        self.folded = pays if folded is None else dict.fromkeys(layers, folded)
        self.epochs = 0
        self.keys: dict[int, list[Key]] = {}
        self.banks: dict[int, Bank] = {}
        self.readings: dict[Key, DecoderLosses] = {}

    def start(self, keys: Sequence[Key]) -> None:
        """Untrained decoders for these keys, in place of all others."""
        self.keys = {layer: own for layer in self.folded if (own := [key for key in keys if key.layer == layer])}
        self.banks = {}
        for layer, own in self.keys.items():
            decoders = _decoders(self.network, own, self.draw, channels_last=not self.folded[layer])
            make = FoldedBank.of if self.folded[layer] else SeparateBank
            self.banks[layer] = make(decoders, [self.feed.source(key) for key in own], self.settings)

    def epoch(self) -> None:
        """One epoch of every decoder; those that are done after it are read, frozen, in one more, and leave."""
        losses = self.feed.epoch(self.banks, self.keys, self.epochs, lambda bank, h, labels: bank.step(h, labels))
        self.epochs += 1
        done = {
            layer: over
            for layer, means in losses.items()
            if (over := [i for i, loss in enumerate(means) if self._is_done(self.keys[layer][i], loss)])
        }
        if not done:
            return
        finished = {layer: self.banks[layer].only(over) for layer, over in done.items()}
        theirs = {layer: [self.keys[layer][i] for i in over] for layer, over in done.items()}
        frozen = self.feed.epoch(finished, theirs, "frozen", lambda bank, h, labels: bank.losses(h, labels))
        for layer, over in done.items():
            for key, i, value in zip(theirs[layer], over, frozen[layer], strict=True):
                self.readings[key] = DecoderLosses(losses[layer][i], value, self.epochs)
            rest = [i for i in range(len(self.keys[layer])) if i not in set(over)]
            self.keys[layer] = [self.keys[layer][i] for i in rest]
            if rest:
                self.banks[layer] = self.banks[layer].only(rest)
            else:
                del self.keys[layer], self.banks[layer]

    def state_dict(self) -> dict[str, Any]:
        """Epochs, readings, and the decoders still in training with their optimisers."""
        return {
            "epochs": self.epochs,
            "readings": rows_of(self.readings),
            "keys": [astuple(key) for keys in self.keys.values() for key in keys],
            "banks": {layer: bank.state_dict() for layer, bank in self.banks.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.epochs, self.readings = state["epochs"], readings_of(state["readings"])
        self.start([Key(*key) for key in state["keys"]])
        for layer, bank in self.banks.items():
            bank.load_state_dict(state["banks"][layer])

    def _is_done(self, key: Key, loss: float) -> bool:
        return self.settings.is_done(key.question, self.epochs, loss)


def rows_of(readings: Mapping[Key, DecoderLosses]) -> list[Any]:
    """Readings as plain rows, which a checkpoint can hold; `readings_of` takes them back."""
    return [(astuple(key), astuple(reading)) for key, reading in readings.items()]


def readings_of(rows: Sequence[Any]) -> dict[Key, DecoderLosses]:
    """Readings of the rows of `rows_of`."""
    return {Key(*key): DecoderLosses(*reading) for key, reading in rows}


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
