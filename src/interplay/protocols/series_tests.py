"""Tests on series over training: does one rise, peak, move with another, stay within bounds, turn, come first?"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, model_validator

from interplay.protocols.quantities import Crossing, Series
from interplay.protocols.selectors import Selector
from interplay.protocols.sourced import Strict

Fraction = Annotated[float, Field(ge=0, lt=1)]
SeveralSeries = Annotated[tuple[Series, ...], Field(min_length=1)]


class TrendTest(Strict):
    """A course rises or falls over training (in every run; tested across seeds)."""

    kind: Literal["trend"]
    runs: Selector
    series: Series
    direction: Literal["rising", "falling"]


class DipTest(Strict):
    """A column first falls below its start by `depth`, then rises again by `depth` (both relative to its range)."""

    kind: Literal["dip"]
    runs: Selector
    series: str
    depth: Annotated[float, Field(gt=0, lt=1)] = 0.1


class PeakTest(Strict):
    """A column rises, then falls (`peak`) or falls, then rises (`valley`), by `depth` of its range on both sides.

    It is looked at on points spread evenly over the logged ones, or over the logarithm of the step, for what happens on
    scales that lie decades apart: then it does not matter how densely a run was logged where.
    """

    kind: Literal["peak"]
    runs: Selector
    series: str
    shape: Literal["peak", "valley"]
    depth: Annotated[float, Field(gt=0, lt=1)] = 0.1
    spacing: Literal["points", "log_steps"] = "points"


class CorrelationTest(Strict):
    """Two courses move together (`positive`), against each other (`negative`), or `mild`ly if at all.

    With `where_positive`, only the points count at which the first of them is above zero.
    """

    kind: Literal["correlation"]
    runs: Selector
    first: Series
    second: Series
    sign: Literal["positive", "negative", "mild"]
    where_positive: bool = False


class DelayTest(Strict):
    """`second` reaches `threshold` at least `factor` times as many steps after the start as `first` does."""

    kind: Literal["delay"]
    runs: Selector
    first: str
    second: str
    threshold: float
    factor: Annotated[float, Field(gt=1)]


class StaysTest(Strict):
    """Every one of some courses stays within bounds from the fraction `since` of training on."""

    kind: Literal["stays"]
    runs: Selector
    series: SeveralSeries
    at_least: float | None = None
    at_most: float | None = None
    since: Fraction = 0.0

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both")
        return self


class NoFallTest(Strict):
    """None of some courses ends more than `within` below what it had reached since the fraction `since` of training."""

    kind: Literal["no_fall"]
    runs: Selector
    series: SeveralSeries
    within: PositiveFloat
    since: Fraction = 0.0


class TurnTest(Strict):
    """A course is lowest between two steps, and higher before and after."""

    kind: Literal["turn"]
    runs: Selector
    series: Series
    earliest: float
    latest: float


class SoonerTest(Strict):
    """`second` comes about `factor` times as many steps after the start of training as `first` does, or never.

    Only points from the fraction `since` of training on count.
    """

    kind: Literal["sooner"]
    runs: Selector
    first: Crossing
    second: Crossing
    factor: Annotated[float, Field(gt=1)]
    since: Fraction = 0.0
