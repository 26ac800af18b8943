"""Wide ResNets of both references: how many parameters, and what they make of images in closed form."""

from typing import Any

import torch
from closed_form import fill, wave
from harness import TorchSSL
from semilearn.nets.wrn.wrn import WideResNet, wrn_28_2, wrn_28_8
from semilearn.nets.wrn.wrn_var import WideResNetVar, wrn_var_37_2
from torch import Tensor, nn


def parameters(network: nn.Module) -> int:
    """How many there are."""
    return sum(value.numel() for value in network.parameters())


def look(network: nn.Module, images: Tensor) -> dict[str, Any]:
    """Logits by the running statistics, then by those of the batch; what the latter leave in the last norm."""
    found: dict[str, Any] = {}
    fill(network)
    for mode in ("eval", "train"):
        network.train(mode == "train")
        with torch.no_grad():
            answer = network(images) if hasattr(network, "classifier") else network(images, ood_test=True)
        logits, features = (answer["logits"], answer["feat"]) if isinstance(answer, dict) else answer
        found[f"{mode}_logits"] = logits
        if mode == "eval" and len(features[0]) < 128:
            found["eval_features"] = features
    found["running_mean"], found["running_var"] = network.bn1.running_mean[:8], network.bn1.running_var[:8]
    return found


def wide_resnets(torchssl: TorchSSL) -> dict[str, Any]:
    theirs = torchssl.load("models.nets.wrn").WideResNet
    four_groups = torchssl.load("models.nets.wrn_var").WideResNetVar
    images = wave(2, 3, 8, 8, phase=0.5)
    counts = {
        "semilearn": {
            "28-2, 10 classes": parameters(wrn_28_2(num_classes=10)),
            "28-8, 100 classes": parameters(wrn_28_8(num_classes=100)),
            "37-2, 10 classes": parameters(wrn_var_37_2(num_classes=10)),
        },
        "torchssl": {
            "28-2, 10 classes": parameters(theirs(1, 10, 28, 2)),
            "28-8, 100 classes": parameters(theirs(1, 100, 28, 8)),
            "37-2, 10 classes": parameters(four_groups(2, 10, 28, 2)),
        },
    }
    networks = {
        "semilearn_10_2": WideResNet(1, 4, depth=10, widen_factor=2),
        "semilearn_16_1": WideResNet(1, 4, depth=16, widen_factor=1),
        "semilearn_28_2": wrn_28_2(num_classes=10),
        "semilearn_four_groups_16_2": WideResNetVar(2, 4, depth=16, widen_factor=2),
        "torchssl_16_1": theirs(1, 4, 16, 1),
        "torchssl_16_2": theirs(1, 4, 16, 2),
        "torchssl_28_2": theirs(1, 10, 28, 2),
        "torchssl_four_groups_16_2": four_groups(2, 4, 16, 2),
    }
    outputs = {name: look(network, images) for name, network in networks.items()}
    inputs = {"images": "wave(2, 3, 8, 8, phase=0.5)", "state": "fill(network)"}
    return {"inputs": inputs, "outputs": {"parameters": counts, **outputs}}
