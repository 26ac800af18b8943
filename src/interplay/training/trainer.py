"""The trainer: batches of several streams, an update of one or more networks, the state of a method, exact resume.

What an experiment writes is its loss, a function from networks, batch and its own state to a `Step`, and what it
observes. Everything that a later step depends on is in the trainer's `state_dict`, or follows from the step's number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from interplay.errors import InterplayError
from interplay.training.capture import StepRunner
from interplay.training.compute import Compute
from interplay.training.learner import Learner
from interplay.training.streams import Batch, Source

MEMORY = 0.9  # of running means of a step's readings

State = Mapping[str, Tensor]
"""What a method carries from step to step (thresholds, moving averages of predictions), by name."""

Networks = Mapping[str, Learner[Any]]


@dataclass(frozen=True)
class Step:
    """What a loss makes of a batch.

    Attributes:
        loss: scalar, that the network descends.
        readings: scalars to follow; their running means are observed. `loss` is added if it is not among them.
        state: new values of the method's state; what is not named stays.
    """

    loss: Tensor
    readings: Mapping[str, Tensor] = field(default_factory=dict)
    state: State = field(default_factory=dict)


class Loss(Protocol):
    """A pure function: it changes nothing, draws nothing at random and never asks the device for a value.

    `batch` has the tensors of all sources, and `batch["time"]`: `step` (from 0) and `progress` (step / steps) as
    scalars on the device, since a captured step cannot take numbers from the host.
    """

    def __call__(self, learner: Learner[Any], batch: Batch, state: State) -> Step: ...


class Update(Protocol):
    """One step of all learners, for methods with more than one descent (a student and its teacher).

    It calls `descend` of the learners itself; the returned step's loss is only read.
    """

    def __call__(self, learners: Networks, batch: Batch, state: State) -> Step: ...


@dataclass(frozen=True)
class Descent:
    """The update of most methods: one learner descends one loss."""

    loss: Loss
    learner: str = "main"

    def __call__(self, learners: Networks, batch: Batch, state: State) -> Step:
        """Evaluate the loss, descend it."""
        learner = learners[self.learner]
        step = self.loss(learner, batch, state)
        learner.descend(step.loss)
        return step


class Trainer:
    """Trains one learner, or several, on batches of several sources. A `Task` of `run_loop`.

    Args:
        learners: one, or several by name.
        sources: of batches, by name.
        update: a loss to be descended by the only learner, wrapped in `Descent`, or an update of all of them.
        steps: how many there will be.
        observe: readings of the evaluated network after a number of steps; the running means are added.
        state: initial state of the method; tensors on the device, whose shapes and types stay.
        compute: precision and capture.
        say: called with a line for people, where something asked for cannot be had.
    """

    def __init__(
        self,
        learners: Learner[Any] | Networks,
        sources: Mapping[str, Source],
        update: Update,
        *,
        steps: int,
        observe: Callable[[int], Mapping[str, float]] | None = None,
        state: State | None = None,
        compute: Compute | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.learners: Networks = {"main": learners} if isinstance(learners, Learner) else learners
        self.sources, self.steps = dict(sources), steps
        self.update, self._observe = update, observe
        self.device = next(next(iter(self.learners.values())).network.parameters()).device
        self.state = {name: value.detach().clone() for name, value in (state or {}).items()}
        self.running: dict[str, Tensor] = {}
        self._time = {name: torch.zeros((), dtype=torch.float64, device=self.device) for name in ("step", "progress")}
        compute = compute or Compute()
        self.compute = compute.on(self.device)
        networks: list[nn.Module] = [learner.network for learner in self.learners.values()]
        self._run = StepRunner(self._body, self.compute, self.device, networks, say)

    def train_step(self, step: int) -> None:
        """Do step number `step`.

        Raises:
            InterplayError: the training has diverged so far that the step cannot be computed.
        """
        for learner in self.learners.values():
            learner.prepare(step)
        self._time["step"].fill_(step)
        self._time["progress"].fill_(step / self.steps)
        batch = {"time": self._time, **{name: source.batch(step) for name, source in self.sources.items()}}
        try:
            self._run(batch)
        except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
            raise InterplayError(f"step {step}: training has diverged, {self._last_loss()}") from error

    def observe(self, step: int) -> Mapping[str, float]:
        """The experiment's readings, and running means of the steps' own, `train_<name>`, unless it reads these itself.

        Raises:
            InterplayError: the training has diverged: its loss is NaN or infinite.
        """
        means = {f"train_{name}": float(value) for name, value in self.running.items()}
        for name, value in means.items():
            if not isfinite(value):
                raise InterplayError(
                    f"step {step}: training has diverged, {name} is {value}; lower the learning rate or a weight"
                )
        return {**means, **(self._observe(step) if self._observe is not None else {})}

    def state_dict(self) -> dict[str, Any]:
        """Learners, state of the method, running means; order, views and draws follow from the step."""
        return {
            "learners": {name: learner.state_dict() for name, learner in self.learners.items()},
            "state": dict(self.state),
            "running": dict(self.running),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for name, learner in self.learners.items():
            learner.load_state_dict(state["learners"][name])
        for name, value in state["state"].items():
            self.state[name].copy_(value)
        self.running = {name: value.to(self.device) for name, value in state["running"].items()}

    def _body(self, batch: Batch) -> None:
        """All that a step does on the device. Its results go into tensors that stay, as a captured step needs."""
        with self.compute.autocast(self.device):
            step = self.update(self.learners, batch, self.state)
        with torch.no_grad():
            for name, value in step.state.items():
                self.state[name].copy_(value)
            for name, value in {"loss": step.loss, **step.readings}.items():
                if name in self.running:
                    self.running[name].mul_(MEMORY).add_(value.detach(), alpha=1 - MEMORY)
                else:
                    self.running[name] = value.detach().clone()

    def _last_loss(self) -> str:
        if "loss" not in self.running:
            return "in its first step"
        return f"its running loss before was {float(self.running['loss']):g}"
