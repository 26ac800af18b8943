"""Pi model (Laine and Aila, 2017, Algorithm 1): two weak views of an image are to be predicted alike.

The paper's gradient reaches the predictions of both views; the public code takes those of the second view as they are.
The paper's weight rises as a Gaussian over 80 epochs, that of the public code linearly. Followed is the public code, in
what it does to norms too: every view is normalised by itself, and only labelled images move the running statistics
(docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

import torch
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodStep, NoState, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import PiModel
from interplay.training import Batch, Learner


def loss(
    learner: Learner[WideResNet], batch: Batch, state: NoState, settings: PiModel, problem: Problem
) -> MethodStep[NoState]:
    """Labelled cross-entropy, and the squared distance between the probabilities of the two views, per class."""
    network, images = learner.network, batch["unlabelled"]
    (labelled,) = passes.together(network, batch["labelled"]["weak"])
    with passes.statistics_kept(network):
        (first,) = passes.together(network, images["weak"])
        with torch.no_grad():
            (second,) = passes.together(network, images["second_weak"])
    target = passes.as_target(second.logits.softmax(1))  # [mu B, C]

    supervised = passes.labelled_loss(labelled, batch["labelled"]["label"])
    unsupervised = functional.mse_loss(first.logits.softmax(1), target)
    weight = settings.weight * passes.warm_up(batch["time"]["progress"], settings.warm_up)
    guess = target.argmax(1)
    return MethodStep(
        supervised + weight * unsupervised,
        state,
        Guesses(guess, torch.ones_like(target[:, 0])),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised},
    )


METHOD = Method(loss=loss, views=("weak", "second_weak"))
