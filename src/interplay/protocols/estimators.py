"""Protocol of the estimators' study: batch sizes and normalisations of features (questions of the note)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Run
from interplay.protocols.sourced import Strict
from interplay.protocols.supervised import SupervisedProtocol


class EstimatorsProtocol(Strict):
    """How far batch estimates of entropy, MIR and HDR lie from their exact values, on the plain networks.

    `draws` random batches of each size; a size is reliable if for it and all larger ones the root mean square error of
    one batch is at most `tolerance` of what there is to tell: for MIR the distance of the exact value from that of
    permuted labels, for entropy and HDR, which no permutation changes, the exact value.
    """

    batch_sizes: tuple[Annotated[int, Field(ge=2)], ...]
    draws: Annotated[int, Field(ge=2)]
    sample: PositiveInt | None
    tolerance: PositiveFloat


def unfold_estimators(
    protocol: EstimatorsProtocol, supervised: SupervisedProtocol, mapping: DataMapping
) -> Iterator[Run]:
    """One run per plain network."""
    for dataset in supervised.architectures:
        for seed in supervised.seeds:
            yield Run(
                name=f"{dataset}/seed{seed}",
                family=dataset,
                seed=seed,
                dataset=dataset,
                dataset_used=mapping.datasets[dataset].use,
                models=(f"supervised/{dataset}/plain/seed{seed}",),
            )
