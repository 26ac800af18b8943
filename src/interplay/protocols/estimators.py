"""Protocol of the estimators' study: batch sizes and normalisations of features (questions of the note)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt

from interplay.protocols.costs import TEST_IMAGES
from interplay.protocols.experiments import Experiment, Given
from interplay.protocols.runs import Cost, Protocol, Run, Settings
from interplay.protocols.sourced import each_once
from interplay.protocols.supervised import SupervisedProtocol
from interplay.protocols.supervised.cost import image_operations, network_memory


class EstimatorsProtocol(Protocol):
    """How far batch estimates of entropy, MIR and HDR lie from their exact values, on the plain networks.

    `draws` random batches of each size; a size is reliable if for it and all larger ones the root mean square error of
    one batch is at most `tolerance` of what there is to tell: for MIR the distance of the exact value from that of
    permuted labels, for entropy and HDR, which no permutation changes, the exact value.
    """

    batch_sizes: Annotated[tuple[Annotated[int, Field(ge=2)], ...], AfterValidator(each_once)] = Field(min_length=1)
    draws: Annotated[int, Field(ge=2)]
    sample: PositiveInt | None
    tolerance: PositiveFloat


EstimatorsRun = Run[EstimatorsProtocol, Settings]


def unfold(protocol: EstimatorsProtocol, given: Given) -> Iterator[EstimatorsRun]:
    """One run per plain network."""
    supervised = given.of(SupervisedProtocol)
    for dataset in supervised.architectures:
        for seed in supervised.seeds:
            yield Run(
                name=f"{dataset}/seed{seed}",
                family=dataset,
                seed=seed,
                settings=Settings(),
                protocol=protocol,
                dataset=dataset,
                models=(f"supervised/{dataset}/plain/seed{seed}",),
                accelerator=True,
            )


def cost(run: EstimatorsRun, given: Given) -> Cost:
    """A pass over the test set, and an eigenproblem for every batch drawn."""
    assert run.dataset is not None
    supervised, protocol = given.of(SupervisedProtocol), run.protocol
    eigenproblems = protocol.draws * sum(10.0 * size**3 for size in protocol.batch_sizes)
    gram_matrices = 8 * 8 * 4 * max(protocol.batch_sizes) ** 2 / 2**20  # a few batches at a time
    return Cost(
        operations=image_operations(supervised, run.dataset, given.mapping) * TEST_IMAGES + eigenproblems,
        memory_mib=network_memory(supervised, run.dataset, given.mapping) + round(gram_matrices),
    )


EXPERIMENT = Experiment(
    protocol=EstimatorsProtocol,
    unfold=unfold,
    cost=cost,
    reads=("supervised",),
    measures=True,
)
