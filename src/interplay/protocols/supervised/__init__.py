"""Supervised training (metrics24 V-A, VI-A, VIII; interplay24 5.1, 6): the networks that others read."""

from interplay.protocols.experiments import Experiment
from interplay.protocols.supervised.cost import training_cost
from interplay.protocols.supervised.protocol import Objective, Seeds, SupervisedProtocol, SupervisedSettings
from interplay.protocols.supervised.runs import unfold

__all__ = ["EXPERIMENT", "Objective", "Seeds", "SupervisedProtocol", "SupervisedSettings"]

EXPERIMENT = Experiment(
    protocol=SupervisedProtocol,
    unfold=unfold,
    cost=training_cost,
    lists_runs=("seeds", "sweep.seeds", "variants.seeds", "children.seeds"),
)
