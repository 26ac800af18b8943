"""Protocol of what is measured on networks trained at several softmax temperatures (metrics24 V-B)."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, model_validator

from interplay.errors import InterplayError
from interplay.protocols.costs import TEST_IMAGES
from interplay.protocols.experiments import Experiment, Given
from interplay.protocols.runs import Cost, Protocol, Run, Settings
from interplay.protocols.sourced import Strict, each_once
from interplay.protocols.supervised import SupervisedProtocol
from interplay.protocols.supervised.cost import image_operations, network_memory
from interplay.protocols.supervised.runs import temperature_name

TSNE_STEP = 5e4  # a step of t-SNE per sample and bit of their number, in operations of a network that take as long


class TSNE(Strict):
    """Embedding of test features, by scikit-learn: the temperatures shown, and how."""

    temperatures: Annotated[tuple[PositiveFloat, ...], AfterValidator(each_once)]
    sample: PositiveInt
    perplexity: PositiveFloat
    iterations: Annotated[int, Field(ge=250)]

    @model_validator(mode="after")
    def _enough_neighbours(self) -> Self:
        if self.perplexity >= self.sample:
            raise ValueError(f"perplexity {self.perplexity:g} needs a larger sample than {self.sample}")
        return self


class TemperatureProtocol(Protocol):
    """Clustering quality of test features against the temperature; networks come from supervised training."""

    clustering_sample: PositiveInt | None
    tsne: TSNE


class TemperatureSettings(Settings):
    """The temperature that the network was trained at, and whether its features are embedded to be looked at."""

    temperature: float
    embedded: bool


TemperatureRun = Run[TemperatureProtocol, TemperatureSettings]


def temperatures(supervised: SupervisedProtocol) -> list[float]:
    """The temperatures of the trained networks, the plain ones (1) among them, ascending."""
    return sorted({1.0, *supervised.variants.temperatures})


def unfold(protocol: TemperatureProtocol, given: Given) -> Iterator[TemperatureRun]:
    """One run per trained network: every data set, temperature and seed; temperature 1 is the plain network.

    Features are embedded for the first seed only: t-SNE is for looking.

    Raises:
        InterplayError: a temperature to be embedded of which no network is trained.
    """
    supervised = given.of(SupervisedProtocol)
    seeds, trained = supervised.variants.seeds, temperatures(supervised)
    if unknown := sorted(set(protocol.tsne.temperatures) - set(trained)):
        raise InterplayError(
            f"tsne.temperatures: no network of temperature {unknown[0]:g}; supervised.variants trains {trained}"
        )
    for dataset in supervised.architectures:
        for temperature in trained:
            for seed in seeds:
                shown = temperature in protocol.tsne.temperatures and seed == min(seeds)
                yield Run(
                    name=f"{dataset}/t{temperature:g}/seed{seed}",
                    family=dataset,
                    seed=seed,
                    settings=TemperatureSettings(temperature=temperature, embedded=shown),
                    protocol=protocol,
                    dataset=dataset,
                    models=(f"supervised/{dataset}/{temperature_name(temperature)}/seed{seed}",),
                    accelerator=True,
                )


def cost(run: TemperatureRun, given: Given) -> Cost:
    """Of passes over test set and sample, and of the embedding."""
    assert run.dataset is not None
    supervised, protocol = given.of(SupervisedProtocol), run.protocol
    passes = TEST_IMAGES + (protocol.clustering_sample or TEST_IMAGES)
    operations = image_operations(supervised, run.dataset, given.mapping) * passes
    if run.settings.embedded:
        operations += TSNE_STEP * protocol.tsne.iterations * protocol.tsne.sample * log2(protocol.tsne.sample)
    # Distances between all pairs of the sample, in float64.
    distances = 2 * 8 * (protocol.clustering_sample or TEST_IMAGES) ** 2 / 2**20
    memory = network_memory(supervised, run.dataset, given.mapping) + round(distances)
    return Cost(operations=operations, memory_mib=memory)


EXPERIMENT = Experiment(
    protocol=TemperatureProtocol,
    unfold=unfold,
    cost=cost,
    reads=("supervised",),
    measures=True,
)
