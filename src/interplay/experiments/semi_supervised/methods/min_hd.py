"""FreeMatch with MIN HD (metrics24 VIII-B, interplay24 6.2): plus lambda_id |H(G(f')) - H(G(V'))|."""

from __future__ import annotations

from interplay.experiments.semi_supervised.method import Method, MethodStep, Problem
from interplay.experiments.semi_supervised.methods import freematch
from interplay.experiments.semi_supervised.methods.max_mi import term
from interplay.models import WideResNet
from interplay.objectives import EntropyDifferenceLoss
from interplay.protocols.semi_supervised.hyperparameters import Interplay
from interplay.training import Batch, Learner


def loss(
    learner: Learner[WideResNet], batch: Batch, state: freematch.FreeMatchState, settings: Interplay, problem: Problem
) -> MethodStep[freematch.FreeMatchState]:
    """L_ssl + lambda_id |H(G(f')) - H(G(V'))|."""
    parts = freematch.parts(learner, batch, state, settings)
    return parts.step(settings, term(EntropyDifferenceLoss(problem.weight), parts, learner, settings))


METHOD = Method(loss=loss, start=freematch.start)
