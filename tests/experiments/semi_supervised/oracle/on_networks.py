"""Methods that pass images through a network: a small perceptron whose weights are written down with the numbers."""

from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from closed_form import fill, wave
from harness import Perceptron, TorchSSL, build, gradients, losses, stack
from semilearn.algorithms import utils as shared
from semilearn.algorithms.meanteacher import MeanTeacher
from semilearn.algorithms.mixmatch import MixMatch, mixmatch
from semilearn.algorithms.pimodel import PiModel
from semilearn.algorithms.remixmatch import ReMixMatch, remixmatch
from semilearn.algorithms.vat import VAT
from semilearn.core.utils import EMA
from torch import Tensor, nn

C = 4
LABELS = torch.tensor([0, 1, 2, 3])
IMAGES = (4, 1, 2, 3)
ITERATIONS = [0, 100, 200, 400, 1000]
LAMBDA = 0.3


def images(phase: float) -> Tensor:
    """A batch `[4, 1, 2, 3]`."""
    return wave(*IMAGES, phase=phase, scale=1.5)


def perceptron(scale: float = 3.0) -> Perceptron:
    """Six inputs, five tanh features, a linear head; weights rounded, so that their digits in the file are all."""
    network = fill(Perceptron(6, 5, C))
    with torch.no_grad():
        for value in network.parameters():
            value.copy_(torch.round(scale * value, decimals=3))
    return network


def weights(network: nn.Module) -> dict[str, Tensor]:
    """Parameters by name, as they are now."""
    return {name: value.detach().clone() for name, value in network.named_parameters()}


def gradient(network: nn.Module, loss: Tensor) -> dict[str, Tensor]:
    """The gradient of a loss for each parameter."""
    return gradients(loss, **dict(network.named_parameters()))


def pi_model(torchssl: TorchSSL) -> dict[str, Any]:
    network = perceptron()
    labelled, first, second = images(0.1), images(0.2), images(1.4)
    algorithm = build(PiModel, network, ulb_loss_ratio=10.0)
    rows = []
    for algorithm.it in ITERATIONS:
        out, log = algorithm.train_step(x_lb=labelled, y_lb=LABELS, x_ulb_w=first, x_ulb_s=second)
        rows.append(losses(log))
    utils = torchssl.load("models.pimodel.pimodel_utils")
    theirs = utils.consistency_loss(network(second)["logits"], network(first)["logits"])
    inputs = {"labelled": labelled, "labels": LABELS, "target_view": first, "trained_view": second, "lambda_u": 10.0}
    inputs |= {"iteration": ITERATIONS, "iterations": 1000, "warm_up": 0.4, "weights": weights(network)}
    outputs = {**stack(rows), "last_gradient": gradient(network, out["loss"]), "torchssl_unlabelled_loss": theirs}
    return {"inputs": inputs, "outputs": outputs}


def mean_teacher(torchssl: TorchSSL) -> dict[str, Any]:
    network = perceptron()
    teacher_before = weights(network)
    labelled, first, second = images(0.1), images(0.2), images(1.4)
    algorithm = build(MeanTeacher, network, ulb_loss_ratio=50.0)
    algorithm.ema = EMA(network, 0.9)
    algorithm.ema.register()
    with torch.no_grad():
        for value in network.parameters():
            value.copy_(torch.round(-0.5 * value + 0.3, decimals=3))
    algorithm.ema.update()
    teacher = {name: value.clone() for name, value in algorithm.ema.shadow.items()}
    rows = []
    for algorithm.it in ITERATIONS:
        out, log = algorithm.train_step(x_lb=labelled, y_lb=LABELS, x_ulb_w=first, x_ulb_s=second)
        rows.append(losses(log))
    inputs = {"labelled": labelled, "labels": LABELS, "teacher_view": first, "student_view": second, "lambda_u": 50.0}
    inputs |= {"iteration": ITERATIONS, "iterations": 1000, "warm_up": 0.4, "decay": 0.9}
    inputs |= {"weights": weights(network), "teacher_before_update": teacher_before}
    utils = torchssl.load("models.meanteacher.meanteacher_utils")
    seen = nn.utils.stateless.functional_call(network, teacher, (first,))["logits"]
    outputs = {**stack(rows), "teacher": teacher, "last_gradient": gradient(network, out["loss"])}
    outputs |= {"torchssl_unlabelled_loss": utils.consistency_loss(network(second)["logits"], seen)}
    return {"inputs": inputs, "outputs": outputs}


def mixing(module: Any, permutation: Tensor) -> tuple[Any, list[dict[str, Any]]]:
    """Lets the reference mix with a given lambda and permutation, and notes what it mixed."""
    seen: list[dict[str, Any]] = []

    def mix(x: Tensor, y: Tensor, *arguments: Any, **named: Any) -> tuple[Tensor, Tensor, float]:
        with patch.object(np.random, "beta", lambda *_: LAMBDA), patch.object(torch, "randperm", lambda _: permutation):
            mixed_x, mixed_y, used = shared.mixup_one_target(x, y, *arguments, **named)
        seen.append({"targets": y, "mixed_images": mixed_x, "mixed_targets": mixed_y, "lambda": used})
        return mixed_x, mixed_y, used

    return patch.object(module, "mixup_one_target", mix), seen


def mixmatch_case(_: TorchSSL) -> dict[str, Any]:
    network = perceptron()
    labelled, first, second = images(0.1), images(0.2), images(1.4)
    permutation = torch.tensor([7, 2, 11, 0, 5, 9, 1, 4, 10, 3, 8, 6])
    algorithm = build(MixMatch, network, ulb_loss_ratio=100.0)
    rows = []
    listening, seen = mixing(mixmatch, permutation)
    iterations = [0, 5, 10, 20]
    with listening:
        for algorithm.it in iterations:
            out, log = algorithm.train_step(x_lb=labelled, y_lb=LABELS, x_ulb_w=first, x_ulb_s=second)
            rows.append(losses(log))
    inputs = {"labelled": labelled, "labels": LABELS, "first_view": first, "second_view": second, "lambda_u": 100.0}
    inputs |= {"iteration": iterations, "iterations": 1000, "warm_up": 1 / 64, "T": 0.5, "weights": weights(network)}
    inputs |= {"drawn_lambda": LAMBDA, "permutation": permutation}
    outputs = {**stack(rows), **seen[-1], "last_gradient": gradient(network, out["loss"])}
    return {"inputs": inputs, "outputs": outputs}


def remixmatch_case(_: TorchSSL) -> dict[str, Any]:
    network = perceptron()
    steps = 3
    labelled, rotated = images(0.1), images(0.9)
    weak = torch.stack([images(0.2 + 0.7 * step) for step in range(steps)])
    first = torch.stack([images(0.3 + 0.7 * step) for step in range(steps)])
    second = torch.stack([images(0.4 + 0.7 * step) for step in range(steps)])
    rotation = torch.tensor([3, 1, 0, 2])
    permutation = torch.tensor([7, 2, 11, 0, 5, 9, 1, 4, 10, 3, 8, 6, 14, 15, 12, 13])
    algorithm = build(ReMixMatch, network, targets=(0, 0, 0, 1, 1, 2, 3, 3), ulb_loss_ratio=1.5)
    network = algorithm.model
    with torch.no_grad():
        network.rot_classifier.weight.copy_(wave(4, 5, phase=0.6))
        network.rot_classifier.bias.copy_(wave(4, phase=0.7))
    listening, seen = mixing(remixmatch, permutation)
    rows, iterations = [], [5, 10, 20]
    with listening:
        for step, algorithm.it in enumerate(iterations):
            out, log = algorithm.train_step(
                x_lb=labelled, y_lb=LABELS, x_ulb_w=weak[step], x_ulb_s_0=first[step], x_ulb_s_1=second[step],
                x_ulb_s_0_rot=rotated, rot_v=rotation,
            )  # fmt: skip
            own = algorithm.consistency_loss(network(first[step])["logits"], seen[-1]["targets"][4:8])
            turned = nn.functional.cross_entropy(network(rotated, use_rot=True)["logits_rot"], rotation)
            rows.append({**losses(log), "kl_loss": own, "rotation_loss": turned,
                         "p_model": algorithm.hooks_dict["DistAlignHook"].p_model, **seen[-1]})  # fmt: skip
            parts = rows[-1]
            factor = min(algorithm.it / (1000 / 64), 1)
            rest = 0.5 * factor * parts["kl_loss"] + 1.5 * factor * parts["unlabelled_loss"] + 0.5 * turned
            assert abs(parts["supervised_loss"] + rest - parts["total_loss"]) < 1e-12
    inputs = {"labelled": labelled, "labels": LABELS, "weak": weak, "first_strong": first, "second_strong": second}
    inputs |= {"rotated": rotated, "rotation": rotation, "p_target": torch.tensor([3, 2, 1, 2]) / 8, "decay": 0.999}
    inputs |= {"iteration": iterations, "iterations": 1000, "warm_up": 1 / 64, "T": 0.5, "weights": weights(network)}
    inputs |= {"lambda_u": 1.5, "lambda_kl": 0.5, "lambda_rotation": 0.5}
    inputs |= {"drawn_lambda": LAMBDA, "permutation": permutation, "epsilon_of_alignment": 1e-6}
    return {"inputs": inputs, "outputs": stack(rows) | {"last_gradient": gradient(network, out["loss"])}}


class _Logits(nn.Module):
    """The network as TorchSSL has them: logits alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)["logits"]


def vat(torchssl: TorchSSL) -> dict[str, Any]:
    network = perceptron()
    labelled, unlabelled = images(0.1), images(0.2)
    algorithm = build(VAT, network, ulb_loss_ratio=0.3)
    rows = []
    for algorithm.it in ITERATIONS:
        torch.manual_seed(0)
        with patch.object(network, "forward", wraps=network.forward) as forward:
            out, log = algorithm.train_step(x_lb=labelled, y_lb=LABELS, x_ulb_w=unlabelled)
        rows.append({**losses(log), "entropy": log["train/loss_entmin"]})
    perturbed = forward.call_args_list[-1].args[0]
    torch.manual_seed(0)
    drawn = torch.Tensor(*IMAGES).normal_()
    torch.manual_seed(0)
    theirs = torchssl.load("models.vat.vat_utils").vat_loss(_Logits(network), unlabelled, network(unlabelled)["logits"])
    inputs = {"labelled": labelled, "labels": LABELS, "unlabelled": unlabelled, "drawn_direction": drawn}
    inputs |= {"xi": 1e-6, "epsilon": 6.0, "power_iterations": 1, "lambda_u": 0.3, "lambda_entropy": 0.06}
    inputs |= {"iteration": ITERATIONS, "iterations": 1000, "warm_up": 0.4, "weights": weights(network)}
    outputs = {**stack(rows), "perturbation": perturbed - unlabelled, "torchssl_unlabelled_loss": theirs}
    return {"inputs": inputs, "outputs": outputs | {"last_gradient": gradient(network, out["loss"])}}
