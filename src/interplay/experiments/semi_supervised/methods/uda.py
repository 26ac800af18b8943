"""UDA (Xie et al., 2020): the strong view is to be predicted as the weak one is, sharpened, where that is confident.

The paper's divergence from the target and the cross-entropy here differ by the target's entropy, which has no gradient.
Confidence is read before sharpening. The annealed labelled loss of the paper (TSA) is off in the public settings and
left out; USB's function forgets the temperature (docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodStep, NoState, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import UDA
from interplay.training import Batch, Learner


def loss(
    learner: Learner[WideResNet], batch: Batch, state: NoState, settings: UDA, problem: Problem
) -> MethodStep[NoState]:
    """Labelled cross-entropy, and that of sharpened predictions of confident images, averaged over all images."""
    images = batch["unlabelled"]
    labelled, weak, strong = passes.together(
        learner.network, batch["labelled"]["weak"], images["weak"], images["strong"]
    )
    logits = passes.as_target(weak.logits)
    confidence, guess = logits.softmax(1).max(1)  # [mu B]
    mask = (confidence >= settings.threshold).float()
    targets = (logits / settings.temperature).softmax(1)  # [mu B, C]

    supervised = passes.labelled_loss(labelled, batch["labelled"]["label"])
    unsupervised = (passes.cross_entropies(strong.logits, targets) * mask).mean()
    return MethodStep(
        supervised + settings.weight * unsupervised,
        state,
        Guesses(guess, mask),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised},
    )


METHOD = Method(loss=loss)
