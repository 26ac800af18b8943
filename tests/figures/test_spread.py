import numpy as np
import pytest
from matplotlib import pyplot as plt

from interplay.errors import InterplayError
from interplay.evidence.statistics import bootstrap_interval
from interplay.figures.responses import against, by_level, seeds_of
from interplay.figures.spread import band, bars, name_bands, name_bars, spread, spread_name
from interplay.figures.style import house_style

STYLE = {"color": "k", "linestyle": "-"}


def test_three_runs_or_fewer_have_a_range_which_is_their_bootstrap_interval():
    for values in ([0.3, 0.9], [0.2, 0.8, 0.3]):
        interval = spread(values)
        assert (interval.low, interval.high) == (min(values), max(values))
        assert interval.centre == pytest.approx(np.mean(values))
        boot = bootstrap_interval(values, resamples=999)
        assert (boot.low, boot.high) == pytest.approx((min(values), max(values)))
    assert spread_name(3) == "range over 3 seeds"


def test_more_runs_have_an_interval_narrower_than_their_range():
    values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    interval = spread(values)
    assert 0 < interval.low < interval.centre == 2.5 < interval.high < 5
    assert spread_name(6) == "95 % bootstrap interval over 6 seeds"


def test_a_missing_value_leaves_a_gap_and_not_a_mean_of_the_rest():
    interval = spread([0.1, float("nan")])
    assert np.isnan([interval.centre, interval.low, interval.high]).all()


def test_bars_and_bands_reach_from_the_lowest_to_the_highest_run():
    with house_style():
        _, (left, right) = plt.subplots(1, 2)
        bars(left, [1.0, 2.0], [[0.1, 0.5], [0.4, 0.8]], "x", STYLE)
        band(right, [1.0, 2.0], np.array([[0.1, 0.4], [0.5, 0.8]]), "x", STYLE)
    (container,) = left.containers
    assert list(container.lines[0].get_ydata()) == pytest.approx([0.3, 0.6])
    segments = container.lines[2][0].get_segments()
    assert [list(segment[:, 1]) for segment in segments] == [pytest.approx([0.1, 0.5]), pytest.approx([0.4, 0.8])]
    assert list(right.lines[0].get_ydata()) == pytest.approx([0.3, 0.6])
    drawn = {tuple(vertex) for vertex in right.collections[0].get_paths()[0].vertices}
    assert {(1.0, 0.1), (1.0, 0.5), (2.0, 0.4), (2.0, 0.8)} <= drawn


def test_one_seed_has_neither_bar_nor_an_entry_in_the_legend():
    with house_style():
        _, axes = plt.subplots()
        bars(axes, [1.0], [[0.1]], None, STYLE)
        name_bars(axes, 1)
        name_bands(axes, 1)
        assert axes.get_legend_handles_labels()[1] == []
        assert not axes.containers[0].has_yerr
        name_bars(axes, 2)
        name_bands(axes, 2)
    assert set(axes.get_legend_handles_labels()[1]) == {"bars: range over 2 seeds", "bands: range over 2 seeds"}


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
    assert seeds_of(levels) == 2


def test_levels_that_share_no_seed_or_lack_a_value_are_one_line(smoothed, make_record):
    with pytest.raises(InterplayError, match="no seed has every label_smoothing"):
        by_level([smoothed(0, 0), smoothed(0.4, 1)], "label_smoothing")
    with pytest.raises(InterplayError, match="settings lack label_smoothing"):
        by_level([make_record()], "label_smoothing")
    _, axes = plt.subplots()
    with pytest.raises(InterplayError, match="no metric 'mir'"):
        against(axes, {0.0: [smoothed(0, 0)]}, "mir", None, STYLE)
