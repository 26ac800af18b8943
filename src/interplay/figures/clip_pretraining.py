"""note q2.pretraining: how the small CLIP was trained that takes the place of the published weights."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import accuracy_axis, shared_legend, theory_line
from interplay.figures.frames import trajectory_frame
from interplay.figures.spread import mean_line
from interplay.records import Record

RETRIEVAL: dict[str, tuple[str, style.Line]] = {
    "test_retrieval_accuracy": ("captions of held-out pictures", {"color": style.BLUE, "linestyle": "-"}),
    "test_picture_retrieval_accuracy": (
        "held-out pictures of captions",
        {"color": style.RED, "linestyle": (0, (5, 1))},
    ),
}
LOSS = "test_loss"


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each logged step of each run: loss (nats) and shares of right retrievals on held-out pictures."""
    return trajectory_frame(records, (LOSS, *RETRIEVAL))


def draw(records: Sequence[Record]) -> Figure:
    """Loss on the left, retrieval with its chance level on the right."""
    frame = tidy(records)
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.PAGE, 2.6))
    mean_line(left, frame, "step", LOSS, "contrastive loss, held-out", style.ACCURACY)
    left.set(xlabel="step", ylabel="loss (nats)", ylim=(0, None))
    for series, (label, look) in RETRIEVAL.items():
        mean_line(right, frame, "step", series, label, look)
    right.set(xlabel="step", ylabel="retrieved at first place")
    accuracy_axis(right)
    sample = records[0].settings["test_sample"]
    theory_line(right, 1 / sample, f"chance, 1/{sample}", "right")
    shared_legend(figure, columns=3)
    return figure
