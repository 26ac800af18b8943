"""Reads V-information of a network's layers at the epochs that the protocol asks for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from time import perf_counter

from interplay.collapse.v_information import (
    DecoderSettings,
    LabelledImages,
    minimality_given_label,
    sufficiency_and_minimality,
)
from interplay.data import Images
from interplay.models import CompressionCNN
from interplay.protocols.compression import AdamW, Information
from interplay.training import generator

INPUT, ENCODED = (0,), (1, 2, 3)


class InformationReader:
    """Sufficiency and minimality on samples of train and test, every so many epochs and at the end.

    Decoders are initialised and their batches drawn from the seed and the epoch alone. What layer 0 holds depends on no
    weights; where the protocol reads it once, its values are repeated, and a resumed run finds the same ones again.
    """

    def __init__(
        self, settings: Information, optimizer: AdamW, splits: Mapping[str, Images], num_classes: int, seed: int
    ) -> None:
        self.settings, self.seed = settings, seed
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
        draw = partial(generator, self.seed, "information", when)
        started = perf_counter()
        columns = sufficiency_and_minimality(network, self.splits, self.decoders, draw, layers=layers)
        columns["seconds_sufficiency_and_minimality"] = perf_counter() - started
        if self.settings.given_label:
            started = perf_counter()
            given = partial(generator, self.seed, "information given the label", when)
            columns |= minimality_given_label(network, self.splits, self.decoders, given, layers=layers)
            columns["seconds_minimality_given_label"] = perf_counter() - started
        return columns
