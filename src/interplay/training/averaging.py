"""Exponential averages of a network's weights."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class WeightAverage(Generic[Network]):
    """A copy of a network whose parameters follow w_avg <- decay w_avg + (1 - decay) w.

    The first update copies. Buffers (running statistics of norms) are those of the network, not averaged. An update is
    one operation on all parameters and one on all buffers of a type, whatever their number.

    Args:
        network: to follow, on its device.
        decay: in [0, 1).
    """

    def __init__(self, network: Network, decay: float) -> None:
        self.network: Network = deepcopy(network).requires_grad_(False).eval()
        self.decay, self.started = decay, False
        self._parameters = _paired(list(self.network.parameters()), list(network.parameters()))
        self._buffers = _paired(list(self.network.buffers()), list(network.buffers()))

    @torch.no_grad()
    def update(self) -> None:
        """Take up the network's present weights."""
        for averaged, present in self._parameters:
            if self.started:
                torch._foreach_lerp_(averaged, present, 1 - self.decay)
            else:
                torch._foreach_copy_(averaged, present)
        for averaged, present in self._buffers:
            torch._foreach_copy_(averaged, present)
        self.started = True

    def state_dict(self) -> dict[str, Any]:
        """The averaged network, and whether it has taken up any weights."""
        return {"network": self.network.state_dict(), "started": self.started}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.network.load_state_dict(state["network"])
        self.started = bool(state["started"])


def _paired(averaged: list[Tensor], present: list[Tensor]) -> list[tuple[list[Tensor], list[Tensor]]]:
    """Tensors of one type and device together, as operations on lists of tensors want them."""
    groups: dict[tuple[torch.dtype, torch.device], tuple[list[Tensor], list[Tensor]]] = {}
    for one, other in zip(averaged, present, strict=True):
        ours, theirs = groups.setdefault((one.dtype, one.device), ([], []))
        ours.append(one)
        theirs.append(other.detach())
    return list(groups.values())
