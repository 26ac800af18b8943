"""OTMatch (Tan et al., 2024): FreeMatch, and what it costs to move the prediction to the pseudo-label.

The optimal-transport cost between a distribution p and the point mass of a class y has a closed form, the only plan
moving all of p there: sum over k of cost[k, y] p_k. Moving between two classes costs 1 - cos of their weight vectors in
the head, as a moving average, so that confusing classes that the network finds alike is forgiven.

No code of the authors was found. Certain is that the term is added to FreeMatch's losses and that its cost comes from
the head's class vectors; that they are normalised, the moving average and its start, the mask and the weight are
inferred (docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.semi_supervised.method import Method, MethodStep, Problem
from interplay.experiments.semi_supervised.methods import freematch
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import OTMatch
from interplay.training import Batch, Learner


@dataclass(frozen=True)
class OTMatchState(freematch.FreeMatchState):
    """The averages of FreeMatch and `cost` `[C, C]`, of moving from the row's class to the column's."""

    cost: Tensor


def start(problem: Problem, settings: OTMatch) -> OTMatchState:
    """FreeMatch's start; a cost of 1 between any two classes, that of class vectors at right angles."""
    cost = 1 - torch.eye(problem.num_classes, device=problem.device)
    return OTMatchState(**freematch.start(problem, settings).tensors(), cost=cost)


def updated(cost: Tensor, head: Tensor, momentum: float) -> Tensor:
    """The moving average `[C, C]` after a step with these class vectors `[C, d]`."""
    vectors = functional.normalize(head.detach(), dim=1)
    return momentum * cost + (1 - momentum) * (1 - vectors @ vectors.T)


def transport(probabilities: Tensor, guess: Tensor, cost: Tensor) -> Tensor:
    """Optimal-transport cost `[n]` from probabilities `[n, C]` to the point masses of classes `[n]`."""
    # As a product, not as an index: the gradient of an index is a sum in an order of its own.
    members = functional.one_hot(guess, len(cost)).to(cost.dtype)
    return (probabilities * (members @ cost.T)).sum(1)


def loss(
    learner: Learner[WideResNet], batch: Batch, state: OTMatchState, settings: OTMatch, problem: Problem
) -> MethodStep[OTMatchState]:
    """L_freematch + lambda L_transport of the strong view, over the samples of FreeMatch's mask."""
    parts = freematch.parts(learner, batch, state, settings)
    cost = updated(state.cost, learner.network.head.weight, settings.cost_momentum)
    transported = (transport(parts.strong.logits.softmax(1), parts.guess, cost) * parts.mask).mean()
    step = parts.step(settings, settings.transport_weight * transported)
    return MethodStep(
        step.loss,
        OTMatchState(**parts.state.tensors(), cost=cost),
        step.guesses,
        {**step.readings, "transport_loss": transported},
    )


METHOD = Method(loss=loss, start=start)
