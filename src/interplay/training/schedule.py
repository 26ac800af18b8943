"""Learning-rate factors and the steps at which to log."""

from __future__ import annotations

from math import cos, pi


def cosine_factor(step: int, steps: int, span: float) -> float:
    """cos(pi * span * step / steps): 1 at the start; span 7/16 ends at .195, span 1/2 at 0, never below 0."""
    return max(0.0, cos(pi * span * step / steps))


def warmup_factor(step: int, warmup_steps: int) -> float:
    """Linear from 1/warmup_steps at step 0 to 1."""
    return 1.0 if warmup_steps == 0 else min(1.0, (step + 1) / warmup_steps)


def even_steps(points: int, steps: int) -> list[int]:
    """`points` steps evenly spaced up to `steps`, and 0 before them."""
    return [round(place * steps / points) for place in range(points + 1)]


def log_steps(points: int, steps: int) -> list[int]:
    """About `points` distinct steps from 0 to `steps`, both included: half of them dense early, half evenly spaced.

    The documents' figures show fast changes in the first epochs (the dip of the head's entropy) and slow ones later.
    """
    even = points - points // 2
    spaced = {round(i * steps / max(1, even - 1)) for i in range(even)}
    first = max(1.0, steps / 500)
    ratio = (steps / first) ** (1 / (points // 2 + 1))
    early = {round(first * ratio**i) for i in range(points // 2)}
    return sorted({0, steps, *spaced, *early})
