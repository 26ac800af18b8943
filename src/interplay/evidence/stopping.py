"""Early stopping replayed on a trajectory: the third question of the note."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from interplay.errors import InterplayError
from interplay.protocols.claims import Criterion
from interplay.records import Record

PATIENCES = (0.05, 0.1, 0.2)  # fractions of training, at which the criteria are shown beside each other
SIGN: dict[Criterion, float] = {"stopping_loss": -1.0, "stopping_mir": 1.0, "stopping_hdr": -1.0}  # what is better


@dataclass(frozen=True)
class Stop:
    """Where a criterion ends a run and which network it keeps.

    `accuracy_lost`: accuracy at the end of the whole training minus that of the network kept, a fraction (negative:
    stopping gains). `iterations_saved`: share of the training that is not done, 0 if the criterion never stops it.
    """

    step_stopped: float
    step_kept: float
    accuracy_lost: float
    iterations_saved: float


def stop(record: Record, criterion: Criterion, patience: float) -> Stop:
    """Stop at the first logged step at which the best value so far is `patience` old, and keep the network of the best.

    `patience` is a fraction of training. The criterion and the accuracy (`stopped_accuracy`) are measured on two halves
    of the logged test images, so that no image both chooses the network and grades it. Among equals the earliest is the
    best; values that are not finite never are. The start counts as a candidate: a criterion that is at its best before
    training starts deserves to be caught by it.

    Raises:
        InterplayError: a column is missing or the criterion is never finite.
    """
    columns = ("step", criterion, "stopped_accuracy")
    for name in columns:
        if name not in record.trajectory:
            raise InterplayError(f"{record.name}: no column {name!r} in its trajectory; make the record anew")
    steps, values, accuracies = (record.trajectory[name] for name in columns)
    if not any(isfinite(value) for value in values):
        raise InterplayError(f"{record.name}: {criterion} is never finite, so it cannot stop anything")
    total = steps[-1] - steps[0]
    best = next(index for index, value in enumerate(values) if isfinite(value))
    last = len(steps) - 1
    for index, value in enumerate(values):
        if isfinite(value) and SIGN[criterion] * (value - values[best]) > 0:
            best = index
        if index > best and steps[index] - steps[best] >= patience * total:
            last = index
            break
    return Stop(
        step_stopped=steps[last],
        step_kept=steps[best],
        accuracy_lost=accuracies[-1] - accuracies[best],
        iterations_saved=(steps[-1] - steps[last]) / total if total else 0.0,
    )
