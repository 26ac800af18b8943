"""Tests on courses over training: does one stay within bounds, fall back, turn, come about before another?"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, model_validator

from interplay.protocols.readings import Crossing, Metric, Series
from interplay.protocols.selectors import Selector
from interplay.protocols.sourced import Strict

Fraction = Annotated[float, Field(ge=0, lt=1)]
SeveralSeries = Annotated[tuple[Series, ...], Field(min_length=1)]


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


class InteractionTest(Strict):
    """By how much a group of runs exceeds a second one is more than by how much a third exceeds a fourth."""

    kind: Literal["interaction"]
    metric: Metric
    greater: tuple[Selector, Selector]
    lesser: tuple[Selector, Selector]
