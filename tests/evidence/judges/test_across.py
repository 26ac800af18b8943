"""Claims over several data sets: what counts, what is missing, and that seeds decide."""

from __future__ import annotations

import numpy as np
import pytest
import scipy
from pydantic import ValidationError

from interplay.evidence.judges import judge_test
from interplay.evidence.statistics import partial_conjunction
from interplay.protocols.run_tests import AcrossTest

SETS = ("a", "b", "c", "d", "e")
BASE = {"kind": "across", "runs": ["learn/*"], "datasets": SETS, "larger": "ours", "smaller": "theirs"}


@pytest.fixture
def runs(make):
    """`runs({data set: [difference by seed]}, levels)` gives runs whose two metrics differ by that."""

    def some(differences, levels=(1,), theirs=0.5):
        return [
            make(
                f"learn/{name}/k{level}/seed{seed}",
                dataset=name,
                seed=seed,
                settings={"shots": level},
                metrics={"ours": theirs + value, "theirs": theirs},
            )
            for name, by_seed in differences.items()
            for seed, value in enumerate(by_seed)
            for level in levels
        ]

    return some


def judged(records, **changes):
    return judge_test(AcrossTest.model_validate(BASE | changes), records, None)


def test_the_mean_is_of_data_sets_with_equal_weight_and_tested_over_seeds(runs):
    """The p-value is that of a t-test on the means of each seed, made here by hand."""
    table = {name: [0.01 * place + 0.003 * seed for seed in range(4)] for place, name in enumerate(SETS)}
    outcome = judged(runs(table))
    per_seed = np.array(list(table.values())).mean(axis=0)
    assert outcome.numbers["difference"] == pytest.approx(per_seed.mean())
    assert outcome.numbers["p"] == pytest.approx(scipy.stats.ttest_1samp(per_seed, 0, alternative="greater").pvalue)
    assert outcome.ruling == "holds" and outcome.degree.runs == 4


def test_levels_are_averaged_within_a_data_set_first(runs):
    """Of a data set the mean over shots counts once, however many there are."""
    records = runs({name: [0.01, 0.02, 0.015] for name in SETS}, levels=(1, 2, 4))
    changed = [
        run.model_copy(update={"metrics": {"ours": 0.5 + 0.3 * (run.settings["shots"] == 1), "theirs": 0.5}})
        if run.dataset == "a"
        else run
        for run in records
    ]
    outcome = judged(changed, over="shots")
    assert outcome.numbers["difference a"] == pytest.approx(0.1)
    assert outcome.numbers["difference"] == pytest.approx((0.1 + 4 * 0.015) / 5)
    assert "shots 1, 2, 4" in outcome.sentence


def test_a_data_set_without_runs_is_named_and_nothing_is_said_of_the_others(runs):
    outcome = judged(runs({name: [0.1, 0.11, 0.12] for name in SETS if name not in "bd"}))
    assert outcome.ruling == "not run"
    assert "it takes 5 data sets, and there are no runs of b, d" in outcome.sentence
    assert outcome.numbers == {}


def test_only_seeds_that_have_every_run_count(runs):
    records = runs({name: [0.1, 0.11, 0.12, 9.0] for name in SETS})
    outcome = judged([run for run in records if (run.dataset, run.seed) != ("c", 3)])
    assert outcome.numbers["seeds"] == 3 and outcome.numbers["difference"] == pytest.approx(0.11)
    assert "without seed 3, of which not all was run" in outcome.sentence
    nothing = judged([run for run in records if run.seed == SETS.index(run.dataset) % 2])
    assert nothing.ruling == "not run" and "no seed has every run" in nothing.sentence


@pytest.mark.parametrize("quantifier", ["mean", "most", "all"])
def test_one_seed_is_undecided_and_leans(runs, quantifier):
    for sign, leaning in ((1, "holds"), (-1, "fails")):
        outcome = judged(runs({name: [sign * 0.1] for name in SETS}), quantifier=quantifier)
        assert (outcome.ruling, outcome.leaning) == ("undecided", leaning)


def test_the_data_sets_that_do_not_agree_are_named(runs):
    table = {name: [0.1, 0.11, 0.12] for name in SETS} | {"d": [-0.01, -0.011, -0.012]}
    outcome = judged(runs(table))
    assert outcome.ruling == "holds" and outcome.numbers["datasets_larger"] == 4
    assert "larger in 4 of 5 data sets (not in d -0.011)" in outcome.sentence


def test_differences_that_cancel_out_are_none(runs):
    """.1 + .2 - .3 is 6e-17 in floating point, and no data set is won by that."""
    outcome = judged(runs({"a": [0.1, 0.2, -0.3], **{name: [0.01, 0.02, 0.015] for name in SETS[1:]}}))
    assert outcome.numbers["difference a"] == 0
    assert outcome.numbers["datasets_larger"] == 4


def test_most_and_all_are_partial_conjunctions_of_tests_in_each_data_set(runs):
    rng = np.random.default_rng(0)
    table = {name: (0.1 * (name != "e") + 0.01 * rng.normal(size=5)).tolist() for name in SETS}
    ps = [scipy.stats.ttest_1samp(values, 0, alternative="greater").pvalue for values in table.values()]
    most, every = (judged(runs(table), quantifier=quantifier) for quantifier in ("most", "all"))
    assert most.numbers["p"] == pytest.approx(partial_conjunction(ps, 3)) and most.ruling == "holds"
    assert every.numbers["p"] == pytest.approx(max(ps)) and every.ruling == "undecided"
    against = judged(runs(table | {"e": [-0.1, -0.11, -0.12, -0.1, -0.11]}), quantifier="all")
    assert against.ruling == "fails"
    few = judged(runs({name: [-value for value in values] for name, values in table.items()}), quantifier="most")
    assert few.ruling == "fails"


def test_a_margin_moves_the_bound(runs):
    records = runs({name: [-0.004, -0.005, -0.006] for name in SETS})
    assert judged(records).ruling == "fails"
    assert judged(records, by=-0.01).ruling == "holds"


def test_undecided_says_how_many_seeds_would_decide(runs):
    table = {name: [0.10, -0.07, 0.03] for name in SETS}
    for quantifier in ("mean", "most", "all"):
        outcome = judged(runs(table), quantifier=quantifier)
        assert outcome.ruling == "undecided" and "seeds would decide" in outcome.sentence


def test_two_runs_of_one_place_and_numbers_that_are_not_finite_are_not_judged(runs):
    records = runs({name: [0.1, 0.2] for name in SETS})
    twice = judged([*records, records[0].model_copy(update={"run": "a/again/seed0"})])
    assert twice.ruling == "not run" and "second run" in twice.sentence
    broken = [records[0].model_copy(update={"metrics": {"ours": float("nan"), "theirs": 0.5}}), *records[1:]]
    assert "not finite" in judged(broken).sentence


def test_a_data_set_named_twice_is_refused():
    with pytest.raises(ValidationError, match="one appears twice"):
        AcrossTest.model_validate(BASE | {"datasets": ["a", "a"]})
