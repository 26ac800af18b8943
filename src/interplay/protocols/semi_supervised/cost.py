"""What a semi-supervised run takes."""

from __future__ import annotations

from interplay.protocols.costs import TRAINING, memory_of
from interplay.protocols.experiments import Given
from interplay.protocols.runs import Cost
from interplay.protocols.semi_supervised.hyperparameters import Hyperparameters
from interplay.protocols.semi_supervised.protocol import SemiSupervisedProtocol
from interplay.protocols.semi_supervised.runs import SemiSupervisedRun
from interplay.protocols.supervised.cost import wide_resnet_operations


def images_per_step(protocol: SemiSupervisedProtocol, method: str) -> float:
    """Images that a step takes forward and back, those that it only takes forward counted as a third."""
    settings = protocol.methods.of(method)
    passes = 1.0
    if isinstance(settings, Hyperparameters):
        passes = settings.labelled_passes + settings.unlabelled_ratio * settings.passes
    return protocol.batch_size * passes


def cost(run: SemiSupervisedRun, given: Given) -> Cost:
    """Of the training; evaluation is small beside it."""
    assert run.dataset is not None
    protocol = run.protocol
    shape = protocol.architectures[run.dataset]
    substitute = given.mapping.datasets[run.dataset]
    channels, height, width = substitute.image
    pooling = protocol.image_pooling
    image = (channels, height // pooling, width // pooling)
    images = images_per_step(protocol, run.settings.method)
    activations = images * image[1] * image[2] * 16 * shape.width * shape.depth * 4 / 2**20
    return Cost(
        operations=TRAINING * protocol.iterations * images * wide_resnet_operations(shape, image),
        memory_mib=memory_of(substitute.image, more_mib=2 * activations + 4 * shape.width**2),
    )
