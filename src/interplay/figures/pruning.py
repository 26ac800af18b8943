"""interplay24 Fig. 6: accuracy, MIR and HDR of a network before pruning, after it, and after fine-tuning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.axes import by_dataset, collapse_mir, num_classes, shared_legend, theory_line
from interplay.figures.responses import Levels, against, by_level, level_ticks, seeds_of
from interplay.figures.spread import name_bars
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

BEFORE: style.Line = {"color": style.BLACK, "linestyle": "-", "linewidth": 1.0}
PRUNED: style.Line = {"color": style.RED, "linestyle": (0, (5, 1))} | style.SQUARE
TUNED: style.Line = {"color": style.BLUE, "linestyle": "-"} | style.DOT
CHANCE: style.Line = style.THEORY | {"linestyle": (0, (4, 2, 1, 2))}
SCOPES = {"global": "all weights ranked together", "layer": "weights ranked by layer"}


def draw(records: Sequence[Record]) -> Figure:
    """Rows: accuracy; MIR and HDR between features before and after; MIR and HDR of features with the head.

    A column per data set, and per scope of the pruning where there are several.
    """
    columns = [runs for group in by_dataset(records).values() for runs in _by_scope(group).values()]
    width = style.PAGE * max(1.0, len(columns) / 2)
    figure, axes = plt.subplots(5, len(columns), figsize=(width, 8.2), squeeze=False, sharex="col")
    for column, runs in enumerate(columns):
        levels = by_level(runs, "sparsity")
        _column(list(axes[:, column]), levels, runs[0])
    shared_legend(figure, columns=5)
    return figure


def _by_scope(records: Sequence[Record]) -> dict[str, list[Record]]:
    scopes: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        scope = record.settings.get("scope")
        if scope not in SCOPES:
            raise InterplayError(f"{record.name}: its settings lack scope; delete the record and rerun")
        scopes[str(scope)].append(record)
    return {scope: scopes[scope] for scope in SCOPES if scope in scopes}


def _column(axes: Sequence[Axes], levels: Levels, first: Record) -> None:
    accuracy, mir, hdr, head_mir, head_hdr = axes
    accuracy.set_title(f"{dataset_label(first)}\n{SCOPES[first.settings['scope']]}")
    _states(accuracy, levels, "test_accuracy_before", "test_accuracy_pruned", "test_accuracy")
    accuracy.set_ylim(0, 1.02)
    accuracy.set_ylabel("test accuracy")
    theory_line(accuracy, 1 / num_classes(first), f"chance, 1/{num_classes(first)}")
    for panel, name in ((mir, "mir"), (hdr, "hdr")):
        _states(panel, levels, None, f"{name}_features_pruned", f"{name}_features")
        panel.set_ylabel(f"{name.upper()}, features\nbefore and after")
    against(mir, levels, "mir_features_chance", "unrelated features", CHANCE)
    for panel, name in ((head_mir, "mir"), (head_hdr, "hdr")):
        _states(panel, levels, f"{name}_head_before", f"{name}_head_pruned", f"{name}_head")
        panel.set_ylabel(f"{name.upper()}, features\nand head")
    for panel in (mir, head_mir):
        panel.set_ylim(0, 1.08)
    for panel in (hdr, head_hdr):
        panel.set_ylim(0, max(0.1, 1.1 * panel.get_ylim()[1]))
    theory_line(head_mir, collapse_mir(num_classes(first)), "MIR at collapse")
    head_hdr.set_xlabel("sparsity (% of weights removed)")
    level_ticks(head_hdr, levels, "{:.3g}", 100)
    name_bars(head_hdr, seeds_of(levels))


def _states(axes: Axes, levels: Levels, before: str | None, pruned: str, tuned: str) -> None:
    if before:
        against(axes, levels, before, "before pruning", BEFORE)
    against(axes, levels, pruned, "pruned", PRUNED)
    against(axes, levels, tuned, "pruned and fine-tuned", TUNED)
