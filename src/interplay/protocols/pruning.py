"""Protocol of magnitude pruning with fine-tuning (interplay24 5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt

from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Run
from interplay.protocols.sourced import Strict, each_once
from interplay.protocols.supervised import Seeds, SupervisedProtocol

Sparsity = Annotated[float, Field(ge=0, lt=1)]
Scope = Literal["global", "layer"]


class FineTuning(Strict):
    """SGD on the weights that are left, with the parent's other settings."""

    iterations: PositiveInt
    learning_rate: PositiveFloat


class PruningProtocol(Strict):
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


def untrained_for_pruning(protocol: PruningProtocol, supervised: SupervisedProtocol) -> str | None:
    """Which network the protocol asks for that is never trained, in one line; None where all are."""
    unknown = sorted(set(protocol.seeds) - set(supervised.seeds))
    return f"seeds: {unknown[0]} has no plain run; supervised.seeds are {supervised.seeds}" if unknown else None


def unfold_pruning(protocol: PruningProtocol, supervised: SupervisedProtocol, mapping: DataMapping) -> Iterator[Run]:
    """One run per plain network, scope and sparsity."""
    for dataset in supervised.architectures:
        for seed in protocol.seeds:
            for scope in protocol.scopes:
                for sparsity in protocol.sparsities:
                    yield Run(
                        name=f"{dataset}/{scope}-{sparsity:g}/seed{seed}",
                        family=dataset,
                        seed=seed,
                        settings={"scope": scope, "sparsity": sparsity},
                        dataset=dataset,
                        dataset_used=mapping.datasets[dataset].use,
                        models=(f"supervised/{dataset}/plain/seed{seed}",),
                    )
