"""The columns that a run logs over time."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan


class TrajectoryLog:
    """Columns of equal length, `step` among them; a value that is missing at one step is NaN there."""

    def __init__(self) -> None:
        self._rows: list[dict[str, float]] = []

    def append(self, step: int, values: Mapping[str, float]) -> None:
        """Add one row. Steps must increase."""
        if self._rows and step <= self._rows[-1]["step"]:
            raise ValueError(f"step {step} after step {self._rows[-1]['step']:.0f}")
        self._rows.append({"step": float(step), **values})

    def __len__(self) -> int:
        return len(self._rows)

    def latest(self, count: int) -> list[dict[str, float]]:
        """Copies of the last `count` rows, the oldest first; fewer where there are not so many yet."""
        return [dict(row) for row in self._rows[-count:]] if count > 0 else []

    def columns(self) -> dict[str, list[float]]:
        """The log as columns, in the order in which they first appeared."""
        names = dict.fromkeys(name for row in self._rows for name in row)
        return {name: [row.get(name, nan) for row in self._rows] for name in names}

    def state_dict(self) -> list[dict[str, float]]:
        """The rows, for a checkpoint."""
        return [dict(row) for row in self._rows]

    def load_state_dict(self, rows: list[dict[str, float]]) -> None:
        """Replace the rows by those of a checkpoint."""
        self._rows = [dict(row) for row in rows]
