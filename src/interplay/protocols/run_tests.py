"""Tests on numbers of runs, and on checks of theory."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, model_validator

from interplay.protocols.quantities import Metric
from interplay.protocols.selectors import Selector, Selectors
from interplay.protocols.sourced import Strict

Criterion = Literal["stopping_loss", "stopping_mir", "stopping_hdr"]


class FindingTest(Strict):
    """The residual of each of some checks of theory is within its tolerance: one for every place that prints it."""

    kind: Literal["finding"]
    findings: Annotated[tuple[str, ...], Field(min_length=1)]


class OrderingTest(Strict):
    """A metric is greater in one group of runs than in another, by Welch's test, or paired where seeds match."""

    kind: Literal["ordering"]
    metric: Metric
    greater: Selector
    lesser: Selector


class ValueTest(Strict):
    """A metric times `scale` agrees with a published cell: it differs by less than `margin`, a test of equivalence.

    `effect`, in the unit of the cell like `margin`, is the published difference that the cell takes part in, such as
    that of two methods in one column. A margin above half of it would let either value pass for the other; half of it
    is the margin where none is given. With `exact` there is nothing random about it: every run has the printed value,
    to the digits printed.
    """

    kind: Literal["value"]
    runs: Selector
    metric: str
    scale: float = 1.0
    margin: PositiveFloat | None = None
    effect: PositiveFloat | None = None
    exact: bool = False
    table: str
    row: str
    column: str

    @model_validator(mode="after")
    def _decidable(self) -> Self:
        if not self.exact and self.margin is None and self.effect is None:
            raise ValueError("give margin, effect or exact: nothing else says which difference would matter")
        return self


class Extreme(Strict):
    """One end of the levels that a setting takes over the selected runs, since tiers differ in their levels."""

    setting: str
    end: Literal["highest", "lowest"]


class BoundTest(Strict):
    """The mean of a metric over runs lies within bounds, over all runs or over those at one extreme of a setting."""

    kind: Literal["bound"]
    runs: Selector
    metric: Metric
    at_least: float | None = None
    at_most: float | None = None
    only: Extreme | None = None


class ResponseTest(Strict):
    """A metric rises or falls with a numeric setting over runs (tested by permutation within seeds)."""

    kind: Literal["response"]
    runs: Selectors
    setting: str
    metric: str
    direction: Literal["rising", "falling"]


class FlatTest(Strict):
    """The means of a metric at any two levels of a setting differ by at most `within`, in the metric's unit."""

    kind: Literal["flat"]
    runs: Selectors
    setting: str
    metric: str
    within: PositiveFloat


class AssociationTest(Strict):
    """Two metrics correlate over runs, by rank (tested by permutation within seeds)."""

    kind: Literal["association"]
    runs: Selectors
    first: str
    second: str
    sign: Literal["positive", "negative"]


class PredictionTest(Strict):
    """A column at the fraction `at` of training foretells a metric at the end of runs of one data set, by rank.

    With `baseline`, it does so better than that column does at the same time.
    """

    kind: Literal["prediction"]
    runs: Selectors
    series: str
    metric: str
    at: Annotated[float, Field(ge=0, le=1)]
    baseline: str | None = None


class StoppingTest(Strict):
    """A criterion of early stopping saves iterations and loses at most `within` of accuracy.

    `patience` is a fraction of training. With `against`, it is at least as good as that criterion: it loses at most
    `within` more accuracy and saves at most `within_saved` fewer iterations.
    """

    kind: Literal["stopping"]
    runs: Selectors
    criterion: Criterion
    patience: Annotated[float, Field(gt=0, lt=1)]
    within: PositiveFloat
    against: Criterion | None = None
    within_saved: PositiveFloat = 0.05


class ContrastTest(Strict):
    """Of two metrics of the same runs, one exceeds the other by more than `by`, by a paired test."""

    kind: Literal["contrast"]
    runs: Selectors
    larger: Metric
    smaller: Metric
    by: float = 0.0


class AcrossTest(Strict):
    """Over several data sets, one of two metrics of the same runs exceeds the other by more than `by`.

    Every seed that counts has one run for each of the `datasets` (named as published) and each value of the setting
    `over` (such as shots), over which differences are averaged first, with equal weight. Without runs of every data set
    there is no verdict: a mean over fewer is another mean.

    - `mean`: of the differences over data sets, with equal weight, by a paired test over seeds;
    - `most` and `all`: in more than half, or each, of the data sets, by such a test in every one of them.
    """

    kind: Literal["across"]
    runs: Selectors
    datasets: Annotated[tuple[str, ...], Field(min_length=2)]
    larger: Metric
    smaller: Metric
    by: float = 0.0
    over: str | None = None
    quantifier: Literal["mean", "most", "all"] = "mean"

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.datasets)) < len(self.datasets):
            raise ValueError("datasets: one appears twice")
        return self


class AgreementTest(Strict):
    """Two metrics have the same sign in more than half of the runs."""

    kind: Literal["agreement"]
    runs: Selector
    first: str
    second: str


class InteractionTest(Strict):
    """By how much a group of runs exceeds a second one is more than by how much a third exceeds a fourth."""

    kind: Literal["interaction"]
    metric: Metric
    greater: tuple[Selector, Selector]
    lesser: tuple[Selector, Selector]
