"""Tidy frames: one row an observation, with what tells runs apart in columns of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from interplay.errors import InterplayError
from interplay.records import Record
from interplay.records.values import metric, setting


def identity(record: Record) -> dict[str, Any]:
    """What tells a run apart: its tier, the published data set, the one that was read, its seed.

    The data sets are None for runs that read none.
    """
    return {
        "tier": record.tier,
        "dataset": record.dataset,
        "data_read": record.dataset_used,
        "seed": record.seed,
    }


def trajectory_frame(records: Iterable[Record], columns: Sequence[str], **named: Mapping[str, Any]) -> pd.DataFrame:
    """A row for each logged step of each run: `step`, and the columns of its trajectory under their own names.

    `named` holds further columns: a value for each record, by the record's name.

    Raises:
        InterplayError: a record lacks a column.
    """
    parts = []
    for record in records:
        for name in ("step", *columns):
            if name not in record.trajectory:
                raise InterplayError(
                    f"{record.name}: no column {name!r} in its trajectory; delete the record and rerun"
                )
        part = pd.DataFrame({name: record.trajectory[name] for name in ("step", *columns)})
        further = {column: values[record.name] for column, values in named.items()}
        for place, (column, value) in enumerate({**identity(record), **further}.items()):
            part.insert(place, column, [value] * len(part))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def metric_frame(records: Iterable[Record], settings: Sequence[str], metrics: Sequence[str]) -> pd.DataFrame:
    """A row for each run: what tells it apart, numbers among its settings, and metrics, under their own names.

    Raises:
        InterplayError: a record lacks a setting or a metric.
    """
    return pd.DataFrame(
        [
            {
                **identity(record),
                **{name: setting(record, name) for name in settings},
                **{name: metric(record, name) for name in metrics},
            }
            for record in records
        ]
    )


def table_frame(record: Record, table: str, columns: Sequence[str]) -> pd.DataFrame:
    """A row for each row of a record's table, with some of its columns.

    Raises:
        InterplayError: the record lacks the table, or a row lacks a column.
    """
    rows = record.tables.get(table, [])
    lacking = [name for name in columns if any(name not in row for row in rows)]
    if not rows or lacking:
        what = f"no {lacking[0]} in its table {table}" if lacking else f"no table {table}"
        raise InterplayError(f"{record.name}: {what}; delete the record and rerun")
    return pd.DataFrame([{**identity(record), **{name: row[name] for name in columns}} for row in rows])
