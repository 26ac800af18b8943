"""Dash (Xu et al., 2021): FixMatch on unlabelled samples whose loss is below a bound that shrinks over training.

After a warm-up on labelled images alone, the bound is rho = max(C gamma^-k rho_0, rho_min), k counting intervals.
Targets are sharpened predictions while the bound is above its floor, pseudo-labels from then on; a sample's loss is the
cross-entropy of its weak view under its own target. All this is of USB, which takes for rho_0 the loss on *test*
images. That is not to be had; the paper's labelled loss is next to 0 after a warm-up on few labels, which would put the
bound at its floor at once. rho_0 here is the unlabelled loss of all samples in the last step of the warm-up, after the
authors' own code (docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodState, MethodStep, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import Dash
from interplay.training import Batch, Learner


@dataclass(frozen=True)
class DashState(MethodState):
    """`initial`: rho_0 (nats), of the last step of the warm-up so far; scalar."""

    initial: Tensor


def start(problem: Problem, settings: Dash) -> DashState:
    """The loss of a guess without knowledge, log C: rho_0 where there is no warm-up."""
    return DashState(torch.full((), log(problem.num_classes), device=problem.device))


def loss(
    learner: Learner[WideResNet], batch: Batch, state: DashState, settings: Dash, problem: Problem
) -> MethodStep[DashState]:
    """Labelled cross-entropy, and that of the samples below the bound, averaged over all images."""
    images = batch["unlabelled"]
    labelled, weak, strong = passes.together(
        learner.network, batch["labelled"]["weak"], images["weak"], images["strong"]
    )
    since = batch["time"]["step"] - settings.warm_up * problem.steps  # steps since the warm-up, negative within
    started = (since >= 0).float()
    intervals = (since.clamp(min=0) / (settings.interval * problem.steps)).floor()
    shrunk = settings.scale * settings.gamma**-intervals * state.initial
    bound, at_floor = shrunk.clamp(min=settings.least), shrunk <= settings.least

    logits = passes.as_target(weak.logits)
    guess = logits.argmax(1)  # [mu B]
    soft = (logits / settings.temperature).softmax(1)  # [mu B, C]
    targets = torch.where(at_floor, functional.one_hot(guess, soft.shape[1]).to(soft.dtype), soft)
    mask = (passes.cross_entropies(logits, targets) <= bound).float() * started

    supervised = passes.labelled_loss(labelled, batch["labelled"]["label"])
    losses = passes.cross_entropies(strong.logits, targets)
    unsupervised = (losses * mask).mean()
    initial = torch.where(since < 0, passes.cross_entropies(strong.logits, soft).mean().detach(), state.initial)
    return MethodStep(
        supervised + settings.weight * unsupervised,
        DashState(initial),
        Guesses(guess, mask),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised, "bound": bound},
    )


METHOD = Method(loss=loss, start=start)
