"""Inputs and weights in closed form, so that the reference and the tests build the same ones without each other."""

import math

import torch
from torch import Tensor, nn


def wave(*shape: int, phase: float = 0.0, scale: float = 1.0) -> Tensor:
    """Irregular numbers within +-`scale`, rounded to three decimals: `[*shape]`, in float64."""
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.round(scale * torch.sin(1.7 * i + 0.013 * i**2 + phase), decimals=3).reshape(shape)


def fill(network: nn.Module) -> nn.Module:
    """Gives every weight, bias and running statistic a value of its place in the state alone; casts to float64.

    The k-th floating tensor of `state_dict()` with n elements gets a + b sin((i + 1) (1 + 0.37 k) + 0.5 k) at element
    i. With f inputs to an output, a = 0, b = 1 / sqrt(f) for weights of two or more dimensions; a = 1, b = .3 for the
    weights and running variances of a batch normalisation, a = 0, b = .1 for what else has one dimension.
    """
    network.double()
    floating = [(name, value) for name, value in network.state_dict().items() if value.is_floating_point()]
    with torch.no_grad():
        for k, (name, value) in enumerate(floating):
            i = torch.arange(value.numel(), dtype=torch.float64) + 1
            if value.dim() > 1:
                centre, scale = 0.0, value[0].numel() ** -0.5
            elif name.endswith(("weight", "running_var")):
                centre, scale = 1.0, 0.3
            else:
                centre, scale = 0.0, 0.1
            value.copy_((centre + scale * torch.sin(i * (1 + 0.37 * k) + 0.5 * k)).reshape(value.shape))
    return network
