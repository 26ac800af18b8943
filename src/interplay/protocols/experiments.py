"""The experiments that exist: the protocol of each, the runs that it unfolds into, and whose networks it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from interplay.protocols.compression import CompressionProtocol, unfold_compression
from interplay.protocols.connectivity import ConnectivityProtocol, unfold_connectivity
from interplay.protocols.estimators import EstimatorsProtocol, unfold_estimators
from interplay.protocols.grokking import GrokkingProtocol, unfold_grokking
from interplay.protocols.mappings import DataMapping
from interplay.protocols.pruning import PruningProtocol, unfold_pruning, untrained_for_pruning
from interplay.protocols.runs import Run
from interplay.protocols.supervised import SupervisedProtocol
from interplay.protocols.supervised_runs import unfold_supervised
from interplay.protocols.temperature import TemperatureProtocol, unfold_temperature, untrained_for_temperature
from interplay.protocols.theory import TheoryProtocol, unfold_theory

ExperimentName = Literal[
    "theory", "supervised", "grokking", "temperature", "connectivity", "pruning", "estimators", "compression"
]


@dataclass(frozen=True)
class Experiment:
    """A protocol, and `unfold(protocol, *protocols of the experiments in reads, mapping)`, which lists its runs.

    `reads` names the experiments whose trained networks this one measures; it trains none of them again.
    `untrained(protocol, *protocols of the experiments in reads)` says in one line which network is missing, if any.
    """

    protocol: type[BaseModel]
    unfold: Callable[..., Iterator[Run]]
    reads: tuple[ExperimentName, ...] = ()
    untrained: Callable[..., str | None] = lambda *protocols: None


EXPERIMENTS: dict[ExperimentName, Experiment] = {
    "theory": Experiment(TheoryProtocol, unfold_theory),
    "supervised": Experiment(SupervisedProtocol, unfold_supervised),
    "grokking": Experiment(GrokkingProtocol, unfold_grokking),
    "temperature": Experiment(
        TemperatureProtocol, unfold_temperature, reads=("supervised",), untrained=untrained_for_temperature
    ),
    "connectivity": Experiment(ConnectivityProtocol, unfold_connectivity, reads=("supervised",)),
    "pruning": Experiment(PruningProtocol, unfold_pruning, reads=("supervised",), untrained=untrained_for_pruning),
    "estimators": Experiment(EstimatorsProtocol, unfold_estimators, reads=("supervised",)),
    "compression": Experiment(CompressionProtocol, unfold_compression),
}
PROTOCOLS: dict[str, type[BaseModel]] = {name: experiment.protocol for name, experiment in EXPERIMENTS.items()}


def unfold(name: ExperimentName, protocols: Mapping[str, BaseModel], mapping: DataMapping) -> list[Run]:
    """The runs of an experiment, in the order in which they are done."""
    experiment = EXPERIMENTS[name]
    return list(experiment.unfold(protocols[name], *(protocols[other] for other in experiment.reads), mapping))
