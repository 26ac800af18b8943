"""The runs of semi-supervised training: methods x data sets x numbers of labels x seeds, and the sweep of weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from interplay.errors import InterplayError
from interplay.protocols.datasets import dataset_info
from interplay.protocols.experiments import Given
from interplay.protocols.labelled import check_labels
from interplay.protocols.runs import Run
from interplay.protocols.semi_supervised.protocol import SemiSupervisedProtocol, SemiSupervisedSettings
from interplay.protocols.sourced import first_problem

SemiSupervisedRun = Run[SemiSupervisedProtocol, SemiSupervisedSettings]
SWEPT = ("max_mi", "min_hd")


def unfold(protocol: SemiSupervisedProtocol, given: Given) -> Iterator[SemiSupervisedRun]:
    """For each data set the sweep, then every method at its numbers of labels.

    Raises:
        InterplayError: a number of labels that the data set in use does not have, or that its classes do not divide;
            values for one data set that do not fit the protocol.
    """
    for dataset in protocol.labels:
        _check(protocol, given, dataset)
        own = _own(protocol, dataset)
        sweep = list(_sweep(own, dataset))
        yield from sweep
        needs = tuple(f"semi_supervised/{run.name}" for run in sweep)
        for number in sorted({*protocol.labels[dataset], *protocol.labels_of_others.get(dataset, ())}):
            for method, seeds in _methods(own, dataset, number):
                for seed in seeds:
                    for run in _with_each_decay(own, dataset, number, method, seed):
                        yield replace(run, needs=needs) if method in SWEPT else run


def _own(protocol: SemiSupervisedProtocol, dataset: str) -> SemiSupervisedProtocol:
    try:
        return protocol.vary(protocol.by_dataset.get(dataset, {}))
    except ValidationError as error:
        raise InterplayError(f"by_dataset.{dataset}.{first_problem(error)}") from error


def _methods(protocol: SemiSupervisedProtocol, dataset: str, number: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    if number in protocol.labels[dataset]:
        yield from ((method, protocol.seeds) for method in protocol.principal)
    if number in protocol.labels_of_others.get(dataset, ()):
        yield from ((method, protocol.seeds_of_others) for method in protocol.others)


def _with_each_decay(
    protocol: SemiSupervisedProtocol, dataset: str, number: int, method: str, seed: int
) -> Iterator[SemiSupervisedRun]:
    """The run with the text's weight decay, and of a principal method also the one with that of the public code."""
    yield _final(protocol, dataset, number, method, seed)
    decay = protocol.reference_weight_decay.get(dataset)
    if decay is not None and method in protocol.principal:
        own = protocol.vary({"optimizer": {"weight_decay": decay}})
        yield _final(own, dataset, number, method, seed, name=f"{method}-decay{decay:g}")


def _sweep(protocol: SemiSupervisedProtocol, dataset: str) -> Iterator[SemiSupervisedRun]:
    """FreeMatch alone, for comparison, and every candidate weight, on training data less a validation split."""
    swept = [method for method in SWEPT if method in {*protocol.principal, *protocol.others}]
    if not swept:
        return
    iterations = min(protocol.sweep.iterations, protocol.iterations)
    own = protocol.vary(
        {"iterations": iterations, "trajectory": {"points": min(protocol.trajectory.points, iterations)}}
    )
    number = protocol.sweep.labels[dataset]
    candidates = [("freematch", 0.0), *((method, weight) for method in swept for weight in getattr(own.sweep, method))]
    for method, weight in candidates:
        for seed in own.sweep.seeds:
            yield Run(
                name=f"{dataset}/sweep/{method}-{weight:g}/seed{seed}",
                family=f"{dataset}/sweep",
                seed=seed,
                settings=_settings(own, method, number, weight=weight, split="validation"),
                protocol=own,
                dataset=dataset,
                accelerator=True,
            )


def _final(
    protocol: SemiSupervisedProtocol, dataset: str, number: int, method: str, seed: int, name: str | None = None
) -> SemiSupervisedRun:
    return Run(
        name=f"{dataset}/{number}/{name or method}/seed{seed}",
        family=f"{dataset}/{number}",
        seed=seed,
        settings=_settings(protocol, method, number, weight=None if method in SWEPT else 0.0),
        protocol=protocol,
        dataset=dataset,
        accelerator=True,
    )


def _settings(protocol: SemiSupervisedProtocol, method: str, number: int, **others: Any) -> SemiSupervisedSettings:
    decay = protocol.optimizer.weight_decay
    return SemiSupervisedSettings(method=method, labels=number, weight_decay=decay, **others)


def _check(protocol: SemiSupervisedProtocol, given: Given, dataset: str) -> None:
    if dataset not in given.mapping.datasets:
        return  # told by the plan, with the name of the experiment
    info = dataset_info(given.mapping.datasets[dataset].use)
    wanted = {*protocol.labels[dataset], *protocol.labels_of_others.get(dataset, ()), *_swept_labels(protocol, dataset)}
    for number in sorted(wanted):
        try:
            check_labels(info, number, {*protocol.seeds, *protocol.seeds_of_others, *protocol.sweep.seeds})
        except InterplayError as error:
            raise InterplayError(f"labels: {dataset}: {error}") from error


def _swept_labels(protocol: SemiSupervisedProtocol, dataset: str) -> tuple[int, ...]:
    return (protocol.sweep.labels[dataset],) if dataset in protocol.sweep.labels else ()
