from __future__ import annotations

from math import nan

import pytest

from interplay.evidence.judges import judge_test
from interplay.protocols.claims import BoundTest, OrderingTest, ValueTest

ORDERING = OrderingTest(
    kind="ordering",
    metric="best_test_accuracy",
    greater="supervised/cifar10/max_mi/*",
    lesser="supervised/cifar10/plain/*",
)
REVERSE = ORDERING.model_copy(update={"greater": ORDERING.lesser, "lesser": ORDERING.greater})


def value_test(row="Fully supervised", **fields):
    where = {"table": "metrics24/table3", "row": row, "column": "CIFAR-10"} | fields
    return ValueTest(kind="value", runs="supervised/*", metric="accuracy", scale=100, **where)


def runs_of(make, accuracies):
    return [
        make(f"supervised/cifar10/plain/seed{i}", seed=i, metrics={"accuracy": a}) for i, a in enumerate(accuracies)
    ]


def test_ordering_is_paired_by_seed(supervised, published):
    records = supervised() + supervised(objective="max_mi", gain=0.005)
    outcome = judge_test(ORDERING, records, published)
    assert outcome.ruling == "holds" and "paired" in outcome.sentence
    assert outcome.numbers["difference"] == pytest.approx(0.005, abs=0.001)
    assert judge_test(REVERSE, records, published).ruling == "fails"


def test_ordering_without_common_seeds_is_welchs(supervised, published):
    records = supervised(seeds=(0, 1)) + supervised(seeds=(2, 3, 4), objective="max_mi", gain=0.05)
    outcome = judge_test(ORDERING, records, published)
    assert outcome.ruling == "holds" and "Welch" in outcome.sentence
    close = supervised(seeds=(0, 1)) + supervised(seeds=(2, 3, 4), objective="max_mi", gain=0.002)
    assert judge_test(ORDERING, close, published).ruling == "undecided"


def test_overlap_and_single_runs_are_underpowered(supervised, published):
    same = supervised() + supervised(objective="max_mi")
    assert judge_test(ORDERING, same, published).ruling == "undecided"
    single = supervised(seeds=(0,)) + supervised(seeds=(0,), objective="max_mi", gain=0.5)
    assert judge_test(ORDERING, single, published).ruling == "undecided"


def test_pairs_never_mix_data_sets(make, published):
    """Two data sets with the same seeds: pairing by seed alone would throw runs away."""
    records = []
    for dataset, level in (("cifar10", 0.9), ("cifar100", 0.6)):
        for seed in range(3):
            noise = 0.0005 * ((seed + len(dataset)) % 3 - 1)
            for objective, gain in (("plain", 0.0), ("max_mi", 0.005 + noise)):
                name = f"supervised/cifar10/{objective}/{dataset}-seed{seed}"
                records.append(make(name, seed=seed, dataset=dataset, metrics={"best_test_accuracy": level + gain}))
    outcome = judge_test(ORDERING, records, published)
    assert outcome.ruling == "holds" and outcome.numbers["greater_runs"] == 6
    assert "paired" in outcome.sentence


def test_missing_group_metric_or_value_is_not_run(supervised, make, published):
    assert judge_test(ORDERING, supervised(), published).ruling == "not run"
    bare = [make("supervised/cifar10/max_mi/seed0")]
    assert "best_test_accuracy" in judge_test(ORDERING, supervised() + bare, published).sentence
    lost = [make("supervised/cifar10/max_mi/seed0", metrics={"best_test_accuracy": nan})]
    assert judge_test(ORDERING, supervised() + lost, published).ruling == "not run"


@pytest.mark.parametrize(
    "accuracies, ruling",
    [((0.1, 0.9), "holds"), ((0.0, 1.0), "holds"), ((0.1, 1.01), "fails"), ((0.1, nan), "fails")],
)
def test_bounds_hold_in_every_run(make, published, accuracies, ruling):
    test = BoundTest(kind="bound", runs="supervised/*", metric="accuracy", at_least=0, at_most=1)
    outcome = judge_test(test, runs_of(make, accuracies), published)
    assert outcome.ruling == ruling
    assert outcome.numbers["outside"] == (ruling == "fails")


@pytest.mark.parametrize(
    "accuracies, ruling",
    [
        ((0.6, 0.7, 0.8), "holds"),
        ((0.6, 0.7, 0.4), "undecided"),
        ((0.6, 0.4), "undecided"),
        ((0.6, 0.4, nan), "fails"),
        ((0.4,), "fails"),
    ],
)
def test_a_bound_that_chance_decides_in_part(make, published, accuracies, ruling):
    test = BoundTest(kind="bound", runs="supervised/*", metric="accuracy", at_least=0.5, majority=True)
    assert judge_test(test, runs_of(make, accuracies), published).ruling == ruling


def test_one_sided_bound(make, published):
    test = BoundTest(kind="bound", runs="supervised/*", metric="accuracy", at_least=0.5)
    assert judge_test(test, runs_of(make, (0.6, 7.0)), published).ruling == "holds"
    outcome = judge_test(test, runs_of(make, (0.6, 0.4)), published)
    assert outcome.ruling == "fails" and "seed1" in outcome.sentence


@pytest.mark.parametrize("end, ruling, rate", [("highest", "fails", "0.1"), ("lowest", "holds", "0.001")])
def test_a_bound_at_one_extreme_of_a_setting(make, published, end, ruling, rate):
    records = [
        make(f"connectivity/cifar10/lr{lr:g}/seed0", settings={"learning_rate": lr}, metrics={"barrier": barrier})
        for lr, barrier in ((0.001, 0.01), (0.01, 0.3), (0.1, 0.5))
    ]
    only = {"setting": "learning_rate", "end": end}
    test = BoundTest(kind="bound", runs="connectivity/*", metric="barrier", at_most=0.1, only=only)
    outcome = judge_test(test, records, published)
    assert outcome.ruling == ruling and f"at the {end} learning_rate ({rate})" in outcome.sentence
    assert outcome.numbers["runs"] == 1
    bare = [record.model_copy(update={"settings": {}}) for record in records]
    assert "no numeric setting 'learning_rate'" in judge_test(test, bare, published).sentence


@pytest.mark.parametrize(
    "values, said",
    [
        ((32.0, 32.0), "is 32 over 2 runs,"),
        ((nan, 64.0), "undefined in 1 of them"),
        ((nan,), "undefined in all of 1 run,"),
    ],
)
def test_what_a_bound_says_of_values_without_a_range(make, published, values, said):
    test = BoundTest(kind="bound", runs="supervised/*", metric="accuracy", at_most=100)
    assert said in judge_test(test, runs_of(make, values), published).sentence


@pytest.mark.parametrize(
    "accuracies, ruling",
    [
        ((0.9535,), "undecided"),
        ((0.9535, 0.9536), "undecided"),
        ((0.9530, 0.9541, 0.9528), "holds"),
        ((0.9330, 0.9341, 0.9328), "fails"),
        ((0.99, 0.92, 0.95), "undecided"),
        ((0.9535, 0.9535, 0.9535), "holds"),
        ((0.95354, 0.95354, 0.95354), "holds"),
        ((0.95356, 0.95356, 0.95356), "fails"),
    ],
)
def test_value_without_a_printed_spread_needs_three_runs(make, published, accuracies, ruling):
    """The last two lie 0.004 and 0.006 from 95.35: within and beyond the rounding of the second digit."""
    assert judge_test(value_test(margin=0.5), runs_of(make, accuracies), published).ruling == ruling


def test_without_a_margin_a_wide_interval_is_enough(make, published):
    assert judge_test(value_test(), runs_of(make, (0.99, 0.92, 0.95)), published).ruling == "holds"


@pytest.mark.parametrize(
    "accuracies, ruling",
    [
        ((0.0500,), "holds"),  # 4.90±0.04: one run within 4.97 spreads
        ((0.0520,), "fails"),
        ((0.0491, 0.0488, 0.0492), "holds"),
        ((0.0511, 0.0512, 0.0513), "fails"),
    ],
)
def test_value_with_a_printed_spread(make, published, accuracies, ruling):
    test = value_test(table="metrics24/table2", row="FreeMatch", column="CIFAR-10/40")
    assert judge_test(test, runs_of(make, accuracies), published).ruling == ruling


def test_a_blank_cell_is_not_run(make, published):
    test = value_test(table="metrics24/table1", row="Food101", column="1")
    outcome = judge_test(test, runs_of(make, (0.8, 0.8, 0.8)), published)
    assert outcome.ruling == "not run" and "blank" in outcome.sentence
