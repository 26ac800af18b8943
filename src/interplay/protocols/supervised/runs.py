"""The runs of supervised training: everything that trains a Wide ResNet with labels, once for all who use it.

Besides the plain runs, MAX MI and MIN HD there are runs that differ from the plain ones in one thing (temperature,
label smoothing) and second children of the plain runs' initialisations. Experiments on trained networks read their
weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from interplay.protocols.experiments import Given
from interplay.protocols.runs import Run
from interplay.protocols.supervised.protocol import Objective, SupervisedProtocol, SupervisedSettings

SupervisedRun = Run[SupervisedProtocol, SupervisedSettings]


def unfold(protocol: SupervisedProtocol, given: Given) -> Iterator[SupervisedRun]:
    """Plain runs, runs with an objective and the sweep of its weight, variants, children."""
    for dataset in protocol.architectures:
        if set(protocol.objectives) != {"plain"}:
            yield from (_sweep_run(protocol, dataset, "plain", 0.0, seed) for seed in protocol.sweep.seeds)
        for objective in protocol.objectives:
            yield from _objective_runs(protocol, dataset, objective)
        for seed in protocol.variants.seeds:
            for temperature in protocol.variants.temperatures:
                yield _final_run(
                    protocol, dataset, temperature_name(temperature), seed, overrides={"temperature": temperature}
                )
            for smoothing in protocol.variants.label_smoothing:
                yield _final_run(
                    protocol, dataset, smoothing_name(smoothing), seed, overrides={"label_smoothing": smoothing}
                )
        for rate in protocol.children.learning_rates.get(dataset, ()):
            yield from _children(protocol, dataset, rate)


def temperature_name(temperature: float) -> str:
    """`temperature-10`; the plain runs for 1."""
    return "plain" if temperature == 1 else f"temperature-{temperature:g}"


def smoothing_name(smoothing: float) -> str:
    """`smoothing-0.1`; the plain runs for 0."""
    return "plain" if smoothing == 0 else f"smoothing-{smoothing:g}"


def child_name(protocol: SupervisedProtocol, rate: float, child: str) -> str:
    """`child-lr0.003-b`; the plain runs for the first child at the plain runs' learning rate."""
    return "plain" if child == "a" and rate == protocol.optimizer.learning_rate else f"child-lr{rate:g}-{child}"


def _objective_runs(protocol: SupervisedProtocol, dataset: str, objective: Objective) -> Iterator[SupervisedRun]:
    if objective == "plain":
        yield from (_final_run(protocol, dataset, "plain", seed) for seed in protocol.seeds)
        return
    candidates = protocol.sweep.max_mi if objective == "max_mi" else protocol.sweep.min_hd
    sweep = [
        _sweep_run(protocol, dataset, objective, weight, seed) for weight in candidates for seed in protocol.sweep.seeds
    ]
    yield from sweep
    needs = tuple(f"supervised/{run.name}" for run in sweep)
    for seed in protocol.seeds:
        run = _final_run(protocol, dataset, objective, seed, objective=objective, weight=None)
        yield replace(run, needs=needs, keeps_model=False)


def _children(protocol: SupervisedProtocol, dataset: str, rate: float) -> Iterator[SupervisedRun]:
    for child in ("a", "b"):
        name = child_name(protocol, rate, child)
        if name == "plain":
            continue
        for seed in protocol.children.seeds:
            overrides = {"optimizer": {"learning_rate": rate}}
            yield _final_run(protocol, dataset, name, seed, overrides=overrides, child=child)


def _final_run(
    protocol: SupervisedProtocol,
    dataset: str,
    name: str,
    seed: int,
    *,
    overrides: Mapping[str, Any] | None = None,
    **differences: Any,
) -> SupervisedRun:
    own = protocol.vary(overrides or {})
    return Run(
        name=f"{dataset}/{name}/seed{seed}",
        family=f"{dataset}/{name}",
        seed=seed,
        settings=_settings(own, **differences),
        protocol=own,
        dataset=dataset,
        keeps_model=True,
        accelerator=True,
    )


def _sweep_run(
    protocol: SupervisedProtocol, dataset: str, objective: Objective, weight: float, seed: int
) -> SupervisedRun:
    iterations = min(protocol.sweep.iterations, protocol.iterations)
    points = min(protocol.trajectory.points, iterations)  # a candidate is read once, at its end
    own = protocol.vary({"iterations": iterations, "trajectory": {"points": points}})
    return Run(
        name=f"{dataset}/sweep/{objective}-{weight:g}/seed{seed}",
        family=f"{dataset}/sweep",
        seed=seed,
        settings=_settings(own, objective=objective, weight=weight, split="validation"),
        protocol=own,
        dataset=dataset,
        accelerator=True,
    )


def _settings(protocol: SupervisedProtocol, **differences: Any) -> SupervisedSettings:
    return SupervisedSettings(
        temperature=protocol.temperature,
        label_smoothing=protocol.label_smoothing,
        learning_rate=protocol.optimizer.learning_rate,
        **differences,
    )
