"""Timing several things in turn: what the benchmarks of training steps share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

import torch


@dataclass
class Turns:
    """Seconds of a step of each part, turn after turn."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        self.seconds.setdefault(name, []).append(seconds)

    def median(self, name: str) -> float:
        return median(self.seconds[name])

    def ratio(self, name: str, to: str, less: str | None = None) -> float:
        """`name`, or what it takes more than `less`, as a multiple of `to`: the median over turns."""
        taken = [self.seconds[one] for one in (name, to)]
        spared = self.seconds[less] if less is not None else [0.0] * len(taken[0])
        return float(median((one - without) / of for one, of, without in zip(*taken, spared, strict=True)))

    def line(self, name: str) -> str:
        """The median, and the lowest and highest."""
        low, high = (display(value) for value in (min(self.seconds[name]), max(self.seconds[name])))
        return f"{display(self.median(name))} ({low} to {high})"


def display(seconds: float) -> str:
    """Three digits, in a unit that suits them."""
    units = {"days": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3}
    unit = next((unit for unit, size in units.items() if seconds >= size), "ms")
    value = seconds / units[unit]
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def seconds_of(step: Callable[[], object], steps: int, device: torch.device) -> float:
    """Of a step, their mean."""
    wait(device)
    started = perf_counter()
    for _ in range(steps):
        step()
    wait(device)
    return (perf_counter() - started) / steps


def wait(device: torch.device) -> None:
    """Until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
