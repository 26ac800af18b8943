"""The runs of cross-modal fine-tuning: for each data set zero-shot, few-shot by shots and seed, base-to-new by seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interplay.errors import InterplayError
from interplay.protocols.cross_modal.protocol import CrossModalProtocol, CrossModalSettings, Kind, network_name
from interplay.protocols.datasets import dataset_info
from interplay.protocols.experiments import Given
from interplay.protocols.runs import Run

CrossModalRun = Run[CrossModalProtocol, CrossModalSettings]
TRAIN, TEST = "train", "test"


def unfold(protocol: CrossModalProtocol, given: Given) -> Iterator[CrossModalRun]:
    """Zero-shot runs compute the features of frozen encoders that the other runs of a data set read.

    Raises:
        InterplayError: more images of a class than the data set in use has, as far as its size tells.
    """
    for dataset in protocol.datasets:
        _check(protocol, given, dataset)
        few, new = protocol.few_shot, protocol.base_to_new
        for weights in dict.fromkeys((few.weights, new.weights)):
            yield _run(protocol, dataset, "zero_shot", weights, 0)
        for shots in few.shots:
            for seed in few.seeds:
                yield _run(protocol, dataset, "few_shot", few.weights, seed, shots)
        for seed in new.seeds:
            yield _run(protocol, dataset, "base_to_new", new.weights, seed, new.shots)


def draws(protocol: CrossModalProtocol, weights: str) -> list[tuple[int, int]]:
    """Seed and shots of all the draws from which runs with a network learn, the largest of each seed."""
    few, new = protocol.few_shot, protocol.base_to_new
    wanted = [(seed, max(few.shots)) for seed in few.seeds if few.weights == weights]
    wanted += [(seed, new.shots) for seed in new.seeds if new.weights == weights]
    largest: dict[int, int] = {}
    for seed, shots in wanted:
        largest[seed] = max(shots, largest.get(seed, 0))
    return sorted(largest.items())


def zero_shot_run(dataset: str, weights: str) -> str:
    """Name of the run that leaves the features of a data set under a network."""
    return f"cross_modal/{_name(dataset, 'zero_shot', weights, 0, None)}"


def _name(dataset: str, kind: Kind, weights: str, seed: int, shots: int | None) -> str:
    if kind == "zero_shot":
        return f"zero_shot/{dataset}/{network_name(weights)}/seed{seed}"
    own = f"shots{shots}/" if kind == "few_shot" else ""
    return f"{kind}/{dataset}/{own}seed{seed}"


def _run(
    protocol: CrossModalProtocol, dataset: str, kind: Kind, weights: str, seed: int, shots: int | None = None
) -> CrossModalRun:
    others: dict[str, Any] = {"keeps_model": True}
    if kind != "zero_shot":
        others = {"models": (zero_shot_run(dataset, weights),)}
    return Run(
        name=_name(dataset, kind, weights, seed, shots),
        family=dataset,
        seed=seed,
        settings=CrossModalSettings(kind=kind, network=network_name(weights), shots=shots),
        protocol=protocol,
        dataset=dataset,
        weights=(weights,),
        accelerator=True,
        **others,
    )


def _check(protocol: CrossModalProtocol, given: Given, dataset: str) -> None:
    if dataset not in given.mapping.datasets:
        return  # told by the plan, with the name of the experiment
    info = dataset_info(given.mapping.datasets[dataset].use)
    for split in (TRAIN, TEST):
        if split not in info.splits:
            raise InterplayError(f"{dataset}: {info.name} has no split {split!r}; it has: {', '.join(info.splits)}")
    for key, shots in (("few_shot", max(protocol.few_shot.shots)), ("base_to_new", protocol.base_to_new.shots)):
        if shots * info.num_classes > info.splits[TRAIN]:
            raise InterplayError(
                f"{key}.shots: {dataset}: {shots} images of each of {info.num_classes} classes are more than the "
                f"{info.splits[TRAIN]} training images of {info.name}; ask for at most "
                f"{info.splits[TRAIN] // info.num_classes}"
            )
