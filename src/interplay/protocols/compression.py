"""Protocol of compression layer by layer (compression25 sec. 2.3), and the runs that it unfolds into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from interplay.errors import InterplayError
from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Run
from interplay.protocols.sourced import Strict, each_once
from interplay.protocols.supervised import Seeds

Network = Literal["f_plus", "f_minus"]
Part = Literal["geometry", "information", "random_labels", "architecture", "toy"]
Variant = Literal["raw_pixels", "bfloat16", "fixed_epochs", "relu_before_pool", "mean_pooling", "public_code"]
"""One thing that differs from the text, or that readers may take to differ:

- `raw_pixels`: 0 to 255, as the public code feeds them; the text names no range, here it is 0 to 1.
- `bfloat16`: weights, activations and optimiser, as in the public code; metrics stay in float32.
- `fixed_epochs`: 20 of the network and of sufficiency, 50 of minimality, no end at a loss, as in the public code.
- `relu_before_pool`: the same function in the other order (see `models.CnnShape`).
- `mean_pooling`: in front of f+'s head; text and public code take the maximum.
- `public_code`: all in which the public code differs from the text; it also reads layer 0 once only.
"""

Batch = Annotated[int, Field(ge=2)]
Channels = tuple[PositiveInt, PositiveInt, PositiveInt]
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
    """V-information: of which epochs and samples, and how its decoders are trained.

    `every` epochs and at the end; `per_class` samples of each class of train and test, all where null; `given_label`
    also measures minimality as it is defined; `input_layer_once` reads layer 0, which no training changes, once only.
    """

    every: PositiveInt
    per_class: PositiveInt | None
    sufficiency_epochs: PositiveInt
    minimality_epochs: PositiveInt
    stop_at_loss: PositiveFloat | None
    batch_size: Batch
    given_label: bool
    input_layer_once: bool


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
    seed: NonNegativeInt

    @model_validator(mode="after")
    def _three_features(self) -> Self:
        features = self.channels[2] // (4 if self.network == "f_minus" else 1)
        if features != 3:
            raise ValueError(f"channels {self.channels} give {self.network} {features} features; space has 3")
        return self


class CompressionProtocol(Strict):
    """Two CNNs on two data sets; after every epoch geometric compression of each layer, and V-information."""

    datasets: Annotated[tuple[str, ...], AfterValidator(each_once)]
    networks: dict[Network, Cnn]
    seeds: Seeds
    train_per_class: PositiveInt
    test_per_class: PositiveInt | None
    epochs: PositiveInt
    stop_at_loss: PositiveFloat | None
    batch_size: Batch
    optimizer: AdamW
    information: Information
    random_labels: RandomLabels
    toy: Toy
    variants: Annotated[tuple[Variant, ...], AfterValidator(each_once)]

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
        if unknown_networks := sorted(set(self.random_labels.networks) - set(self.networks)):
            raise ValueError(f"random_labels.networks: {unknown_networks[0]} is not among the networks")
        return self


def unfold_compression(protocol: CompressionProtocol, mapping: DataMapping) -> Iterator[Run]:
    """Geometry alone, geometry with V-information, both for every variant; random labels, shapes and the toy.

    The first two train the same networks. They are apart because V-information costs hundreds of times as much: the
    families `<dataset>/geometry` are minutes on a CPU, the families `<dataset>/information` want a GPU.

    Raises:
        InterplayError: images too small for three poolings.
    """
    for dataset in protocol.datasets:
        for network, cnn in protocol.networks.items():
            _check_size(dataset, network, cnn, mapping)
            yield _run(mapping, dataset, network, "architecture", 0)
            for seed in protocol.seeds:
                for variant in (None, *protocol.variants):
                    yield _run(mapping, dataset, network, "geometry", seed, variant)
                    yield _run(mapping, dataset, network, "information", seed, variant)
                if dataset in protocol.random_labels.datasets and network in protocol.random_labels.networks:
                    yield _run(mapping, dataset, network, "random_labels", seed)
    yield _run(mapping, protocol.toy.dataset, protocol.toy.network, "toy", protocol.toy.seed)


def _run(
    mapping: DataMapping, dataset: str, network: Network, part: Part, seed: int, variant: Variant | None = None
) -> Run:
    folders = [dataset, network, *([variant] if variant else []), *([part] if part != "geometry" else [])]
    return Run(
        name="/".join([*folders, f"seed{seed}"]) if part != "architecture" else "/".join(folders),
        family="architecture" if part == "architecture" else "/".join([dataset, *([variant] if variant else []), part]),
        seed=seed,
        settings={"network": network, "part": part, "variant": variant},
        dataset=dataset,
        # The published shapes are known without reading any image.
        dataset_used=None if part == "architecture" else mapping.datasets[dataset].use,
    )


def _check_size(dataset: str, network: Network, cnn: Cnn, mapping: DataMapping) -> None:
    _, *edges = mapping.datasets[dataset].image
    least = POOLS[network] ** 3
    if min(edges) // cnn.image_pooling < least:
        size = "x".join(str(edge // cnn.image_pooling) for edge in edges)
        raise InterplayError(
            f"compression: networks.{network}.image_pooling: {cnn.image_pooling} leaves images of {size} of "
            f"{mapping.datasets[dataset].use}, and three poolings by {POOLS[network]} need {least}x{least}"
        )
