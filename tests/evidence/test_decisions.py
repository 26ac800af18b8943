from __future__ import annotations

from math import inf, isnan, nan

import pytest
from scipy import stats

from interplay.evidence.decisions import decide, judge_mean, outcome_of, seeds_wanted, variation_of
from interplay.evidence.outcomes import Degree

VALUES = [0.3, 0.5, 0.45, 0.6]


@pytest.mark.parametrize(
    "p_for, p_against, seeds, expected",
    [
        (0.01, 0.9, 3, ("holds", None)),
        (0.01, 0.9, 1, ("holds", None)),
        (0.9, 0.01, 2, ("fails", None)),
        (0.9, 0.01, 1, ("undecided", "fails")),  # one seed convicts nobody
        (0.051, 0.051, 9, ("undecided", None)),
        (0.05, 0.9, 9, ("holds", None)),
        (nan, nan, 1, ("undecided", "holds")),
        (nan, nan, 3, ("undecided", None)),
    ],
)
def test_one_rule_for_all(p_for, p_against, seeds, expected):
    decision = decide(p_for, p_against, seeds, leaning="holds")
    assert (decision.ruling, decision.leaning) == expected
    assert isnan(decision.p) == isnan(p_for)


def test_the_sentence_says_that_one_seed_convicts_nobody():
    outcome = outcome_of(decide(1.0, 0.01, 1), "So it is.", {}, Degree(1.0))
    assert (outcome.ruling, outcome.leaning) == ("undecided", "fails") and "convicts nobody" in outcome.sentence
    assert outcome_of(decide(1.0, 0.01, 2), "So it is.", {}, Degree(1.0)).sentence == "So it is."


def test_the_mean_is_inside_where_its_interval_is():
    interval = stats.ttest_1samp(VALUES, 0).confidence_interval(0.95)
    found = judge_mean(VALUES, low=interval.low)
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))
    assert found.p_within == pytest.approx(0.05) == judge_mean(VALUES, high=interval.low).p_beyond
    assert found.p_within == pytest.approx(stats.ttest_1samp(VALUES, interval.low).pvalue)
    assert judge_mean(VALUES, interval.low, 99).p_within == pytest.approx(0.05)
    assert judge_mean(VALUES, interval.high, 99).p_beyond == pytest.approx(0.05)


def test_one_run_has_no_interval_and_equal_runs_are_taken_at_their_word():
    assert isnan(judge_mean([1.0], low=0).p_within) and isnan(judge_mean([1.0], low=0).interval.low)
    assert judge_mean([1.0, 1.0], low=1.0).p_within == 0 and judge_mean([1.0, 1.0], low=1.1).p_beyond == 0
    assert judge_mean([1.0, 1.0], -inf, 0.9).p_within == 1


def test_seeds_wanted_are_said_in_a_sentence():
    assert "about" in seeds_wanted(1.0, VALUES) and "not even 1000" in seeds_wanted(1e-6, VALUES)
    assert "One seed" in seeds_wanted(1.0, [1.0])


def test_coefficient_of_variation():
    assert variation_of(VALUES) == pytest.approx(stats.variation(VALUES, ddof=1))
    assert variation_of([1.0]) is None and variation_of([-1.0, 1.0]) is None
