"""The bounds that claims put on what a figure shows, and how they are drawn in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from matplotlib.axes import Axes

from interplay.protocols.claim_files import selectors
from interplay.protocols.claims import BoundTest, Claim, DelayTest, FlatTest, StoppingTest, ValueTest
from interplay.protocols.course_claims import NoFallTest, SoonerTest, StaysTest, TurnTest
from interplay.protocols.readings import Metric, Reading, Series
from interplay.records import Record
from interplay.records.values import setting

COLOUR = "#009E73"  # Okabe and Ito's green, which no curve has
# A reading of these kinds is a value of its course, so that a bound on it lies on the axis of the course.
VALUES = ("first", "last", "mean", "least", "most")
LOST = "accuracy_lost"
AT_END = 1.0  # the fraction of training from which on a recorded metric counts


@dataclass(frozen=True)
class Limit:
    """What a claim asks of a quantity (a metric, or a column of the trajectory), in the quantity's unit.

    `low` and `high` bound the quantity itself; `within` bounds differences: of means at two levels of a setting, of a
    value from the highest before it, or from a printed number. `between` are the steps between which the quantity is to
    be lowest. All of it is judged from the fraction `since` of training on.
    """

    claim: str
    quantity: str
    low: float | None = None
    high: float | None = None
    within: float | None = None
    between: tuple[float, float] | None = None
    since: float = 0.0


def limits(claims: Iterable[Claim], quantity: str, runs: Sequence[Record], among: Sequence[Record] = ()) -> list[Limit]:
    """What the claims ask of `quantity` of `runs`, those of one panel.

    A claim on the runs at one end of a setting counts where some of `runs` are the ones at that end of all that it
    reads `among` the figure's records (of `runs` alone, if not given).
    """
    found = []
    for claim in claims:
        mine = [limit for limit in _asked(claim) if limit.quantity == quantity]
        if mine and about(claim, runs, among or runs):
            found += mine
    return found


def draw_limits(
    axes: Axes,
    found: Iterable[Limit],
    around: float | None = None,
    *,
    of: str = "",
    scale: float = 1.0,
    offset: float = 0.0,
    unit: str = "",
    where: tuple[float, float] = (0.0, 1.0),
    color: str = COLOUR,
) -> None:
    """A thin dashed line at each bound, and, `around` a value, a pale band as high as differences may be.

    Each is named in the legend, with the words `of` what and its `unit`; equal ones of several claims are drawn once.
    They are drawn at `offset` plus `scale` times their value, over the part `where` of the other axis, from 0 to 1.
    """
    found, line = list(found), {"color": color, "linewidth": 0.8, "linestyle": (0, (4, 2))}
    start, end = where
    for low in sorted({limit.low for limit in found if limit.low is not None}):
        axes.axhline(offset + scale * low, start, end, label=f"claimed{of}: at least {low:.3g}{unit}", **line)
    for high in sorted({limit.high for limit in found if limit.high is not None}):
        axes.axhline(offset + scale * high, start, end, label=f"claimed{of}: at most {high:.3g}{unit}", **line)
    if around is None:
        return
    for within in sorted({limit.within for limit in found if limit.within is not None}):
        label, half = f"claimed{of}: differences within {within:g}{unit}", scale * within / 2
        axes.axhspan(around - half, around + half, start, end, color=color, alpha=0.12, linewidth=0, label=label)


def _asked(claim: Claim) -> Iterator[Limit]:
    """The bounds of a claim's test."""
    match claim.test:
        case BoundTest() as test:
            at_end = AT_END if isinstance(test.metric, str) else 0.0
            yield Limit(claim.id, _axis(test.metric), test.at_least, test.at_most, since=at_end)
        case StaysTest() as test:
            yield from (
                Limit(claim.id, _axis(one), test.at_least, test.at_most, since=test.since) for one in test.series
            )
        case DelayTest() as test:
            yield from (Limit(claim.id, one, low=test.threshold) for one in (test.first, test.second))
        case SoonerTest() as test:
            for one in (test.first, test.second):
                yield Limit(claim.id, _axis(one.series), one.at_least, one.at_most)
        case FlatTest() as test:
            yield Limit(claim.id, test.metric, within=test.within)
        case NoFallTest() as test:
            yield from (Limit(claim.id, _axis(one), within=test.within, since=test.since) for one in test.series)
        case TurnTest() as test:
            yield Limit(claim.id, _axis(test.series), between=(test.earliest, test.latest))
        case ValueTest() as test:
            yield Limit(claim.id, test.metric, within=test.margin)
        case StoppingTest() as test if test.against is None:
            yield Limit(claim.id, LOST, high=test.within)


def _axis(number: Metric | Series) -> str:
    """The quantity on whose axis a number lies."""
    if isinstance(number, Reading) and number.take in VALUES:
        return str(number.series)
    return str(number)


def about(claim: Claim, runs: Sequence[Record], among: Sequence[Record]) -> bool:
    """Whether a claim speaks of one of `runs`, some of those `among` which it is judged, and of the data read."""
    globs = selectors(claim)
    read = [record for record in among if any(fnmatchcase(record.name, glob) for glob in globs)]
    only = claim.test.only if isinstance(claim.test, BoundTest) else None
    if only is not None and read:
        values = [setting(record, only.setting) for record in read]
        end = max(values) if only.end == "highest" else min(values)
        read = [record for record, value in zip(read, values, strict=True) if value == end]
    names = {record.name for record in read}
    return any(record.name in names for record in runs if claim.data is None or record.data_mapping in claim.data)
