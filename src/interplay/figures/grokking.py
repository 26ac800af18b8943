"""metrics24 Fig. 9 = interplay24 Fig. 7: accuracy, MIR and HDR during grokking."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.panels import accuracy_axis, curve, step_ticks
from interplay.records import Record

SPLIT_STYLES = (("train", (0, (1, 1))), ("test", "-"))


def draw(records: Sequence[Record]) -> Figure:
    """Accuracy, MIR and HDR one above the other, over logarithmic steps: dotted on train, solid on test."""
    first = records[0]
    figure, axes = plt.subplots(3, 1, figsize=(style.COLUMN, 5.2), sharex=True)
    p, fraction = first.protocol["modulus"], first.protocol["train_fraction"]
    figure.suptitle(f"a + b mod {p}, {fraction:.0%} of all pairs for training", fontsize=8)
    for split, line in SPLIT_STYLES:
        curve(axes[0], records, f"{split}_accuracy", f"{split} pairs", {"color": style.BLACK, "linestyle": line})
        curve(axes[1], records, f"{split}_mir", f"{split} pairs, exact", {"color": style.BLUE, "linestyle": line})
        curve(axes[2], records, f"{split}_hdr", f"{split} pairs, exact", {"color": style.RED, "linestyle": line})
    batch = first.protocol["trajectory"]["batch_size"]
    curve(axes[1], records, "train_mir_batch", f"train pairs, batches of {batch}", style.MIR_BATCH)
    curve(axes[2], records, "train_hdr_batch", f"train pairs, batches of {batch}", style.HDR_BATCH)
    accuracy_axis(axes[0])
    axes[1].set_ylabel("MIR")
    axes[2].set_ylabel("HDR")
    steps = first.trajectory["step"]
    axes[2].set_xscale("symlog", linthresh=steps[1])
    axes[2].set_xlim(0, steps[-1])
    axes[2].set_xlabel("training step")
    step_ticks(axes[2], steps[1], steps[-1])
    # Above each panel: the curves fill the panels themselves.
    for panel in axes:
        panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, handlelength=3)
    return figure
