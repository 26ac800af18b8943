"""Statistics of compression layer by layer (compression25 ch. 3): geometric law in depth, gaps, drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from interplay.errors import InterplayError
from interplay.evidence.statistics import Values, rank_correlation
from interplay.records import Record

Series = NDArray[np.float64]

# Of three values that fall strictly, the correlation with depth lies below this whatever they are: -sqrt(3)/2, reached
# where two of them are equal. A correlation near -1 says more than "deeper is smaller" only below it. Three random
# values reach |r| = 0.95 one time in five: r of three has the density 1 / (pi sqrt(1 - r^2)).
THREE_FALLING = -sqrt(3) / 2


def layer_columns(record: Record, prefix: str) -> dict[int, Series]:
    """Columns `<prefix>_l<layer>` of a record's trajectory by layer, the shallowest first.

    Raises:
        InterplayError: there is none.
    """
    start = f"{prefix}_l"
    layers = sorted(
        int(name[len(start) :])
        for name in record.trajectory
        if name.startswith(start) and name[len(start) :].isdecimal()
    )
    if not layers:
        raise InterplayError(f"{record.name}: no column {start}* in its trajectory; delete the record and rerun")
    return {layer: np.asarray(record.trajectory[f"{start}{layer}"], dtype=np.float64) for layer in layers}


@dataclass(frozen=True)
class Law:
    """How well values follow a geometric law in depth (compression25 sec. 3.2, Fig. 3.4).

    Attributes:
        correlation: Pearson's r of their logarithms with the layer's number; -1 for exact compression.
        ratio: r_fit = exp(least-squares slope of the logarithms), the factor from one layer to the next.
    """

    correlation: float
    ratio: float


def law_in_depth(values: Values, layers: Sequence[int] | None = None) -> Law:
    """The geometric law fitted to one positive value per layer; layers 1, 2, ... unless given.

    Equal values have the ratio 1 and no correlation (NaN); a value that is not positive, or fewer than two, leave
    nothing to fit: all NaN.

    >>> law = law_in_depth([8.0, 4.0, 2.0])
    >>> round(law.correlation, 9), round(law.ratio, 9)
    (-1.0, 0.5)
    """
    sample = np.asarray(values, dtype=np.float64)
    depth = np.asarray(range(1, len(sample) + 1) if layers is None else layers, dtype=np.float64)
    if len(sample) < 2 or not np.isfinite(sample).all() or (sample <= 0).any():
        return Law(nan, nan)
    logarithms = np.log(sample)
    centred, rise = depth - depth.mean(), logarithms - logarithms.mean()
    slope = float(centred @ rise / (centred @ centred))
    return Law(pearson(depth, logarithms), exp(slope))


def laws_over_epochs(columns: Mapping[int, Values]) -> list[Law]:
    """The law at every epoch, from the columns of `layer_columns`."""
    table = np.array([columns[layer] for layer in columns], dtype=np.float64)
    return [law_in_depth(values, list(columns)) for values in table.T]


def pearson(first: Values, second: Values) -> float:
    """Pearson's r; NaN where a column is constant or there are fewer than two points."""
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if len(one) < 2:
        return nan
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return nan
    one, other = one - one.mean(), other - other.mean()
    # Divided one by one: the product of the two norms of tiny columns would underflow.
    r = one / np.linalg.norm(one) @ (other / np.linalg.norm(other))
    return float(np.clip(r, -1.0, 1.0))


@dataclass(frozen=True)
class Gaps:
    """Points of compression25 Fig. 3.3 with the correlations of their two columns.

    Attributes:
        epochs: positions of the points in the trajectory.
        generalisation: test loss minus train loss, nats, positive.
        compression: tr(Sigma_W Sigma_B^+) on test minus that on train.
        pearson: NaN for fewer than two points or a constant column.
        spearman, p: rank correlation and its two-sided p-value, as if epochs were independent, which they are not.
    """

    epochs: NDArray[np.intp]
    generalisation: Series
    compression: Series
    pearson: float
    spearman: float
    p: float


def gaps(train_loss: Values, test_loss: Values, train_collapse: Values, test_collapse: Values) -> Gaps:
    """Compression gap against generalisation gap at the epochs at which the latter is positive (Fig. 3.3)."""
    columns = (train_loss, test_loss, train_collapse, test_collapse)
    loss, other_loss, collapse, other_collapse = (np.asarray(column, dtype=np.float64) for column in columns)
    generalisation, compression = other_loss - loss, other_collapse - collapse
    epochs = np.flatnonzero((generalisation > 0) & np.isfinite(generalisation) & np.isfinite(compression))
    generalisation, compression = generalisation[epochs], compression[epochs]
    rho, p = rank_correlation(generalisation, compression) if len(epochs) > 2 else (nan, nan)
    return Gaps(epochs, generalisation, compression, pearson(generalisation, compression), rho, p)


def relative_bias(exact: Values, biased: Values) -> Series:
    """`biased / exact - 1`: of class sums gathered while the weights move, against frozen weights; NaN where 0/0."""
    reference, other = np.asarray(exact, dtype=np.float64), np.asarray(biased, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return other / reference - 1
