"""Break a record and the verdict must flip: a claim that cannot fail says nothing."""

from __future__ import annotations

import numpy as np
import pytest

from interplay.evidence.judges import judge_test
from interplay.evidence.outcomes import select
from interplay.protocols.claims import CorrelationTest, DelayTest, DipTest, OrderingTest, PeakTest, TrendTest

PLAIN, GROKKING = "supervised/cifar10/plain/*", "grokking/addition/*"

CLAIMS = {
    "mir rises": TrendTest(kind="trend", runs=PLAIN, series="mir", direction="rising"),
    "hdr falls": TrendTest(kind="trend", runs=PLAIN, series="hdr", direction="falling"),
    "feature entropy rises": TrendTest(kind="trend", runs=PLAIN, series="feature_entropy", direction="rising"),
    "head entropy dips": DipTest(kind="dip", runs=PLAIN, series="head_entropy", depth=0.1),
    "mir peaks": PeakTest(kind="peak", runs=GROKKING, series="mir", shape="peak", depth=0.3),
    "hdr has a valley": PeakTest(kind="peak", runs=GROKKING, series="hdr", shape="valley", depth=0.3),
    "mir follows accuracy": CorrelationTest(
        kind="correlation", runs=PLAIN, first="mir", second="test_accuracy", sign="positive"
    ),
    "hdr opposes accuracy": CorrelationTest(
        kind="correlation", runs=PLAIN, first="hdr", second="test_accuracy", sign="negative"
    ),
    "test accuracy lags": DelayTest(
        kind="delay", runs=GROKKING, first="train_accuracy", second="test_accuracy", threshold=0.95, factor=3
    ),
}
COLUMN = {
    name: getattr(test, "series", None) or test.first for name, test in CLAIMS.items()
}  # the column that is broken
OTHER = {  # a column of another course, logged in its place by mistake
    "mir rises": "hdr",
    "hdr falls": "mir",
    "feature entropy rises": "hdr",
    "head entropy dips": "mir",
    "mir peaks": "test_accuracy",
    "hdr has a valley": "mir",
    "mir follows accuracy": "hdr",
    "hdr opposes accuracy": "mir",
    "test accuracy lags": "test_accuracy",
}


def shuffled(values, seed):
    return np.random.default_rng(100 + seed).permutation(values).tolist()


def negated(values, seed):
    return [-value for value in values]


def constant(values, seed):
    return [float(np.mean(values))] * len(values)


def reversed_in_time(values, seed):
    return values[::-1]


def lost(values, seed):
    return [float("nan")] * len(values)


SYMMETRIC = {"head entropy dips", "mir peaks", "hdr has a valley"}  # a dip run backwards is still a dip


def mutate(records, column, change):
    return [
        record.model_copy(
            update={"trajectory": record.trajectory | {column: change(record.trajectory[column], record.seed)}}
        )
        for record in records
    ]


@pytest.fixture
def records(supervised, grokking, name):
    """The runs that the claim is about."""
    return select(supervised() + grokking(), CLAIMS[name].runs)


@pytest.mark.parametrize("name", CLAIMS)
def test_the_claim_is_reproduced(records, published, name):
    outcome = judge_test(CLAIMS[name], records, published)
    assert outcome.ruling == "holds", outcome.sentence


@pytest.mark.parametrize(
    "name, change",
    [
        (name, change)
        for name in CLAIMS
        for change in (shuffled, negated, constant, reversed_in_time, lost)
        if not (change is reversed_in_time and name in SYMMETRIC)
    ],
)
def test_a_broken_column_flips_the_verdict(records, published, name, change):
    outcome = judge_test(CLAIMS[name], mutate(records, COLUMN[name], change), published)
    assert outcome.ruling in ("fails", "undecided"), outcome.sentence


@pytest.mark.parametrize("name", sorted(set(CLAIMS) - SYMMETRIC - {"test accuracy lags"}))
def test_the_opposite_course_deviates(records, published, name):
    assert judge_test(CLAIMS[name], mutate(records, COLUMN[name], negated), published).ruling == "fails"


@pytest.mark.parametrize("name", CLAIMS)
def test_another_metric_in_its_place_flips_the_verdict(records, published, name):
    swapped = [
        record.model_copy(update={"trajectory": record.trajectory | {COLUMN[name]: record.trajectory[OTHER[name]]}})
        for record in records
    ]
    assert judge_test(CLAIMS[name], swapped, published).ruling in ("fails", "undecided")


@pytest.mark.parametrize("name", CLAIMS)
def test_one_broken_run_of_three_is_noticed(records, published, name):
    broken = mutate([record for record in records if record.seed == 1], COLUMN[name], constant)
    mixed = [record for record in records if record.seed != 1] + broken
    assert judge_test(CLAIMS[name], mixed, published).ruling == "undecided"


@pytest.mark.parametrize("name", CLAIMS)
def test_a_column_that_was_not_logged_is_not_run(records, published, name):
    bare = [
        record.model_copy(update={"trajectory": {k: v for k, v in record.trajectory.items() if k != COLUMN[name]}})
        for record in records
    ]
    outcome = judge_test(CLAIMS[name], bare, published)
    assert outcome.ruling == "not run" and COLUMN[name] in outcome.sentence


def test_swapping_the_groups_flips_an_ordering(supervised, published):
    records = supervised() + supervised(objective="max_mi", gain=0.005)
    test = OrderingTest(
        kind="ordering", metric="best_test_accuracy", greater="supervised/cifar10/max_mi/*", lesser=PLAIN
    )
    swap = {"plain": "max_mi", "max_mi": "plain"}
    renamed = [
        record.model_copy(update={"run": "/".join(swap.get(part, part) for part in record.run.split("/"))})
        for record in records
    ]
    assert judge_test(test, records, published).ruling == "holds"
    assert judge_test(test, renamed, published).ruling == "fails"
