import pytest

from interplay.models.compression_cnn import CnnShape, CompressionCNN, Decoder
from interplay.models.compression_operations import operations


def sizes(rows):
    return [(row["layer"], row["operation"], row["height"], row["width"], row["channels"]) for row in rows]


def test_f_plus_on_cifar_is_as_drawn():
    rows = operations(CnnShape("f_plus", (3, 32, 32)))
    assert sizes(rows) == [
        (0, "input", 32, 32, 3),
        (1, "residual", 32, 32, 3),
        (1, "convolution", 32, 32, 64),
        (1, "pooling", 16, 16, 64),
        (2, "residual", 16, 16, 64),
        (2, "convolution", 16, 16, 128),
        (2, "pooling", 8, 8, 128),
        (3, "residual", 8, 8, 128),
        (3, "convolution", 8, 8, 256),
        (3, "pooling", 4, 4, 256),
        (4, "pooling", 1, 1, 256),
        (4, "linear", 1, 1, 10),
    ]
    assert rows[-1]["parameters"] == 2570  # compression25 sec. 3.3


def test_f_minus_needs_no_pooling_in_front_of_its_head():
    rows = operations(CnnShape("f_minus", (1, 28, 28)))
    assert [row["operation"] for row in rows] == ["input", *["convolution", "pooling"] * 3, "linear"]
    assert {row["kernel"] for row in rows if row["operation"] == "convolution"} == {5}
    assert {row["kernel"] for row in rows if row["operation"] == "pooling"} == {3}


@pytest.mark.parametrize("network", ["f_plus", "f_minus"])
def test_parameters_are_those_of_the_network_and_of_its_decoders(network):
    shape = CnnShape(network)
    rows = operations(shape)

    def count(module):
        return sum(parameter.numel() for parameter in module.parameters())

    assert sum(row["parameters"] for row in rows) == count(CompressionCNN(shape))
    for layer in range(4):
        assert sum(row["parameters"] for row in rows if row["layer"] > layer) == count(Decoder(shape, layer))
