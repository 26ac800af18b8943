"""metrics24 Fig. 9 = interplay24 Fig. 7: accuracy, MIR and HDR during grokking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from interplay.figures import style
from interplay.figures.axes import by_level_of_evidence, shared_legend, theory_line
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.frames import trajectory_frame
from interplay.figures.limits import COLOUR, draw_limits
from interplay.figures.spread import NEUTRAL
from interplay.protocols.claims import BoundTest, Claim, DelayTest
from interplay.protocols.quantities import Crossing, ValueAt
from interplay.records import Record

DOTTED, DASHED = (0, (1, 1)), (0, (5, 1))
# Column, words, look; the rows of the figure from top to bottom.
ROWS: dict[str, tuple[tuple[str, str, style.Line], ...]] = {
    "accuracy": (
        ("train_accuracy", "accuracy, train pairs", {"color": style.BLACK, "linestyle": DOTTED}),
        ("test_accuracy", "accuracy, test pairs", {"color": style.BLACK, "linestyle": "-"}),
    ),
    "MIR": (
        ("train_mir", "MIR, train pairs, exact", {"color": style.BLUE, "linestyle": DOTTED}),
        ("test_mir", "MIR, test pairs, exact", {"color": style.BLUE, "linestyle": "-"}),
        ("train_mir_batch", "MIR, train pairs, batches of {batch}", style.MIR_BATCH),
    ),
    "HDR": (
        ("train_hdr", "HDR, train pairs, exact", {"color": style.RED, "linestyle": DOTTED}),
        ("test_hdr", "HDR, test pairs, exact", {"color": style.RED, "linestyle": "-"}),
        ("train_hdr_batch", "HDR, train pairs, batches of {batch}", style.HDR_BATCH),
    ),
}
COLUMNS = tuple(column for curves in ROWS.values() for column, _, _ in curves)
# Accuracy on the test pairs whose mirror image is no training pair; older runs did not record it.
UNMIRRORED = "test_accuracy_unmirrored"
UNMIRRORED_LOOK: style.Line = {"color": NEUTRAL, "linestyle": DASHED}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each logged step of each run: accuracy (a share), MIR and HDR on train and test pairs.

    `test_accuracy_unmirrored` is of test pairs whose mirror image was not trained on, NaN where it was not recorded.
    """
    parts = []
    for record in records:
        more = record.trajectory.get(UNMIRRORED, [nan] * len(record.trajectory["step"]))
        parts.append(trajectory_frame([record], COLUMNS).assign(**{UNMIRRORED: more}))
    return pd.concat(parts, ignore_index=True)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Accuracy, MIR and HDR one above the other, over logarithmic steps; a column for the reference, if there is one.

    Each seed has lines of its own: seeds generalise thousands of steps apart and may end there, and a mean over them
    would show a course that none of them took. Step 0, which a logarithm has no place for, is a dot at the left.
    """
    groups = [list(records), *by_level_of_evidence(beside.reference)]
    size = (style.PAGE, 5.8) if len(groups) > 1 else (1.5 * style.COLUMN, 6.2)
    figure, axes = plt.subplots(3, len(groups), figsize=size, squeeze=False, sharex="col")
    for column, runs in enumerate(groups):
        frame, batch = tidy(runs), runs[0].protocol["trajectory"]["batch_size"]
        axes[0, column].set_title(_title(runs, reference=bool(column)))
        for panel, (name, curves) in zip(axes[:, column], ROWS.items(), strict=True):
            for series, label, look in curves:
                _curve(panel, frame, series, label.format(batch=batch), look)
            panel.set_ylabel(name)
            panel.set_ylim(0, 1.05 if name == "accuracy" else None)
        if frame[UNMIRRORED].notna().any():
            _curve(axes[0, column], frame, UNMIRRORED, "accuracy, test pairs of unseen mirror image", UNMIRRORED_LOOK)
        _accuracy(axes[0, column], frame, runs, beside)
        _log_steps(axes[-1, column], frame["step"].to_numpy(dtype=float))
    shared_legend(figure, columns=3 if len(groups) > 1 else 2)
    return figure


def _title(runs: Sequence[Record], *, reference: bool) -> str:
    first, seeds = runs[0], len({run.seed for run in runs})
    name = f"reference: {first.tier} protocol, " if reference else ""
    what = f"a + b mod {first.protocol['modulus']}, {first.protocol['train_fraction']:.0%} of pairs for training"
    return f"{what}\n{name}n = {seeds} {'runs, the first bold' if seeds > 1 else 'run'}"


def _curve(axes: Axes, frame: pd.DataFrame, series: str, label: str, look: Mapping[str, Any]) -> None:
    """A line per run, the first of them bold."""
    seeds = sorted(frame["seed"].unique())
    for seed in seeds:
        bold = seed == seeds[0]
        mine = frame[frame["seed"] == seed]
        width = {"linewidth": 1.3 if bold else 0.7, "label": label if bold else "_nolegend_"}
        drawn = {**look, **width}
        sns.lineplot(data=mine[mine["step"] > 0], x="step", y=series, estimator=None, ax=axes, legend=False, **drawn)
        start = mine[mine["step"] == 0].assign(step=_left(frame))
        sns.scatterplot(data=start, x="step", y=series, ax=axes, color=look["color"], s=9 if bold else 5, legend=False)


def _left(frame: pd.DataFrame) -> float:
    """Where step 0 stands: as far before the first step that was logged as that is before twice as many."""
    return float(frame["step"][frame["step"] > 0].min()) / 2


def _accuracy(axes: Axes, frame: pd.DataFrame, runs: Sequence[Record], beside: Beside) -> None:
    modulus = runs[0].protocol["modulus"]
    theory_line(axes, 1 / modulus, f"chance, 1/{modulus}", "right")
    found = beside.limits("train_accuracy", runs) + beside.limits("test_accuracy", runs)
    draw_limits(axes, found, of=" of accuracy")
    for claim in beside.claims:
        _at_a_moment(axes, frame, claim, modulus)
    delays = {claim.test for claim in beside.claims if isinstance(claim.test, DelayTest)}
    for test in sorted(delays, key=lambda test: test.factor):
        reached = frame[frame[test.first] >= test.threshold].groupby("seed")["step"].min() * test.factor
        if len(reached):
            label = f"claimed: test not before {test.factor:g} times the steps of train"
            axes.axvspan(0, float(reached.min()), color=NEUTRAL, alpha=0.13, linewidth=0, label=label)


def _at_a_moment(axes: Axes, frame: pd.DataFrame, claim: Claim, modulus: int) -> None:
    """A bound, in multiples of chance, on accuracy when another course reaches a bound: a line around that step."""
    test = claim.test
    if not isinstance(test, BoundTest) or not isinstance(test.metric, ValueAt) or test.metric.times != "modulus":
        return
    when, most = test.metric.when, test.at_most
    if most is None or not isinstance(when, Crossing) or when.at_least is None or not isinstance(when.series, str):
        return
    reached = frame[frame[when.series] >= when.at_least].groupby("seed")["step"].min()
    if len(reached):
        label = f"claimed where train is full: at most {most:g} times chance"
        ends = [reached.min() / 1.6, reached.max() * 1.6]
        axes.plot(ends, [most / modulus] * 2, color=COLOUR, linewidth=1.2, label=label)


def _log_steps(axes: Axes, steps: NDArray[Any]) -> None:
    """A logarithmic axis from where training begins, with minor ticks between the powers of ten, and step 0 before."""
    first, last = steps[steps > 0].min(), steps.max()
    axes.set_xscale("log")
    axes.set_xlim(first / 2.5, last * 1.08)
    decades = [10**k for k in range(8)]
    major = [power for power in decades if first <= power <= last]
    axes.set_xticks([first / 2, *major], ["0", *(f"{power:,}" for power in major)])
    minor = [factor * power for power in decades for factor in range(2, 10) if first <= factor * power <= last]
    axes.set_xticks(minor, [""] * len(minor), minor=True)
    axes.set_xlabel("training step")
