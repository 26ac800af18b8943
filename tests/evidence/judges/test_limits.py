from __future__ import annotations

from math import nan

import numpy as np
import pytest

from interplay.evidence.judges import judge_test
from interplay.protocols.quantities import Difference, Reading
from interplay.protocols.run_tests import BoundTest, ContrastTest, OrderingTest
from interplay.protocols.series_tests import NoFallTest, StaysTest, TrendTest

RUNS = "compression/cifar10/f_plus/seed*"
T = np.linspace(0, 1, 31)


def runs(make, *trajectories, dataset="cifar10", network="f_plus"):
    return [
        make(
            f"compression/{dataset}/{network}/seed{seed}",
            seed=seed,
            dataset=dataset,
            trajectory={"step": (30 * T).tolist()} | {name: np.asarray(v).tolist() for name, v in columns.items()},
        )
        for seed, columns in enumerate(trajectories)
    ]


ABOVE = StaysTest(
    kind="stays",
    runs=RUNS,
    series=(Difference(column="test_l1", minus="train_l1"), Difference(column="test_l2", minus="train_l2")),
    at_least=0.0,
    since=0.1,
)


def gap(first, second):
    train = 5 * np.exp(-2 * T)
    return {"train_l1": train, "train_l2": train / 2, "test_l1": train + first, "test_l2": train / 2 + second}


CLEAR, CROSSED, MIXED = gap(0.2, 0.1), gap(0.2, -0.1), gap(0.2, np.where(T < 0.3, -0.1, 0.1))


@pytest.mark.parametrize(
    "trajectories, ruling",
    [
        ((CLEAR, CLEAR), "holds"),
        ((CROSSED, CROSSED), "fails"),
        ((CLEAR, CROSSED), "undecided"),
        ((CLEAR, MIXED), "undecided"),
    ],
)
def test_stays(make, published, trajectories, ruling):
    outcome = judge_test(ABOVE, runs(make, *trajectories), published)
    assert outcome.ruling == ruling, outcome.sentence
    named = "Weakest for test_l2 - train_l2" in outcome.sentence
    assert named == (ruling != "holds")
    assert outcome.numbers["share of points test_l1 - train_l1"] == 1.0


def test_stays_counts_from_where_it_is_told_to(make, published):
    late = [gap(np.where(T < 0.3, -1.0, 0.2 + luck), 0.1 + luck) for luck in (0.0, 0.01, 0.002)]
    assert judge_test(ABOVE.model_copy(update={"since": 0.3}), runs(make, *late), published).ruling == "holds"
    assert judge_test(ABOVE, runs(make, *late), published).ruling == "undecided"
    bound = ABOVE.model_copy(update={"at_least": None, "at_most": 0.15})
    assert judge_test(bound, runs(make, *late), published).ruling == "fails"
    one = judge_test(bound, runs(make, late[0]), published)
    assert (one.ruling, one.leaning) == ("undecided", "fails")


def test_sentences_name_bounds_and_courses_in_few_words(make, published):
    records = runs(make, {"a": T, "b": T, "c": T, "d": T})
    many = ABOVE.model_copy(update={"series": ("a", "b", "c", "d"), "at_least": 0.5, "at_most": 0.5})
    assert judge_test(many, records, published).sentence.startswith("each of 4 series (a ... d) equal to 0.5 from 10 %")
    two = ABOVE.model_copy(update={"series": ("a", "b"), "at_most": 2.0})
    assert judge_test(two, records, published).sentence.startswith("a and b at least 0 and at most 2")


def test_too_few_points_make_no_course_the_weakest(make, published):
    few = {name: values[:3] for name, values in CLEAR.items()}
    record = make(
        RUNS.replace("*", "0"), trajectory={"step": [0.0, 1.0, 2.0]} | {k: v.tolist() for k, v in few.items()}
    )
    outcome = judge_test(ABOVE, [record], published)
    assert outcome.ruling == "undecided" and "too few points" in outcome.sentence and "Weakest" not in outcome.sentence


def test_stays_without_its_columns(make, published):
    outcome = judge_test(ABOVE, runs(make, {"train_l1": T}), published)
    assert outcome.ruling == "not run" and "'test_l1'" in outcome.sentence


NO_FALL = NoFallTest(kind="no_fall", runs=RUNS, series=("m_l1", "m_l2"), within=0.15)
RISING, COMPRESSED = 3 * T, 3 - 1.5 * np.maximum(0, T - 0.5)


@pytest.mark.parametrize(
    "second, ruling",
    [
        ((RISING, RISING), "holds"),
        ((COMPRESSED, COMPRESSED), "fails"),
        ((RISING, COMPRESSED), "undecided"),
        ((np.random.default_rng(0).normal(size=31),) * 2, "undecided"),
    ],
)
def test_no_fall(make, published, second, ruling):
    outcome = judge_test(NO_FALL, runs(make, *({"m_l1": RISING, "m_l2": one} for one in second)), published)
    assert outcome.ruling == ruling, outcome.sentence


def test_readings_stand_where_metrics_do(make, published):
    """Trend, ordering, bound and contrast take courses and numbers read off them."""
    plus = runs(make, *(gap(0.2 + (0.1 + 0.003 * seed) * T, 0.1) for seed in range(3)))
    minus = runs(make, *(gap(0.5 + 0.013 * seed * T, 0.1) for seed in range(3)), network="f_minus")
    course = Difference(column="test_l1", minus="train_l1")
    last = Reading(series=course, take="last")
    other = "compression/cifar10/f_minus/seed*"
    tests = {
        TrendTest(kind="trend", runs=RUNS, series=course, direction="rising"): "holds",
        TrendTest(kind="trend", runs=RUNS, series=course, direction="falling"): "fails",
        OrderingTest(kind="ordering", metric=last, greater=other, lesser=RUNS): "holds",
        OrderingTest(kind="ordering", metric=last, greater=RUNS, lesser=other): "fails",
        BoundTest(kind="bound", runs=RUNS, metric=last, at_least=0.29, at_most=0.33): "holds",
        BoundTest(kind="bound", runs=RUNS, metric=last, at_most=0.29): "fails",
        ContrastTest(kind="contrast", runs=(RUNS,), larger=last, smaller=Reading(series=course, take="first")): (
            "holds"
        ),
    }
    for test, ruling in tests.items():
        outcome = judge_test(test, [*plus, *minus], published)
        assert outcome.ruling == ruling, f"{test.kind}: {outcome.sentence}"


def runs_of(make, accuracies):
    return [
        make(f"supervised/cifar10/plain/seed{i}", seed=i, metrics={"accuracy": a}) for i, a in enumerate(accuracies)
    ]


@pytest.mark.parametrize(
    "accuracies, ruling, leaning",
    [
        ((0.80, 0.82, 0.81), "holds", None),
        ((0.7,), "undecided", "holds"),  # one run gives no interval
        ((0.3,), "undecided", "fails"),
        ((0.70, 0.72, 0.49), "undecided", None),  # one of three outside convicts nobody
        ((0.70, 0.72, 0.71, 0.70, 0.499), "holds", None),  # nor one of five: the mean is what is judged
        ((0.40, 0.42, 0.41), "fails", None),
        ((0.5, 0.5), "holds", None),
        ((0.8, nan), "undecided", None),
    ],
)
def test_a_bound_is_held_against_the_mean(make, published, accuracies, ruling, leaning):
    test = BoundTest(kind="bound", runs="supervised/*", metric="accuracy", at_least=0.5)
    outcome = judge_test(test, runs_of(make, accuracies), published)
    assert (outcome.ruling, outcome.leaning) == (ruling, leaning), outcome.sentence
    assert outcome.degree.runs == len(accuracies)


def test_a_bound_on_both_sides(make, published):
    test = BoundTest(kind="bound", runs="supervised/*", metric="accuracy", at_least=0.5, at_most=1.0)
    for accuracies, ruling in (((0.7, 0.72), "holds"), ((1.2, 1.21), "fails"), ((0.9, 1.0, 0.95), "undecided")):
        assert judge_test(test, runs_of(make, accuracies), published).ruling == ruling


def test_a_bound_says_how_many_seeds_would_decide(make, published):
    test = BoundTest(kind="bound", runs="supervised/*", metric="accuracy", at_least=0.5)
    sentence = judge_test(test, runs_of(make, (0.70, 0.72, 0.49)), published).sentence
    assert "At this effect and spread about 9 seeds would decide" in sentence
    assert "95 % interval 0.3" in sentence and "(0.49 to 0.72)" in sentence


@pytest.mark.parametrize("end, ruling, rate", [("highest", "fails", "0.1"), ("lowest", "holds", "0.001")])
def test_a_bound_at_one_extreme_of_a_setting(make, published, end, ruling, rate):
    records = [
        make(
            f"connectivity/cifar10/lr{lr:g}/seed{seed}",
            seed=seed,
            settings={"learning_rate": lr},
            metrics={"barrier": barrier + 0.001 * seed},
        )
        for lr, barrier in ((0.001, 0.01), (0.01, 0.3), (0.1, 0.5))
        for seed in range(2)
    ]
    only = {"setting": "learning_rate", "end": end}
    test = BoundTest(kind="bound", runs="connectivity/*", metric="barrier", at_most=0.1, only=only)
    outcome = judge_test(test, records, published)
    assert outcome.ruling == ruling and f"at the {end} learning_rate ({rate})" in outcome.sentence
    assert outcome.numbers["runs"] == 2
    bare = [record.model_copy(update={"settings": {}}) for record in records]
    assert "no numeric setting 'learning_rate'" in judge_test(test, bare, published).sentence


@pytest.mark.parametrize(
    "values, said",
    [
        ((32.0, 32.0), "is 32 over 2 runs,"),
        ((nan, 64.0), "undefined in 1 of 2 runs"),
        ((nan,), "undefined in all of 1 run,"),
    ],
)
def test_what_a_bound_says_of_values_without_a_range(make, published, values, said):
    test = BoundTest(kind="bound", runs="supervised/*", metric="accuracy", at_most=100)
    assert said in judge_test(test, runs_of(make, values), published).sentence
