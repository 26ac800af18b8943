"""What a test may read of a run besides recorded columns and metrics: series made of columns, and numbers read off."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from interplay.protocols.sourced import Strict

DepthStatistic = Literal["correlation", "unevenness", "spread", "largest_drop_after", "largest_drop_share", "mean"]


class Difference(Strict):
    """A column of the trajectory less another one."""

    column: str
    minus: str

    def __str__(self) -> str:
        return f"{self.column} - {self.minus}"


class Ratio(Strict):
    """A column of the trajectory over another one."""

    column: str
    over: str

    def __str__(self) -> str:
        return f"{self.column} / {self.over}"


class Share(Strict):
    """A column of V-information as a share of its largest possible value: the entropy of the labels."""

    column: str
    of: Literal["label_entropy"]

    def __str__(self) -> str:
        return f"{self.column} / {self.of.replace('_', ' ')}"


class InDepth(Strict):
    """A statistic of the columns `<columns>_l<layer>` over the layers, at every point of the trajectory.

    - `correlation`: Pearson's r of their logarithms with the layer's number; -1 for a geometric law;
    - `unevenness`: largest over smallest factor from one layer to the next; 1 for a geometric law;
    - `spread`: largest over smallest value;
    - `largest_drop_after`: the layer from which to the next the value drops most;
    - `largest_drop_share`: that drop over the one from the first layer to the last;
    - `mean`: over the layers.
    """

    columns: str
    statistic: DepthStatistic

    def __str__(self) -> str:
        return f"{self.statistic.replace('_', ' ')} of {self.columns} in depth"


class FirstRecorded(Strict):
    """The first of some columns that a run has recorded: older runs lack columns that later ones have."""

    first_of: tuple[str, ...] = Field(min_length=1)

    def __str__(self) -> str:
        return " or else ".join(self.first_of)


Series = str | Difference | Ratio | Share | InDepth | FirstRecorded
"""A series over training: a column of the trajectory, by its name, or one made of columns."""


class Reading(Strict):
    """A number of a run, read off a series from the fraction `since` of training on, where it is finite.

    `first` and `last` are the values at the two ends, `range` is the largest less the smallest, `rise` the last less
    the smallest, and `count` the number of points at which there is one.
    """

    series: Series
    take: Literal["first", "last", "mean", "least", "most", "range", "rise", "count"]
    since: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def __str__(self) -> str:
        return f"{self.take} of {self.series}"


class Crossing(Strict):
    """A series reaches a bound for the first time: one of the two."""

    series: Series
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give at_least or at_most, one of the two")
        return self

    def __str__(self) -> str:
        bound = f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"
        return f"{self.series} {bound}"


class Lowest(Strict):
    """Where a series is lowest; the first such place."""

    lowest: Series

    def __str__(self) -> str:
        return f"{self.lowest} is lowest"


class ValueAt(Strict):
    """The value of a series at a moment that other series tell, times a numeric setting: `NaN` if it never comes.

    `times: modulus` makes an accuracy on modular addition count in multiples of chance.
    """

    value: Series
    when: Crossing | Lowest
    times: str | None = None

    def __str__(self) -> str:
        return f"{self.value}{f' times {self.times}' if self.times else ''} where {self.when}"


class LeftAfter(Strict):
    """The share of a run's steps that comes after a series has reached a bound; 0 if it never does."""

    left_after: Crossing

    def __str__(self) -> str:
        return f"share of steps after {self.left_after}"


class Several(Strict):
    """A number made of several recorded metrics of a run: their largest, their median or their mean.

    `of` holds names or globs, such as `new_accuracy_released_0.[6-9]`: tiers differ in the weights that they try. The
    largest of more numbers is larger by chance alone: where the `most` of many is the larger one, that favours it.
    """

    take: Literal["most", "median", "mean"]
    of: tuple[str, ...] = Field(min_length=1)

    def __str__(self) -> str:
        return f"{self.take} of {', '.join(self.of)}"


Metric = str | Reading | ValueAt | LeftAfter | Several
"""A number of a run: a recorded metric, by its name, one made of several, or one read off its series."""
