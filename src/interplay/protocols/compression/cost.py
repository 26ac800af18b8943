"""Operations of the compression experiment, from its protocol."""

from __future__ import annotations

from interplay.protocols.compression.protocol import POOLS, Channels, CompressionProtocol, Network
from interplay.protocols.compression.runs import CompressionRun
from interplay.protocols.costs import TEST_IMAGES, TRAINING, memory_of
from interplay.protocols.experiments import Given
from interplay.protocols.mappings import Substitute
from interplay.protocols.runs import Cost

PUBLISHED_CHANNELS = (64, 128, 256)
TOY_IMAGES = 3 * TEST_IMAGES / 10  # of three of the ten classes


def layer_operations(network: Network, channels: Channels, image: tuple[int, int, int]) -> list[float]:
    """Multiplications and additions of the convolutions of each of the three layers, for one image."""
    inputs, height, width = image
    counts = []
    for width_of_layer in channels:
        outputs = width_of_layer // (4 if network == "f_minus" else 1)
        weights = 25 * inputs * outputs if network == "f_minus" else 9 * inputs * (inputs + outputs)
        counts.append(2.0 * weights * height * width)
        inputs, height, width = outputs, height // POOLS[network], width // POOLS[network]
    return counts


def cost(run: CompressionRun, given: Given) -> Cost:
    """Of a whole run, should training go on to its last epoch and no decoder stop early."""
    assert run.dataset is not None
    substitute, protocol = given.mapping.datasets[run.dataset], run.protocol
    if run.settings.part == "architecture":
        return Cost(operations=sum(layer_operations(run.settings.network, PUBLISHED_CHANNELS, substitute.image)))
    if run.settings.part == "toy":
        toy = protocol.toy
        image = sum(layer_operations(toy.network, toy.channels, substitute.image))
        operations = image * (toy.epochs * TRAINING * 3 * toy.train_per_class + 2 * TOY_IMAGES)
        return Cost(operations=operations, memory_mib=memory_of(substitute.image))
    return Cost(operations=_training(run, substitute), memory_mib=_memory(run, substitute))


def _training(run: CompressionRun, substitute: Substitute) -> float:
    protocol, classes, network = run.protocol, substitute.num_classes, run.settings.network
    train = protocol.train_per_class * classes
    test = protocol.test_per_class * classes if protocol.test_per_class else TEST_IMAGES
    cnn = protocol.networks[network]
    layers = layer_operations(network, cnn.channels, _pooled(substitute, cnn.image_pooling))
    total = sum(layers) * protocol.epochs * (TRAINING * train + train + test)
    if run.settings.part == "information":
        per_class = protocol.information.per_class
        samples = 2 * per_class * classes if per_class else train + test
        total += samples * _readings(protocol, layers, classes, per_class or protocol.train_per_class)
    return total


def _memory(run: CompressionRun, substitute: Substitute) -> int:
    """All layers' outputs of one split are held at once while they are read (float32), and twice for a moment."""
    protocol, network = run.protocol, run.settings.network
    cnn = protocol.networks[network]
    _, height, width = _pooled(substitute, cnn.image_pooling)
    values = 0
    for channels in cnn.channels:
        height, width = height // POOLS[network], width // POOLS[network]
        values += channels // (4 if network == "f_minus" else 1) * height * width
    samples = max(protocol.train_per_class, protocol.test_per_class or TEST_IMAGES // 10) * substitute.num_classes
    return memory_of(substitute.image, more_mib=2 * samples * values * 4 / 2**20)


def _pooled(substitute: Substitute, pooling: int) -> tuple[int, int, int]:
    channels, height, width = substitute.image
    return channels, height // pooling, width // pooling


def _readings(protocol: CompressionProtocol, layers: list[float], classes: int, per_class: int) -> float:
    """Of all readings of V-information, for one sample of train or test."""
    information = protocol.information
    digits, count = 1, classes
    while count < per_class:
        digits, count = digits + 1, count * classes
    times = -(-protocol.epochs // information.every) + 1  # before the first epoch, and after the last one
    relabelled = information.minimality_epochs * digits * (2 if information.given_label else 1)
    epochs = information.sufficiency_epochs + relabelled
    decoders = [sum(layers[above:]) for above in range(4)]
    encoding = sum(layers) * information.minimality_epochs * (2 if information.given_label else 1)
    readings = [1 if information.input_layer_once else times, times, times, times]
    return times * encoding + TRAINING * epochs * sum(n * d for n, d in zip(readings, decoders, strict=True))
