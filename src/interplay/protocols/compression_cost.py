"""Operations of the compression experiment, from its protocol."""

from __future__ import annotations

from interplay.protocols.compression import POOLS, Channels, CompressionProtocol, Network
from interplay.protocols.mappings import Substitute
from interplay.protocols.runs import Run

TRAINING = 3.0  # a training step costs about three forward passes
TEST_IMAGES = 10_000  # of both published data sets, and of those that take their place
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


def compression_operations(protocol: CompressionProtocol, run: Run, substitute: Substitute) -> float:
    """Of a whole run, should training go on to its last epoch and no decoder stop early."""
    part, classes = run.settings["part"], substitute.num_classes
    if part == "architecture":
        return sum(layer_operations(run.settings["network"], (64, 128, 256), substitute.image))
    if part == "toy":
        toy = protocol.toy
        image = sum(layer_operations(toy.network, toy.channels, substitute.image))
        return image * (toy.epochs * TRAINING * 3 * toy.train_per_class + 2 * TOY_IMAGES)
    chosen = protocol.random_labels if part == "random_labels" else protocol
    train = chosen.train_per_class * classes
    test = protocol.test_per_class * classes if protocol.test_per_class else TEST_IMAGES
    cnn = protocol.networks[run.settings["network"]]
    channels, height, width = substitute.image
    image_size = (channels, height // cnn.image_pooling, width // cnn.image_pooling)
    layers = layer_operations(run.settings["network"], cnn.channels, image_size)
    total = sum(layers) * chosen.epochs * (TRAINING * train + train + test)
    if part == "information":
        per_class = protocol.information.per_class
        samples = 2 * per_class * classes if per_class else train + test
        total += samples * _readings(protocol, layers, classes, per_class or protocol.train_per_class)
    return total


def _readings(protocol: CompressionProtocol, layers: list[float], classes: int, per_class: int) -> float:
    """Of all readings of V-information, for one sample of train or test."""
    information = protocol.information
    digits, count = 1, classes
    while count < per_class:
        digits, count = digits + 1, count * classes
    times = protocol.epochs // information.every + 1
    relabelled = information.minimality_epochs * digits * (2 if information.given_label else 1)
    epochs = information.sufficiency_epochs + relabelled
    decoders = [sum(layers[above:]) for above in range(4)]
    encoding = sum(layers) * information.minimality_epochs * (2 if information.given_label else 1)
    readings = [1 if information.input_layer_once else times, times, times, times]
    return times * encoding + TRAINING * epochs * sum(n * d for n, d in zip(readings, decoders, strict=True))
