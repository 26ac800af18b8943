"""FlexMatch (Zhang et al., 2021): FixMatch with a threshold per class, lower the less of the class is learnt.

How much is learnt of a class is how many unlabelled images were last taken for it with a confidence of the full
threshold, beside the class with the most. The convex mapping of the paper, b / (2 - b), scales the threshold. As in
TorchSSL, a batch is masked by what was learnt before it; USB counts after the mask, which gives the same thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodState, MethodStep, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import FlexMatch
from interplay.training import Batch, Learner


@dataclass(frozen=True)
class FlexMatchState(MethodState):
    """`selected` `[unlabelled_samples]`: the class of each image when it was last confident; -1 before."""

    selected: Tensor


def start(problem: Problem, settings: FlexMatch) -> FlexMatchState:
    """No image was confident yet."""
    return FlexMatchState(torch.full((problem.unlabelled_samples,), -1, device=problem.device))


def learnt(selected: Tensor, like: Tensor, warm_up: bool) -> Tensor:
    """beta `[C]`: share of each class' count in the largest one; with warm-up, the images of no class count as one.

    Args:
        selected: `[unlabelled_samples]`; like: `[n, C]`, of whose type and number of classes beta is.
    """
    counts = (selected[:, None] == torch.arange(like.shape[1], device=like.device)).sum(0)
    largest = counts.max()
    if warm_up:
        largest = torch.maximum(largest, (selected < 0).sum())
    return counts.to(like.dtype) / largest.clamp(min=1)


def recorded(selected: Tensor, index: Tensor, guess: Tensor, confident: Tensor) -> Tensor:
    """`selected` after a batch; of several views of one image in it, the last confident one counts.

    Args:
        selected: `[unlabelled_samples]`; index, guess, confident: `[n]`.
    """
    place = torch.arange(len(index), device=index.device)
    same_and_confident = (index[:, None] == index) & confident  # [n, n]
    last = torch.where(same_and_confident, place, -1).amax(1)
    value = torch.where(last >= 0, guess[last.clamp(min=0)], selected[index])
    return selected.index_copy(0, index, value)  # one image's places all write the same


def loss(
    learner: Learner[WideResNet], batch: Batch, state: FlexMatchState, settings: FlexMatch, problem: Problem
) -> MethodStep[FlexMatchState]:
    """Labelled cross-entropy, and that of pseudo-labels above their class' threshold, averaged over all images."""
    images = batch["unlabelled"]
    labelled, weak, strong = passes.together(
        learner.network, batch["labelled"]["weak"], images["weak"], images["strong"]
    )
    probabilities = passes.as_target(weak.logits.softmax(1))  # [mu B, C]
    confidence, guess = probabilities.max(1)
    beta = learnt(state.selected, probabilities, settings.threshold_warm_up)
    thresholds = settings.threshold * beta / (2 - beta)  # [C]
    mask = (confidence >= thresholds[guess]).float()

    supervised = passes.labelled_loss(labelled, batch["labelled"]["label"])
    unsupervised = (functional.cross_entropy(strong.logits, guess, reduction="none") * mask).mean()
    return MethodStep(
        supervised + settings.weight * unsupervised,
        FlexMatchState(recorded(state.selected, images["index"], guess, confidence >= settings.threshold)),
        Guesses(guess, mask),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised, "threshold": thresholds.mean()},
    )


METHOD = Method(loss=loss, start=start)
