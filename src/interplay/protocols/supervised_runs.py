"""The runs of supervised training: everything that trains a Wide ResNet with labels, once for all who use it.

Besides the plain runs, MAX MI and MIN HD there are runs that differ from the plain ones in one thing (temperature,
label smoothing) and second children of the plain runs' initialisations. Experiments on trained networks read their
weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Run
from interplay.protocols.supervised import Objective, SupervisedProtocol


def unfold_supervised(protocol: SupervisedProtocol, mapping: DataMapping) -> Iterator[Run]:
    """Plain runs, runs with an objective and the sweep of its weight, variants, children."""
    for dataset in protocol.architectures:
        used = mapping.datasets[dataset].use
        if set(protocol.objectives) != {"plain"}:
            yield from (_sweep_run(protocol, dataset, used, "plain", 0.0, seed) for seed in protocol.sweep.seeds)
        for objective in protocol.objectives:
            yield from _objective_runs(protocol, dataset, used, objective)
        for seed in protocol.variants.seeds:
            for temperature in protocol.variants.temperatures:
                yield _final_run(protocol, dataset, used, temperature_name(temperature), seed, temperature=temperature)
            for smoothing in protocol.variants.label_smoothing:
                yield _final_run(protocol, dataset, used, smoothing_name(smoothing), seed, label_smoothing=smoothing)
        for rate in protocol.children.learning_rates.get(dataset, ()):
            yield from _children(protocol, dataset, used, rate)


def temperature_name(temperature: float) -> str:
    """`temperature-10`; the plain runs for 1."""
    return "plain" if temperature == 1 else f"temperature-{temperature:g}"


def smoothing_name(smoothing: float) -> str:
    """`smoothing-0.1`; the plain runs for 0."""
    return "plain" if smoothing == 0 else f"smoothing-{smoothing:g}"


def child_name(protocol: SupervisedProtocol, rate: float, child: str) -> str:
    """`child-lr0.003-b`; the plain runs for the first child at the plain runs' learning rate."""
    return "plain" if child == "a" and rate == protocol.optimizer.learning_rate else f"child-lr{rate:g}-{child}"


def _objective_runs(protocol: SupervisedProtocol, dataset: str, used: str, objective: Objective) -> Iterator[Run]:
    if objective == "plain":
        yield from (_final_run(protocol, dataset, used, "plain", seed) for seed in protocol.seeds)
        return
    candidates = protocol.sweep.max_mi if objective == "max_mi" else protocol.sweep.min_hd
    sweep = [
        _sweep_run(protocol, dataset, used, objective, weight, seed)
        for weight in candidates
        for seed in protocol.sweep.seeds
    ]
    yield from sweep
    needs = tuple(f"supervised/{run.name}" for run in sweep)
    for seed in protocol.seeds:
        run = _final_run(protocol, dataset, used, objective, seed, objective=objective, weight=None)
        yield run.model_copy(update={"needs": needs, "keeps_model": False})


def _children(protocol: SupervisedProtocol, dataset: str, used: str, rate: float) -> Iterator[Run]:
    for child in ("a", "b"):
        name = child_name(protocol, rate, child)
        if name == "plain":
            continue
        for seed in protocol.children.seeds:
            yield _final_run(protocol, dataset, used, name, seed, learning_rate=rate, child=child)


def _final_run(protocol: SupervisedProtocol, dataset: str, used: str, name: str, seed: int, **differences: Any) -> Run:
    return Run(
        name=f"{dataset}/{name}/seed{seed}",
        family=f"{dataset}/{name}",
        seed=seed,
        settings=_settings(protocol, **differences),
        dataset=dataset,
        dataset_used=used,
        keeps_model=True,
    )


def _sweep_run(
    protocol: SupervisedProtocol, dataset: str, used: str, objective: Objective, weight: float, seed: int
) -> Run:
    return Run(
        name=f"{dataset}/sweep/{objective}-{weight:g}/seed{seed}",
        family=f"{dataset}/sweep",
        seed=seed,
        settings=_settings(protocol, objective=objective, weight=weight, split="validation"),
        dataset=dataset,
        dataset_used=used,
    )


def _settings(protocol: SupervisedProtocol, **differences: Any) -> dict[str, Any]:
    plain = {
        "objective": "plain",
        "weight": 0.0,
        "split": "test",
        "temperature": 1.0,
        "label_smoothing": 0.0,
        "learning_rate": protocol.optimizer.learning_rate,
        "child": "a",
    }
    return plain | differences
