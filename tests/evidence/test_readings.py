from __future__ import annotations

from math import isnan, log

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from interplay.evidence.outcomes import NotRunError
from interplay.evidence.readings import course_of, from_fraction, number_of
from interplay.protocols.readings import Crossing, Difference, InDepth, Metric, Ratio, Reading, Series

NAN = float("nan")


@pytest.fixture
def record(make):
    return make(
        "compression/cifar10/f_plus/seed0",
        metrics={"test_accuracy": 0.7},
        trajectory={
            "step": [0.0, 1.0, 2.0, 3.0, 4.0],
            "a": [5.0, 4.0, NAN, 1.0, 2.0],
            "b": [1.0, 2.0, 1.0, 0.0, 4.0],
            "c_l1": [8.0, 8.0, 8.0, 8.0, NAN],
            "c_l2": [4.0, 8.0, 6.0, 9.0, 1.0],
            "c_l3": [2.0, 8.0, 1.0, -1.0, 1.0],
        },
    )


def test_a_difference_and_a_ratio_go_point_by_point(record):
    np.testing.assert_equal(course_of(record, Difference(column="a", minus="b")), [4.0, 2.0, NAN, 1.0, -2.0])
    np.testing.assert_equal(course_of(record, Ratio(column="a", over="b")), [5.0, 2.0, NAN, np.inf, 0.5])
    np.testing.assert_equal(course_of(record, "b"), [1.0, 2.0, 1.0, 0.0, 4.0])


@pytest.mark.parametrize(
    "statistic, expected",
    [
        # 8, 4, 2 is geometric; 8, 8, 8 is flat; of 8, 6, 1 and 8, 9, -1 follow the numbers below
        ("correlation", [-1.0, NAN, np.corrcoef([1, 2, 3], [log(8), log(6), 0])[0, 1], NAN, NAN]),
        ("unevenness", [1.0, 1.0, (6 / 8) / (1 / 6), NAN, NAN]),
        ("spread", [4.0, 1.0, 8.0, NAN, NAN]),
        ("largest_drop_after", [1.0, 1.0, 2.0, 2.0, NAN]),
        ("mean", [14 / 3, 8.0, 5.0, 16 / 3, NAN]),
    ],
)
def test_statistics_over_layers(record, statistic, expected):
    found = course_of(record, InDepth(columns="c", statistic=statistic))
    assert found == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "take, since, expected",
    [
        ("first", 0, 5.0),
        ("last", 0, 2.0),
        ("mean", 0, 3.0),
        ("least", 0, 1.0),
        ("most", 0, 5.0),
        ("range", 0, 4.0),
        ("first", 0.25, 4.0),
        ("first", 0.3, 1.0),  # the point at half of the run is not finite
        ("mean", 0.6, 1.5),
    ],
)
def test_numbers_read_off_a_course(record, take, since, expected):
    assert number_of(record, Reading(series="a", take=take, since=since)) == expected


def test_a_recorded_metric_is_itself_and_a_course_without_points_is_nan(record, make):
    assert number_of(record, "test_accuracy") == 0.7
    empty = make("compression/x", trajectory={"step": [0.0, 1.0], "a": [NAN, NAN]})
    assert isnan(number_of(empty, Reading(series="a", take="last")))


def test_fractions_count_from_where_the_run_starts(make):
    late = make("compression/x", trajectory={"step": [100.0, 150.0, 200.0]})
    assert from_fraction(late, 0.5).tolist() == [False, True, True]
    fifty = make("compression/y", trajectory={"step": [float(step) for step in range(51)]})
    assert np.flatnonzero(from_fraction(fifty, 0.02)).tolist()[0] == 1  # the first epoch of fifty


@pytest.mark.parametrize(
    "series",
    ["d", Difference(column="a", minus="d"), Ratio(column="d", over="a"), InDepth(columns="d", statistic="mean")],
)
def test_what_was_not_recorded_is_not_run(record, series):
    with pytest.raises(NotRunError, match="d"):
        course_of(record, series)
    with pytest.raises(NotRunError, match="'loss'"):
        number_of(record, "loss")


def test_the_kinds_of_series_and_metrics_are_told_apart_by_their_keys():
    series = TypeAdapter(Series)
    assert series.validate_python("a") == "a"
    assert series.validate_python({"column": "a", "minus": "b"}) == Difference(column="a", minus="b")
    assert series.validate_python({"column": "a", "over": "b"}) == Ratio(column="a", over="b")
    with pytest.raises(ValidationError):
        series.validate_python({"column": "a", "over": "b", "minus": "c"})
    reading = TypeAdapter(Metric).validate_python({"series": {"columns": "c", "statistic": "mean"}, "take": "last"})
    assert str(reading) == "last of mean of c in depth"


@pytest.mark.parametrize("bounds", [{}, {"at_least": 1.0, "at_most": 2.0}])
def test_a_crossing_has_one_bound(bounds):
    with pytest.raises(ValidationError, match="one of the two"):
        Crossing(series="a", **bounds)
