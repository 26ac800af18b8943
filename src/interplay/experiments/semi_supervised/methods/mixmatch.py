"""MixMatch (Berthelot et al., 2019): one sharpened guess for two weak views, and all images mixed with each other.

Numbers in brackets are the paper's equations. One lambda is drawn a step, as in the public code; the paper leaves open
whether each pair has its own. Before the mixed images pass the network, batch by batch, TorchSSL deals some of each
batch to the others, so that all have labelled and unlabelled images and the norms see alike batches; only the first
moves the running statistics. USB left that out (docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodStep, NoState, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import MixMatch
from interplay.training import Batch, Learner
from interplay.training.streams import Draw


def loss(
    learner: Learner[WideResNet], batch: Batch, state: NoState, settings: MixMatch, problem: Problem
) -> MethodStep[NoState]:
    """Cross-entropy of mixed labelled images (3), squared distance of mixed unlabelled ones (4), added up (5)."""
    network, views = learner.network, [batch["unlabelled"]["weak"], batch["unlabelled"]["second_weak"]]
    with torch.no_grad(), passes.statistics_kept(network):
        first, second = [passes.together(network, view)[0].logits.softmax(1) for view in views]
    target = passes.as_target(passes.sharpened((first + second) / 2, settings.temperature))  # (6), (7): [mu B, C]

    labels = one_hot(batch["labelled"]["label"], target)
    images, targets = mixed(
        torch.cat([batch["labelled"]["weak"], *views]), torch.cat([labels, target, target]), **batch["draws"]
    )
    logits = in_batches(network, images, len(labels))
    labelled, unlabelled = logits[: len(labels)], logits[len(labels) :]

    supervised = passes.cross_entropies(labelled, targets[: len(labels)]).mean()
    unsupervised = functional.mse_loss(unlabelled.softmax(1), targets[len(labels) :])
    weight = settings.weight * passes.warm_up(batch["time"]["progress"], settings.warm_up)
    return MethodStep(
        supervised + weight * unsupervised,
        state,
        Guesses(target.argmax(1), torch.ones_like(target[:, 0])),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised},
    )


def one_hot(labels: Tensor, like: Tensor) -> Tensor:
    """Labels `[n]` as probabilities `[n, C]`."""
    return functional.one_hot(labels, like.shape[1]).to(like.dtype)


def mixed(images: Tensor, targets: Tensor, share: Tensor, partners: Tensor) -> tuple[Tensor, Tensor]:
    """Every image `[n, ...]` and its target `[n, C]`, mixed with its partner's: (8) to (11).

    Args:
        images, targets: of which a larger share stays.
        share: lambda of Beta(alpha, alpha), scalar: of an image or of its partner, whichever is more.
        partners: a permutation `[n]`.
    """
    share = torch.maximum(share, 1 - share).to(images.dtype)
    rest = 1 - share
    return share * images + rest * images[partners], share * targets + rest * targets[partners]


def in_batches(network: WideResNet, images: Tensor, size: int) -> Tensor:
    """Logits `[n, C]` of images that pass in batches of `size`, dealt, of which the first moves running statistics."""
    first, *others = dealt(images.split(size))
    logits = [passes.together(network, first)[0].logits]
    with passes.statistics_kept(network):
        logits += [passes.together(network, other)[0].logits for other in others]
    return torch.cat(dealt(logits))


def dealt(batches: list[Tensor] | tuple[Tensor, ...]) -> list[Tensor]:
    """Batches, all cut alike into as many parts as there are batches; batch i has changed its part i with the first.

    Done twice, it is undone. Where the size leaves a remainder, the last parts have one more.
    """
    least, remainder = divmod(len(batches[0]), len(batches))
    sizes = [least + (part >= len(batches) - remainder) for part in range(len(batches))]
    parts = [list(batch.split(sizes)) for batch in batches]
    for place in range(1, len(batches)):
        parts[0][place], parts[place][place] = parts[place][place], parts[0][place]
    return [torch.cat(part) for part in parts]


def mixing(problem: Problem, images: int, alpha: float) -> dict[str, Draw]:
    """What `images` are mixed by: `share`, a scalar of Beta(alpha, alpha), and `partners`, a permutation."""

    def share(generator: torch.Generator) -> Tensor:
        shapes = torch.full((2,), alpha, dtype=torch.float64, device=problem.device)
        gammas = torch._standard_gamma(shapes, generator=generator)
        return gammas[0] / gammas.sum()

    return {
        "share": share,
        "partners": lambda generator: torch.randperm(images, generator=generator, device=problem.device),
    }


def draws(problem: Problem, settings: MixMatch) -> dict[str, Draw]:
    """For labelled images and two views of the unlabelled ones."""
    return mixing(problem, problem.labelled_batch + 2 * problem.unlabelled_batch, settings.alpha)


METHOD = Method(loss=loss, views=("weak", "second_weak"), draws=draws)
