"""The experiments that exist: the protocol of each, and the families of runs that it unfolds into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, Field

from interplay.protocols.grokking import GrokkingProtocol
from interplay.protocols.mappings import DataMapping
from interplay.protocols.sourced import Strict
from interplay.protocols.supervised import Objective, SupervisedProtocol
from interplay.protocols.theory import TheoryProtocol

ExperimentName = Literal["theory", "supervised", "grokking"]


class Run(Strict):
    """One run of an experiment; `name` is its path below the experiment's records."""

    name: str
    family: str = Field(description="runs that one process does together where the tier bundles by family")
    seed: int
    settings: dict[str, Any] = Field(default_factory=dict, description="what sets this run apart from its siblings")
    dataset: str | None = Field(default=None, description="published data set whose place the run takes")
    dataset_used: str | None = Field(default=None, description="data set that is read")
    needs: tuple[str, ...] = Field(default=(), description="records <experiment>/<run> that must exist first")
    keeps_model: bool = Field(default=False, description="the trained weights are kept beside the record")


def unfold_theory(protocol: TheoryProtocol, mapping: DataMapping) -> Iterator[Run]:
    """One run per document."""
    for document in protocol.documents:
        yield Run(name=document, family="all", seed=protocol.seed, settings={"document": document})


def unfold_grokking(protocol: GrokkingProtocol, mapping: DataMapping) -> Iterator[Run]:
    """One run per seed."""
    for seed in protocol.seeds:
        yield Run(name=f"modular-addition/seed{seed}", family="modular-addition", seed=seed)


def unfold_supervised(protocol: SupervisedProtocol, mapping: DataMapping) -> Iterator[Run]:
    """Plain runs, a sweep of the unpublished weight on a validation split, and final runs with the weight chosen."""
    for dataset in protocol.architectures:
        used = mapping.datasets[dataset].use
        if set(protocol.objectives) != {"plain"}:
            yield from (_sweep_run(dataset, used, "plain", 0.0, seed) for seed in protocol.sweep.seeds)
        for objective in protocol.objectives:
            needs: tuple[str, ...] = ()
            if objective != "plain":
                sweep = list(_sweep(protocol, dataset, used, objective))
                yield from sweep
                needs = tuple(f"supervised/{run.name}" for run in sweep)
            for seed in protocol.seeds:
                yield Run(
                    name=f"{dataset}/{objective}/seed{seed}",
                    family=f"{dataset}/{objective}",
                    seed=seed,
                    settings={"objective": objective, "weight": None, "split": "test"},
                    dataset=dataset,
                    dataset_used=used,
                    needs=needs,
                    keeps_model=objective == "plain",
                )


def _sweep(protocol: SupervisedProtocol, dataset: str, used: str, objective: Objective) -> Iterator[Run]:
    candidates = protocol.sweep.max_mi if objective == "max_mi" else protocol.sweep.min_hd
    for weight in candidates:
        yield from (_sweep_run(dataset, used, objective, weight, seed) for seed in protocol.sweep.seeds)


def _sweep_run(dataset: str, used: str, objective: Objective, weight: float, seed: int) -> Run:
    return Run(
        name=f"{dataset}/sweep/{objective}-{weight:g}/seed{seed}",
        family=f"{dataset}/sweep",
        seed=seed,
        settings={"objective": objective, "weight": weight, "split": "validation"},
        dataset=dataset,
        dataset_used=used,
    )


PROTOCOLS: dict[str, type[BaseModel]] = {
    "theory": TheoryProtocol,
    "supervised": SupervisedProtocol,
    "grokking": GrokkingProtocol,
}
UNFOLD: dict[str, Callable[[Any, DataMapping], Iterator[Run]]] = {
    "theory": unfold_theory,
    "supervised": unfold_supervised,
    "grokking": unfold_grokking,
}
