"""How figures look, as a theme of seaborn: widths, a colour-blind safe palette, a line style for every colour."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import seaborn as sns

COLUMN = 3.5  # inches, one column of a two-column page
PAGE = 7.2  # inches, both columns

# Okabe and Ito's palette, safe for the common kinds of colour blindness; a line style goes with each colour so that
# a figure survives a black-and-white printer.
BLUE, ORANGE, RED, PURPLE, SKY, BLACK = (
    "#0072B2",
    "#E69F00",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#000000",
)
PALETTE = [BLUE, RED, ORANGE, PURPLE, SKY, BLACK]
Line = dict[str, Any]

ACCURACY: Line = {"color": BLACK, "linestyle": "-"}
FEATURES: Line = {"color": BLUE, "linestyle": "-"}
FEATURES_BATCH: Line = {"color": SKY, "linestyle": (0, (5, 1))}
HEAD: Line = {"color": RED, "linestyle": (0, (3, 1, 1, 1))}
MIR: Line = {"color": BLUE, "linestyle": "-"}
MIR_BATCH: Line = {"color": SKY, "linestyle": (0, (5, 1))}
HDR: Line = {"color": RED, "linestyle": "-"}
HDR_BATCH: Line = {"color": ORANGE, "linestyle": (0, (5, 1))}
# Markers of points at a few levels of a setting, added to a line's style.
DOT: Line = {"marker": "o"}
SQUARE: Line = {"marker": "s", "markerfacecolor": "white"}
TRIANGLE: Line = {"marker": "^"}
THEORY: Line = {"color": "#555555", "linestyle": (0, (1, 2)), "linewidth": 1.0}

SETTINGS: Any = {  # matplotlib spells every key out in its type
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "legend.fontsize": 6.5,
    "legend.title_fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    "svg.fonttype": "path",
    "svg.hashsalt": "interplay",
    "pdf.fonttype": 42,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Our theme of seaborn for every figure, undone afterwards."""
    with mpl.rc_context():
        sns.set_theme(context="paper", style="ticks", palette=PALETTE, font="DejaVu Sans", rc=SETTINGS)
        yield
