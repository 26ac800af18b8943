"""Tidy frames of the thesis' runs: one row per number read, with the run that it is of and what it measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interplay.errors import InterplayError
from interplay.evidence.layers import layer_columns
from interplay.evidence.scenarios import scenario
from interplay.figures.frames import identity
from interplay.records import Record


def run_labels(run: Record) -> dict[str, Any]:
    """What says which run a row is of: its identity, and the network.

    Raises:
        InterplayError: the run is of no scenario of the thesis.
    """
    return {**identity(run), "network": scenario(run).network}


def column_of(run: Record, name: str) -> NDArray[np.float64]:
    """A column of a run's trajectory, one value an epoch; NaN where it was not read.

    Raises:
        InterplayError: it is not there.
    """
    if name not in run.trajectory:
        raise InterplayError(f"{run.name}: no column {name!r} in its trajectory; delete the record and rerun")
    return np.asarray(run.trajectory[name], dtype=np.float64)


def epochs_frame(run: Record, values: Iterable[tuple[Mapping[str, object], NDArray[np.float64]]]) -> pd.DataFrame:
    """Rows of one run: labels of its own, `epoch`, those given with each column of values, and `value`.

    Epochs at which a value was not read (NaN) have no row.
    """
    epochs = column_of(run, "step")
    rows = [
        {**run_labels(run), "epoch": float(epoch), **labels, "value": float(value)}
        for labels, column in values
        for epoch, value in zip(epochs, column, strict=True)
        if np.isfinite(value)
    ]
    return pd.DataFrame(rows)


def join(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several frames in order; those without rows have no columns either and are left out."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def layers_frame(records: Sequence[Record], prefixes: Mapping[str, Mapping[str, object]]) -> pd.DataFrame:
    """Every column `<prefix>_l<layer>` of every run in long form; `prefixes` gives the labels of each prefix.

    Raises:
        InterplayError: a run has no such column of a prefix.
    """
    return join(
        [
            epochs_frame(
                run,
                (
                    ({"layer": layer, **labels}, column)
                    for prefix, labels in prefixes.items()
                    for layer, column in layer_columns(run, prefix).items()
                ),
            )
            for run in records
        ]
    )
