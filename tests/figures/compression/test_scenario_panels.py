"""Curves of several runs of a scenario, and the panels that they stand in."""

import numpy as np
import pandas as pd
import pytest
import scipy
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D

from interplay.figures.compression.scenario_panels import draw_curve, panels_of, place_legend, plain_ticks, run_handles
from interplay.figures.style import house_style

LOOK = {"color": "#0072B2", "linestyle": "-"}


def frame_of(*runs):
    """Rows of runs, each a list of values from epoch 0 on."""
    return pd.DataFrame(
        [
            {"seed": seed, "epoch": float(epoch), "value": value}
            for seed, values in enumerate(runs)
            for epoch, value in enumerate(values)
        ]
    )


def lines_of(axes):
    return [line for line in axes.lines if len(line.get_xdata())]


def test_three_runs_have_a_mean_and_its_t_interval_as_long_as_all_go_on():
    _, axes = plt.subplots()
    runs = [[1.0, 2, 3, 9], [3.0, np.nan, 5], [2.0, 4, 7]]
    draw_curve(axes, frame_of(*runs), LOOK)
    mean, rest = lines_of(axes)
    assert mean.get_xdata().tolist() == [0, 2], "epochs that one run did not read are left out"
    assert mean.get_ydata().tolist() == [2, 5]
    low, high = scipy.stats.t.interval(0.95, 2, loc=5, scale=scipy.stats.sem([3, 5, 7]))
    band = axes.collections[0].get_paths()[0].vertices
    assert {round(float(y), 6) for x, y in band if x == 2} == {round(low, 6), round(high, 6)}
    assert rest.get_xdata().tolist() == [2, 3] and rest.get_ydata().tolist() == [3, 9], "the one that goes on, alone"


def test_two_runs_are_drawn_by_themselves_to_their_ends_without_an_interval():
    _, axes = plt.subplots()
    draw_curve(axes, frame_of([1.0, 2, 3], [3.0, 4]), LOOK)
    assert [line.get_ydata().tolist() for line in lines_of(axes)] == [[2, 3], [1, 2, 3], [3, 4]]
    paths = [path.vertices for collection in axes.collections for path in collection.get_paths()]
    assert not any(np.isfinite(vertices).any() for vertices in paths)


def test_columns_without_any_reading_draw_nothing():
    _, axes = plt.subplots()
    draw_curve(axes, frame_of([np.nan] * 3), LOOK)
    assert not axes.lines


def test_the_reference_stands_after_the_records_and_says_so(run_of):
    panels = panels_of([run_of(tier="smoke")], [run_of("f_minus", "fashion-mnist", tier="paper")])
    assert [panel.title.split("\n")[-1] for panel in panels] == ["(for CIFAR-10)", "(reference, paper)"]
    assert panels[1].key.row == "f- on Fashion-MNIST"


@pytest.mark.parametrize(("seeds", "words"), [(1, "n = 1 run"), (2, "single runs, n = 2"), (3, "t interval")])
def test_a_legend_says_how_many_runs_there_are(scenarios, seeds, words):
    labels = [str(handle.get_label()) for handle in run_handles(panels_of(scenarios(seeds=seeds)))]
    assert words in labels[0]
    assert (labels[-1] == "thin: a run that went on alone") == (seeds == 3)


def test_a_legend_is_no_wider_than_its_figure():
    with house_style():
        figure, _ = plt.subplots(figsize=(4, 3))
        place_legend(figure, [Line2D([], [], label="a label of some length " * 2)] * 4)
        figure.canvas.draw()
        assert figure.legends[0].get_window_extent().width <= figure.get_window_extent().width


def test_ticks_are_plain_numbers_on_an_axis_that_holds_what_it_should():
    _, axes = plt.subplots()
    axes.set(yscale="log", ylim=(0.9, 1.1))
    plain_ticks(axes, (0.5, 1, 2, 50), 0.5, 3)
    assert axes.get_ylim() == (0.5, 3)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0.5", "1", "2"]
