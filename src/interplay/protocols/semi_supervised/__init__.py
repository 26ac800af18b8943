"""Semi-supervised training (metrics24 VIII, Table II; interplay24 6, Table 1)."""

from interplay.protocols.experiments import Experiment
from interplay.protocols.semi_supervised.cost import cost
from interplay.protocols.semi_supervised.hyperparameters import METHOD_NAMES
from interplay.protocols.semi_supervised.protocol import SemiSupervisedProtocol, SemiSupervisedSettings
from interplay.protocols.semi_supervised.runs import SemiSupervisedRun, unfold

__all__ = ["EXPERIMENT", "METHOD_NAMES", "SemiSupervisedProtocol", "SemiSupervisedRun", "SemiSupervisedSettings"]

EXPERIMENT = Experiment(
    protocol=SemiSupervisedProtocol,
    unfold=unfold,
    cost=cost,
    lists_runs=("seeds", "seeds_of_others", "sweep.seeds"),
    picks={"method": "methods"},
    similar=("supervised",),
)
