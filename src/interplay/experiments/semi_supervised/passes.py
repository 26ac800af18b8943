"""Forward passes and small terms that several methods share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from interplay.models import WideResNet


@dataclass(frozen=True)
class Outputs:
    """Of a network for some images: features `[n, d]` and logits `[n, C]`."""

    features: Tensor
    logits: Tensor


def together(network: WideResNet, *views: Tensor) -> list[Outputs]:
    """Outputs for each of several batches of images, which pass the network as one, so that norms see them as one."""
    sizes = [len(view) for view in views]
    features = network.features(torch.cat(views))
    logits = network.head(features)
    return [Outputs(*pair) for pair in zip(features.split(sizes), logits.split(sizes), strict=True)]


@contextmanager
def statistics_kept(network: nn.Module) -> Iterator[None]:
    """Passes within normalise by their own batch and leave the running statistics of norms alone."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    counted = [norm.num_batches_tracked for norm in norms]
    try:
        for norm in norms:
            norm.momentum, norm.num_batches_tracked = 0.0, None  # of weight 0 is what a batch adds
        yield
    finally:
        for norm, momentum, count in zip(norms, momenta, counted, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count


def as_target(guess: Tensor) -> Tensor:
    """What a network guessed of unlabelled images `[mu B, ...]`, as a target: no gradient reaches it."""
    return guess.detach()


def cross_entropies(logits: Tensor, probabilities: Tensor) -> Tensor:
    """Cross-entropy `[n]` (nats) of logits `[n, C]` under soft labels `[n, C]`."""
    return -(probabilities * functional.log_softmax(logits, 1)).sum(1)


def sharpened(probabilities: Tensor, temperature: float) -> Tensor:
    """Probabilities `[n, C]` to the power of 1/T, scaled to sum 1."""
    powers = probabilities ** (1 / temperature)
    return powers / powers.sum(1, keepdim=True)


def warm_up(progress: Tensor, share: float) -> Tensor | float:
    """Rises from 0 to 1 over the first `share` of the training; 1 throughout where it is 0."""
    return (progress / share).clamp(max=1).float() if share else 1.0


def labelled_loss(outputs: Outputs, labels: Tensor) -> Tensor:
    """Cross-entropy (nats) of labelled images, their mean."""
    return functional.cross_entropy(outputs.logits, labels)
