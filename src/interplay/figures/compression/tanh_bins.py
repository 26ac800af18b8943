"""compression25 Fig. 1.2: tanh and the 30 bins into which earlier work sorted activations."""

from __future__ import annotations

from collections.abc import Sequence
from math import atanh

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.records import Record

BINS = 30  # of equal width on [-1, 1] (compression25 Fig. 1.2)
NEARLY = 0.05  # tanh departs from the line by at most this share of it
REACH = 3.0


def tidy(_: Sequence[Record]) -> pd.DataFrame:
    """`tanh` of pre-activations `phi`, the number of its `bin` from 0, and whether it is nearly linear there."""
    phi = np.linspace(-REACH, REACH, 601)
    height = np.tanh(phi)
    number = np.minimum((height + 1) / 2 * BINS, BINS - 1).astype(int)
    return pd.DataFrame(
        {"phi": phi, "tanh": height, "bin": number, "nearly_linear": np.abs(phi) <= nearly_linear_up_to(NEARLY)}
    )


def draw(records: Sequence[Record]) -> Figure:
    """tanh over pre-activations with its line at 0, the borders of the bins, and the part that is nearly linear.

    Drawn from the functions themselves; the record only says which checks of this document stand beside it.
    """
    figure, axes = plt.subplots(figsize=(style.COLUMN, 2.9))
    frame, borders = tidy(records), np.linspace(-1, 1, BINS + 1)
    edge, last = nearly_linear_up_to(NEARLY), atanh(float(borders[-2]))
    axes.grid(False)
    axes.hlines(borders, -REACH, REACH, color="#d5d5d5", linewidth=0.5)
    axes.axvspan(-edge, edge, color=style.SKY, alpha=0.3, linewidth=0)
    for side in (-1, 1):
        low, high = sorted((side * float(borders[-2]), side * 1.0))
        axes.fill_between([side * last, side * REACH], low, high, color=style.ORANGE, alpha=0.6, linewidth=0)
    dashed: style.Line = {"color": style.BLACK, "linestyle": (0, (4, 2)), "linewidth": 0.9}
    sns.lineplot(frame, x="phi", y="phi", ax=axes, label=r"$\phi$", **dashed)
    sns.lineplot(frame, x="phi", y="tanh", ax=axes, label=r"$h_i = \tanh\,\phi$", color=style.BLUE)
    axes.set(
        xlim=(-REACH, REACH), ylim=(-1.05, 1.05), xlabel=r"pre-activation $\phi$", ylabel=rf"$h_i$, in {BINS} bins"
    )
    words = f"within {NEARLY:.0%} of linear\nfor $|\\phi|$ < {edge:.2f}: {np.tanh(edge):.0%}\nof the range of $h_i$"
    axes.annotate(words, (edge, -0.2), xytext=(0.85, -0.36), fontsize=6, va="top", arrowprops=_ARROW)
    words = f"first or last bin\nfor $|\\phi|$ > {last:.2f}"
    axes.annotate(words, (2.2, 0.94), xytext=(1.45, 0.66), fontsize=6, va="top", arrowprops=_ARROW)
    axes.legend(loc="upper left", handlelength=2.4)
    return figure


_ARROW = {"arrowstyle": "-", "linewidth": 0.5, "color": "#555555", "shrinkB": 0}


def nearly_linear_up_to(share: float) -> float:
    """The phi > 0 at which tanh(phi) = (1 - share) phi, by Newton's method from above."""
    phi = 2.0
    for _ in range(60):
        value = np.tanh(phi) - (1 - share) * phi
        phi -= value / (1 / np.cosh(phi) ** 2 - (1 - share))
    return float(phi)
