"""Protocol of linear mode connectivity (metrics24 VI-B; interplay24 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

from pydantic import Field, PositiveInt

from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Run
from interplay.protocols.sourced import Strict
from interplay.protocols.supervised import SupervisedProtocol
from interplay.protocols.supervised_runs import child_name


class ConnectivityProtocol(Strict):
    """Points on the segment between two children of one initialisation, and the images that are read at each.

    `norm_sample` training images give the batch-norm statistics that are recomputed at every point.
    """

    points: Annotated[int, Field(ge=5)]
    test_sample: PositiveInt | None
    norm_sample: PositiveInt
    batch_size: Annotated[int, Field(ge=2)]


def unfold_connectivity(
    protocol: ConnectivityProtocol, supervised: SupervisedProtocol, mapping: DataMapping
) -> Iterator[Run]:
    """One run per pair of children: every data set, learning rate and seed.

    As a control, and because the caption of metrics24 Fig. 7 speaks of different initialisations, the first children of
    neighbouring seeds are joined as well: they start apart.
    """
    for dataset, rates in supervised.children.learning_rates.items():
        for rate in rates:
            for seed in supervised.children.seeds:
                children = (f"supervised/{dataset}/{child_name(supervised, rate, child)}/seed{seed}" for child in "ab")
                yield _run(f"{dataset}/lr{rate:g}/seed{seed}", dataset, mapping, rate, seed, "same", tuple(children))
            first = child_name(supervised, rate, "a")
            for seed, other in pairwise(supervised.children.seeds):
                strangers = tuple(f"supervised/{dataset}/{first}/seed{k}" for k in (seed, other))
                name = f"other-initialisation/{dataset}/lr{rate:g}/seed{seed}"
                yield _run(name, dataset, mapping, rate, seed, "different", strangers)


def _run(
    name: str, dataset: str, mapping: DataMapping, rate: float, seed: int, initialisation: str, models: tuple[str, ...]
) -> Run:
    return Run(
        name=name,
        family=dataset,
        seed=seed,
        settings={"learning_rate": rate, "initialisation": initialisation},
        dataset=dataset,
        dataset_used=mapping.datasets[dataset].use,
        models=models,
    )
