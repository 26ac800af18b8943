"""FixMatch (Sohn et al., 2020): confident predictions of the weak view are labels of the strong one."""

from __future__ import annotations

from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodStep, NoState, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import FixMatch
from interplay.training import Batch, Learner


def loss(
    learner: Learner[WideResNet], batch: Batch, state: NoState, settings: FixMatch, problem: Problem
) -> MethodStep[NoState]:
    """Labelled cross-entropy, and that of pseudo-labels as confident as the threshold, averaged over all images."""
    images = batch["unlabelled"]
    labelled, weak, strong = passes.together(
        learner.network, batch["labelled"]["weak"], images["weak"], images["strong"]
    )
    confidence, guess = passes.as_target(weak.logits.softmax(1)).max(1)  # [mu B]
    mask = (confidence >= settings.threshold).float()

    supervised = passes.labelled_loss(labelled, batch["labelled"]["label"])
    unsupervised = (functional.cross_entropy(strong.logits, guess, reduction="none") * mask).mean()
    return MethodStep(
        supervised + settings.weight * unsupervised,
        state,
        Guesses(guess, mask),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised},
    )


METHOD = Method(loss=loss)
