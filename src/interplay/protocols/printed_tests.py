"""Tests on the numbers that a document prints: no run is needed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from interplay.protocols.sourced import Strict

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


class PublishedAssociationTest(Strict):
    """Over rows of a table, the column with the best number goes with a number of the row, such as its classes.

    Columns are named by numbers. `ties` says which column counts where several share the best number: their mean, the
    lowest, the highest, or none, which leaves the row out. `numbers` are not printed in the table; a row without one is
    left out.
    """

    kind: Literal["published_association"]
    table: str
    numbers: Annotated[dict[str, float], Field(min_length=4)]
    sign: Literal["positive", "negative"]
    lower_is_better: bool
    ties: Literal["mean", "lowest", "highest", "left out"] = "mean"
