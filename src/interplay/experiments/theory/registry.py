"""The registry of numeric checks, and the small tools that every check uses."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import SupportsFloat

import numpy as np

from interplay.records import Finding, Residual

# Identities between float64 quantities of a few dozen dimensions: far above rounding, far below any wrong formula.
EXACT = 1e-9


@dataclass(frozen=True)
class Draws:
    """`count` random instances from one generator; iterating hands out the generator once per instance."""

    rng: np.random.Generator
    count: int

    def __iter__(self) -> Iterator[np.random.Generator]:
        for _ in range(self.count):
            yield self.rng

    def fewer(self, factor: int) -> Draws:
        """At least ten and `factor` times fewer draws, for a check whose single instance is costly."""
        return Draws(self.rng, max(10, self.count // factor))


Check = Callable[[Draws], Finding]
CHECKS: dict[str, Check] = {}


def check(*names: str) -> Callable[[Check], Check]:
    """Register a check under the statements that it decides, each named `<document>/<statement>`."""

    def register(function: Check) -> Check:
        for name in names:
            if name in CHECKS:
                raise ValueError(f"two checks are called {name}")
            CHECKS[name] = function
        return function

    return register


def run_check(name: str, seed: int, draws: int) -> Finding:
    """The finding of one check; its random instances depend on `seed` and `name` alone, not on what ran before."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return CHECKS[name](Draws(rng, draws))


def worst(residuals: Iterable[SupportsFloat]) -> float:
    """The largest residual; NaN if any is NaN, so that an undefined instance can never pass."""
    return float(np.max([float(residual) for residual in residuals]))


def finding(
    printed: float,
    tolerance: float = EXACT,
    *,
    mended: float | None = None,
    mended_tolerance: float = EXACT,
    note: str = "",
    **values: float,
) -> Finding:
    """A `Finding` from plain numbers."""
    return Finding(
        printed=Residual(value=float(printed), tolerance=tolerance),
        mended=None if mended is None else Residual(value=float(mended), tolerance=mended_tolerance),
        values={key: float(value) for key, value in values.items()},
        note=note,
    )
