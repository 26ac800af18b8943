"""note question 2: the best weight of CMA against the number of classes, ours and that of the printed TABLE I."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from interplay.evidence.cross_modal import ROWS, SWEEP, TABLE, VARIANTS, by_dataset, lacking, of_kind, sweep_of
from interplay.evidence.judges.printed_association import best_columns, judge_published_association
from interplay.evidence.statistics import rank_correlation
from interplay.figures import style
from interplay.figures.axes import shared_legend
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.cross_modal.panels import LOOKS
from interplay.figures.cross_modal.points import points
from interplay.figures.frames import identity
from interplay.protocols.claims import PublishedAssociationTest
from interplay.records import Record
from interplay.records.values import metric

HEIGHT = 3.6
CLASSES = "number of classes"


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each weight of each variant in each run: accuracy on new classes, its gain over weight 0, classes.

    `best_weight` is that of the run and variant, the mean of those that share the best accuracy.

    Raises:
        InterplayError: a record lacks its sweep or a metric.
    """
    rows: list[dict[str, Any]] = []
    for run in of_kind(records, "base_to_new"):
        for row in sweep_of(run):
            rows.append(
                {
                    **identity(run),
                    "num_classes": metric(run, "num_classes"),
                    **{name: row[name] for name in SWEEP},
                    "gain": row["new_accuracy"] - metric(run, "new_accuracy_cocoop"),
                    "best_weight": metric(run, f"best_weight_{row['variant']}"),
                }
            )
    return pd.DataFrame(rows)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Left and middle the best weight against classes for each variant, with the printed ones; right all the weights.

    Printed weights stand at the number of classes of the published data sets, ours at that of the data that were read.
    """
    frame = tidy(records)
    figure, axes = plt.subplots(1, 3, figsize=(style.PAGE, HEIGHT), width_ratios=(1, 1, 1.1))
    printed, label = _printed(beside)
    for panel, (variant, name) in zip(axes, VARIANTS.items(), strict=False):
        _best(panel, frame.loc[frame["variant"] == variant], variant, name)
        for classes, weights in printed.values():
            look: style.Line = {"color": "#777777", "marker": "x", "markersize": 4, "linewidth": 0.6, "zorder": 1}
            panel.plot([classes] * len(weights), weights, label=label, **look)
    axes[0].set_ylabel("best weight (lambda) of CMA")
    _curves(axes[2], frame.loc[frame["variant"] == "released"])
    missing = lacking(by_dataset(of_kind(records, "base_to_new")))
    shared_legend(figure, columns=3, title=f"not run: {', '.join(missing)}" if missing else None)
    return figure


def _best(axes: Axes, frame: pd.DataFrame, variant: str, name: str) -> None:
    axes.set_xscale("log")
    once = frame.drop_duplicates(["dataset", "seed"])
    places = _apart({str(dataset): float(own["num_classes"].iloc[0]) for dataset, own in once.groupby("dataset")})
    for dataset, place in places.items():
        points(axes, place, once.loc[once["dataset"] == dataset, "best_weight"].tolist(), name, LOOKS[f"cma_{variant}"])
    axes.set_title(f"{name}\n{_rho(once)}", fontsize=7)
    axes.set(ylim=(-0.05, 1.05), xlabel=CLASSES)
    axes.set_xticks([10, 30, 100, 300, 1000], ["10", "30", "100", "300", "1,000"])
    axes.minorticks_off()


def _apart(classes: Mapping[str, float]) -> dict[str, float]:
    """Numbers of classes, moved so far that those of two data sets lie 5 % apart at least: points would hide others."""
    found: dict[str, float] = {}
    for name, value in sorted(classes.items(), key=lambda item: (item[1], item[0])):
        found[name] = max(value, *(1.05 * other for other in found.values()), 0.0)
    return found


def _rho(once: pd.DataFrame) -> str:
    """Spearman's rho of each seed: mean and range."""
    found = [
        rank_correlation(own["num_classes"].to_numpy(dtype=float), own["best_weight"].to_numpy(dtype=float))[0]
        for _, own in once.groupby("seed")
        if len(own) > 2
    ]
    if not found:
        return "too few data sets for a rank correlation"
    spread = f"{min(found):+.2f} to {max(found):+.2f}, {len(found)} seeds" if len(found) > 1 else "1 seed"
    return f"rank correlation {fmean(found):+.2f}\n({spread})"


def _curves(axes: Axes, frame: pd.DataFrame) -> None:
    """What every weight gains on new classes, a line for each data set, coloured by its number of classes."""
    norm, colours = LogNorm(8, 1000), mpl.colormaps["viridis"]
    for dataset, own in frame.groupby("dataset", sort=False):
        means = own.groupby("weight")["gain"].mean()
        colour = colours(norm(float(own["num_classes"].iloc[0])))
        axes.plot(means.index, 100 * means, color=colour, linewidth=1.0, marker=".", markersize=3, gid=str(dataset))
    axes.axhline(0, color="#555555", linewidth=0.6)
    axes.set(xlabel="weight (lambda)", ylabel="gain on new classes over weight 0, points")
    axes.set_title(f"{VARIANTS['released']}:\nevery weight, means over seeds", fontsize=7)
    bar = axes.figure.colorbar(mpl.cm.ScalarMappable(norm, colours), ax=axes, label=CLASSES, pad=0.02)
    bar.set_ticks([10, 100, 1000], labels=["10", "100", "1,000"])
    bar.ax.tick_params(labelsize=6)


def _printed(beside: Beside) -> tuple[dict[str, tuple[float, tuple[float, ...]]], str]:
    """Classes and best weights of each row of the printed table, and words on their rank correlation.

    Weights are several where they share the best number, or where a missing cell leaves open which it is. Numbers of
    classes are those of the claims on that table.
    """
    tests = [claim.test for claim in beside.claims if isinstance(claim.test, PublishedAssociationTest)]
    tests = [test for test in tests if test.table == TABLE]
    if beside.published is None or not tests:
        return {}, ""
    table, classes = beside.published.table(TABLE), tests[0].numbers
    found = {}
    for row in (row for row in ROWS.values() if row in classes):
        ends = {w for ties in ("lowest", "highest") for w in best_columns(table, row, ties=ties) if w is not None}
        found[row] = (classes[row], tuple(sorted(ends)))
    said = []
    for test in tests:
        numbers = judge_published_association(test, beside.published).numbers
        ties = "without ties " if test.ties == "left out" else ""
        said.append(f"{ties}{numbers['rho']:+.2f} (p = {numbers['p']:.2g})")
    return found, f"printed in TABLE I (joined: not told apart):\nrank correlation {', '.join(said)}"
