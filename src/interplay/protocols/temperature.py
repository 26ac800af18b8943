"""Protocol of what is measured on networks trained at several softmax temperatures (metrics24 V-B)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Run
from interplay.protocols.sourced import Strict
from interplay.protocols.supervised import SupervisedProtocol
from interplay.protocols.supervised_runs import temperature_name


class TSNE(Strict):
    """Embedding of test features, by scikit-learn: the temperatures shown, and how."""

    temperatures: tuple[PositiveFloat, ...]
    sample: PositiveInt
    perplexity: PositiveFloat
    iterations: Annotated[int, Field(ge=250)]

    @model_validator(mode="after")
    def _enough_neighbours(self) -> Self:
        if self.perplexity >= self.sample:
            raise ValueError(f"perplexity {self.perplexity:g} needs a larger sample than {self.sample}")
        return self


class TemperatureProtocol(Strict):
    """Clustering quality of test features against the temperature; networks come from supervised training."""

    clustering_sample: PositiveInt | None
    tsne: TSNE


def untrained_for_temperature(protocol: TemperatureProtocol, supervised: SupervisedProtocol) -> str | None:
    """Which network the protocol asks for that is never trained, in one line; None where all are."""
    trained = temperatures(supervised)
    unknown = sorted(set(protocol.tsne.temperatures) - set(trained))
    if not unknown:
        return None
    return f"tsne.temperatures: no network of temperature {unknown[0]:g}; supervised.variants trains {trained}"


def temperatures(supervised: SupervisedProtocol) -> list[float]:
    """The temperatures of the trained networks, the plain ones (1) among them, ascending."""
    return sorted({1.0, *supervised.variants.temperatures})


def unfold_temperature(
    protocol: TemperatureProtocol, supervised: SupervisedProtocol, mapping: DataMapping
) -> Iterator[Run]:
    """One run per trained network: every data set, temperature and seed; temperature 1 is the plain network."""
    for dataset in supervised.architectures:
        for temperature in temperatures(supervised):
            for seed in supervised.variants.seeds:
                yield Run(
                    name=f"{dataset}/t{temperature:g}/seed{seed}",
                    family=dataset,
                    seed=seed,
                    settings={"temperature": temperature},
                    dataset=dataset,
                    dataset_used=mapping.datasets[dataset].use,
                    models=(f"supervised/{dataset}/{temperature_name(temperature)}/seed{seed}",),
                )
