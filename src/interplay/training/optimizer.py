"""Optimisers: which parameters decay, and a learning rate that is a tensor on the device."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

Groups = list[dict[str, Any]]


# torch's optimisers import torch's compiler, a second of each process: their `step` does to break a graph in case it is
# being compiled, other methods to be left alone. Nothing here compiles an optimiser, so these are the bare methods.


class SGD(torch.optim.SGD):
    """torch's SGD without its compiler."""

    step = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))


class AdamW(torch.optim.AdamW):
    """torch's AdamW without its compiler."""

    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))


for _name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict"):
    # Where the answer of the compiler is kept; a torch that keeps it elsewhere imports the compiler as ever.
    _method = getattr(getattr(torch.optim.Optimizer, _name), "__wrapped__", None)
    if _method is not None and not hasattr(_method, "__dynamo_disable"):
        _method.__dynamo_disable = _method


def parameter_groups(network: nn.Module, weight_decay: float, *, decay_norm_and_bias: bool) -> Groups:
    """Weights with decay; biases and norms (all that is one-dimensional) without, unless `decay_norm_and_bias`."""
    parameters = list(network.parameters())
    if decay_norm_and_bias:
        return [{"params": parameters, "weight_decay": weight_decay}]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def sgd(groups: Groups, learning_rate: float, *, momentum: float, nesterov: bool) -> SGD:
    """SGD with momentum, Nesterov's form wherever there is momentum; all parameters of a group at once.

    Parameters without gradient (of a norm that the reference network never uses) stay as they are.
    """
    rate = initial_rate(groups, learning_rate)
    on_cuda = isinstance(rate, Tensor)
    return SGD(
        groups,
        lr=rate,
        momentum=momentum,
        nesterov=nesterov and momentum > 0,
        fused=on_cuda,  # the only one of torch's three forms that takes the rate from the device
        foreach=not on_cuda,
    )


def adamw(
    groups: Groups, learning_rate: float, *, weight_decay: float = 0.0, betas: tuple[float, float] = (0.9, 0.999)
) -> AdamW:
    """AdamW; `weight_decay` for groups that state none."""
    rate = initial_rate(groups, learning_rate)
    # `capturable` keeps the count of steps on the device, where a CUDA graph can advance it.
    on_cuda = isinstance(rate, Tensor)
    return AdamW(groups, lr=rate, betas=betas, weight_decay=weight_decay, capturable=on_cuda)


def initial_rate(groups: Sequence[dict[str, Any]], learning_rate: float) -> float | Tensor:
    """The learning rate; on CUDA as a tensor on the device, where a captured step reads it anew each time."""
    device = next(p.device for group in groups for p in group["params"])
    if device.type != "cuda":
        return learning_rate
    return torch.tensor(learning_rate, dtype=torch.float32, device=device)


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Give all groups this learning rate, without waiting for the device."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(learning_rate)
        else:
            group["lr"] = learning_rate


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Restore what an optimiser has gathered; rates, decay and the like stay as the optimiser was made.

    A state that is kept on purpose may come from another protocol or another device. Taking its weight decay over would
    belie the record, and its learning rate as a plain number would be frozen into a captured step.

    Raises:
        ValueError: the state is of other groups of parameters.
    """
    own = optimizer.state_dict()["param_groups"]
    if [group["params"] for group in own] != [group["params"] for group in state["param_groups"]]:
        raise ValueError("the optimiser has other groups of parameters")
    optimizer.load_state_dict({**state, "param_groups": own})
