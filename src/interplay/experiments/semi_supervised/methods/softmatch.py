"""SoftMatch (Chen et al., 2023): every pseudo-label counts, by a Gaussian of its confidence cut at the mean.

Mean and variance of the confidence are moving averages, taken before alignment and updated before they are used.
Alignment rescales predictions, for the weight alone, by what they are on average and what they should be: the average
on labelled images in TorchSSL, the uniform distribution in USB, which also reads mean and variance after it
(docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodState, MethodStep, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import SoftMatch
from interplay.training import Batch, Learner


@dataclass(frozen=True)
class SoftMatchState(MethodState):
    """Moving averages.

    Attributes:
        labelled, unlabelled: of the probabilities of the weak views, `[C]`.
        mean, variance: of the largest probability of an unlabelled weak view; scalars.
    """

    labelled: Tensor
    unlabelled: Tensor
    mean: Tensor
    variance: Tensor


def start(problem: Problem, settings: SoftMatch) -> SoftMatchState:
    """Averages at 1/C, the variance at 1."""
    share = 1 / problem.num_classes
    uniform = torch.full((problem.num_classes,), share, device=problem.device)
    return SoftMatchState(
        uniform,
        uniform.clone(),
        mean=torch.full((), share, device=problem.device),
        variance=torch.ones((), device=problem.device),
    )


def updated(state: SoftMatchState, labelled: Tensor, unlabelled: Tensor, momentum: float) -> SoftMatchState:
    """The averages after a batch of probabilities `[B, C]` and `[mu B, C]`."""
    confidence = unlabelled.max(1).values
    return SoftMatchState(
        labelled=momentum * state.labelled + (1 - momentum) * labelled.mean(0),
        unlabelled=momentum * state.unlabelled + (1 - momentum) * unlabelled.mean(0),
        mean=momentum * state.mean + (1 - momentum) * confidence.mean(),
        variance=momentum * state.variance + (1 - momentum) * confidence.var(),
    )


def aligned(probabilities: Tensor, state: SoftMatchState, settings: SoftMatch) -> Tensor:
    """Probabilities `[mu B, C]` times what they should be on average over what they are, scaled to sum 1."""
    if settings.alignment == "none":
        return probabilities
    target = state.labelled if settings.alignment == "labelled" else torch.ones_like(state.labelled)
    moved = probabilities * target / state.unlabelled
    return moved / moved.sum(1, keepdim=True)


def weights(confidence: Tensor, state: SoftMatchState, sigmas: float) -> Tensor:
    """lambda(p) `[mu B]`: 1 from the mean upwards, a Gaussian below; `sigmas` divide its standard deviation."""
    below = (confidence - state.mean).clamp(max=0)
    return (-(below**2) / (2 * state.variance / sigmas**2)).exp()


def loss(
    learner: Learner[WideResNet], batch: Batch, state: SoftMatchState, settings: SoftMatch, problem: Problem
) -> MethodStep[SoftMatchState]:
    """Labelled cross-entropy, and the weighted one of all pseudo-labels."""
    images = batch["unlabelled"]
    labelled, weak, strong = passes.together(
        learner.network, batch["labelled"]["weak"], images["weak"], images["strong"]
    )
    probabilities = passes.as_target(weak.logits.softmax(1))  # [mu B, C]
    guess = probabilities.argmax(1)  # of what is not aligned
    state = updated(state, labelled.logits.detach().softmax(1), probabilities, settings.momentum)
    weight = weights(aligned(probabilities, state, settings).max(1).values, state, settings.sigmas)

    supervised = passes.labelled_loss(labelled, batch["labelled"]["label"])
    unsupervised = (functional.cross_entropy(strong.logits, guess, reduction="none") * weight).mean()
    return MethodStep(
        supervised + settings.weight * unsupervised,
        state,
        Guesses(guess, weight),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised, "mean_confidence": state.mean},
    )


METHOD = Method(loss=loss, start=start)
