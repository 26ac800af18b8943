"""Panels that show a metric of finished runs against one of their settings: temperature, smoothing, sparsity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from interplay.errors import InterplayError
from interplay.figures.spread import bars
from interplay.records import Record
from interplay.records.values import metric, setting

Levels = Mapping[float, Sequence[Record]]


def by_level(records: Sequence[Record], name: str) -> dict[float, list[Record]]:
    """Records by the value of a setting, the smallest first; of every level only the seeds that all levels have.

    Otherwise a seed that some levels lack would look like an effect of the setting.

    Raises:
        InterplayError: a record lacks the setting, or no seed has all levels.
    """
    levels: dict[float, list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.seed):
        levels[setting(record, name)].append(record)
    common = set.intersection(*({record.seed for record in runs} for runs in levels.values()))
    if not common:
        raise InterplayError(f"{records[0].name} and its siblings: no seed has every {name}; run what is missing")
    return {level: [record for record in levels[level] if record.seed in common] for level in sorted(levels)}


def against(axes: Axes, levels: Levels, name: str, label: str | None, style: Mapping[str, Any]) -> None:
    """Mean of a metric over the runs of each level, with error bars of their spread.

    Raises:
        InterplayError: a record lacks the metric.
    """
    bars(axes, list(levels), [[metric(record, name) for record in runs] for runs in levels.values()], label, style)


def seeds_of(levels: Levels) -> int:
    """How many seeds each level has."""
    return len({record.seed for runs in levels.values() for record in runs})


def level_ticks(axes: Axes, levels: Levels, form: str = "{:g}", scale: float = 1.0) -> None:
    """One tick for every level, at `scale` times its value, and no others."""
    axes.set_xticks(list(levels), [form.format(scale * level) for level in levels])
    axes.minorticks_off()
