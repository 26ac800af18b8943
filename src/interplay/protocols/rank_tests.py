"""Tests on several methods in one or several settings: runs are named `<experiment>/<setting>/<method>/seed<n>`.

The setting is whatever stands before the last two parts, such as `cifar10/40`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from interplay.protocols.printed_tests import Quantifier
from interplay.protocols.quantities import Metric
from interplay.protocols.selectors import Selectors
from interplay.protocols.sourced import Strict

FEWEST = 5  # methods of which a ranking is made: of four, no order has a probability below 5 % on both sides


class RankTest(Strict):
    """A method is among the best `first` of the methods `among`, itself included, in all settings or in most.

    Only settings in which all of them were run tell; most is more than half of those.
    """

    kind: Literal["rank"]
    runs: Selectors
    metric: Metric
    member: str
    among: Annotated[tuple[str, ...], Field(min_length=2)]
    first: PositiveInt = 1
    lower_is_better: bool
    quantifier: Quantifier = "all"

    @model_validator(mode="after")
    def _a_rank_to_take(self) -> Self:
        if self.member not in self.among:
            raise ValueError(f"among: {self.member} is missing")
        if self.first >= len(self.among):
            raise ValueError(f"first: all of {len(self.among)} methods are among the best {self.first}")
        return self


class RankingTest(Strict):
    """Methods are in the order of a published column: their means by Kendall's tau, over methods that were run.

    `rows` maps the name of a method in its runs to its row in the table.
    """

    kind: Literal["ranking"]
    runs: Selectors
    metric: Metric
    table: str
    column: str
    rows: Annotated[dict[str, str], Field(min_length=FEWEST)]
