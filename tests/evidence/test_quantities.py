from __future__ import annotations

from math import isnan, log

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from interplay.evidence.outcomes import NotRunError
from interplay.evidence.quantities import from_fraction, number_of, series_of
from interplay.protocols.quantities import Crossing, Difference, InDepth, Metric, Ratio, Reading, Series, Several, Share

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
    np.testing.assert_equal(series_of(record, Difference(column="a", minus="b")), [4.0, 2.0, NAN, 1.0, -2.0])
    np.testing.assert_equal(series_of(record, Ratio(column="a", over="b")), [5.0, 2.0, NAN, np.inf, 0.5])
    np.testing.assert_equal(series_of(record, "b"), [1.0, 2.0, 1.0, 0.0, 4.0])


@pytest.mark.parametrize(
    "statistic, expected",
    [
        # 8, 4, 2 is geometric; 8, 8, 8 is flat; of 8, 6, 1 and 8, 9, -1 follow the numbers below
        ("correlation", [-1.0, NAN, np.corrcoef([1, 2, 3], [log(8), log(6), 0])[0, 1], NAN, NAN]),
        ("unevenness", [1.0, 1.0, (6 / 8) / (1 / 6), NAN, NAN]),
        ("spread", [4.0, 1.0, 8.0, NAN, NAN]),
        ("largest_drop_after", [1.0, 1.0, 2.0, 2.0, NAN]),
        ("largest_drop_share", [4 / 6, NAN, 5 / 7, 10 / 9, NAN]),
        ("mean", [14 / 3, 8.0, 5.0, 16 / 3, NAN]),
    ],
)
def test_statistics_over_layers(record, statistic, expected):
    found = series_of(record, InDepth(columns="c", statistic=statistic))
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
        ("rise", 0, 1.0),
        ("count", 0, 4.0),
        ("count", 0.3, 2.0),
        ("first", 0.25, 4.0),
        ("first", 0.3, 1.0),  # the point at half of the run is not finite
        ("mean", 0.6, 1.5),
    ],
)
def test_numbers_read_off_a_course(record, take, since, expected):
    assert number_of(record, Reading(series="a", take=take, since=since)) == expected


def informative(make, protocol, settings):
    columns = ("sufficiency_test_l0", "minimality_train_l1", "minimality_test_l1")
    trajectory = {"step": [0.0, 1.0]} | {name: [0.0, 1.0] for name in columns}
    return make("compression/x", trajectory=trajectory, protocol=protocol, settings=settings)


def test_a_share_is_of_the_entropy_of_the_labels(make):
    """Of 40 samples a class, the first digit has 10 values and the second 4; of 1000, each of three has 10."""
    whole = log(10) / log(2)
    for column, protocol, expected in (
        ("sufficiency_test_l0", {}, 1 / whole),
        ("minimality_train_l1", {"train_per_class": 40}, 2 / (whole + 2)),
        ("minimality_test_l1", {"train_per_class": 1000}, 1 / whole),
        ("minimality_test_l1", {"train_per_class": 1000, "information": {"per_class": 40}}, 2 / (whole + 2)),
    ):
        record = informative(make, protocol, {"num_classes": 10})
        assert series_of(record, Share(column=column, of="label_entropy"))[1] == pytest.approx(expected), column


def test_a_share_of_other_labels_is_not_run(make):
    for settings, column, said in (
        ({}, "sufficiency_test_l0", "num_classes"),
        ({"num_classes": 10}, "minimality_test_l1", "train_per_class"),
        ({"num_classes": 10}, "step", "labels are unknown"),
    ):
        with pytest.raises(NotRunError, match=said):
            series_of(informative(make, {}, settings), Share(column=column, of="label_entropy"))


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
        series_of(record, series)
    with pytest.raises(NotRunError, match="'loss'"):
        number_of(record, "loss")


def test_the_kinds_of_series_and_metrics_are_told_apart_by_their_keys():
    series = TypeAdapter(Series)
    assert series.validate_python("a") == "a"
    assert series.validate_python({"column": "a", "minus": "b"}) == Difference(column="a", minus="b")
    assert series.validate_python({"column": "a", "over": "b"}) == Ratio(column="a", over="b")
    assert series.validate_python({"column": "a", "of": "label_entropy"}) == Share(column="a", of="label_entropy")
    with pytest.raises(ValidationError):
        series.validate_python({"column": "a", "over": "b", "minus": "c"})
    reading = TypeAdapter(Metric).validate_python({"series": {"columns": "c", "statistic": "mean"}, "take": "last"})
    assert str(reading) == "last of mean of c in depth"


@pytest.mark.parametrize("bounds", [{}, {"at_least": 1.0, "at_most": 2.0}])
def test_a_crossing_has_one_bound(bounds):
    with pytest.raises(ValidationError, match="one of the two"):
        Crossing(series="a", **bounds)


def test_several_metrics_are_named_by_globs_and_those_of_other_tiers_passed_over(make):
    record = make("x/a/seed0", metrics={"y_0.5": 3.0, "y_0.7": 1.0, "y_1": 2.0, "z": 9.0})
    high = ("y_0.[6-9]", "y_1")
    assert number_of(record, Several(take="most", of=high)) == 2.0
    assert number_of(record, Several(take="mean", of=high)) == 1.5
    assert number_of(record, Several(take="median", of=("y_*",))) == 2.0
    with pytest.raises(NotRunError, match=r"x/a/seed0 records no metric y_0\.\[1-4\]"):
        number_of(record, Several(take="most", of=("y_0.[1-4]",)))
