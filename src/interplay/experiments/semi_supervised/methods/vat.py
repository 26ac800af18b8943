"""Virtual adversarial training (Miyato et al., 2018): predictions hold in the direction that changes them most.

The direction is found by one power iteration (section 3.3): the gradient of the divergence a little way (xi, `probe`)
along a random direction. The entropy of predictions is added (the paper's VAT+EntMin), at all times; the weight of the
divergence rises, which in the paper is constant. Norms take the statistics of each pass, and only labelled images move
the running ones, as in the public code (docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodStep, NoState, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import VAT
from interplay.training import Batch, Learner
from interplay.training.streams import Draw


def loss(
    learner: Learner[WideResNet], batch: Batch, state: NoState, settings: VAT, problem: Problem
) -> MethodStep[NoState]:
    """Labelled cross-entropy, the local distributional smoothness of unlabelled images, and their mean entropy."""
    network, images = learner.network, batch["unlabelled"]["weak"]
    (labelled,) = passes.together(network, batch["labelled"]["weak"])
    with passes.statistics_kept(network):
        (unlabelled,) = passes.together(network, images)
        target = passes.as_target(unlabelled.logits.softmax(1))  # [mu B, C]
        away = settings.epsilon * worst_direction(network, images, target, batch["draws"]["noise"], settings.probe)
        (moved,) = passes.together(network, images + away)

    supervised = passes.labelled_loss(labelled, batch["labelled"]["label"])
    smoothness = divergence(target, moved.logits)
    entropy = passes.cross_entropies(unlabelled.logits, unlabelled.logits.softmax(1)).mean()
    weight = settings.weight * passes.warm_up(batch["time"]["progress"], settings.warm_up)
    return MethodStep(
        supervised + weight * smoothness + settings.entropy_weight * entropy,
        state,
        Guesses(target.argmax(1), torch.ones_like(target[:, 0])),
        {"labelled_loss": supervised, "unlabelled_loss": smoothness, "entropy": entropy},
    )


def worst_direction(network: WideResNet, images: Tensor, target: Tensor, noise: Tensor, probe: float) -> Tensor:
    """Unit vectors `[n, c, h, w]`, one an image, along which its prediction leaves the target `[n, C]` fastest."""
    step = (probe * unit(noise)).requires_grad_()
    (probed,) = passes.together(network, images + step)
    (gradient,) = torch.autograd.grad(divergence(target, probed.logits), step)
    return unit(gradient)


def unit(directions: Tensor) -> Tensor:
    """Directions `[n, c, h, w]` of L2 norm 1 each; what is 0 stays 0."""
    norms: Tensor = torch.linalg.vector_norm(directions, dim=(1, 2, 3), keepdim=True)
    return directions / (norms + 1e-16)


def divergence(target: Tensor, logits: Tensor) -> Tensor:
    """Mean KL(target || softmax(logits)) over samples, in nats; both `[n, C]`."""
    return functional.kl_div(logits.log_softmax(1), target, reduction="batchmean")


def draws(problem: Problem, settings: VAT) -> dict[str, Draw]:
    """Noise `[mu B, c, h, w]`, normal."""
    shape = (problem.unlabelled_batch, *problem.image_shape)
    return {"noise": lambda generator: torch.randn(shape, generator=generator, device=problem.device)}


METHOD = Method(loss=loss, views=("weak",), draws=draws)
