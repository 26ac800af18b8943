"""Coordinates in which sums over a layer's outputs keep their digits, whatever scale and offset the outputs have.

Squares of 1e160 overflow and those of 1e-170 vanish; and of outputs that all lie near 1e11, spread by 1, the sums of
raw values have no digits left for the spread. So outputs are divided by a power of two, which is exact, and moved by
the mean of the first batch, which changes no difference between them.
"""

from __future__ import annotations

from math import frexp

import torch
from torch import Tensor

# A factor of 2^1000 lifts the smallest numbers far enough, and is itself a number.
_LARGEST_EXPONENT = 1000

# Coordinates up to 2^300 leave room for their squares and sums of those. Only float64 reaches beyond.
_ROOM = 300


class Unit:
    """Where the coordinates of one layer start, and their scale: u = h 2^-exponent - origin.

    Attributes:
        origin: `[D]`, float64, in the scaled values.
        exponent: None as long as all outputs were zero, which says nothing about their scale.
    """

    def __init__(self, origin: Tensor, exponent: int | None) -> None:
        self.origin, self.exponent = origin, exponent

    @classmethod
    def of(cls, rows: Tensor) -> Unit:
        """From a first batch `[n, D]`."""
        exponent = exponent_of(rows)
        if exponent is None:
            return cls(torch.zeros(rows.shape[1], dtype=torch.float64, device=rows.device), None)
        return cls(scaled(rows, exponent).mean(0), exponent)

    def settled(self, rows: Tensor) -> tuple[Unit, float]:
        """The unit in which `rows` `[n, D]` can be taken up too, and the factor from coordinates here to ones there.

        It is this one but where there is no scale yet (zeros seen before are zeros at any scale) or where the
        coordinates would be too large for their squares.
        """
        if self.exponent is None:
            return Unit(self.origin, exponent_of(rows)), 1.0
        if rows.dtype != torch.float64:
            return self, 1.0
        return self.raised(exponent_of(rows))

    def raised(self, exponent: int | None) -> tuple[Unit, float]:
        """As `settled`, for rows of this exponent."""
        if self.exponent is None or exponent is None or exponent <= self.exponent + _ROOM:
            return self, 1.0
        factor = 2.0 ** (self.exponent - exponent)
        return Unit(self.origin * factor, exponent), factor

    def coordinates(self, rows: Tensor) -> Tensor:
        """`rows` `[n, D]` of outputs in these coordinates, float64; never the same memory."""
        # One pass over memory, in float64 because the origin is.
        return torch.add(-self.origin, rows, alpha=2.0 ** -(self.exponent or 0))

    def values(self, rows: Tensor) -> Tensor:
        """Outputs `[n, D]` of what has these coordinates."""
        return scaled(rows + self.origin, -(self.exponent or 0))

    def moved(self, other: Unit) -> tuple[float, Tensor]:
        """Factor f and shift `[D]` that turn coordinates u of `other` into f u + shift here."""
        difference = min(max((other.exponent or 0) - (self.exponent or 0), -_LARGEST_EXPONENT), _LARGEST_EXPONENT)
        factor = 2.0**difference
        return factor, factor * other.origin.to(self.origin.device) - self.origin


def exponent_of(values: Tensor) -> int | None:
    """The exponent that brings the largest of `values` between 1/2 and 1; None if all are zero."""
    largest = float(values.detach().abs().max())
    if largest == 0.0:
        return None
    return min(max(frexp(largest)[1], -_LARGEST_EXPONENT), _LARGEST_EXPONENT)


def scaled(values: Tensor, exponent: int) -> Tensor:
    """`values` times 2^-exponent in float64."""
    return values.double() * 2.0**-exponent if exponent else values.double()
