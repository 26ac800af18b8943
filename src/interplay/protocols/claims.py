"""Claims: what a document says, the records that can tell, and the test that decides."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from interplay.protocols.course_claims import InteractionTest, NoFallTest, SoonerTest, StaysTest, TurnTest
from interplay.protocols.places import Document, Place
from interplay.protocols.readings import Metric, Series
from interplay.protocols.selectors import Selector, Selectors
from interplay.protocols.source_errors import ErrorField
from interplay.protocols.sourced import Strict

OurTier = Literal["smoke", "review", "paper"]
OurMapping = Literal["published", "offline"]
# Those above come along; others may be added, and claims that are not restricted hold for them too.
TierName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
DataName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Criterion = Literal["stopping_loss", "stopping_mir", "stopping_hdr"]


class FindingTest(Strict):
    """The residual of each of some checks of theory is within its tolerance: one for every place that prints it."""

    kind: Literal["finding"]
    findings: Annotated[tuple[str, ...], Field(min_length=1)]


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
    """A column rises, then falls (`peak`) or falls, then rises (`valley`), by `depth` of its range on both sides."""

    kind: Literal["peak"]
    runs: Selector
    series: str
    shape: Literal["peak", "valley"]
    depth: Annotated[float, Field(gt=0, lt=1)] = 0.1


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


class OrderingTest(Strict):
    """A metric is greater in one group of runs than in another, by Welch's test, or paired where seeds match."""

    kind: Literal["ordering"]
    metric: Metric
    greater: Selector
    lesser: Selector


class ValueTest(Strict):
    """A metric times `scale` agrees with a published cell, within a 95 % prediction interval.

    `margin`, in the unit of the cell, is the difference that would matter: where the interval is wider on either side,
    agreement says nothing and the verdict is `underpowered`. With `exact` there is nothing random about it: every run
    has the printed value, to the digits printed.
    """

    kind: Literal["value"]
    runs: Selector
    metric: str
    scale: float = 1.0
    margin: PositiveFloat | None = None
    exact: bool = False
    table: str
    row: str
    column: str


class Extreme(Strict):
    """One end of the levels that a setting takes over the selected runs, since tiers differ in their levels."""

    setting: str
    end: Literal["highest", "lowest"]


class BoundTest(Strict):
    """A metric stays within bounds in every run, or in every run at one extreme of a setting.

    With `majority`, for what chance decides in part: a minority of runs outside leaves it undecided.
    """

    kind: Literal["bound"]
    runs: Selector
    metric: Metric
    at_least: float | None = None
    at_most: float | None = None
    only: Extreme | None = None
    majority: bool = False


class DelayTest(Strict):
    """`second` reaches `threshold` at least `factor` times as many steps after the start as `first` does."""

    kind: Literal["delay"]
    runs: Selector
    first: str
    second: str
    threshold: float
    factor: Annotated[float, Field(gt=1)]


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
    """Two metrics correlate over runs, by rank."""

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


class AgreementTest(Strict):
    """Two metrics have the same sign in every run."""

    kind: Literal["agreement"]
    runs: Selector
    first: str
    second: str


Quantifier = Literal["all", "most"]


class PublishedTest(Strict):
    """What the tests on printed numbers share: they compare rows (or columns) of a table, line by line.

    `among` narrows the columns (or rows) in which they are compared, none named means all; missing cells are passed
    over. The sentence speaks of all of them, or of `most`, which is more than half.
    """

    table: str
    compare: Literal["rows", "columns"] = "rows"
    among: tuple[str, ...] = ()
    lower_is_better: bool
    quantifier: Quantifier = "all"


class PublishedOrderingTest(PublishedTest):
    """The printed numbers themselves bear out that `better` beats every row (or column) that the glob `worse` names."""

    kind: Literal["published_ordering"]
    better: str
    worse: str


class PublishedRankTest(PublishedTest):
    """One of the rows (or columns) in `members` is the best, or among the best `first`, of all; ties count as won."""

    kind: Literal["published_rank"]
    members: tuple[str, ...] = Field(min_length=1)
    first: PositiveInt = 1


class PublishedMarginTest(PublishedTest):
    """The largest lead of `better` over those that the glob `worse` names is the one that the text states."""

    kind: Literal["published_margin"]
    better: str
    worse: str
    margin: float


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
    | ResponseTest
    | FlatTest
    | AssociationTest
    | PredictionTest
    | StoppingTest
    | ContrastTest
    | AgreementTest
    | StaysTest
    | NoFallTest
    | TurnTest
    | SoonerTest
    | InteractionTest
    | PublishedOrderingTest
    | PublishedRankTest
    | PublishedMarginTest,
    Field(discriminator="kind"),
]


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


class Threshold(Strict):
    """Where the numbers of a test come from: the document, or us, before or after we had seen results; and why."""

    origin: Literal["document", "before", "after"]
    why: str


Weight = Literal["headline", "supporting", "detail"]


class Claim(Strict):
    """One checkable statement, in our words, and everywhere that it is said; with `asks`, a question that `says` puts.

    A question is answered yes, no or undecided. A statement on theory or on a printed table that fails as printed says
    in `error` what kind of error that is, and in `note` why it is of that kind; without it the document is not accused.
    `valid_if` holds what runs must be like: those that are not are left out, and without any left the claim is not
    representative there. `tiers` and `data` restrict what is said of a size or of the published data themselves.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    said_in: tuple[Place, ...] = Field(min_length=1)
    says: str
    weight: Weight = "detail"
    needs: tuple[Selector, ...] = Field(description="records without which there is no verdict; none: always judged")
    valid_if: tuple[Precondition, ...] = ()
    test: Test
    threshold: Threshold | None = None
    tiers: tuple[OurTier, ...] | None = Field(default=None, description="tiers at which it means something; all")
    data: tuple[OurMapping, ...] | None = Field(default=None, description="data mappings on which it does; all")
    asks: bool = False
    passes: dict[str, str] = Field(
        default_factory=dict, description="negative controls on which it must come out, and why; no others"
    )
    error: ErrorField | None = Field(
        default=None, description="kind of error, where it fails as printed; note says why"
    )
    note: str = ""

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents that say it, each once."""
        return tuple(dict.fromkeys(place.document for place in self.said_in))

    @property
    def exhibits(self) -> tuple[str, ...]:
        """The figures and tables that show it, under each of their numbers."""
        return tuple(dict.fromkeys(exhibit for place in self.said_in for exhibit in place.exhibits))

    @model_validator(mode="after")
    def _error_is_argued(self) -> Self:
        if self.error is not None:
            if self.asks or not isinstance(self.test, FindingTest | PublishedTest):
                raise ValueError(f"{self.id}: error: only statements on theory or on printed tables can be in error")
            if not self.note.strip():
                raise ValueError(f"{self.id}: error: say in note why it is {self.error.replace('_', ' ')}")
        return self


class ClaimFile(Strict):
    """The content of a file in `config/claims/`, its patterns expanded."""

    claims: tuple[Claim, ...]
