import numpy as np
import pandas as pd
import pytest
import scipy
from matplotlib import pyplot as plt

from interplay.errors import InterplayError
from interplay.figures.responses import by_level, response, response_frame, span, zoom
from interplay.figures.spread import mean_line, shared_points, spread_name, t_interval
from interplay.figures.style import house_style

LOOK = {"color": "k", "linestyle": "-"}


def frame_of(*runs):
    """A row for each seed and step."""
    return pd.DataFrame(
        [{"seed": seed, "step": float(step), "y": y} for seed, run in enumerate(runs) for step, y in enumerate(run)]
    )


def drawn(frame, **more):
    with house_style():
        _, axes = plt.subplots()
        axes.set_ylabel("mine")
        mean_line(axes, frame, "step", "y", "line", LOOK, **more)
    return axes


def labels(axes):
    return axes.get_legend_handles_labels()[1]


@pytest.mark.parametrize("values", [[0.1, 0.4, 0.5], [1.0, 2.0, 4.0, 8.0, 16.0], [3.0, 3.0, 3.0]])
def test_the_interval_is_that_of_student(values):
    with np.errstate(invalid="ignore"):
        expected = scipy.stats.t.interval(0.95, len(values) - 1, np.mean(values), scipy.stats.sem(values))
    if np.ptp(values) == 0:
        expected = (values[0], values[0])
    assert t_interval(values) == pytest.approx(expected)


def test_two_runs_have_no_interval():
    assert np.isnan(t_interval([0.1, 0.4])).all() and np.isnan(t_interval([0.1])).all()


def test_three_runs_are_a_mean_in_a_band_that_says_their_number():
    runs = ([0.1, 0.4], [0.5, 0.8], [0.3, 0.9])
    axes = drawn(frame_of(*runs))
    (line,) = [line for line in axes.lines if line.get_label() == "line"]
    assert list(line.get_ydata()) == pytest.approx([0.3, 0.7])
    vertices = {tuple(np.round(vertex, 9)) for vertex in axes.collections[0].get_paths()[0].vertices}
    for step in (0, 1):
        ends = t_interval([run[step] for run in runs])
        assert {(step, round(end, 9)) for end in ends} <= vertices
    assert labels(axes) == ["line", "band: 95 % t interval of the mean, n = 3"]
    assert axes.get_ylabel() == "mine", "columns of the frame name no axis"


def test_two_runs_are_drawn_each_beside_their_mean_and_the_legend_says_so():
    axes = drawn(frame_of([0.1, 0.4], [0.5, 0.8]))
    lines = [tuple(np.round(line.get_ydata(), 9)) for line in axes.lines if len(line.get_ydata())]
    assert sorted(lines) == [(0.1, 0.4), (0.3, 0.6), (0.5, 0.8)]
    assert labels(axes) == ["line", "thin: single runs, n = 2"]
    assert not axes.collections, "no band of two"


def test_one_run_says_that_it_is_one():
    axes = drawn(frame_of([0.1, 0.4]))
    assert labels(axes) == ["line", "n = 1 run"]
    assert spread_name(1) == "n = 1 run" and "n = 7" in spread_name(7, "bars")


def test_bars_reach_over_the_interval():
    runs = ([0.1, 0.4], [0.5, 0.8], [0.3, 0.9])
    axes = drawn(frame_of(*runs), shown_as="bars")
    (container,) = [one for one in axes.containers if one.lines[2] and one.lines[2][0].get_segments()]
    segments = container.lines[2][0].get_segments()
    for step, segment in enumerate(segments):
        assert tuple(segment[:, 1]) == pytest.approx(t_interval([run[step] for run in runs]))
    assert labels(axes) == ["line", "bars: 95 % t interval of the mean, n = 3"]


def test_a_point_that_a_run_lacks_is_no_mean_of_the_rest():
    frame = frame_of([0.1, float("nan"), 0.3], [0.5, 0.8, 0.9, 0.7])
    assert sorted(set(shared_points(frame, "step", "y")["step"])) == [0, 2]
    axes = drawn(frame)
    (line,) = [line for line in axes.lines if line.get_label() == "line"]
    assert list(line.get_xdata()) == [0, 2]


@pytest.fixture
def smoothed(make_record):
    def make(level, seed, accuracy=0.5):
        return make_record(seed=seed, settings={"label_smoothing": level}, metrics={"test_accuracy": accuracy})

    return make


def test_levels_hold_only_seeds_that_all_of_them_have(smoothed):
    records = [smoothed(0.4, 1), smoothed(0.4, 0), smoothed(0, 0), smoothed(0, 1), smoothed(0, 2)]
    levels = by_level(records, "label_smoothing")
    assert {level: [record.seed for record in runs] for level, runs in levels.items()} == {0.0: [0, 1], 0.4: [0, 1]}
    assert list(levels) == [0.0, 0.4]
    frame = response_frame([records], "label_smoothing", ["test_accuracy"])
    assert sorted(zip(frame["label_smoothing"], frame["seed"], strict=True)) == [(0, 0), (0, 1), (0.4, 0), (0.4, 1)]


def test_levels_that_share_no_seed_or_lack_a_value_are_one_line(smoothed, make_record):
    with pytest.raises(InterplayError, match="no seed has every label_smoothing"):
        by_level([smoothed(0, 0), smoothed(0.4, 1)], "label_smoothing")
    with pytest.raises(InterplayError, match="settings lack label_smoothing"):
        by_level([make_record()], "label_smoothing")
    with pytest.raises(InterplayError, match="no metric 'mir'"):
        response_frame([[smoothed(0, 0)]], "label_smoothing", ["mir"])


def test_an_axis_shows_a_difference_of_a_hundredth_and_says_where_it_begins(smoothed):
    records = [smoothed(level, seed, 0.86 + level / 40 + seed / 1000) for level in (0, 0.4) for seed in (0, 1, 2)]
    frame = response_frame([records], "label_smoothing", ["test_accuracy"])
    with house_style():
        _, axes = plt.subplots()
        axes.set_ylabel("accuracy")
        response(axes, frame, "label_smoothing", "test_accuracy", "x", LOOK)
        zoom(axes, frame, ["test_accuracy"], least=0.06)
    low, high = axes.get_ylim()
    assert pytest.approx(high - low) == 0.06
    assert low < frame["test_accuracy"].min() and high > frame["test_accuracy"].max()
    assert axes.get_ylabel() == "accuracy, from 0.84"
    assert span(frame, "label_smoothing", "test_accuracy") == pytest.approx(0.01)
