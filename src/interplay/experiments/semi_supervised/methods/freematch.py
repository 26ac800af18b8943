"""FreeMatch (Wang et al., 2023; metrics24 VIII-A): a threshold that follows the confidence, and fair predictions.

Averages start at 1/C and are updated from the weak view before they are used; the threshold of class c is
tau p_c / max p. Order, starting values and the handling of 1/0 are those of the public code (docs/facts.md#freematch).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodState, MethodStep, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import FreeMatch
from interplay.training import Batch, Learner


@dataclass(frozen=True)
class FreeMatchState(MethodState):
    """Moving averages over the weak views of unlabelled batches.

    Attributes:
        threshold: tau, of the largest probability; scalar.
        prediction: p~, of the probabilities, `[C]`.
        histogram: h~, of the shares of classes among the pseudo-labels, `[C]`.
    """

    threshold: Tensor
    prediction: Tensor
    histogram: Tensor


@dataclass(frozen=True)
class Parts:
    """A step of FreeMatch, and what MAX MI and MIN HD add their term to.

    Attributes:
        weak, strong: outputs of the two views of the unlabelled images.
        guess: pseudo-labels `[mu B]`; mask: 1 where they count, `[mu B]`.
        supervised, unsupervised, fairness: the terms of the loss (nats), not weighted.
        state: the averages, this batch included.
    """

    weak: passes.Outputs
    strong: passes.Outputs
    guess: Tensor
    mask: Tensor
    supervised: Tensor
    unsupervised: Tensor
    fairness: Tensor
    state: FreeMatchState

    def step(self, settings: FreeMatch, more: Tensor | float = 0.0) -> MethodStep[FreeMatchState]:
        """L_s + lambda_u L_u + lambda_f L_f, and what is added to it."""
        total = self.supervised + settings.weight * self.unsupervised + settings.fairness_weight * self.fairness
        readings = {
            "labelled_loss": self.supervised,
            "unlabelled_loss": self.unsupervised,
            "fairness_loss": self.fairness,
            "threshold": self.state.threshold,
        }
        return MethodStep(total + more, self.state, Guesses(self.guess, self.mask), readings)


def start(problem: Problem, settings: FreeMatch) -> FreeMatchState:
    """All averages at 1/C."""
    share = 1 / problem.num_classes
    uniform = torch.full((problem.num_classes,), share, device=problem.device)
    return FreeMatchState(torch.full((), share, device=problem.device), uniform, uniform.clone())


def parts(learner: Learner[WideResNet], batch: Batch, state: FreeMatchState, settings: FreeMatch) -> Parts:
    """Labelled, weak and strong images in one batch, then averages, mask and terms in the order of the public code."""
    images = batch["unlabelled"]
    labelled, weak, strong = passes.together(
        learner.network, batch["labelled"]["weak"], images["weak"], images["strong"]
    )
    probabilities = passes.as_target(weak.logits.softmax(1))  # [mu B, C]
    confidence, guess = probabilities.max(1)
    state = updated(state, probabilities, settings.momentum)
    thresholds = state.threshold * state.prediction / state.prediction.max()  # [C]
    mask = (confidence >= thresholds[guess]).float()
    return Parts(
        weak,
        strong,
        guess,
        mask,
        supervised=passes.labelled_loss(labelled, batch["labelled"]["label"]),
        unsupervised=(functional.cross_entropy(strong.logits, guess, reduction="none") * mask).mean(),
        fairness=fairness(strong.logits, mask, state),
        state=state,
    )


def updated(state: FreeMatchState, probabilities: Tensor, momentum: float) -> FreeMatchState:
    """The averages after the weak view of a batch, of probabilities `[mu B, C]`."""
    confidence, guess = probabilities.max(1)
    return FreeMatchState(
        threshold=momentum * state.threshold + (1 - momentum) * confidence.mean(),
        prediction=momentum * state.prediction + (1 - momentum) * probabilities.mean(0),
        histogram=momentum * state.histogram + (1 - momentum) * shares(guess, None, probabilities),
    )


def fairness(logits: Tensor, mask: Tensor, state: FreeMatchState) -> Tensor:
    """SAF: sum over classes of N(p~/h~) log N(p/h), N scaling to sum 1; 0 where no sample passed the mask.

    p and h are mean probability and histogram of the strong view `[mu B, C]` over the samples of the mask `[mu B]`.
    Negative by design, least where p/h is furthest from p~/h~; the documents print it with one minus more, as an
    entropy.
    """
    probabilities = logits.softmax(1)
    kept = mask.sum()
    mean = (probabilities * mask[:, None]).sum(0) / kept.clamp(min=1)
    ratio = per_share(mean, shares(probabilities.argmax(1), mask, probabilities))
    target = per_share(state.prediction, state.histogram)
    # Without a sample all ratios are 0, and 0/0 would spoil the gradient too: 1 stands in, and counts nothing.
    ratio = torch.where(kept > 0, ratio, torch.ones_like(ratio))
    value = (target / target.sum() * (ratio / ratio.sum() + 1e-12).log()).sum()
    return torch.where(kept > 0, value, torch.zeros_like(value))


def shares(guess: Tensor, mask: Tensor | None, like: Tensor) -> Tensor:
    """Share of each class among guesses `[n]`, of those in the mask, `[C]`; all 0 where there are none."""
    members = functional.one_hot(guess, like.shape[1]).to(like.dtype)
    weights = torch.ones_like(like[:, 0]) if mask is None else mask
    return (members * weights[:, None]).sum(0) / weights.sum().clamp(min=1)


def per_share(values: Tensor, histogram: Tensor) -> Tensor:
    """values / histogram, `[C]`, where 1/0 counts as 0; no gradient through the histogram."""
    present = histogram.detach() > 0
    return values * torch.where(present, 1 / torch.where(present, histogram.detach(), 1.0), 0.0)


def loss(
    learner: Learner[WideResNet], batch: Batch, state: FreeMatchState, settings: FreeMatch, problem: Problem
) -> MethodStep[FreeMatchState]:
    """L_s + lambda_u L_u + lambda_f L_f (metrics24 VIII-A)."""
    return parts(learner, batch, state, settings).step(settings)


METHOD = Method(loss=loss, start=start)
