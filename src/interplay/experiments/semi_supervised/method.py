"""What a semi-supervised method is: a pure function from networks, a batch and a state of its own to a step.

A method is a module in `methods/` that exports `METHOD`, under its name in the protocol. Everything else, streams,
optimiser, averaged weights, checkpoints, readings, is done by `task.py` for all of them alike.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib import import_module
from typing import Any, Generic, Literal, Self, TypeVar

import torch
from torch import Tensor

from interplay.models import WideResNet
from interplay.protocols.sourced import Strict
from interplay.training import Batch, Learner
from interplay.training.streams import Draw

View = Literal["weak", "second_weak", "strong", "second_strong"]
Networks = Mapping[str, Learner[WideResNet]]


@dataclass(frozen=True)
class MethodState:
    """What a method carries from step to step: a frozen dataclass of tensors, kept in checkpoints by field name."""

    def tensors(self) -> dict[str, Tensor]:
        """The fields by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> Self:
        """The state with these fields."""
        return cls(**{one.name: tensors[one.name] for one in fields(cls)})


@dataclass(frozen=True)
class NoState(MethodState):
    """Of a method that carries nothing."""


S = TypeVar("S", bound=MethodState)
H = TypeVar("H", bound=Strict)


@dataclass(frozen=True)
class Guesses:
    """What a method took the unlabelled images of a batch for, to be compared with labels that it never sees.

    Attributes:
        labels: `[mu B]`, the class that it guessed for each image.
        weights: `[mu B]`, from 0 to 1: how much the image counts (0 or 1 where a threshold decides).
    """

    labels: Tensor
    weights: Tensor


@dataclass(frozen=True)
class MethodStep(Generic[S]):
    """What a method makes of a batch.

    Attributes:
        loss: scalar, to be descended.
        state: what the next step is given.
        guesses: on the unlabelled images; None for a method that reads none.
        readings: scalars to follow over training, such as the terms of the loss.
    """

    loss: Tensor
    state: S
    guesses: Guesses | None
    readings: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """What a method knows of the training beforehand.

    Attributes:
        num_classes: C.
        labelled_batch, unlabelled_batch: images a step, B and mu B.
        unlabelled_samples: how many unlabelled images there are; `batch["unlabelled"]["index"]` counts below it.
        image_shape: `(channels, height, width)` of a view.
        steps: of the training.
        weight: of MAX MI or MIN HD, chosen by the sweep; 0 for other methods.
        device: of all tensors.
    """

    num_classes: int
    labelled_batch: int
    unlabelled_batch: int
    unlabelled_samples: int
    image_shape: tuple[int, int, int]
    steps: int
    weight: float
    device: torch.device


def _nothing(problem: Problem, settings: Any) -> NoState:
    return NoState()


def _no_draws(problem: Problem, settings: Any) -> dict[str, Draw]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Method(Generic[S, H]):
    """A method, as the trainer needs it.

    Attributes:
        loss: from the learner, the batch, the state and the hyperparameters to a step, whose loss the learner descends.
            It changes nothing, draws nothing at random and asks the device for no value. The batch has
            `["labelled"]["weak"]` `[B, c, h, w]` and `["labelled"]["label"]` `[B]`; `["unlabelled"][view]`
            `[mu B, c, h, w]` for each view asked for, and `["unlabelled"]["index"]`; `["draws"][name]`;
            `["time"]["step"]` and `["time"]["progress"]` (step / steps).
        update: in place of `loss`, for more than one network: it calls `descend` of the learners itself.
        networks: names of the networks; the one that is evaluated, `main`, first.
        start: the initial state.
        views: of each unlabelled image.
        draws: random numbers that the loss is given, by name.
        second_head: outputs of a second linear head of the network, `second_head`; 0 for none.
    """

    loss: Callable[[Learner[WideResNet], Batch, S, H, Problem], MethodStep[S]] | None = None
    update: Callable[[Networks, Batch, S, H, Problem], MethodStep[S]] | None = None
    networks: tuple[str, ...] = ("main",)
    start: Callable[[Problem, H], S] = _nothing  # type: ignore[assignment]
    views: tuple[View, ...] = ("weak", "strong")
    draws: Callable[[Problem, H], dict[str, Draw]] = _no_draws
    second_head: int = 0


@cache
def methods() -> Mapping[str, Method[Any, Any]]:
    """All methods by name: the modules of `interplay.experiments.semi_supervised.methods` that export `METHOD`."""
    package = import_module("interplay.experiments.semi_supervised.methods")
    found: dict[str, Method[Any, Any]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        declared = getattr(import_module(f"{package.__name__}.{module.name}"), "METHOD", None)
        if isinstance(declared, Method):
            found[module.name] = declared
    return found
