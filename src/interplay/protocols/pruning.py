"""Protocol of magnitude pruning with fine-tuning (interplay24 5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt

from interplay.errors import InterplayError
from interplay.protocols.costs import TEST_IMAGES, TRAINING
from interplay.protocols.experiments import Experiment, Given
from interplay.protocols.runs import Cost, Protocol, Run, Settings
from interplay.protocols.sourced import Strict, each_once
from interplay.protocols.supervised import Seeds, SupervisedProtocol
from interplay.protocols.supervised.cost import image_operations, network_memory

Sparsity = Annotated[float, Field(ge=0, lt=1)]
Scope = Literal["global", "layer"]


class FineTuning(Strict):
    """SGD on the weights that are left, with the parent's other settings."""

    iterations: PositiveInt
    learning_rate: PositiveFloat


class PruningProtocol(Protocol):
    """One-shot unstructured L1 pruning of the weights of convolutions and head, then fine-tuning.

    `scopes`: `global` ranks all weights together, `layer` those of each layer by themselves. `joint_sample` test images
    give the Gram matrices that compare features before and after exactly (an N x N eigenproblem).
    """

    sparsities: Annotated[tuple[Sparsity, ...], AfterValidator(each_once)]
    scopes: Annotated[tuple[Scope, ...], AfterValidator(each_once)]
    seeds: Seeds
    fine_tuning: FineTuning
    joint_sample: PositiveInt
    batch_size: Annotated[int, Field(ge=2)]


class PruningSettings(Settings):
    """What is ranked together, and the share of weights that is removed."""

    scope: Scope
    sparsity: float


PruningRun = Run[PruningProtocol, PruningSettings]


def unfold(protocol: PruningProtocol, given: Given) -> Iterator[PruningRun]:
    """One run per plain network, scope and sparsity.

    Raises:
        InterplayError: a seed whose plain network is never trained.
    """
    supervised = given.of(SupervisedProtocol)
    if unknown := sorted(set(protocol.seeds) - set(supervised.seeds)):
        raise InterplayError(f"seeds: {unknown[0]} has no plain run; supervised.seeds are {supervised.seeds}")
    for dataset in supervised.architectures:
        for seed in protocol.seeds:
            for scope in protocol.scopes:
                for sparsity in protocol.sparsities:
                    yield Run(
                        name=f"{dataset}/{scope}-{sparsity:g}/seed{seed}",
                        family=dataset,
                        seed=seed,
                        settings=PruningSettings(scope=scope, sparsity=sparsity),
                        protocol=protocol,
                        dataset=dataset,
                        models=(f"supervised/{dataset}/plain/seed{seed}",),
                        accelerator=True,
                    )


def cost(run: PruningRun, given: Given) -> Cost:
    """Of fine-tuning, and of three networks over the test set."""
    assert run.dataset is not None
    supervised, protocol = given.of(SupervisedProtocol), run.protocol
    training = TRAINING * protocol.fine_tuning.iterations * supervised.batch_size
    gram_matrices = 6 * 8 * protocol.joint_sample**2 / 2**20
    return Cost(
        operations=image_operations(supervised, run.dataset, given.mapping) * (training + 3 * TEST_IMAGES),
        memory_mib=network_memory(supervised, run.dataset, given.mapping) + round(gram_matrices),
    )


EXPERIMENT = Experiment(
    protocol=PruningProtocol,
    unfold=unfold,
    cost=cost,
    reads=("supervised",),
    measures=True,
    lists_runs=("seeds",),
)
