"""What a path between two networks looks like: barriers, spans and rises of the values read along it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan

import numpy as np

MIDDLE = (0.4, 0.6)  # weights of metrics24 VI-B, where accuracy falls to chance
NO_BARRIER = 0.01  # accuracy barrier below which there is nothing to explain


def accuracy_barrier(accuracies: Sequence[float]) -> float:
    """Mean of the two ends less the least value along the path; at least 0."""
    return _ends(accuracies) - float(np.min(accuracies))


def cross_fitted_barrier(first: Sequence[float], second: Sequence[float]) -> float:
    """Accuracy barrier without the noise that a minimum picks up; may be negative.

    The least of many noisy values lies below the least true one: two networks without any barrier read .016 on 500
    images. So each half of the images says where accuracy is least, and the other half how high it is there; the mean
    of both. On average it is never above the true barrier, and 0 where there is none.

    Args:
        first: accuracy along the path on one half of the test images.
        second: on the other half.
    """
    halves = ((first, second), (second, first))
    return float(np.mean([_ends(read) - read[int(np.argmin(chosen))] for chosen, read in halves]))


def loss_barrier(weights: Sequence[float], losses: Sequence[float]) -> float:
    """Greatest height of the loss (nats) above the chord between its ends; at least 0, because the ends count.

    Source: the loss barrier of Entezari et al. (2022), after the error barrier of Frankle et al. (2020), [10] of
    metrics24.
    """
    w, values = np.asarray(weights), np.asarray(losses)
    return float(np.max(values - ((1 - w) * values[0] + w * values[-1])))


def span(values: Sequence[float]) -> float:
    """Greatest less least value along the path."""
    return float(np.max(values) - np.min(values))


def rise_in_middle(weights: Sequence[float], values: Sequence[float]) -> float:
    """Greatest value for weights in [0.4, 0.6] less the mean of the ends; negative where the middle lies lower."""
    w = np.asarray(weights)
    middle = np.asarray(values)[(w >= MIDDLE[0]) & (w <= MIDDLE[1])]
    return float(np.max(middle)) - _ends(values)


def change_near_ends(values: Sequence[float]) -> float:
    """Mean of the two points next to the ends less the mean of the ends."""
    return (values[1] + values[-2]) / 2 - _ends(values)


def barrier_explained(interpolated: float, recomputed: float) -> float:
    """Share of an accuracy barrier that recomputing the batch-norm statistics takes away; NaN below `NO_BARRIER`.

    Negative where recomputing makes the barrier higher.
    """
    return nan if interpolated < NO_BARRIER else 1 - recomputed / interpolated


def path_metrics(columns: Mapping[str, Sequence[float]], num_classes: int) -> dict[str, float]:
    """All of the above for one path; a NaN along the path makes its metrics NaN.

    Args:
        columns: `weight` from 0 to 1 in at least five even steps, and at each `accuracy` (also `_even`, `_odd`: on the
            images of even and of odd number), `loss` (nats), `mir`, `mir_batch`, `hdr`, `hdr_batch`.
        num_classes: C; chance is 1 / C.
    """
    weights, accuracies = columns["weight"], columns["accuracy"]
    metrics = {
        "accuracy_barrier": accuracy_barrier(accuracies),
        "accuracy_barrier_cross_fitted": cross_fitted_barrier(columns["accuracy_even"], columns["accuracy_odd"]),
        "loss_barrier": loss_barrier(weights, columns["loss"]),
        "accuracy_ends": _ends(accuracies),
        "accuracy_least": float(np.min(accuracies)),
        "accuracy_least_share": float(np.min(accuracies)) * num_classes,
    }
    metrics |= {f"{name}_span": span(columns[name]) for name in ("accuracy", "mir", "mir_batch", "hdr", "hdr_batch")}
    metrics |= {f"{name}_rise": rise_in_middle(weights, columns[name]) for name in ("mir", "mir_batch")}
    return metrics | {f"{name}_change_near_ends": change_near_ends(columns[name]) for name in ("hdr", "hdr_batch")}


def _ends(values: Sequence[float]) -> float:
    return (values[0] + values[-1]) / 2
