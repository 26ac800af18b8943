"""Protocol of linear mode connectivity (metrics24 VI-B; interplay24 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from interplay.protocols.costs import TEST_IMAGES
from interplay.protocols.experiments import Experiment, Given
from interplay.protocols.runs import Cost, Protocol, Run, Settings
from interplay.protocols.supervised import SupervisedProtocol
from interplay.protocols.supervised.cost import image_operations, network_memory
from interplay.protocols.supervised.runs import child_name


class ConnectivityProtocol(Protocol):
    """Points on the segment between two children of one initialisation, and the images that are read at each.

    `norm_sample` training images give the batch-norm statistics that are recomputed at every point.
    """

    points: Annotated[int, Field(ge=5)]
    test_sample: PositiveInt | None
    norm_sample: PositiveInt
    batch_size: Annotated[int, Field(ge=2)]


class ConnectivitySettings(Settings):
    """The learning rate of the two networks, and whether they started from the same weights."""

    learning_rate: float
    initialisation: Literal["same", "different"]


ConnectivityRun = Run[ConnectivityProtocol, ConnectivitySettings]


def unfold(protocol: ConnectivityProtocol, given: Given) -> Iterator[ConnectivityRun]:
    """One run per pair of children: every data set, learning rate and seed.

    As a control, and because the caption of metrics24 Fig. 7 speaks of different initialisations, the first children of
    neighbouring seeds are joined as well: they start apart.
    """
    supervised = given.of(SupervisedProtocol)
    for dataset, rates in supervised.children.learning_rates.items():
        for rate in rates:
            same = ConnectivitySettings(learning_rate=rate, initialisation="same")
            for seed in supervised.children.seeds:
                children = (f"supervised/{dataset}/{child_name(supervised, rate, child)}/seed{seed}" for child in "ab")
                yield _run(f"{dataset}/lr{rate:g}/seed{seed}", protocol, dataset, same, seed, tuple(children))
            first, apart = child_name(supervised, rate, "a"), same.model_copy(update={"initialisation": "different"})
            for seed, other in pairwise(supervised.children.seeds):
                strangers = tuple(f"supervised/{dataset}/{first}/seed{k}" for k in (seed, other))
                name = f"other-initialisation/{dataset}/lr{rate:g}/seed{seed}"
                yield _run(name, protocol, dataset, apart, seed, strangers)


def _run(
    name: str,
    protocol: ConnectivityProtocol,
    dataset: str,
    settings: ConnectivitySettings,
    seed: int,
    models: tuple[str, ...],
) -> ConnectivityRun:
    return Run(
        name=name,
        family=dataset,
        seed=seed,
        settings=settings,
        protocol=protocol,
        dataset=dataset,
        models=models,
        accelerator=True,
    )


def cost(run: ConnectivityRun, given: Given) -> Cost:
    """Every point is read twice, and its batch-norm statistics are recomputed once."""
    assert run.dataset is not None
    supervised, protocol = given.of(SupervisedProtocol), run.protocol
    images = protocol.points * (2 * (protocol.test_sample or TEST_IMAGES) + protocol.norm_sample)
    return Cost(
        operations=image_operations(supervised, run.dataset, given.mapping) * images,
        memory_mib=network_memory(supervised, run.dataset, given.mapping),
    )


EXPERIMENT = Experiment(
    protocol=ConnectivityProtocol,
    unfold=unfold,
    cost=cost,
    reads=("supervised",),
    measures=True,
)
