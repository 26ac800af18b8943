"""Mean Teacher (Tarvainen and Valpola, 2017): predictions are to be those of the averaged network on another view.

The teacher has the averaged parameters, normalises by the batch, and its statistics stay out of the running ones, as in
the public code; there too, teacher and student see two weak views, and the weight rises linearly, not as a sigmoid
(docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodStep, NoState, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import MeanTeacher
from interplay.training import Batch, Learner


def loss(
    learner: Learner[WideResNet], batch: Batch, state: NoState, settings: MeanTeacher, problem: Problem
) -> MethodStep[NoState]:
    """Labelled cross-entropy, and the squared distance of the student's probabilities from the teacher's, per class."""
    network, images = learner.network, batch["unlabelled"]
    (labelled,) = passes.together(network, batch["labelled"]["weak"])
    with passes.statistics_kept(network):
        (student,) = passes.together(network, images["second_weak"])
        target = passes.as_target(taught(learner, images["weak"]).softmax(1))  # [mu B, C]

    supervised = passes.labelled_loss(labelled, batch["labelled"]["label"])
    unsupervised = functional.mse_loss(student.logits.softmax(1), target)
    weight = settings.weight * passes.warm_up(batch["time"]["progress"], settings.warm_up)
    return MethodStep(
        supervised + weight * unsupervised,
        state,
        Guesses(target.argmax(1), torch.ones_like(target[:, 0])),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised},
    )


@torch.no_grad()
def taught(learner: Learner[WideResNet], images: Tensor) -> Tensor:
    """Logits `[n, C]` of the teacher.

    The network in training borrows the averaged parameters for one pass: the averaged network itself, which stands in
    evaluation mode, is not touched.
    """
    logits: Tensor = functional_call(learner.network, dict(learner.evaluated.named_parameters()), (images,))
    return logits


METHOD = Method(loss=loss, views=("weak", "second_weak"))
