"""Claims: what a document says, the records that can tell, and the test that decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from interplay.protocols.sourced import Strict

Document = Literal["metrics24", "interplay24", "matrixssl23", "compression25", "note"]
TierName = Literal["smoke", "review", "paper"]
DataName = Literal["published", "offline"]
Selector = Annotated[str, Field(pattern=r"^[a-z_]+/[A-Za-z0-9_.*/-]+$", description="glob on <experiment>/<run>")]


class FindingTest(Strict):
    """The residual of a check of theory is within its tolerance."""

    kind: Literal["finding"]
    finding: str


class TrendTest(Strict):
    """A column of the trajectory rises or falls over training (in every run; tested across seeds)."""

    kind: Literal["trend"]
    runs: Selector
    series: str
    direction: Literal["rising", "falling"]


class DipTest(Strict):
    """A column first falls below its start by `depth`, then rises again by `depth` (both relative to its range)."""

    kind: Literal["dip"]
    runs: Selector
    series: str
    depth: Annotated[float, Field(gt=0, lt=1)] = 0.1


class PeakTest(Strict):
    """A column rises, then falls (`peak`) or falls, then rises (`valley`), by `depth` of its range on both sides."""

    kind: Literal["peak"]
    runs: Selector
    series: str
    shape: Literal["peak", "valley"]
    depth: Annotated[float, Field(gt=0, lt=1)] = 0.1


class CorrelationTest(Strict):
    """Two columns of the trajectory move together (`positive`) or against each other (`negative`)."""

    kind: Literal["correlation"]
    runs: Selector
    first: str
    second: str
    sign: Literal["positive", "negative"]


class OrderingTest(Strict):
    """A metric is greater in one group of runs than in another, by Welch's test, or paired where seeds match."""

    kind: Literal["ordering"]
    metric: str
    greater: Selector
    lesser: Selector


class ValueTest(Strict):
    """A metric times `scale` agrees with a published cell, within a 95 % prediction interval."""

    kind: Literal["value"]
    runs: Selector
    metric: str
    scale: float = 1.0
    table: str
    row: str
    column: str


class BoundTest(Strict):
    """A metric stays within bounds in every run."""

    kind: Literal["bound"]
    runs: Selector
    metric: str
    at_least: float | None = None
    at_most: float | None = None


class DelayTest(Strict):
    """`second` reaches `threshold` at least `factor` times as many steps after the start as `first` does."""

    kind: Literal["delay"]
    runs: Selector
    first: str
    second: str
    threshold: float
    factor: Annotated[float, Field(gt=1)]


class PublishedOrderingTest(Strict):
    """The printed numbers themselves bear out the sentence: row `better` beats row `worse` in every column."""

    kind: Literal["published_ordering"]
    table: str
    better: str
    worse: str
    lower_is_better: bool


Test = Annotated[
    FindingTest
    | TrendTest
    | DipTest
    | PeakTest
    | CorrelationTest
    | OrderingTest
    | ValueTest
    | BoundTest
    | DelayTest
    | PublishedOrderingTest,
    Field(discriminator="kind"),
]


class Claim(Strict):
    """One checkable statement of a document, in our words."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    document: Document
    where: str
    says: str
    needs: tuple[Selector, ...] = Field(description="records without which there is no verdict; none: always judged")
    test: Test
    tiers: tuple[TierName, ...] = ("smoke", "review", "paper")
    data: tuple[DataName, ...] = ("offline", "published")
    note: str = ""


class ClaimFile(Strict):
    """The content of a file in `config/claims/`."""

    claims: tuple[Claim, ...]
