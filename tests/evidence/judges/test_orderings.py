from __future__ import annotations

from math import nan
from statistics import mean, stdev

import pytest

from interplay.evidence.judges import judge_test
from interplay.evidence.power import seeds_paired, seeds_unpaired
from interplay.protocols.run_tests import AgreementTest, ContrastTest, InteractionTest, OrderingTest

CONTRAST = ContrastTest(kind="contrast", runs=("pruning/*",), larger="mir", smaller="chance")
AGREEMENT = AgreementTest(kind="agreement", runs="pruning/*", first="mir", second="chance")
ORDERING = OrderingTest(
    kind="ordering",
    metric="best_test_accuracy",
    greater="supervised/cifar10/max_mi/*",
    lesser="supervised/cifar10/plain/*",
)
REVERSE = ORDERING.model_copy(update={"greater": ORDERING.lesser, "lesser": ORDERING.greater})


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


def test_an_ordering_that_is_open_says_how_many_seeds_would_decide(make, published):
    """By the power of the test that was made: on pairs where seeds match, Welch's otherwise."""

    def group(name, values, first=0):
        return [
            make(f"supervised/cifar10/{name}/seed{seed}", seed=seed, metrics={"best_test_accuracy": value})
            for seed, value in enumerate(values, start=first)
        ]

    plain, better = (0.80, 0.84, 0.82), (0.81, 0.87, 0.82)
    pairs = judge_test(ORDERING, group("plain", plain) + group("max_mi", better), published)
    differences = [one - other for one, other in zip(better, plain, strict=True)]
    needed = seeds_paired(mean(differences), stdev(differences), 0.05)
    assert pairs.ruling == "undecided" and f"about {needed} seeds" in pairs.sentence
    apart = judge_test(ORDERING, group("plain", plain) + group("max_mi", better, first=3), published)
    needed = seeds_unpaired(mean(better) - mean(plain), stdev(better), stdev(plain), 0.05)
    assert apart.ruling == "undecided" and f"about {needed} seeds" in apart.sentence
    single = judge_test(ORDERING, group("plain", plain) + group("max_mi", better[:1], first=3), published)
    assert single.ruling == "undecided" and "One seed gives no spread" in single.sentence


def test_overlap_and_single_runs_decide_nothing(supervised, published):
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


def runs(make, mir, chance):
    return [
        make(f"pruning/cifar10/global-0.9/seed{seed}", seed=seed, metrics={"mir": one, "chance": other})
        for seed, (one, other) in enumerate(zip(mir, chance, strict=True))
    ]


@pytest.mark.parametrize(
    "mir, ruling",
    [
        ((0.52, 0.71, 0.60), "holds"),  # the runs lie apart, their differences do not
        ((0.48, 0.68, 0.57), "fails"),
        ((0.52, 0.60, 0.71), "undecided"),
        ((0.51,), "undecided"),
        ((0.51, nan, 0.6), "not run"),
    ],
)
def test_contrast_is_paired(make, published, mir, ruling):
    outcome = judge_test(CONTRAST, runs(make, mir, (0.5, 0.7, 0.585)[: len(mir)]), published)
    assert outcome.ruling == ruling, outcome.sentence


def test_contrast_by_a_margin(make, published):
    records = runs(make, (0.62, 0.81, 0.70), (0.5, 0.7, 0.585))
    for by, ruling in ((0.1, "holds"), (0.115, "undecided"), (0.2, "fails")):
        outcome = judge_test(CONTRAST.model_copy(update={"by": by}), records, published)
        assert outcome.ruling == ruling and outcome.numbers["difference"] == pytest.approx(0.115)


@pytest.mark.parametrize(
    "mir, chance, ruling",
    [
        ((0.1, -0.2, 0.3, 0.1, 0.1), (0.5, -0.1, 0.2, 0.3, 0.3), "holds"),  # 1 in 32 by chance
        ((0.1, -0.2, 0.3, 0.1), (0.5, -0.1, 0.2, 0.3), "undecided"),
        ((0.1, -0.2, 0.3, 0.1, 0.1), (0.5, 0.1, 0.2, 0.3, 0.3), "undecided"),
        ((0.1, -0.2, 0.3, 0.1, 0.1), (-0.5, 0.1, -0.2, -0.3, -0.3), "fails"),
        ((0.1, 0.0, 0.3, 0.1, 0.1), (0.5, 0.1, 0.2, 0.3, 0.3), "undecided"),
        ((0.1, nan, 0.3, 0.1, 0.1), (0.5, 0.1, 0.2, 0.3, 0.3), "undecided"),
    ],
)
def test_agreement_of_signs(make, published, mir, chance, ruling):
    assert judge_test(AGREEMENT, runs(make, mir, chance), published).ruling == ruling


def test_a_metric_that_was_not_recorded(make, published):
    records = [make("pruning/a/seed0", metrics={"mir": 0.1})]
    for test in (CONTRAST, AGREEMENT):
        assert "'chance'" in judge_test(test, records, published).sentence


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
