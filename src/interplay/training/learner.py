"""A network under training with everything that belongs to it: optimiser, schedule, averaged weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic

import torch
from torch import Tensor

from interplay.training.averaging import Network, WeightAverage
from interplay.training.optimizer import load_optimizer, set_learning_rate


class Learner(Generic[Network]):
    """A network, how it descends, and its averaged weights.

    Args:
        network: on its device, in whatever memory format it is to be trained in.
        optimizer: of its parameters.
        learning_rate: of a step, counted from 0.
        ema_decay: of the averaged weights; 0 keeps none.
        after_step: called after each step of the optimiser, before the average (masks that hold pruned weights at 0).
    """

    def __init__(
        self,
        network: Network,
        optimizer: torch.optim.Optimizer,
        learning_rate: Callable[[int], float],
        *,
        ema_decay: float = 0.0,
        after_step: Callable[[], None] | None = None,
    ) -> None:
        self.network, self.optimizer, self.learning_rate = network, optimizer, learning_rate
        self.average = WeightAverage(network, ema_decay) if ema_decay else None
        self._after_step = after_step

    @property
    def evaluated(self) -> Network:
        """The network that is read: the averaged one where there is one, never to be changed."""
        return self.network if self.average is None else self.average.network

    def prepare(self, step: int) -> None:
        """Set what a step takes from its number; outside of what is captured."""
        set_learning_rate(self.optimizer, self.learning_rate(step))
        self.network.train()

    def descend(self, loss: Tensor | Iterable[Tensor]) -> None:
        """Gradients of the loss, a step of the optimiser, the average.

        Of several losses the sum is descended; each is asked for after the gradients of the one before it are there, so
        that only one needs its graph in memory.
        """
        self.optimizer.zero_grad(set_to_none=True)
        for part in (loss,) if isinstance(loss, Tensor) else loss:
            with torch.autocast(part.device.type, enabled=False):  # for forward passes only
                part.backward()
        with torch.autocast(next(self.network.parameters()).device.type, enabled=False):
            self.optimizer.step()
            if self._after_step is not None:
                self._after_step()
            if self.average is not None:
                self.average.update()

    def state_dict(self) -> dict[str, Any]:
        """Network, optimiser and average."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.network.load_state_dict(state["network"])
        load_optimizer(self.optimizer, state["optimizer"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])


def on_device(network: Network, device: torch.device) -> Network:
    """The network on a device, with its convolutions in the memory format in which they are fastest."""
    placed: Network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed
