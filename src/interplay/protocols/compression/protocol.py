"""Protocol of compression layer by layer (compression25 sec. 2.3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from interplay.protocols.runs import Protocol, Settings
from interplay.protocols.sourced import Seed, Strict, each_once
from interplay.protocols.supervised import Seeds

Network = Literal["f_plus", "f_minus"]
Part = Literal["geometry", "information", "random_labels", "architecture", "toy"]
Batch = Annotated[int, Field(ge=2)]
Channels = tuple[PositiveInt, PositiveInt, PositiveInt]
VariantName = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
POOLS = {"f_plus": 2, "f_minus": 3}  # edge of each of the three poolings


class Cnn(Strict):
    """d_1, d_2, d_3, of which f- takes a quarter, and the edge of the squares of pixels that are averaged before."""

    channels: Channels
    image_pooling: PositiveInt


class AdamW(Strict):
    """AdamW with a constant learning rate, of networks and decoders alike."""

    learning_rate: PositiveFloat
    weight_decay: NonNegativeFloat


class Information(Strict):
    """V-information: of which networks, epochs and samples, and how its decoders are trained.

    Of the networks of `seeds`, all where null; every `every` epochs and at the end; `per_class` samples of each class
    of train and test, all where null; `given_label` also measures minimality as it is defined; `input_layer_once` reads
    layer 0, which no training changes, once only; `of_variants` reads it of the variants' networks too.
    """

    seeds: Seeds | None
    every: PositiveInt
    per_class: PositiveInt | None
    sufficiency_epochs: PositiveInt
    minimality_epochs: PositiveInt
    stop_at_loss: PositiveFloat | None
    batch_size: Batch
    given_label: bool
    input_layer_once: bool
    of_variants: bool


class RandomLabels(Strict):
    """Training on labels that were permuted once."""

    datasets: Annotated[tuple[str, ...], AfterValidator(each_once)]
    networks: Annotated[tuple[Network, ...], AfterValidator(each_once)]
    train_per_class: PositiveInt
    epochs: PositiveInt


class Toy(Strict):
    """A network with three features on three classes, to look at neural collapse in space."""

    dataset: str
    network: Network
    channels: Channels
    train_per_class: PositiveInt
    batch_size: Batch
    epochs: PositiveInt
    shown_per_class: PositiveInt
    seed: Seed

    @model_validator(mode="after")
    def _three_features(self) -> Self:
        features = self.channels[2] // (4 if self.network == "f_minus" else 1)
        if features != 3:
            raise ValueError(f"channels {self.channels} give {self.network} {features} features; space has 3")
        return self


class CompressionProtocol(Protocol):
    """Two CNNs on two data sets; after every epoch geometric compression of each layer, and V-information.

    `pixels` are 0 to 1 (`unit`) or 0 to 255 as stored (`raw`). `precision` is that of weights, activations and
    optimiser; metrics stay in float32. `relu_before_pool` gives the same function in the other order. `head_pooling`
    is what stands in front of f+'s head. `variants` are named overrides of this protocol, of which `variants_run` are
    run beside the text's own.
    """

    datasets: Annotated[tuple[str, ...], AfterValidator(each_once)]
    networks: dict[Network, Cnn]
    seeds: Seeds
    train_per_class: PositiveInt
    test_per_class: PositiveInt | None
    epochs: PositiveInt
    stop_at_loss: PositiveFloat | None
    batch_size: Batch
    optimizer: AdamW
    pixels: Literal["unit", "raw"]
    precision: Literal["float32", "bfloat16"]
    relu_before_pool: bool
    head_pooling: Literal["max", "mean"]
    information: Information
    random_labels: RandomLabels
    toy: Toy
    variants: dict[VariantName, dict[str, Any]]
    variants_run: Annotated[tuple[str, ...], AfterValidator(each_once)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.seeds or not self.datasets or not self.networks:
            raise ValueError("give at least one seed, one data set and one network")
        for name, cnn in self.networks.items():
            if any(width % 4 for width in cnn.channels):
                raise ValueError(f"networks.{name}.channels: {cnn.channels} are not all multiples of 4")
        named = {"random_labels.datasets": self.random_labels.datasets, "toy.dataset": (self.toy.dataset,)}
        for where, names in named.items():
            if unknown := sorted(set(names) - set(self.datasets)):
                raise ValueError(f"{where}: {unknown[0]} is not among the datasets")
        if strange := [seed for seed in self.information.seeds or () if seed not in self.seeds]:
            raise ValueError(f"information.seeds: {strange[0]} is none of seeds, {list(self.seeds)}; no such network")
        for variant in self.variants_run:
            if variant not in self.variants:
                raise ValueError(f"variants_run: no variant {variant!r}; there are {', '.join(self.variants)}")
        if unknown_networks := sorted(set(self.random_labels.networks) - set(self.networks)):
            raise ValueError(f"random_labels.networks: {unknown_networks[0]} is not among the networks")
        return self

    def of_variant(self, name: str | None) -> Self:
        """The protocol that a variant follows; the text's own for None.

        Raises:
            pydantic.ValidationError: the variant's overrides do not fit.
        """
        return self if name is None else self.vary(self.variants[name])


class CompressionSettings(Settings):
    """The network, which part of the experiment, and the variant of the text's protocol, if any."""

    network: Network
    part: Part
    variant: str | None = None
