"""compression25 Fig. 2.4: the time line of one epoch, from measured seconds."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.compression.scenario_frames import column_of, epochs_frame, join
from interplay.figures.compression.scenario_panels import panels_of
from interplay.records import Record

PREFIX = "seconds_"
# The document's blue, orange and green.
KINDS = {"gradient steps": style.BLUE, "passes with frozen weights": style.ORANGE, "V-information networks": "#009E73"}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`value` in seconds by run, `phase`, `kind` of work and epoch, where the phase was run.

    Raises:
        InterplayError: a record has no column seconds_*.
    """
    frame = join(
        [
            epochs_frame(run, [({"phase": name, "kind": kind(name)}, column_of(run, f"{PREFIX}{name}"))])
            for run in records
            for name in phases_of(run)
        ]
    )
    return frame[frame["value"] > 0].reset_index(drop=True)


def draw(records: Sequence[Record]) -> Figure:
    """A panel per scenario, a row per phase in the order in which an epoch does them; the mean of all epochs."""
    panels = panels_of(records)
    rows = [len(phases_of(panel.runs[0])) for panel in panels]
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(style.PAGE, 0.9 + sum(0.5 + 0.17 * row for row in rows)), squeeze=False
    )
    for axis, panel in zip(axes[:, 0], panels, strict=True):
        bars = mean_seconds(tidy(panel.runs), phases_of(panel.runs[0]))
        _bars(axis, bars)
        epochs = sum(len(run.trajectory["step"]) - 1 for run in panel.runs)
        runs = f"{len(panel.runs)} run{'s' * (len(panel.runs) > 1)}"
        axis.set_title(
            f"{panel.title}: {bars['seconds'].sum():.3g} s, mean of {epochs} epochs of {runs}".replace("\n", " ")
        )
    axes[-1, 0].set_xlabel(f"seconds within an epoch, on {records[0].provenance.device}")
    handles = [Patch(color=colour, label=name) for name, colour in KINDS.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(KINDS))
    return figure


def phases_of(record: Record) -> list[str]:
    """Phases of an epoch in the order in which they are done.

    Raises:
        InterplayError: the record has no column seconds_*.
    """
    found = [name.removeprefix(PREFIX) for name in record.trajectory if name.startswith(PREFIX)]
    if not found:
        raise InterplayError(f"{record.name}: no column {PREFIX}* in its trajectory; delete the record and rerun")
    return found


def mean_seconds(frame: pd.DataFrame, phases: Sequence[str]) -> pd.DataFrame:
    """`seconds` and `start` by `phase`, one after another: means over the epochs in which it was run, then over runs.

    The row before training has none of some phases, and V-information is not read at every epoch.
    """
    of_runs = frame.groupby(["phase", "seed"])["value"].mean()
    means = of_runs.groupby("phase").mean().reindex([*phases]).fillna(0.0).rename("seconds").reset_index()
    return means.assign(start=means["seconds"].cumsum() - means["seconds"], kind=means["phase"].map(kind))


def kind(phase: str) -> str:
    """Which of the three kinds of work a phase is."""
    if any(word in phase for word in ("sufficiency", "minimality", "information")):
        return "V-information networks"
    return "gradient steps" if any(word in phase for word in ("gradient", "steps", "training")) else list(KINDS)[1]


def _bars(axes: Axes, bars: pd.DataFrame) -> None:
    total = float(bars["seconds"].sum())
    axes.barh(bars.index, bars["seconds"], left=bars["start"], height=0.62, color=bars["kind"].map(KINDS), linewidth=0)
    for row, start, length in bars[["start", "seconds"]].itertuples():
        late = start + length > 0.85 * total
        axes.annotate(
            f"{length:.2g} s, {length / total:.1%}" if total else "0 s",
            (start if late else start + length, row),
            xytext=(-3 if late else 3, 0),
            textcoords="offset points",
            ha="right" if late else "left",
            va="center",
            fontsize=6,
        )
    axes.set_yticks(bars.index, [phase.replace("_", " ") for phase in bars["phase"]])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlim(0, total or 1.0)
    axes.grid(axis="y", visible=False)
