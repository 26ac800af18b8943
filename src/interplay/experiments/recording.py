"""Fills the record of a run: what stands in it under which name. Its code is part of every run's (`code_of`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from interplay.records import Provenance, Record

if TYPE_CHECKING:  # what the plan says of a run is among its values; the code that plans need not count
    from interplay.experiments.context import Result
    from interplay.protocols.experiments import AnyRun
    from interplay.protocols.mappings import Substitute
    from interplay.protocols.setup import Setup


def recorded(
    setup: Setup,
    experiment: str,
    run: AnyRun,
    result: Result,
    *,
    datasets: Mapping[str, Substitute],
    overrides: Sequence[str],
    provenance: Provenance,
) -> Record:
    """The record of a run of the plan.

    Args:
        setup: that the run is planned in.
        experiment: of the run.
        run: as planned.
        result: what the experiment gave back; its settings stand beside those of the plan.
        datasets: what takes the place of each published data set.
        overrides: how the run differs from what was published, one line each.
        provenance: of the result.
    """
    return Record(
        experiment=experiment,
        run=run.name,
        tier=setup.tier_name,
        data_mapping=setup.data_name,
        dataset=run.dataset,
        dataset_used=datasets[run.dataset].use if run.dataset in run.reads and run.dataset else None,
        datasets={name: datasets[name].use for name in run.reads},
        seed=run.seed,
        protocol=run.protocol.model_dump(mode="json"),
        settings={**run.settings.model_dump(mode="json"), **result.settings},
        variation=run.variation(setup.protocols[experiment]),
        overrides=list(overrides),
        operations=run.cost.operations,
        metrics=result.metrics,
        trajectory=result.trajectory,
        findings=result.findings,
        tables=result.tables,
        provenance=provenance,
    )
