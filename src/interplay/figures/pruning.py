"""interplay24 Fig. 6: accuracy, MIR and HDR of a network before pruning, after it, and after fine-tuning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.axes import by_dataset, collapse_mir, num_classes, shared_legend, theory_line
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.limits import draw_limits
from interplay.figures.responses import margins, response, response_frame
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

BEFORE: style.Line = {"color": style.BLACK, "linestyle": "-", "linewidth": 1.0}
PRUNED: style.Line = {"color": style.RED, "linestyle": (0, (5, 1))} | style.SQUARE
TUNED: style.Line = {"color": style.BLUE, "linestyle": "-"} | style.DOT
CHANCE: style.Line = style.THEORY | {"linestyle": (0, (4, 2, 1, 2))}
SCOPES = {"global": "all weights ranked together", "layer": "weights ranked by layer"}
STATES = (("before pruning", BEFORE), ("pruned", PRUNED), ("pruned and fine-tuned", TUNED))
# Words and the metrics before pruning (features alone have none: MIR is between before and after), after, fine-tuned.
ROWS: dict[str, tuple[str | None, str, str]] = {
    "test accuracy": ("test_accuracy_before", "test_accuracy_pruned", "test_accuracy"),
    "MIR, features\nbefore and after": (None, "mir_features_pruned", "mir_features"),
    "HDR, features\nbefore and after": (None, "hdr_features_pruned", "hdr_features"),
    "MIR, features\nand head": ("mir_head_before", "mir_head_pruned", "mir_head"),
    "HDR, features\nand head": ("hdr_head_before", "hdr_head_pruned", "hdr_head"),
}
CHANCE_METRIC = "mir_features_chance"
METRICS = (*(metric for row in ROWS.values() for metric in row if metric), CHANCE_METRIC)
KEPT = "weights_kept"  # a share; its logarithm tells 90 % of weights removed from 95 and 99 %


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run: scope, sparsity and share of weights kept, accuracies (shares), exact MIR and HDR.

    `mir_features_chance` is MIR between features that have nothing to do with one another.
    """
    parts = [
        response_frame([runs], "sparsity", METRICS).assign(scope=scope)
        for group in by_dataset(records).values()
        for scope, runs in _by_scope(group).items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(**{KEPT: (1 - frame["sparsity"]).round(9)})


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Rows: accuracy; MIR and HDR between features before and after; MIR and HDR of features with the head.

    A column per data set, and per scope of the pruning where there are several.
    """
    columns = [runs for group in by_dataset(records).values() for runs in _by_scope(group).values()]
    width = style.PAGE * max(1.0, len(columns) / 2)
    figure, axes = plt.subplots(5, len(columns), figsize=(width, 8.4), squeeze=False, sharex="col")
    for column, runs in enumerate(columns):
        frame = tidy(runs)
        axes[0, column].set_title(f"{dataset_label(runs[0])}\n{SCOPES[runs[0].settings['scope']]}")
        for panel, (name, metrics) in zip(axes[:, column], ROWS.items(), strict=True):
            for metric, (words, look) in zip(metrics, STATES, strict=True):
                if metric:
                    response(panel, frame, KEPT, metric, words, look)
            panel.set_ylabel(name)
            _bounds(panel, frame, runs, metrics, beside)
        _scales(list(axes[:, column]), runs[0], frame)
        _sparsity_axis(axes[-1, column], frame)
    shared_legend(figure, columns=3)
    return figure


def _by_scope(records: Sequence[Record]) -> dict[str, list[Record]]:
    scopes: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        scope = record.settings.get("scope")
        if scope not in SCOPES:
            raise InterplayError(f"{record.name}: its settings lack scope; delete the record and rerun")
        scopes[str(scope)].append(record)
    return {scope: scopes[scope] for scope in SCOPES if scope in scopes}


def _bounds(
    axes: Axes, frame: pd.DataFrame, runs: Sequence[Record], metrics: tuple[str | None, str, str], beside: Beside
) -> None:
    """What the claims ask of the network in its last state, and of how far it may be from the first."""
    before, _, tuned = metrics
    margins(axes, frame, KEPT, tuned, beside.limits(tuned, runs))
    if before:
        start = float(frame[before].mean())
        draw_limits(axes, beside.limits(f"{tuned}_change", runs), of=", change", offset=start)
        if tuned == "test_accuracy":
            draw_limits(axes, beside.limits("accuracy_lost", runs), of=", accuracy lost", offset=start, scale=-1)


def _scales(axes: Sequence[Axes], first: Record, frame: pd.DataFrame) -> None:
    accuracy, mir, hdr, head_mir, head_hdr = axes
    accuracy.set_ylim(0, 1.02)
    theory_line(accuracy, 1 / num_classes(first), f"chance, 1/{num_classes(first)}")
    response(mir, frame, KEPT, CHANCE_METRIC, "unrelated features", CHANCE)
    for panel in (mir, head_mir):
        panel.set_ylim(0, 1.08)
    for panel in (hdr, head_hdr):
        panel.set_ylim(0, max(0.1, 1.1 * panel.get_ylim()[1]))
    theory_line(head_mir, collapse_mir(num_classes(first)), "MIR at collapse")


def _sparsity_axis(axes: Axes, frame: pd.DataFrame) -> None:
    """Logarithmic in the weights that are left, most of them at the left; a tick at each sparsity, in per cent."""
    kept = sorted(frame[KEPT].unique(), reverse=True)
    axes.set_xscale("log")
    axes.set_xlim(kept[0] * 1.25, kept[-1] / 1.25)
    axes.set_xticks(kept, [f"{100 * (1 - share):.3g}" for share in kept])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("sparsity (% of weights removed)")
