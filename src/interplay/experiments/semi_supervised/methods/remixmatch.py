"""ReMixMatch (Berthelot et al., 2020): MixMatch with aligned guesses, strong views that they anchor, and rotations.

Distribution alignment (section 3.1): guesses are multiplied by the class shares of the labelled images over the average
prediction. Augmentation anchoring (3.2): the guess of the weak view is the target of strong ones. What differs in the
public code, which is followed: two strong views in place of eight, RandAugment in place of CTAugment, an exponential
average of predictions in place of one over the last 128 batches. Batches are dealt as in MixMatch. Of the two public
codes only USB's keeps the alignment from 0/0 (docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodState, MethodStep, Problem
from interplay.experiments.semi_supervised.methods.mixmatch import in_batches, mixed, mixing, one_hot
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import ReMixMatch
from interplay.training import Batch, Learner
from interplay.training.streams import Draw

ROTATIONS = 4
LEAST = 1e-6  # added to both shares of the alignment, as in USB


@dataclass(frozen=True)
class ReMixMatchState(MethodState):
    """What guesses are aligned with.

    Attributes:
        labels: shares of the classes among the labelled images, `[C]`; 1/C, since splits are stratified.
        prediction: average probabilities of weak views, `[C]`; 0 before the first batch.
    """

    labels: Tensor
    prediction: Tensor


def start(problem: Problem, settings: ReMixMatch) -> ReMixMatchState:
    """No prediction yet."""
    classes = (problem.num_classes,)
    return ReMixMatchState(
        torch.full(classes, 1 / problem.num_classes, device=problem.device), torch.zeros(classes, device=problem.device)
    )


def loss(
    learner: Learner[WideResNet], batch: Batch, state: ReMixMatchState, settings: ReMixMatch, problem: Problem
) -> MethodStep[ReMixMatchState]:
    """Cross-entropies of mixed labelled, mixed unlabelled, first strong and rotated first strong images."""
    network, images = learner.network, batch["unlabelled"]
    with torch.no_grad(), passes.statistics_kept(network):
        (weak,) = passes.together(network, images["weak"])
    probabilities = weak.logits.softmax(1)  # [mu B, C]
    state = updated(state, probabilities, settings.momentum)
    target = passes.as_target(passes.sharpened(aligned(probabilities, state), settings.temperature))

    labels, views = one_hot(batch["labelled"]["label"], target), ("strong", "second_strong", "weak")
    inputs, targets = mixed(
        torch.cat([batch["labelled"]["weak"], *(images[view] for view in views)]),
        torch.cat([labels, target, target, target]),
        share=batch["draws"]["share"],
        partners=batch["draws"]["partners"],
    )
    logits = in_batches(network, inputs, len(labels))
    labelled, unlabelled = logits[: len(labels)], logits[len(labels) :]
    quarters = batch["draws"]["quarters"]
    with passes.statistics_kept(network):
        (strong,) = passes.together(network, images["strong"])
        (turned,) = passes.together(network, rotated(images["strong"], quarters))
    told: Tensor = network.get_submodule("second_head")(turned.features)  # [mu B, 4]

    terms = {
        "labelled_loss": passes.cross_entropies(labelled, targets[: len(labels)]).mean(),
        "unlabelled_loss": passes.cross_entropies(unlabelled, targets[len(labels) :]).mean(),
        "strong_loss": passes.cross_entropies(strong.logits, target).mean(),
        "rotation_loss": functional.cross_entropy(told, quarters),
    }
    risen = passes.warm_up(batch["time"]["progress"], settings.warm_up)
    total = (
        terms["labelled_loss"]
        + risen * (settings.weight * terms["unlabelled_loss"] + settings.strong_weight * terms["strong_loss"])
        + settings.rotation_weight * terms["rotation_loss"]
    )
    return MethodStep(total, state, Guesses(target.argmax(1), torch.ones_like(target[:, 0])), terms)


def updated(state: ReMixMatchState, probabilities: Tensor, momentum: float) -> ReMixMatchState:
    """With the weak view of a batch, of probabilities `[mu B, C]`; the first batch is the average to begin with."""
    mean, before = probabilities.mean(0), state.prediction
    follows = momentum * before + (1 - momentum) * mean
    return ReMixMatchState(state.labels, torch.where(before.sum() > 0, follows, mean))


def aligned(probabilities: Tensor, state: ReMixMatchState) -> Tensor:
    """Probabilities `[n, C]` times labels / prediction, scaled to sum 1."""
    scaled = probabilities * (state.labels + LEAST) / (state.prediction + LEAST)
    return scaled / scaled.sum(1, keepdim=True)


def rotated(images: Tensor, quarters: Tensor) -> Tensor:
    """Square images `[n, c, s, s]`, each turned counter-clockwise by its number of quarters `[n]`."""
    turns = torch.stack([images.rot90(quarter, (2, 3)) for quarter in range(ROTATIONS)])
    return turns[quarters, torch.arange(len(images), device=images.device)]


def draws(problem: Problem, settings: ReMixMatch) -> dict[str, Draw]:
    """What labelled images and three views are mixed by, and by how many quarters each image is turned."""
    count = problem.unlabelled_batch
    return {
        **mixing(problem, problem.labelled_batch + 3 * count, settings.alpha),
        "quarters": lambda generator: torch.randint(ROTATIONS, (count,), generator=generator, device=problem.device),
    }


METHOD = Method(loss=loss, start=start, views=("weak", "strong", "second_strong"), draws=draws, second_head=ROTATIONS)
