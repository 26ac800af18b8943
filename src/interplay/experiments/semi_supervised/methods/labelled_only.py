"""The baseline: labelled images alone."""

from __future__ import annotations

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Method, MethodStep, NoState, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import LabelledOnly
from interplay.training import Batch, Learner


def loss(
    learner: Learner[WideResNet], batch: Batch, state: NoState, settings: LabelledOnly, problem: Problem
) -> MethodStep[NoState]:
    """Cross-entropy of the weak view."""
    (labelled,) = passes.together(learner.network, batch["labelled"]["weak"])
    return MethodStep(passes.labelled_loss(labelled, batch["labelled"]["label"]), state, None)


METHOD = Method(loss=loss, views=())
