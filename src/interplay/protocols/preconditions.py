"""What runs must be like for a claim to mean something on them."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from interplay.protocols.quantities import Metric
from interplay.protocols.selectors import Selector
from interplay.protocols.sourced import Strict


class Precondition(Strict):
    """What a run must be like for the claim to mean something on it: a number of the run, within bounds.

    The number is a metric, or a numeric setting; `times` and `over` name numeric settings that multiply and divide it
    (an accuracy `times: num_classes` counts in multiples of chance). `because` completes "it asks that ..." and says
    why. `runs` are those to which it applies, all that the claim reads by default; runs that the claim itself does not
    read may be named, such as the networks that were pruned: without one left that meets it, the claim is not
    representative.
    """

    because: str
    metric: Metric | None = None
    setting: str | None = None
    times: str | None = None
    over: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    runs: Selector | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.metric is None) == (self.setting is None):
            raise ValueError("give metric or setting, one of the two")
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both")
        return self


class GroupPrecondition(Strict):
    """In its setting, the mean of a metric over the runs of one method lies below that over the runs of another.

    A setting is what stands before the last two parts of a run's name (`<setting>/<method>/seed<n>`). All runs of a
    setting in which it is not so are left out. `because` is as in `Precondition`.
    """

    because: str
    metric: Metric
    runs: Selector
    below: Selector


class AveragePrecondition(Strict):
    """On average over data sets, one metric of some runs exceeds another one of the same runs.

    Data sets count alike, and so do the runs of each. Where it is not so, none of the runs that the claim reads tells
    anything. `because` is as in `Precondition`.
    """

    because: str
    runs: Selector
    larger: Metric
    smaller: Metric
