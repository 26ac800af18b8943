"""What supervised runs and those that read their networks take, from their protocols."""

from __future__ import annotations

from interplay.protocols.costs import TRAINING, memory_of
from interplay.protocols.experiments import Given
from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Cost, Run
from interplay.protocols.supervised.protocol import Architecture, SupervisedProtocol, SupervisedSettings


def wide_resnet_operations(shape: Architecture, image: tuple[int, int, int]) -> float:
    """Multiplications and additions of the convolutions of one forward pass of one image."""
    channels, height, width = image
    total = 2.0 * 9 * channels * 16 * height * width
    inputs = 16
    for group in range(shape.groups):
        outputs = 16 * 2**group * shape.width
        if group > 0 or shape.groups == 4:
            height, width = -(-height // 2), -(-width // 2)
        blocks = (shape.depth - 4) // 6
        total += 2 * height * width * (9 * inputs * outputs + (2 * blocks - 1) * 9 * outputs**2 + inputs * outputs)
        inputs = outputs
    return total


def pooled_image(protocol: SupervisedProtocol, dataset: str, mapping: DataMapping) -> tuple[int, int, int]:
    """Channels, height and width of what a network reads in the place of a data set."""
    channels, height, width = mapping.datasets[dataset].image
    return channels, height // protocol.image_pooling, width // protocol.image_pooling


def image_operations(protocol: SupervisedProtocol, dataset: str, mapping: DataMapping) -> float:
    """Operations of one forward pass of one image of a data set."""
    return wide_resnet_operations(protocol.architectures[dataset], pooled_image(protocol, dataset, mapping))


def network_memory(protocol: SupervisedProtocol, dataset: str, mapping: DataMapping) -> int:
    """MiB of a process that trains or measures the network of a data set."""
    shape, image = protocol.architectures[dataset], pooled_image(protocol, dataset, mapping)
    pixels = image[1] * image[2]
    activations = protocol.batch_size * pixels * 16 * shape.width * shape.depth * 4 / 2**20
    return memory_of(mapping.datasets[dataset].image, more_mib=2 * activations + 4 * shape.width**2)


def training_cost(run: Run[SupervisedProtocol, SupervisedSettings], given: Given) -> Cost:
    """Of the training alone."""
    assert run.dataset is not None
    protocol = run.protocol
    image = image_operations(protocol, run.dataset, given.mapping)
    return Cost(
        operations=TRAINING * protocol.iterations * protocol.batch_size * image,
        memory_mib=network_memory(protocol, run.dataset, given.mapping),
    )
