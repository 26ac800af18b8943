"""Reads V-information of a network's layers at the epochs that the protocol asks for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from hashlib import blake2b

import torch

from interplay.collapse.v_information import (
    DecoderSettings,
    Interim,
    LabelledImages,
    minimality_given_label,
    sufficiency_and_minimality,
)
from interplay.experiments.compression.images import Images
from interplay.models import CompressionCNN
from interplay.protocols.compression import AdamW, Information
from interplay.training import generator

INPUT, ENCODED = (0,), (1, 2, 3)


class InformationReader:
    """Sufficiency and minimality on samples of train and test, every so many epochs and at the end.

    Decoders are initialised and their batches drawn from the seed and the epoch alone. What layer 0 holds depends on no
    weights; where the protocol reads it once, its values are repeated, and a resumed run finds the same ones again.
    `interim` keeps what is done of a reading, which may take longer than a job is given.
    """

    def __init__(
        self,
        settings: Information,
        optimizer: AdamW,
        splits: Mapping[str, Images],
        seed: int,
        interim: Interim | None = None,
    ) -> None:
        self.settings, self.seed, self.interim = settings, seed, interim or Interim()
        chosen = {name: images.first_per_class(settings.per_class) for name, images in splits.items()}
        self.splits = {name: LabelledImages(images.images, images.labels) for name, images in chosen.items()}
        self.decoders = DecoderSettings(
            epochs=settings.minimality_epochs,
            batch_size=settings.batch_size,
            learning_rate=optimizer.learning_rate,
            weight_decay=optimizer.weight_decay,
            stop_at_loss=settings.stop_at_loss,
            epochs_of={"y": settings.sufficiency_epochs},
        )
        self._input: dict[str, float] | None = None

    def __call__(self, network: CompressionCNN, epoch: int, last: bool) -> Mapping[str, float]:
        """The columns of `sufficiency_and_minimality` and `minimality_given_label` in bits, and seconds of both."""
        if epoch % self.settings.every and not last:
            return {}
        if not self.settings.input_layer_once:
            return self._measure(network, (*INPUT, *ENCODED), epoch)
        if self._input is None:
            self._input = self._measure(network, INPUT, "input")
        columns = {name: value for name, value in self._input.items() if not name.startswith("seconds_")}
        return columns | self._measure(network, ENCODED, epoch)

    def _measure(self, network: CompressionCNN, layers: tuple[int, ...], when: str | int) -> dict[str, float]:
        # A reading that another session left is of this network only where the weights are the same.
        state = "" if layers == INPUT else f" of {_digest(network)}"
        measures = {"sufficiency_and_minimality": ("information", sufficiency_and_minimality)}
        if self.settings.given_label:
            measures["minimality_given_label"] = ("information given the label", minimality_given_label)
        columns: dict[str, float] = {}
        for name, (purpose, measure) in measures.items():
            draw = partial(generator, self.seed, purpose, when)
            take = partial(measure, network, self.splits, self.decoders, draw, layers=layers, interim=self.interim)
            found, seconds = self.interim.once(f"{name} at {when}{state}", take)
            columns |= found | {f"seconds_{name}": seconds}
        return columns


def _digest(network: CompressionCNN) -> str:
    """Of the weights."""
    weights = [tensor.detach().cpu().contiguous().view(torch.uint8) for tensor in network.state_dict().values()]
    return blake2b(b"".join(weight.numpy().tobytes() for weight in weights), digest_size=8).hexdigest()
