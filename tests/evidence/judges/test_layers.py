from __future__ import annotations

import numpy as np
import pytest

from interplay.evidence.judges import judge_test
from interplay.protocols.claims import BoundTest, ContrastTest, CorrelationTest, OrderingTest, TrendTest, ValueTest
from interplay.protocols.course_claims import InteractionTest, NoFallTest, SoonerTest, StaysTest, TurnTest
from interplay.protocols.readings import Crossing, Difference, InDepth, Reading

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
    late = gap(np.where(T < 0.09, -1.0, 0.2), 0.1)
    assert judge_test(ABOVE, runs(make, late), published).ruling == "holds"
    assert judge_test(ABOVE.model_copy(update={"since": 0.0}), runs(make, late), published).ruling == "holds"
    bound = ABOVE.model_copy(update={"at_least": None, "at_most": 0.15})
    assert judge_test(bound, runs(make, late), published).ruling == "fails"


def test_sentences_name_bounds_and_courses_in_few_words(make, published):
    records = runs(make, {"a": T, "b": T, "c": T, "d": T})
    many = ABOVE.model_copy(update={"series": ("a", "b", "c", "d"), "at_least": 0.5, "at_most": 0.5})
    assert judge_test(many, records, published).sentence.startswith(
        "each of 4 courses (a ... d) equal to 0.5 from 10 %"
    )
    two = ABOVE.model_copy(update={"series": ("a", "b"), "at_most": 2.0})
    assert judge_test(two, records, published).sentence.startswith("a and b at least 0 and at most 2")


def test_too_few_points_make_no_course_the_weakest(make, published):
    few = {name: values[:3] for name, values in CLEAR.items()}
    record = make(
        RUNS.replace("*", "0"), trajectory={"step": [0.0, 1.0, 2.0]} | {k: v.tolist() for k, v in few.items()}
    )
    outcome = judge_test(ABOVE, [record], published)
    assert outcome.ruling == "undecided" and "points 2" in outcome.sentence and "Weakest" not in outcome.sentence


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


TURN = TurnTest(kind="turn", runs=RUNS, series="loss", earliest=5, latest=15)


@pytest.mark.parametrize("lowest, ruling", [((10, 9), "holds"), ((25, 28), "fails"), ((10, 25), "undecided")])
def test_turn(make, published, lowest, ruling):
    records = runs(make, *({"loss": (30 * T - at) ** 2} for at in lowest))
    assert judge_test(TURN, records, published).ruling == ruling


SOONER = SoonerTest(
    kind="sooner",
    runs=RUNS,
    first=Crossing(series=InDepth(columns="c", statistic="correlation"), at_most=-0.98),
    second=Crossing(series="accuracy", at_least=0.995),
    factor=2,
    since=0.02,
)


def layers(law_at, right_at):
    steps = 30 * T
    second = np.where(steps >= law_at, 4.0, 7.9)
    return {"c_l1": np.full(31, 8.0), "c_l2": second, "c_l3": np.full(31, 2.0), "accuracy": (steps >= right_at) * 1.0}


@pytest.mark.parametrize(
    "courses, ruling",
    [
        (((3, 20), (4, 99)), "holds"),
        (((18, 20), (10, 8)), "fails"),
        (((3, 20), (18, 20)), "undecided"),
        (((99, 99),), "undecided"),
    ],
)
def test_sooner(make, published, courses, ruling):
    outcome = judge_test(SOONER, runs(make, *(layers(*course) for course in courses)), published)
    assert outcome.ruling == ruling, outcome.sentence


INTERACTION = InteractionTest(
    kind="interaction",
    metric="accuracy",
    greater=("compression/cifar10/f_plus/seed*", "compression/cifar10/f_minus/seed*"),
    lesser=("compression/fashion-mnist/f_plus/seed*", "compression/fashion-mnist/f_minus/seed*"),
)


def four(make, differences, seeds=(0, 1, 2)):
    """Differences of the two networks on either data set, with a luck of the seed that they share."""
    luck, own = (0.0, 0.03, -0.02), (0.001, -0.002, 0.0)
    return [
        make(
            f"compression/{dataset}/{network}/seed{seed}",
            seed=seed,
            dataset=dataset,
            metrics={"accuracy": 0.7 + luck[seed] + (difference + own[seed] if network == "f_plus" else 0)},
        )
        for dataset, difference in zip(("cifar10", "fashion-mnist"), differences, strict=True)
        for network in ("f_plus", "f_minus")
        for seed in (seeds if dataset == "cifar10" else (0, 1, 2))
    ]


@pytest.mark.parametrize(
    "differences, seeds, ruling",
    [
        ((0.12, 0.03), (0, 1, 2), "holds"),
        ((0.03, 0.12), (0, 1, 2), "fails"),
        ((0.12, 0.03), (1,), "undecided"),
    ],
)
def test_interaction(make, published, differences, seeds, ruling):
    records = four(make, differences, seeds)
    # The same noise on both data sets would cancel: give one of them its own.
    records[0] = records[0].model_copy(update={"metrics": {"accuracy": records[0].metrics["accuracy"] + 0.001}})
    outcome = judge_test(INTERACTION, records, published)
    assert outcome.ruling == ruling, outcome.sentence
    assert outcome.numbers["seeds"] == len(seeds)


def test_interaction_of_differences_that_scatter(make, published):
    records = four(make, (0.05, 0.05))
    noisy = [
        one.model_copy(update={"metrics": {"accuracy": one.metrics["accuracy"] + noise}})
        for one, noise in zip(records, (0.02, -0.03, 0.01, *[0.0] * 9), strict=True)
    ]
    assert judge_test(INTERACTION, noisy, published).ruling == "undecided"


def test_interaction_without_common_seeds_or_finite_values(make, published):
    records = [run for run in four(make, (0.1, 0.1)) if run.dataset != "cifar10"]
    other = [make("compression/cifar10/f_plus/seed7", seed=7, metrics={"accuracy": 0.5})]
    other += [make("compression/cifar10/f_minus/seed7", seed=7, metrics={"accuracy": 0.5})]
    assert "no seed is common" in judge_test(INTERACTION, [*records, *other], published).sentence
    broken = make("compression/cifar10/f_plus/seed0", metrics={"accuracy": float("nan")})
    rest = [run for run in four(make, (0.1, 0.1)) if run.name != broken.name]
    assert judge_test(INTERACTION, [broken, *rest], published).ruling == "not run"


EXACT = ValueTest(
    kind="value",
    runs="compression/cifar10/f_minus/architecture",
    metric="dimension_l2",
    exact=True,
    table="compression25/table3.2",
    row="f- on CIFAR-10",
    column="2",
)


@pytest.mark.parametrize("size, ruling", [(288.0, "holds"), (289.0, "fails"), (float("nan"), "not run")])
def test_an_exact_value_needs_no_spread(make, published, size, ruling):
    record = make("compression/cifar10/f_minus/architecture", metrics={"dimension_l2": size})
    outcome = judge_test(EXACT, [record], published)
    assert outcome.ruling == ruling
    assert (f"{size:g}" in outcome.sentence and "3x3x32" in outcome.sentence) == (ruling != "not run")


def test_an_exact_value_is_that_of_the_printed_digits(make, published):
    accuracy = EXACT.model_copy(
        update={"metric": "a", "scale": 100.0, "table": "compression25/table3.1", "column": "Test accuracy"}
    )
    for value, ruling in ((0.6263, "holds"), (0.6272, "fails")):
        record = make("compression/cifar10/f_minus/architecture", metrics={"a": value})
        assert judge_test(accuracy, [record], published).ruling == ruling


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


TOGETHER = gaps(T - 0.2, T**2)
UNRELATED = gaps(T - 0.2, np.random.default_rng(3).normal(size=31))
# Nothing but the points with a negative generalisation gap makes these two move together.
OUTSIDE = gaps(T - 0.2, np.where(T < 0.2, T - 9, UNRELATED["test_l3"]))


@pytest.mark.parametrize(
    "trajectory, sign, ruling",
    [
        (TOGETHER, "mild", "fails"),
        (TOGETHER, "positive", "holds"),
        (TOGETHER, "negative", "fails"),
        (UNRELATED, "mild", "holds"),
        (UNRELATED, "positive", "fails"),
        (OUTSIDE, "mild", "holds"),
        (gaps(T - 2, T), "mild", "undecided"),  # no point has a positive gap
    ],
)
def test_correlation_of_gaps(make, published, trajectory, sign, ruling):
    outcome = judge_test(MILD.model_copy(update={"sign": sign}), runs(make, trajectory), published)
    assert outcome.ruling == ruling, outcome.sentence


def test_mild_correlation_of_few_points_is_undecided_where_it_is_strong(make, published):
    few = {name: values[-5:] for name, values in gaps(T, T).items()}
    few["test_l3"] = np.array([1.0, 3.0, 2.0, 5.0, 4.0])  # rho .8, p .1
    record = make(RUNS.replace("*", "0"), trajectory={"step": [0.0] * 5} | {k: list(v) for k, v in few.items()})
    assert judge_test(MILD, [record], published).ruling == "undecided"


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
