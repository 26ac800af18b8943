"""FreeMatch with MAX MI (metrics24 VIII-B, interplay24 6.2): less lambda_mi MI(G(f'), G(V')).

f' are features of the unlabelled samples that pass the threshold, V' the head's weight vectors of their pseudo-labels.
"""

from __future__ import annotations

from torch import Tensor

from interplay.experiments.semi_supervised.method import Method, MethodStep, Problem
from interplay.experiments.semi_supervised.methods import freematch
from interplay.models import WideResNet
from interplay.objectives import EntropyDifferenceLoss, MutualInformationLoss
from interplay.protocols.semi_supervised.hyperparameters import Interplay
from interplay.training import Batch, Learner


def term(
    objective: MutualInformationLoss | EntropyDifferenceLoss,
    parts: freematch.Parts,
    learner: Learner[WideResNet],
    settings: Interplay,
) -> Tensor:
    """The weighted term (nats) over the samples of the mask; 0 where fewer than two pass.

    Of which view the features are, and whether the class vectors get a gradient, the documents leave open
    (docs/facts.md#weights-of-max-mi-and-min-hd).
    """
    view = parts.weak if settings.features == "weak" else parts.strong
    head = learner.network.head.weight
    vectors = head if settings.head == "attached" else head.detach()
    return objective.of_labels(view.features, parts.guess, vectors, kept=parts.mask)


def loss(
    learner: Learner[WideResNet], batch: Batch, state: freematch.FreeMatchState, settings: Interplay, problem: Problem
) -> MethodStep[freematch.FreeMatchState]:
    """L_ssl - lambda_mi MI(G(f'), G(V'))."""
    parts = freematch.parts(learner, batch, state, settings)
    return parts.step(settings, term(MutualInformationLoss(problem.weight), parts, learner, settings))


METHOD = Method(loss=loss, start=freematch.start)
