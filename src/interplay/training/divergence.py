"""Training that diverges is told as such: at which step, what is not finite, and what the loss was before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

import torch

from interplay.errors import InterplayError

ADVICE = "lower the learning rate, or the weight of what is added to the loss"


def observe_finite(
    observe: Callable[[int], Mapping[str, float]],
    step: int,
    earlier: Sequence[Mapping[str, float]],
    state: Callable[[], Mapping[str, Any]],
) -> dict[str, float]:
    """The readings after `step` steps.

    Args:
        observe: takes them.
        earlier: rows of readings before, each with its `step`.
        state: everything that the task consists of, asked for only where something is wrong.

    Raises:
        InterplayError: a loss is not finite, or the readings fail because something in the state is not.
    """
    try:
        readings = dict(observe(step))
    except InterplayError as error:
        spoiled = next(_not_finite(state()), None)
        if spoiled is None and not any(word in str(error) for word in ("NaN", "infinite", "finite")):
            raise
        what = f"{spoiled} is not finite" if spoiled else str(error)
        raise InterplayError(_message(what, step, earlier)) from error
    # Before the first step there may be no loss of a training batch yet.
    lost = next((name for name in readings if step > 0 and _is_loss(name) and not isfinite(readings[name])), None)
    if lost is not None:
        raise InterplayError(_message(f"{lost} is {readings[lost]}", step, earlier))
    return readings


def check_finite(state: Mapping[str, Any], step: int, earlier: Sequence[Mapping[str, float]]) -> None:
    """See that a state of which nothing is read after `step` steps is finite.

    Args:
        state: everything that the task consists of.
        earlier: rows of readings before, each with its `step`.

    Raises:
        InterplayError: something in it is not.
    """
    if spoiled := next(_not_finite(state), None):
        raise InterplayError(_message(f"{spoiled} is not finite", step, earlier))


def _message(what: str, step: int, earlier: Sequence[Mapping[str, float]]) -> str:
    known = [
        (name, value, int(row["step"]))
        for row in earlier
        for name, value in row.items()
        if _is_loss(name) and isfinite(value)
    ]
    before = "no loss was read before"
    if known:
        latest = max(at for _, _, at in known)
        losses = [f"{name} {value:.4g}" for name, value, at in known if at == latest]
        before = f"before it, at step {latest}: {', '.join(losses[:3])}"
    return f"training diverged by step {step}: {what}; {before}; {ADVICE}"


def _is_loss(name: str) -> bool:
    return "loss" in name.split("_")


def _not_finite(state: Any, where: str = "") -> Iterator[str]:
    """Names of the tensors and numbers in a nested state that hold a NaN or an infinity."""
    if isinstance(state, torch.Tensor):
        if (state.is_floating_point() or state.is_complex()) and not bool(torch.isfinite(state).all()):
            yield where
    elif isinstance(state, Mapping):
        for key, value in state.items():
            yield from _not_finite(value, f"{where}.{key}" if where else str(key))
    elif isinstance(state, list | tuple):
        for place, value in enumerate(state):
            yield from _not_finite(value, f"{where}.{place}")
