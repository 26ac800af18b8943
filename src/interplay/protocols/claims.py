"""Claims: what a document says, the records that can tell, and the test that decides."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from interplay.protocols.places import Document, Place
from interplay.protocols.preconditions import AveragePrecondition, GroupPrecondition, Precondition
from interplay.protocols.printed_tests import (
    PublishedAssociationTest,
    PublishedMarginTest,
    PublishedOrderingTest,
    PublishedRankTest,
    PublishedTest,
)
from interplay.protocols.rank_tests import RankingTest, RankTest
from interplay.protocols.run_tests import (
    AcrossTest,
    AgreementTest,
    AssociationTest,
    BoundTest,
    ContrastTest,
    Criterion,
    Extreme,
    FindingTest,
    FlatTest,
    InteractionTest,
    OrderingTest,
    PredictionTest,
    ResponseTest,
    StoppingTest,
    ValueTest,
)
from interplay.protocols.selectors import Selector
from interplay.protocols.series_tests import (
    CorrelationTest,
    DelayTest,
    DipTest,
    NoFallTest,
    PeakTest,
    SoonerTest,
    StaysTest,
    TrendTest,
    TurnTest,
)
from interplay.protocols.source_errors import ErrorField
from interplay.protocols.sourced import Strict
from interplay.records import DataName, TierName

__all__ = [
    "AcrossTest",
    "AgreementTest",
    "AssociationTest",
    "AveragePrecondition",
    "BoundTest",
    "Claim",
    "ClaimFile",
    "ClaimId",
    "ContrastTest",
    "CorrelationTest",
    "Criterion",
    "DataName",
    "DelayTest",
    "DipTest",
    "Extreme",
    "FindingTest",
    "FlatTest",
    "GroupPrecondition",
    "InteractionTest",
    "NoFallTest",
    "OrderingTest",
    "OurMapping",
    "OurTier",
    "PeakTest",
    "Precondition",
    "PredictionTest",
    "PublishedAssociationTest",
    "PublishedMarginTest",
    "PublishedOrderingTest",
    "PublishedRankTest",
    "PublishedTest",
    "RankTest",
    "RankingTest",
    "ResponseTest",
    "SoonerTest",
    "StaysTest",
    "StoppingTest",
    "Test",
    "Threshold",
    "TierName",
    "TrendTest",
    "TurnTest",
    "ValueTest",
    "Weight",
]

# These come along; others may be added, and claims that are not restricted hold for them too.
OurTier = Literal["smoke", "review", "paper"]
OurMapping = Literal["published", "offline"]
ClaimId = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
Weight = Literal["headline", "supporting", "detail"]

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
    | AcrossTest
    | AgreementTest
    | StaysTest
    | NoFallTest
    | TurnTest
    | SoonerTest
    | InteractionTest
    | RankTest
    | RankingTest
    | PublishedOrderingTest
    | PublishedRankTest
    | PublishedMarginTest
    | PublishedAssociationTest,
    Field(discriminator="kind"),
]


class Threshold(Strict):
    """Where the numbers of a test come from: the document, or us, before or after we had seen results; and why."""

    origin: Literal["document", "before", "after"]
    why: str


class Claim(Strict):
    """One checkable statement, in our words, and everywhere that it is said; with `asks`, a question that `says` puts.

    A question is answered yes, no or undecided. A statement on theory or on a printed table that fails as printed says
    in `error` what kind of error that is, and in `note` why it is of that kind; without it the document is not accused.
    `valid_if` holds what runs must be like: those that are not are left out, and without any left the claim is not
    representative there. `tiers` and `data` restrict what is said of a size or of the published data themselves.
    """

    id: ClaimId
    said_in: tuple[Place, ...] = Field(min_length=1)
    says: str
    weight: Weight = "detail"
    needs: tuple[Selector, ...] = Field(description="records without which there is no verdict; none: always judged")
    valid_if: tuple[Precondition | GroupPrecondition | AveragePrecondition, ...] = ()
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
            if self.asks or not isinstance(self.test, FindingTest | PublishedTest | PublishedAssociationTest):
                raise ValueError(f"{self.id}: error: only statements on theory or on printed tables can be in error")
            if not self.note.strip():
                raise ValueError(f"{self.id}: error: say in note why it is {self.error.replace('_', ' ')}")
        return self


class ClaimFile(Strict):
    """The content of a file in `config/claims/`, its patterns expanded."""

    claims: tuple[Claim, ...]
