"""Our Wide ResNets against those of TorchSSL and of its successor `semilearn`, whose answers are kept in a file."""

import pytest
import torch
from torch import nn

from interplay.models import WideResNet

SHAPES = {
    "10_2": {"depth": 10, "width": 2, "num_classes": 4},
    "16_1": {"depth": 16, "width": 1, "num_classes": 4},
    "16_2": {"depth": 16, "width": 2, "num_classes": 4},
    "28_2": {"depth": 28, "width": 2, "num_classes": 10},
    "four_groups_16_2": {"depth": 16, "width": 2, "num_classes": 4, "groups": 4},
}


def successor(network: WideResNet) -> WideResNet:
    """Ours as the successor has it: no biases within blocks, and 1e-5 beside their variances."""
    for module in network.blocks.modules():
        if isinstance(module, nn.Conv2d):
            module.bias = None
        elif isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-5
    return network


@pytest.mark.parametrize(
    ("reference", "shape"),
    [
        ("torchssl", "16_1"),
        ("torchssl", "16_2"),
        ("torchssl", "28_2"),
        ("torchssl", "four_groups_16_2"),
        ("semilearn", "10_2"),
        ("semilearn", "16_1"),
        ("semilearn", "28_2"),
        ("semilearn", "four_groups_16_2"),
    ],
)
def test_the_same_weights_give_the_same_answers(oracle, closed_form, reference, shape):
    network = WideResNet(**SHAPES[shape])
    if reference == "semilearn":
        network = successor(network)
    closed_form.fill(network)
    images = closed_form.wave(2, 3, 8, 8, phase=0.5)
    expected = oracle("wide_resnets").outputs[f"{reference}_{shape}"]
    with torch.no_grad():
        network.eval()
        torch.testing.assert_close(network(images), expected["eval_logits"], rtol=0, atol=1e-10)
        if "eval_features" in expected:
            torch.testing.assert_close(network.features(images), expected["eval_features"], rtol=0, atol=1e-10)
        network.train()
        torch.testing.assert_close(network(images), expected["train_logits"], rtol=0, atol=1e-10)
    torch.testing.assert_close(network.norm.running_mean[:8], expected["running_mean"], rtol=0, atol=1e-10)
    torch.testing.assert_close(network.norm.running_var[:8], expected["running_var"], rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("28-2, 10 classes", {"depth": 28, "width": 2, "num_classes": 10}),
        ("28-8, 100 classes", {"depth": 28, "width": 8, "num_classes": 100}),
        ("37-2, 10 classes", {"depth": 28, "width": 2, "num_classes": 10, "groups": 4}),
    ],
)
def test_parameters_are_as_many(oracle, name, arguments):
    counts = oracle("wide_resnets").outputs["parameters"]
    with torch.device("meta"):
        ours = WideResNet(**arguments)
        theirs = successor(WideResNet(**arguments))
    assert sum(value.numel() for value in ours.parameters()) == counts["torchssl"][name]
    assert sum(value.numel() for value in theirs.parameters()) == counts["semilearn"][name]
