from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest
from scipy import stats

from interplay.errors import InterplayError
from interplay.evidence.prediction import (
    FRACTIONS,
    compare_predictions,
    configuration,
    predictive_correlations,
    value_at,
)

STEPS = [0.0, 10.0, 100.0, 500.0, 1000.0]


def runs(make, quality, trajectory_of, seeds=2):
    """`seeds` runs of each configuration; a run's final metric is its quality."""
    return [
        make(
            f"supervised/cifar10/temperature-{index}/seed{seed}",
            seed=seed,
            settings={"temperature": index, "child": "a", "split": "test"},
            metrics={"nc1": value + 0.001 * seed},
            trajectory={"step": STEPS, **trajectory_of(value + 0.001 * seed, index)},
        )
        for index, value in enumerate(quality)
        for seed in range(seeds)
    ]


def test_value_at_a_fraction_is_linear_between_steps(make):
    record = make("supervised/a/seed0", trajectory={"step": STEPS, "mir": [0.0, 1.0, nan, 2.0, 4.0]})
    assert [value_at(record, "mir", f) for f in (0, 0.01, 0.5, 0.75, 1)] == pytest.approx([0, 1, 2, 3, 4])
    assert value_at(record, "mir", 0.1) == pytest.approx(1 + 90 / 490)
    lost = make("supervised/a/seed0", trajectory={"step": STEPS, "mir": [nan] * 5})
    assert isnan(value_at(lost, "mir", 0.5))
    with pytest.raises(InterplayError, match="no column 'hdr'"):
        value_at(record, "hdr", 0.5)


def test_correlation_appears_when_the_trajectories_part(make):
    """Until half of training all runs are the same but for noise, from then on they foretell their end."""
    quality = np.random.default_rng(0).normal(size=10)
    noise = np.random.default_rng(1).normal(size=10)

    def course(value, index):
        return {"mir": [noise[index]] * 3 + [value, value]}

    found = predictive_correlations(runs(make, quality, course), "mir", "nc1")
    assert [point.fraction for point in found] == list(FRACTIONS)
    early, late = found[0], found[FRACTIONS.index(0.5)]
    assert late.rho == pytest.approx(1.0) and late.low > 0.9 and late.runs == 20
    assert early.low < 0 < early.high
    ends = np.repeat(quality, 2) + 0.001 * np.tile([0, 1], 10)
    assert early.rho == pytest.approx(stats.spearmanr(np.repeat(noise, 2), ends).statistic)


def test_too_few_configurations_and_the_sweep_count_for_nothing(make):
    def course(value, index):
        return {"mir": [value] * 5}

    few = runs(make, [1.0, 2.0, 3.0, 4.0], course, seeds=3)
    sweep = [
        make(
            f"supervised/cifar10/sweep/max_mi-{index}/seed0",
            settings={"weight": index, "split": "validation"},
            metrics={"nc1": 5.0},
            trajectory={"step": STEPS, "mir": [5.0] * 5},
        )
        for index in range(3)
    ]
    (point,) = predictive_correlations(few + sweep, "mir", "nc1", [0.5])
    assert isnan(point.rho) and isnan(point.low) and point.runs == 12
    assert compare_predictions(few + sweep, "mir", "mir", "nc1", 0.5) is None
    (point,) = predictive_correlations(runs(make, range(5), course, seeds=1), "mir", "nc1", [0.5])
    assert point.rho == pytest.approx(1.0) and point.runs == 5


def test_the_order_of_the_data_makes_no_configuration(make):
    first, second = (make("supervised/a/seed0", settings={"child": child, "temperature": 1}) for child in "ab")
    assert configuration(first) == configuration(second)
    assert configuration(first) != configuration(make("supervised/a/seed0", settings={"temperature": 2}))


def test_the_lead_is_that_of_absolute_correlations(make):
    rng = np.random.default_rng(5)
    quality = rng.normal(size=12)
    blurred = quality + rng.normal(size=12)

    def course(value, index):
        return {"hdr": [-value] * 5, "accuracy": [blurred[index]] * 5}

    records = runs(make, quality, course)
    found = compare_predictions(records, "hdr", "accuracy", "nc1", 0.5)
    assert found.series.centre == pytest.approx(-1) and 0.2 < found.baseline.centre < 0.95
    assert found.lead.centre == pytest.approx(1 - found.baseline.centre) and found.lead.low > 0
    other = compare_predictions(records, "accuracy", "hdr", "nc1", 0.5)
    assert other.lead.centre == pytest.approx(-found.lead.centre) and other.lead.high < 0


def test_a_metric_that_was_not_recorded_is_named(make):
    records = runs(make, [1.0, 2.0], lambda value, index: {"mir": [value] * 5})
    with pytest.raises(InterplayError, match="no metric 'loss'"):
        predictive_correlations(records, "mir", "loss")
