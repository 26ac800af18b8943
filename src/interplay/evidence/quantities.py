"""Series made of recorded columns, and numbers read off them, as claims name them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from math import log2

import numpy as np
from numpy.typing import NDArray

from interplay.errors import InterplayError
from interplay.evidence.layers import law_in_depth, layer_columns
from interplay.evidence.outcomes import NotRunError, column_of, metric_of, setting_of
from interplay.evidence.relabelling import class_size, most_minimality
from interplay.evidence.statistics import Series
from interplay.protocols import quantities as asked
from interplay.protocols.quantities import (
    Crossing,
    DepthStatistic,
    Difference,
    FirstRecorded,
    InDepth,
    LeftAfter,
    Lowest,
    Metric,
    Ratio,
    Reading,
    Several,
    Share,
    ValueAt,
)
from interplay.records import Record


def series_of(record: Record, series: asked.Series) -> Series:
    """A series over training, one value a logged point; NotRunError if a column that it needs was not recorded."""
    match series:
        case Difference():
            return _column(record, series.column) - _column(record, series.minus)
        case Ratio():
            with np.errstate(divide="ignore", invalid="ignore"):
                return _column(record, series.column) / _column(record, series.over)
        case Share():
            return _column(record, series.column) / _largest(record, series.column)
        case FirstRecorded():
            return _column(record, next((c for c in series.first_of if c in record.trajectory), series.first_of[0]))
        case InDepth():
            try:
                columns = layer_columns(record, series.columns)
            except InterplayError as reason:
                raise NotRunError(str(reason)) from reason
            layers, table = list(columns), np.array(list(columns.values()))
            return np.array([_over_layers(values, layers, series.statistic) for values in table.T])
    return _column(record, series)


def number_of(record: Record, metric: Metric) -> float:
    """A number of a run; NotRunError if what it needs was not recorded, NaN where the series is nowhere finite.

    The `count` of its points is 0 there.
    """
    if isinstance(metric, ValueAt):
        place = _moment(record, metric.when)
        value = float("nan") if place is None else float(series_of(record, metric.value)[place])
        return value * (1.0 if metric.times is None else setting_of(record, metric.times))
    if isinstance(metric, Several):
        names = metrics_named(record, metric.of)
        if not names:
            raise NotRunError(f"{record.name} records no metric {' or '.join(metric.of)}")
        found = np.array([record.metrics[name] for name in names])
        taken = {"most": found.max(), "median": np.median(found), "mean": found.mean()}
        return float(taken[metric.take])
    if isinstance(metric, LeftAfter):
        steps, place = _column(record, "step"), _moment(record, metric.left_after)
        return 0.0 if place is None else float((steps[-1] - steps[place]) / (steps[-1] - steps[0]))
    if not isinstance(metric, Reading):
        return metric_of(record, metric)
    values = series_of(record, metric.series)[from_fraction(record, metric.since)]
    values = values[np.isfinite(values)]
    if metric.take == "count":
        return float(len(values))
    if not len(values):
        return float("nan")
    match metric.take:
        case "first":
            return float(values[0])
        case "last":
            return float(values[-1])
        case "mean":
            return float(values.mean())
        case "least":
            return float(values.min())
        case "most":
            return float(values.max())
        case "range":
            return float(np.ptp(values))
        case "rise":
            return float(values[-1] - values.min())


def metrics_named(record: Record, patterns: Sequence[str]) -> list[str]:
    """The metrics of a run whose names match one of some globs, in the order recorded."""
    return [name for name in record.metrics if any(fnmatchcase(name, pattern) for pattern in patterns)]


def from_fraction(record: Record, since: float) -> NDArray[np.bool_]:
    """The points of a run's trajectory from a fraction of its own length on."""
    steps = _column(record, "step")
    kept: NDArray[np.bool_] = steps - steps[0] >= since * (steps[-1] - steps[0])
    return kept


def _moment(record: Record, when: Crossing | Lowest) -> int | None:
    """The first logged point of which `when` speaks, as an index; None if there is none."""
    if isinstance(when, Lowest):
        series = series_of(record, when.lowest)
        return int(np.nanargmin(series)) if np.isfinite(series).any() else None
    reached = holds_at(record, when)
    return int(np.argmax(reached)) if reached.any() else None


def holds_at(record: Record, crossing: Crossing) -> NDArray[np.bool_]:
    """At which points of a run's trajectory a series is beyond its bound."""
    series = series_of(record, crossing.series)
    if crossing.at_least is not None:
        above: NDArray[np.bool_] = series >= crossing.at_least
        return above
    assert crossing.at_most is not None
    below: NDArray[np.bool_] = series <= crossing.at_most
    return below


def _column(record: Record, name: str) -> Series:
    return np.asarray(column_of(record, name), dtype=np.float64)


def _largest(record: Record, column: str) -> float:
    """Entropy in bits of the labels that a column of V-information is about: the classes, or digits within them."""
    classes = int(setting_of(record, "num_classes"))
    if column.startswith("sufficiency_"):
        return log2(classes)
    if not column.startswith("minimality_"):
        raise NotRunError(f"{column} is neither sufficiency nor minimality, so that its labels are unknown")
    try:
        return most_minimality(class_size(record), classes)
    except InterplayError as reason:
        raise NotRunError(str(reason)) from reason


def _over_layers(values: Series, layers: list[int], statistic: DepthStatistic) -> float:
    """One statistic of one value per layer; NaN where a value is missing, or not positive and needed as a logarithm."""
    if not np.isfinite(values).all():
        return float("nan")
    if statistic == "mean":
        return float(values.mean())
    if statistic == "largest_drop_after":
        return float(layers[int(np.argmax(values[:-1] - values[1:]))])
    if statistic == "largest_drop_share":
        whole = values[0] - values[-1]
        return float((values[:-1] - values[1:]).max() / whole) if whole > 0 else float("nan")
    if (values <= 0).any():
        return float("nan")
    if statistic == "correlation":
        return law_in_depth(values, layers).correlation
    if statistic == "spread":
        return float(values.max() / values.min())
    factors = values[1:] / values[:-1]
    return float(factors.max() / factors.min())
