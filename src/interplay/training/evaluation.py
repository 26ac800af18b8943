"""Features, logits, accuracy and loss of a network that is not under training."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from interplay.training.streams import channels_last


class Classifier(Protocol):
    """A network whose logits are those of a linear head on features."""

    head: nn.Linear

    def features(self, images: Tensor) -> Tensor:
        """Features `[samples, d]`, what the head sees."""

    def eval(self) -> object:
        """Switch to evaluation mode."""


@torch.no_grad()
def evaluate(network: Classifier, images: Tensor, batch_size: int = 256) -> tuple[Tensor, Tensor]:
    """Features `[N, d]` and logits `[N, C]` in evaluation mode, by batches.

    On the CPU batches of 128 to 256 small images are fastest, their activations still fit the cache. Folding norms into
    convolutions changes nothing measurable: in a pre-activation network only every other norm follows a convolution.
    """
    network.eval()
    features = torch.cat([network.features(channels_last(batch)) for batch in images.split(batch_size)])
    return features, network.head(features)


def accuracy_and_loss(logits: Tensor, labels: Tensor, name: str) -> dict[str, float]:
    """`<name>_accuracy` and `<name>_loss` (cross-entropy, nats)."""
    return {
        f"{name}_accuracy": float((logits.argmax(1) == labels).double().mean()),
        f"{name}_loss": float(functional.cross_entropy(logits, labels)),
    }
