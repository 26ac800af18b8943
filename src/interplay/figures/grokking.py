"""metrics24 Fig. 9 = interplay24 Fig. 7: accuracy, MIR and HDR during grokking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import accuracy_axis, curve, step_ticks
from interplay.records import Record

SPLIT_STYLES = (("train", (0, (1, 1))), ("test", "-"))


def draw(records: Sequence[Record]) -> Figure:
    """Accuracy, MIR and HDR one above the other, over logarithmic steps: dotted on train, solid on test.

    Each seed has lines of its own: seeds generalise thousands of steps apart and may end there, and a mean over them
    would show a course that none of them took.
    """
    first = records[0]
    figure, axes = plt.subplots(3, 1, figsize=(style.COLUMN, 5.2), sharex=True)
    p, fraction = first.protocol["modulus"], first.protocol["train_fraction"]
    figure.suptitle(f"a + b mod {p}, {fraction:.0%} of all pairs for training", fontsize=8)
    for split, line in SPLIT_STYLES:
        _curves(axes[0], records, f"{split}_accuracy", f"{split} pairs", {"color": style.BLACK, "linestyle": line})
        _curves(axes[1], records, f"{split}_mir", f"{split} pairs, exact", {"color": style.BLUE, "linestyle": line})
        _curves(axes[2], records, f"{split}_hdr", f"{split} pairs, exact", {"color": style.RED, "linestyle": line})
    batch = first.protocol["trajectory"]["batch_size"]
    _curves(axes[1], records, "train_mir_batch", f"train pairs, batches of {batch}", style.MIR_BATCH)
    _curves(axes[2], records, "train_hdr_batch", f"train pairs, batches of {batch}", style.HDR_BATCH)
    accuracy_axis(axes[0])
    axes[1].set_ylabel("MIR")
    axes[2].set_ylabel("HDR")
    steps = max((record.trajectory["step"] for record in records), key=lambda steps: steps[-1])
    axes[2].set_xscale("symlog", linthresh=steps[1])
    axes[2].set_xlim(0, steps[-1])
    axes[2].set_xlabel("training step")
    step_ticks(axes[2], steps[1], steps[-1])
    # Above each panel: the curves fill the panels themselves.
    for panel in axes:
        panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, handlelength=3)
    return figure


def _curves(axes: Axes, records: Sequence[Record], series: str, label: str, look: Mapping[str, Any]) -> None:
    """A line per run, the first of them in the legend, the later ones thinner and fainter."""
    for place, record in enumerate(records):
        fainter = {"linewidth": 0.7, "alpha": 0.6} if place else {}
        curve(axes, [record], series, label if place == 0 else "_nolegend_", {**look, **fainter})
