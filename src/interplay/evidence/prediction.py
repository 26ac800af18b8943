"""Does a trajectory in mid-training tell how a run will end? The first question of the note."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from interplay.errors import InterplayError
from interplay.evidence.bootstrap import draw_weights, resampled_interval, weighted_spearman
from interplay.evidence.statistics import LEVEL, Interval, finite
from interplay.records import Record

FRACTIONS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
FEWEST_RUNS = 5  # below this no rank correlation reaches p < 0.05
FEWEST_CONFIGURATIONS = 5  # below this resamples of configurations are too often all the same one


@dataclass(frozen=True)
class PredictiveCorrelation:
    """Spearman's rho over runs, with its 95 % interval, between a column at a fraction of training and a final metric.

    NaN where fewer than five runs or configurations have both.
    """

    fraction: float
    rho: float
    low: float
    high: float
    runs: int


@dataclass(frozen=True)
class Comparison:
    """How strongly two columns foretell the same metric: the correlation of each, and the first's lead in strength."""

    series: Interval
    baseline: Interval
    lead: Interval
    leads: NDArray[np.float64]  # of the resamples


def final_runs(records: Iterable[Record]) -> list[Record]:
    """The runs without those of the weight sweep, which are shorter and see a part of the training data only."""
    return [record for record in records if record.settings.get("split") != "validation"]


def configuration(record: Record) -> str:
    """What a run was trained with: its settings, but for the order of the training data that tells two children apart.

    Runs of one configuration differ by seed and order only. Correlations over runs are bootstrapped over
    configurations, since it is those between which they hold.
    """
    return repr(sorted((name, value) for name, value in record.settings.items() if name != "child"))


def value_at(record: Record, series: str, fraction: float) -> float:
    """A column of the trajectory at a fraction of training, linear between logged steps; NaN if it is never finite.

    Raises:
        InterplayError: the column was not recorded.
    """
    if series not in record.trajectory:
        raise InterplayError(f"{record.name}: no column {series!r} in its trajectory; make the record anew")
    steps, values = finite(record.trajectory["step"], record.trajectory[series])
    if not len(steps):
        return nan
    start, end = record.trajectory["step"][0], record.trajectory["step"][-1]
    return float(np.interp(start + fraction * (end - start), steps, values))


def predictive_correlations(
    records: Sequence[Record], series: str, metric: str, fractions: Sequence[float] = FRACTIONS
) -> tuple[PredictiveCorrelation, ...]:
    """Rank correlation over runs of `series` at each fraction of training with `metric` at its end.

    `records` are runs of one data set, all variants; the weight sweep is left out by `final_runs`. Intervals are
    percentile bootstraps over configurations.

    Raises:
        InterplayError: a record has no such column or metric.
    """
    return tuple(_correlation(records, series, metric, fraction) for fraction in fractions)


def _correlation(records: Sequence[Record], series: str, metric: str, fraction: float) -> PredictiveCorrelation:
    used, values, ends = _columns(records, (series,), metric, fraction)
    if not _enough(used):
        return PredictiveCorrelation(fraction, nan, nan, nan, len(used))
    weights = draw_weights(len(used), [configuration(record) for record in used])
    rho = resampled_interval(lambda drawn: weighted_spearman(values[0], ends, drawn), weights)
    return PredictiveCorrelation(fraction, rho.centre, rho.low, rho.high, len(used))


def compare_predictions(
    records: Sequence[Record], series: str, baseline: str, metric: str, fraction: float
) -> Comparison | None:
    """Which of two columns at a fraction of training foretells `metric` better; None where the runs are too few.

    The lead is the difference of the absolute values of the two rank correlations, on the same resamples.

    Raises:
        InterplayError: a record has no such column or metric.
    """
    used, (one, other), ends = _columns(records, (series, baseline), metric, fraction)
    if not _enough(used):
        return None
    weights = draw_weights(len(used), [configuration(record) for record in used])
    own, others = weighted_spearman(one, ends, weights), weighted_spearman(other, ends, weights)
    leads = np.abs(own) - np.abs(others)
    every = np.ones((1, len(used)))
    rho, baseline_rho = (float(weighted_spearman(column, ends, every)[0]) for column in (one, other))
    return Comparison(
        _around(rho, own), _around(baseline_rho, others), _around(abs(rho) - abs(baseline_rho), leads), leads
    )


def _around(centre: float, resampled: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(centre, float(low), float(high))


def by_configuration(
    records: Sequence[Record], series: str, metric: str, fraction: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means over the runs of each configuration: of `series` at a fraction of training, and of a metric at its end.

    Raises:
        InterplayError: a record has no such column or metric.
    """
    used, (values,), ends = _columns(records, (series,), metric, fraction)
    keys = [configuration(record) for record in used]
    members = [np.flatnonzero([key == own for own in keys]) for key in dict.fromkeys(keys)]
    found = [np.array([np.mean(np.asarray(column)[rows]) for rows in members]) for column in (values, ends)]
    return found[0], found[1]


def _columns(
    records: Sequence[Record], names: Sequence[str], metric: str, fraction: float
) -> tuple[list[Record], list[list[float]], list[float]]:
    """The runs in which all is finite, each column at the fraction of training, and the metric at the end."""
    rows = []
    for record in final_runs(records):
        if metric not in record.metrics:
            raise InterplayError(f"{record.name}: no metric {metric!r}; make the record anew")
        row = [value_at(record, name, fraction) for name in names] + [record.metrics[metric]]
        if all(isfinite(value) for value in row):
            rows.append((record, row))
    used = [record for record, _ in rows]
    columns = [[row[index] for _, row in rows] for index in range(len(names) + 1)]
    return used, columns[:-1], columns[-1]


def _enough(records: Sequence[Record]) -> bool:
    configurations = {configuration(record) for record in records}
    return len(records) >= FEWEST_RUNS and len(configurations) >= FEWEST_CONFIGURATIONS
