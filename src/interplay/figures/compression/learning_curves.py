"""compression25 Fig. 3.1: accuracy and loss of both networks on both data sets over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from interplay.evidence.scenarios import why_not_compared
from interplay.figures import style
from interplay.figures.axes import theory_line
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.compression.claimed import claimed_handle, shade, shade_turns
from interplay.figures.compression.scenario_frames import column_of, epochs_frame, join
from interplay.figures.compression.scenario_panels import GREY, SPLITS, Panel, draw_curve, grid, legend, panels_of
from interplay.figures.printed import PLACE, WITHHELD
from interplay.records import Record

LOOKS: dict[str, style.Line] = {"accuracy": {"color": style.BLUE}, "loss": {"color": style.RED}}
TICKS = (0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.995, 1)
PUBLISHED = "compression25/table3.1"
PRINTED = {"accuracy": ("Test accuracy", "test_accuracy", 0.01), "loss": ("Test loss", "test_loss", 1.0)}
WORDS = {
    "printed": "printed",
    "margin": "printed, with the margin of the claim",
    "apart": WITHHELD,
}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`value` by run, epoch, split and quantity: accuracy from 0 to 1, and loss, the cross-entropy in nats.

    Raises:
        InterplayError: a record lacks a column.
    """
    kinds = [{"split": split, "quantity": quantity} for split in SPLITS for quantity in LOOKS]
    return join(
        [
            epochs_frame(run, [(one, column_of(run, f"{one['split']}_{one['quantity']}")) for one in kinds])
            for run in records
        ]
    )


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Accuracy above, loss below; a column per scenario. Solid on train, dashed on test.

    Accuracy has an axis that is stretched near 1, where claims about it are decided. Values that the thesis prints of
    the end stand at the right margin: filled, with the margin of the claim about them, where a run followed the
    published protocol on the published data; hollow, to be compared with nothing, where it did not.
    """
    panels = panels_of(records, beside.reference)
    figure, axes = grid(panels, 2, 4.0)
    for (above, below), panel in zip(axes.T, panels, strict=True):
        curves(above, below, panel)
    stretch_accuracy(axes[0, 0])
    axes[1, 0].set(yscale="log", ylabel="cross-entropy (nats)")
    axes[1, 0].set_ylim(*axes[1, 0].get_ylim())  # what is shaded does not move it
    marks: set[str] = set()
    asked = False
    for (above, below), panel in zip(axes.T, panels, strict=True):
        stop = panel.runs[0].protocol.get("stop_at_loss")
        if stop:
            theory_line(below, stop, f"end of training, {stop:g}")
        asked |= shade(above, beside.limits("train_accuracy", panel.runs), panel.last_epoch)
        asked |= shade(below, beside.limits("train_loss", panel.runs), panel.last_epoch)
        asked |= shade_turns(below, beside.limits("test_loss", panel.runs))
        marks |= {
            mark_printed(axis, quantity, panel, beside) for axis, quantity in ((above, "accuracy"), (below, "loss"))
        }
    more: list[Any] = printed_handles(marks)
    more += [claimed_handle("train accuracy and loss at the end; epochs in which test loss is lowest")] if asked else []
    legend(figure, panels, more=more)
    return figure


def curves(accuracy: Axes, loss: Axes, panel: Panel) -> None:
    """Accuracy and loss on both splits."""
    frame = tidy(panel.runs)
    for axes, (quantity, look) in zip((accuracy, loss), LOOKS.items(), strict=True):
        for split, line in SPLITS.items():
            draw_curve(axes, frame[(frame["quantity"] == quantity) & (frame["split"] == split)], look | line)


def stretch_accuracy(axes: Axes) -> None:
    """An axis of accuracies on which an error of half a percent is a fourteenth: square root of the share of errors."""
    axes.set_yscale("function", functions=(_stretched, _unstretched))
    axes.set_ylim(0, 1.0004)  # a line at 1 is not cut in half
    axes.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS], fontsize=6)
    axes.minorticks_off()
    axes.set_ylabel("accuracy\n(stretched near 1)")


def _stretched(accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
    errors = 1 - np.asarray(accuracy, dtype=np.float64)
    return 1 - np.sign(errors) * np.sqrt(np.abs(errors))


def _unstretched(place: NDArray[np.float64]) -> NDArray[np.float64]:
    root = 1 - np.asarray(place, dtype=np.float64)
    return 1 - np.sign(root) * root**2


def mark_printed(axes: Axes, quantity: str, panel: Panel, beside: Beside) -> str:
    """Mark the value that the thesis prints of the end at the right margin; returns which entry of a legend says so.

    That is one of WORDS, or nothing where nothing is printed.
    """
    column, metric, unit = PRINTED[quantity]
    table = beside.published.table(PUBLISHED) if beside.published else None
    value = table.cell(panel.key.row, column).value if table and panel.key.row in table.rows else None
    if value is None:
        return ""
    apart = bool(why_not_compared(panel.runs[0]))
    margins = [one.within for one in beside.limits(metric, panel.runs) if one.within is not None]
    place: Any = {"transform": axes.get_yaxis_transform(), "clip_on": False, "zorder": 5}
    if margins and not apart:
        low, high = sorted(axes.get_ylim())
        ends = [max(low, unit * (value - max(margins))), min(high, unit * (value + max(margins)))]
        axes.plot([PLACE, PLACE], ends, color=style.BLACK, linewidth=1.0, **place)
    mark = "apart" if apart else "margin" if margins else "printed"
    axes.plot([PLACE], [unit * value], **_mark(mark), **place)
    return mark


def printed_handles(marks: set[str]) -> list[Line2D]:
    """Entries of a legend for the marks that were made."""
    return [Line2D([], [], label=words, **_mark(mark)) for mark, words in WORDS.items() if mark in marks]


def _mark(mark: str) -> style.Line:
    hollow = {"markerfacecolor": "white", "color": GREY} if mark == "apart" else {"color": style.BLACK}
    return {"marker": "D", "markersize": 2.4 if mark == "margin" else 3.6, "linestyle": "", **hollow}
