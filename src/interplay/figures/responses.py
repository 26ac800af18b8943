"""Metrics of finished runs against one of their settings: temperature, smoothing, sparsity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from interplay.errors import InterplayError
from interplay.figures.frames import metric_frame
from interplay.figures.limits import Limit, draw_limits
from interplay.figures.spread import mean_line
from interplay.records import Record
from interplay.records.values import setting


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


def response_frame(groups: Sequence[Sequence[Record]], name: str, metrics: Sequence[str]) -> pd.DataFrame:
    """A row for each run: its level of a setting, and metrics; of each group the seeds that all its levels have.

    Raises:
        InterplayError: a record lacks the setting or a metric, or no seed of a group has all levels.
    """
    kept = [record for runs in groups for level in by_level(runs, name).values() for record in level]
    return metric_frame(kept, [name], metrics)


def response(
    axes: Axes, frame: pd.DataFrame, name: str, metric: str, label: str | None, look: Mapping[str, Any]
) -> None:
    """Mean of a metric over the runs of each level of a setting, with bars of their spread."""
    mean_line(axes, frame, name, metric, label, look, shown_as="bars")


def margins(axes: Axes, frame: pd.DataFrame, name: str, metric: str, found: Sequence[Limit]) -> None:
    """The bounds of claims on a metric; how far levels may differ as a band around the middle of their means."""
    means = frame.groupby(name)[metric].mean()
    draw_limits(axes, found, around=float(means.min() + means.max()) / 2)


def span(frame: pd.DataFrame, name: str, metric: str) -> float:
    """Greatest less smallest mean of a metric over the levels of a setting."""
    means = frame.groupby(name)[metric].mean()
    return float(means.max() - means.min())


def zoom(axes: Axes, frame: pd.DataFrame, metrics: Sequence[str], least: float) -> None:
    """An axis that shows what the levels differ by: as high as all runs need, and at least `least`, around them.

    Where it does not begin at zero its label says so.
    """
    values = frame[list(metrics)].to_numpy(dtype=np.float64)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = max(0.15 * (high - low), (least - (high - low)) / 2)
    bottom = low - margin if low - margin > 0 else min(0.0, low - 0.1 * (high - low))
    axes.set_ylim(bottom, high + margin)
    if bottom > 0:
        axes.set_ylabel(f"{axes.get_ylabel()}, from {axes.get_ylim()[0]:.2g}")


def level_ticks(axes: Axes, levels: Sequence[float], form: str = "{:g}", scale: float = 1.0) -> None:
    """One tick for every level, at `scale` times its value, and no others."""
    axes.set_xticks(sorted(levels), [form.format(scale * level) for level in sorted(levels)])
    axes.minorticks_off()
