"""Pseudo-Label (Lee, 2013): the most probable class of an unlabelled image counts as its label, for the same view.

The paper takes every image and lets the weight rise; the public code also asks for confidence. Labelled and unlabelled
images are normalised apart, and only labelled ones move the running statistics, as in the public code
(docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodStep, NoState, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import PseudoLabel
from interplay.training import Batch, Learner


def loss(
    learner: Learner[WideResNet], batch: Batch, state: NoState, settings: PseudoLabel, problem: Problem
) -> MethodStep[NoState]:
    """Labelled cross-entropy, and that of pseudo-labels as confident as the threshold, averaged over all images."""
    network = learner.network
    (labelled,) = passes.together(network, batch["labelled"]["weak"])
    with passes.statistics_kept(network):
        (unlabelled,) = passes.together(network, batch["unlabelled"]["weak"])
    confidence, guess = passes.as_target(unlabelled.logits.softmax(1)).max(1)  # [mu B]
    mask = (confidence >= settings.threshold).float()

    supervised = passes.labelled_loss(labelled, batch["labelled"]["label"])
    unsupervised = (functional.cross_entropy(unlabelled.logits, guess, reduction="none") * mask).mean()
    weight = settings.weight * passes.warm_up(batch["time"]["progress"], settings.warm_up)
    return MethodStep(
        supervised + weight * unsupervised,
        state,
        Guesses(guess, mask),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised},
    )


METHOD = Method(loss=loss, views=("weak",))
