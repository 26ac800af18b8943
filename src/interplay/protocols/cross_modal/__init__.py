"""Cross-modal few-shot fine-tuning of CLIP (metrics24 VII; note q2)."""

from interplay.protocols.cross_modal.cost import cost
from interplay.protocols.cross_modal.protocol import CrossModalProtocol, CrossModalSettings, Objective
from interplay.protocols.cross_modal.runs import CrossModalRun, unfold
from interplay.protocols.experiments import Experiment

__all__ = ["EXPERIMENT", "CrossModalProtocol", "CrossModalRun", "CrossModalSettings", "Objective"]

EXPERIMENT = Experiment(
    protocol=CrossModalProtocol,
    unfold=unfold,
    cost=cost,
    reads=("clip_pretraining",),
    similar=("supervised",),
)
