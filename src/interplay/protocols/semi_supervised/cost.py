"""What a semi-supervised run takes."""

from __future__ import annotations

from interplay.protocols.costs import TRAINING, memory_of
from interplay.protocols.experiments import Given
from interplay.protocols.runs import Cost
from interplay.protocols.semi_supervised.hyperparameters import Hyperparameters
from interplay.protocols.semi_supervised.runs import SemiSupervisedRun
from interplay.protocols.supervised.cost import wide_resnet_operations


def images_per_step(run: SemiSupervisedRun) -> float:
    """Images that a step takes forward and back, those that it only takes forward counted as a third."""
    protocol = run.protocol
    settings = protocol.methods.of(run.settings.method)
    unlabelled = settings.unlabelled_ratio * settings.passes if isinstance(settings, Hyperparameters) else 0.0
    return protocol.batch_size * (1 + unlabelled)


def cost(run: SemiSupervisedRun, given: Given) -> Cost:
    """Of the training; evaluation is small beside it."""
    assert run.dataset is not None
    protocol = run.protocol
    shape = protocol.architectures[run.dataset]
    substitute = given.mapping.datasets[run.dataset]
    channels, height, width = substitute.image
    pooling = protocol.image_pooling
    image = (channels, height // pooling, width // pooling)
    images = images_per_step(run)
    activations = images * image[1] * image[2] * 16 * shape.width * shape.depth * 4 / 2**20
    return Cost(
        operations=TRAINING * protocol.iterations * images * wide_resnet_operations(shape, image),
        memory_mib=memory_of(substitute.image, more_mib=2 * activations + 4 * shape.width**2),
    )
