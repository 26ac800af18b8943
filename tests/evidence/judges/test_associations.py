from __future__ import annotations

from math import nan

import numpy as np
import pytest

from interplay.evidence.judges import judge_test
from interplay.protocols.quantities import Difference
from interplay.protocols.run_tests import AssociationTest, PredictionTest
from interplay.protocols.series_tests import CorrelationTest

STEPS = [0.0, 10.0, 50.0, 100.0]
NEGATIVE = AssociationTest(
    kind="association", runs=("temperature/*",), first="feature_entropy", second="silhouette", sign="negative"
)
PREDICTION = PredictionTest(kind="prediction", runs=("supervised/*",), series="mir", metric="nc1", at=0.5)
BETTER = PREDICTION.model_copy(update={"baseline": "test_accuracy"})


def associated(make, first, second):
    return [
        make(f"temperature/cifar10/t1/seed{i}", seed=i, metrics={"feature_entropy": a, "silhouette": b})
        for i, (a, b) in enumerate(zip(first, second, strict=True))
    ]


@pytest.fixture(scope="module")
def normal():
    """Two columns of 60 independent values."""
    return np.random.default_rng(0).normal(size=(2, 60))


def test_association_by_its_sign(make, normal, published):
    first, noise = normal
    clear = associated(make, first, -first + 0.5 * noise)
    outcome = judge_test(NEGATIVE, clear, published)
    assert outcome.ruling == "holds" and outcome.numbers["rho"] < -0.7
    positive = NEGATIVE.model_copy(update={"sign": "positive"})
    assert judge_test(positive, clear, published).ruling == "fails"


def test_association_that_is_absent_or_cannot_be_told(make, normal, published):
    first, _ = normal
    assert judge_test(NEGATIVE, associated(make, first, [1.0] * 60), published).ruling == "fails"
    many = np.random.default_rng(1).normal(size=(2, 300))
    assert judge_test(NEGATIVE, associated(make, *many), published).ruling == "fails"
    assert judge_test(NEGATIVE, associated(make, *many[:, :12]), published).ruling == "undecided"
    assert judge_test(NEGATIVE, associated(make, first[:4], -first[:4]), published).ruling == "undecided"


def test_association_of_what_is_not_there(make, published):
    assert judge_test(NEGATIVE, associated(make, [1.0, nan], [1.0, 2.0]), published).ruling == "not run"
    assert judge_test(NEGATIVE, [make("temperature/a/seed0")], published).ruling == "not run"


def trained(make, ends, series, baseline=None, seeds=2):
    """Two seeds of each configuration; columns are constant over training."""
    return [
        make(
            f"supervised/cifar10/temperature-{index}/seed{seed}",
            seed=seed,
            settings={"temperature": index, "split": "test", "child": "a"},
            metrics={"nc1": float(ends[index]) + 0.001 * seed},
            trajectory={
                "step": STEPS,
                "mir": [float(series[index])] * 4,
                "test_accuracy": [float((series if baseline is None else baseline)[index])] * 4,
            },
        )
        for index in range(len(ends))
        for seed in range(seeds)
    ]


def test_prediction_of_either_sign(make, normal, published):
    first, noise = normal
    for sign in (1, -1):
        outcome = judge_test(PREDICTION, trained(make, first, sign * first + 0.4 * noise), published)
        assert outcome.ruling == "holds" and "120 runs of 60 configurations" in outcome.sentence
        assert np.sign(outcome.numbers["rho"]) == sign


def test_no_prediction_takes_many_configurations(make, normal, published):
    assert judge_test(PREDICTION, trained(make, *normal), published).ruling == "fails"
    few = judge_test(PREDICTION, trained(make, *normal[:, :6], seeds=5), published)
    assert few.ruling == "undecided"
    fewer = judge_test(PREDICTION, trained(make, *normal[:, :4], seeds=9), published)
    assert fewer.ruling == "undecided" and "fewer than 5" in fewer.sentence


def test_better_than_a_baseline(make, normal, published):
    first, noise = normal
    good, bad = first + 0.1 * noise, first + 3 * noise
    assert judge_test(BETTER, trained(make, first, good, bad), published).ruling == "holds"
    assert judge_test(BETTER, trained(make, first, bad, good), published).ruling == "fails"
    same = judge_test(BETTER, trained(make, first, good, good), published)
    assert same.ruling == "fails" and same.numbers["lead"] == 0
    blurred = trained(make, first[:8], first[:8] + noise[:8], first[:8] - noise[:8])
    assert judge_test(BETTER, blurred, published).ruling == "undecided"


def test_prediction_of_what_is_not_there(make, normal, published):
    records = trained(make, *normal)
    for change in ({"metric": "loss"}, {"series": "hdr"}, {"baseline": "hdr"}):
        outcome = judge_test(PREDICTION.model_copy(update=change), records, published)
        assert outcome.ruling == "not run" and next(iter(change.values())) in outcome.sentence


def test_columns_that_are_lost_decide_nothing(make, normal, published):
    lost = trained(make, normal[0], [nan] * 60, normal[1])
    assert judge_test(PREDICTION, lost, published).ruling == "undecided"
    lost = trained(make, normal[0], normal[1], [nan] * 60)
    assert judge_test(BETTER, lost, published).ruling == "undecided"


RUNS = "compression/cifar10/f_plus/seed*"
T = np.linspace(0, 1, 31)


def runs(make, *trajectories):
    return [
        make(
            f"compression/cifar10/f_plus/seed{seed}",
            seed=seed,
            trajectory={"step": (30 * T).tolist()} | {name: np.asarray(v).tolist() for name, v in columns.items()},
        )
        for seed, columns in enumerate(trajectories)
    ]


MILD = CorrelationTest(
    kind="correlation",
    runs=RUNS,
    first=Difference(column="test_loss", minus="train_loss"),
    second=Difference(column="test_l3", minus="train_l3"),
    sign="mild",
    where_positive=True,
)


def gaps(generalisation, compression):
    zero = np.zeros(31)
    return {"train_loss": zero, "test_loss": generalisation, "train_l3": zero, "test_l3": compression}


def wiggling(seed, shared=1.0, noise=0.1):
    """Two gaps that rise, and whose ups and downs are the same."""
    rng = np.random.default_rng(seed)
    both = 0.1 * shared * rng.normal(size=31)
    return gaps(T + 0.2 + both, T**2 + both + 0.1 * noise * rng.normal(size=31))


def unrelated(seed):
    return gaps(T - 0.2, np.random.default_rng(seed).normal(size=31))


def outside(seed):
    """Nothing but the points with a negative generalisation gap makes these two move together."""
    return gaps(T - 0.2, np.where(T < 0.2, T - 9, unrelated(seed)["test_l3"]))


@pytest.mark.parametrize(
    "trajectory, sign, ruling",
    [
        (wiggling, "mild", "fails"),
        (wiggling, "positive", "holds"),
        (wiggling, "negative", "fails"),
        (lambda seed: wiggling(seed, shared=0.0), "positive", "undecided"),  # they share a trend, and nothing else
        (unrelated, "mild", "holds"),
        (unrelated, "positive", "fails"),
        (outside, "mild", "holds"),
        (lambda seed: gaps(T - 2, T), "mild", "undecided"),  # no point has a positive gap
    ],
)
def test_correlation_of_gaps(make, published, trajectory, sign, ruling):
    records = runs(make, *(trajectory(seed) for seed in range(4)))
    outcome = judge_test(MILD.model_copy(update={"sign": sign}), records, published)
    assert outcome.ruling == ruling, outcome.sentence


def test_a_correlation_that_cannot_be_told_is_not_thereby_mild(make, published):
    apart = runs(make, unrelated(0), wiggling(0))
    assert judge_test(MILD, apart, published).ruling == "undecided"
    one = judge_test(MILD, runs(make, unrelated(0)), published)
    assert (one.ruling, one.leaning) == ("undecided", "holds")
