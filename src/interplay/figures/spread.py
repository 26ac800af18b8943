"""What several runs say together, and how a figure shows it: the one place of that rule.

Of three or more runs a figure shows the mean with the 95 % t interval of the mean; of two it shows the mean and each
run, because an interval from two runs is a guess (t is 12.7) and their range looks like one. It always says how many
runs there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy
import seaborn as sns
from matplotlib.axes import Axes

from interplay.evidence.statistics import LEVEL

LEAST_FOR_INTERVAL = 3
FAINT = 0.18
NEUTRAL = "#777777"
SINGLE: dict[str, Any] = {"linewidth": 0.6, "alpha": 0.55}
Spread = Literal["band", "bars"]


def t_interval(values: Iterable[float]) -> tuple[float, float]:
    """Ends of the 95 % t interval of the mean, for seaborn's `errorbar`; both NaN for fewer than three values.

    Normal runs are assumed: mean +- t(n - 1) * s / sqrt(n).
    """
    sample = np.array([*values], dtype=np.float64)
    if len(sample) < LEAST_FOR_INTERVAL:
        return float("nan"), float("nan")
    half = float(scipy.stats.t.ppf((1 + LEVEL) / 2, len(sample) - 1)) * float(sample.std(ddof=1)) / sqrt(len(sample))
    return float(sample.mean()) - half, float(sample.mean()) + half


def spread_name(runs: int, shown_as: Spread = "band") -> str:
    """What a figure shows of so many runs, in words."""
    if runs >= LEAST_FOR_INTERVAL:
        return f"{shown_as}: {100 * LEVEL:g} % t interval of the mean, n = {runs}"
    return f"thin: single runs, n = {runs}" if runs > 1 else "n = 1 run"


def shared_points(frame: pd.DataFrame, x: str, y: str, unit: str = "seed") -> pd.DataFrame:
    """The rows at those `x` where every run has a finite `y`: elsewhere a mean would be of fewer runs."""
    finite = frame.loc[np.isfinite(frame[y].to_numpy(dtype=np.float64))]
    held = finite.groupby(x)[unit].nunique()
    shared: pd.DataFrame = finite.loc[finite[x].isin(held.index[held == frame[unit].nunique()])]
    return shared


def mean_line(
    axes: Axes,
    frame: pd.DataFrame,
    x: str,
    y: str,
    label: str | None,
    look: Mapping[str, Any],
    *,
    unit: str = "seed",
    shown_as: Spread = "band",
) -> None:
    """The mean over runs of column `y` against `x`, with their spread by the rule above, and an entry that names it.

    `unit` is the column that tells the runs of this line apart. Points that a run lacks are left out of the mean.
    """
    runs = frame[unit].nunique()
    drawn = shared_points(frame, x, y, unit)
    if drawn.empty:
        return
    style, labels = dict(look), (axes.get_xlabel(), axes.get_ylabel())
    if "marker" in style:
        style.setdefault("markeredgecolor", style["color"])  # seaborn's is white, as our open markers are within
    sns.lineplot(
        data=drawn,
        x=x,
        y=y,
        estimator="mean",
        errorbar=t_interval if runs >= LEAST_FOR_INTERVAL else None,
        err_style=shown_as,
        err_kws={"alpha": FAINT, "linewidth": 0} if shown_as == "band" else {"capsize": 2.2, "elinewidth": 0.8},
        ax=axes,
        label=label,
        legend=False,
        **style,
    )
    if 1 < runs < LEAST_FOR_INTERVAL:
        single = {key: value for key, value in style.items() if not key.startswith("marker")} | SINGLE
        sns.lineplot(data=frame, x=x, y=y, units=unit, estimator=None, ax=axes, legend=False, **single)
    name_spread(axes, runs, shown_as)
    axes.set(xlabel=labels[0], ylabel=labels[1])  # seaborn names axes after columns, also where panels share one


def name_spread(axes: Axes, runs: int, shown_as: Spread = "band") -> None:
    """An entry of the legend that says of how many runs a line is, and what is shown of their spread."""
    name = spread_name(runs, shown_as)
    if name in axes.get_legend_handles_labels()[1]:
        return
    if runs < LEAST_FOR_INTERVAL:
        axes.plot([], [], color=NEUTRAL, label=name, **SINGLE | {"linestyle": "-" if runs > 1 else "none"})
    elif shown_as == "band":
        axes.fill_between([], [], color=NEUTRAL, alpha=2 * FAINT, linewidth=0, label=name)
    else:
        axes.errorbar([], [], yerr=[], fmt="none", ecolor=NEUTRAL, elinewidth=0.8, label=name)
