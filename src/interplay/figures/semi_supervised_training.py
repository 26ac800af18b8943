"""What MAX MI and MIN HD change in FreeMatch: error, MIR, HDR, mask rate and pseudo-labels over training."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from interplay.evidence.methods import setting_and_method
from interplay.evidence.semi_supervised import BASELINE, BASELINE_NAME, ROWS, final_runs
from interplay.figures import style
from interplay.figures.axes import by_level_of_evidence, shared_legend
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.frames import trajectory_frame
from interplay.figures.spread import mean_line, shared_points
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import setting

COLUMNS = {
    "test_error": "test error",
    "mir": "MIR, exact",
    "hdr": "HDR, exact",
    "mask_rate": "mask rate",
    "pseudo_label_accuracy": "pseudo-labels right",
}
OF_PSEUDO_LABELS = ("mask_rate", "pseudo_label_accuracy")  # the baseline makes none
LOOKS: dict[str, style.Line] = {
    BASELINE: {"color": style.BLACK, "linestyle": (0, (1, 1))},
    "fixmatch": {"color": style.ORANGE, "linestyle": (0, (5, 1))},
    "freematch": {"color": style.BLACK, "linestyle": "-"},
    "max_mi": {"color": style.BLUE, "linestyle": (0, (3, 1, 1, 1))},
    "min_hd": {"color": style.RED, "linestyle": (0, (7, 2))},
}
ROW_HEIGHT, HEAD = 1.15, 1.0  # inches, of a setting, and of legend and labels


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each logged step of each run: method, labels, test error and the others as shares, MIR, HDR.

    Mask rate and accuracy of pseudo-labels, of about the last fifty steps, are NaN for the baseline and before the
    first step.
    """
    frames = []
    for of_baseline in (True, False):
        runs = [run for run in _shown(records) if (setting_and_method(run)[1] == BASELINE) == of_baseline]
        if runs:
            columns = [name for name in COLUMNS if not (of_baseline and name in OF_PSEUDO_LABELS)]
            methods = {run.name: setting_and_method(run)[1] for run in runs}
            labels = {run.name: int(setting(run, "labels")) for run in runs}
            frame = trajectory_frame(runs, columns, labels=labels, method=methods)
            frames.append(frame.assign(**{name: float("nan") for name in COLUMNS if name not in columns}))
    return pd.concat(frames, ignore_index=True)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """A row for each data set and number of labels, those of the reference last; a column for each quantity."""
    rows = _rows(records, "") + [
        row for level in by_level_of_evidence(beside.reference) for row in _rows(level, f"\n{level[0].tier} protocol")
    ]
    size = (style.PAGE, HEAD + ROW_HEIGHT * len(rows))
    figure, axes = plt.subplots(len(rows), len(COLUMNS), figsize=size, squeeze=False, sharex="row")
    for place, (panels, (title, runs)) in enumerate(zip(axes, rows, strict=True), start=1):
        frame = tidy(runs)
        for panel, column in zip(panels, COLUMNS, strict=True):
            _panel(panel, frame, column)
            _few_ticks(panel, frame["step"].max(), last_row=place == len(rows))
        panels[0].set_ylabel(title, fontsize=6)
    for panel, name in zip(axes[0], COLUMNS.values(), strict=True):
        panel.set_title(name, fontsize=7)
    shared_legend(figure, columns=3)
    return figure


def _rows(records: Sequence[Record], where: str) -> list[tuple[str, list[Record]]]:
    """The runs of each setting with its title, data sets in the order of the document, few labels first."""
    groups: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for run in _shown(records):
        groups[run.dataset or "", int(setting(run, "labels"))].append(run)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0].startswith("stl"), len(item[0][0]), item[0]))
    return [(_title(runs[0], labels) + where, runs) for (_, labels), runs in ordered]


def _title(run: Record, labels: int) -> str:
    return "\n".join([*dataset_label(run).replace(" (", "|(").split("|"), f"{labels:,} labels"])


def _shown(records: Sequence[Record]) -> list[Record]:
    """The runs of the five methods as they are: variants of a method, such as another weight decay, are left out."""
    return [run for run in final_runs(records) if setting_and_method(run)[1] in LOOKS]


def _panel(axes: Axes, frame: pd.DataFrame, column: str) -> None:
    for method, look in LOOKS.items():
        runs = frame.loc[frame["method"] == method]
        if not runs.empty and not shared_points(runs, "step", column).empty:
            mean_line(axes, runs, "step", column, ROWS.get(method, BASELINE_NAME), look | {"linewidth": 1.0})
    if column == "hdr" and (frame[column] > 0).all():
        axes.set_yscale("log")  # it falls by powers of ten, and methods differ by factors
        axes.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), minor_locator=NullLocator())
        axes.yaxis.set_major_formatter("{x:g}")
    if column in OF_PSEUDO_LABELS:
        axes.set_ylim(0, 1.02)
    axes.set_ylabel("")
    axes.tick_params(labelsize=5.5, which="both")


def _few_ticks(axes: Axes, last: float, *, last_row: bool) -> None:
    """First and last step alone: a panel is too narrow for more; the axis is named below the lowest row."""
    axes.set_xticks([0, last], ["0", f"{int(last):,}"])
    axes.set_xlabel("training step" if last_row else "", fontsize=6)
