"""Optimisers: which parameters decay, and a learning rate that is a tensor on the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.sgd import sgd as functional_sgd

Groups = list[dict[str, Any]]


class PlainSGD(torch.optim.SGD):
    """torch's SGD, by torch's own kernels, without what makes torch import its compiler: a second of each process.

    `torch.optim.SGD.step` imports it to break a graph in case the step is being compiled, and other methods ask it at
    their first call to leave them alone. Nothing here compiles an optimiser.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """A step; there is no closure."""
        for group in self.param_groups:
            trained = [p for p in group["params"] if p.grad is not None]
            buffers = [self.state[p].get("momentum_buffer") for p in trained]
            functional_sgd(
                trained,
                [p.grad for p in trained],
                buffers,
                foreach=group["foreach"],
                fused=group["fused"],
                weight_decay=group["weight_decay"],
                momentum=group["momentum"],
                lr=group["lr"],
                dampening=group["dampening"],
                nesterov=group["nesterov"],
                maximize=group["maximize"],
            )
            if group["momentum"]:
                for parameter, buffer in zip(trained, buffers, strict=True):
                    self.state[parameter]["momentum_buffer"] = buffer


for _name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict"):
    # Where the compiler's answer is kept; a torch that keeps it elsewhere imports the compiler as ever.
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


def sgd(groups: Groups, learning_rate: float, *, momentum: float, nesterov: bool) -> torch.optim.SGD:
    """SGD with momentum, Nesterov's form wherever there is momentum; all parameters of a group at once.

    Parameters without gradient (of a norm that the reference network never uses) stay as they are.
    """
    rate = initial_rate(groups, learning_rate)
    on_cuda = isinstance(rate, Tensor)
    return PlainSGD(
        groups,
        lr=rate,
        momentum=momentum,
        nesterov=nesterov and momentum > 0,
        fused=on_cuda,  # the only one of torch's three forms that takes the rate from the device
        foreach=not on_cuda,
    )


def adamw(
    groups: Groups, learning_rate: float, *, weight_decay: float = 0.0, betas: tuple[float, float] = (0.9, 0.999)
) -> torch.optim.AdamW:
    """AdamW; `weight_decay` for groups that state none."""
    rate = initial_rate(groups, learning_rate)
    # `capturable` keeps the count of steps on the device, where a CUDA graph can advance it.
    on_cuda = isinstance(rate, Tensor)
    return torch.optim.AdamW(groups, lr=rate, betas=betas, weight_decay=weight_decay, capturable=on_cuda)


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
    """Restore an optimiser; its learning rate stays on the device, wherever the state was loaded to."""
    devices = [group["params"][0].device for group in optimizer.param_groups if group["params"]]
    optimizer.load_state_dict(state)
    for group, device in zip((g for g in optimizer.param_groups if g["params"]), devices, strict=True):
        if isinstance(group["lr"], Tensor):
            group["lr"] = group["lr"].to(device)
