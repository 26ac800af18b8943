"""compression25 Fig. 2.4: the time line of one epoch, from measured seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from interplay.errors import InterplayError
from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.compression.panels import column_of, title
from interplay.records import Record

PREFIX = "seconds_"
# The document's blue, orange and green.
KINDS = {"gradient steps": style.BLUE, "passes with frozen weights": style.ORANGE, "V-information networks": "#009E73"}


def draw(records: Sequence[Record]) -> Figure:
    """A panel per scenario, a row per phase in the order in which an epoch does them; the mean of all epochs."""
    groups = scenarios(records)
    phases = phases_of(records[0])
    height = 0.9 + len(groups) * (0.5 + 0.17 * len(phases))
    figure, axes = plt.subplots(len(groups), 1, figsize=(style.PAGE, height), squeeze=False)
    for panel, (key, runs) in zip(axes[:, 0], groups.items(), strict=True):
        seconds = [float(np.mean([_mean_seconds(run, phase) for run in runs])) for phase in phases]
        _bars(panel, phases, seconds)
        panel.set_title(f"{title(key, runs[0])}: {sum(seconds):.3g} s".replace("\n", " "))
    device = records[0].provenance.device
    axes[-1, 0].set_xlabel(f"seconds within an epoch, on {device}")
    figure.legend(
        handles=[Patch(color=colour, label=name) for name, colour in KINDS.items()],
        loc="outside upper center",
        ncols=len(KINDS),
    )
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


def _mean_seconds(run: Record, phase: str) -> float:
    """Mean over the epochs in which the phase was run; the row before training has none of some."""
    seconds = column_of(run, f"{PREFIX}{phase}")
    ran = seconds[np.isfinite(seconds) & (seconds > 0)]
    return float(ran.mean()) if len(ran) else 0.0


def kind(phase: str) -> str:
    """Which of the three kinds of work a phase is."""
    if any(word in phase for word in ("sufficiency", "minimality", "information")):
        return "V-information networks"
    return "gradient steps" if any(word in phase for word in ("gradient", "steps", "training")) else list(KINDS)[1]


def _bars(axes: Axes, phases: Sequence[str], seconds: Sequence[float]) -> None:
    starts = np.concatenate([[0.0], np.cumsum(seconds)])[:-1]
    total = sum(seconds)
    for row, (phase, start, length) in enumerate(zip(phases, starts, seconds, strict=True)):
        axes.barh(row, length, left=start, height=0.62, color=KINDS[kind(phase)], linewidth=0)
        late = start + length > 0.88 * total
        axes.annotate(
            f"{length:.2g} s",
            (start if late else start + length, row),
            xytext=(-3 if late else 3, 0),
            textcoords="offset points",
            ha="right" if late else "left",
            va="center",
            fontsize=6,
        )
    axes.set_yticks(range(len(phases)), [phase.replace("_", " ") for phase in phases])
    axes.set_ylim(len(phases) - 0.5, -0.5)
    axes.set_xlim(0, total or 1.0)
    axes.grid(axis="y", visible=False)
