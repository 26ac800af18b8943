from __future__ import annotations

import pytest

from interplay.evidence.outcomes import NotRunError
from interplay.evidence.preconditions import meeting
from interplay.protocols.claims import Precondition


@pytest.fixture
def runs(make):
    return [
        make(f"supervised/a/seed{k}", seed=k, metrics={"accuracy": value}, settings={"classes": 10, "width": 64})
        for k, value in enumerate((0.15, 0.5, float("nan")))
    ]


def names(found):
    return [record.seed for record in found[0]]


def test_runs_that_do_not_meet_it_are_left_out_and_counted(runs):
    above = Precondition(because="accuracy is above chance", metric="accuracy", times="classes", at_least=2)
    kept, reasons = meeting(runs, [above])
    assert [record.seed for record in kept] == [1]  # NaN meets nothing
    (reason,) = reasons
    assert reason.startswith("accuracy is above chance; 2 of 3 runs did not") and "accuracy times classes" in reason


def test_settings_may_be_compared_and_conditions_add_up(runs):
    wide = Precondition(because="d is at least C", setting="width", over="classes", at_least=1)
    assert names(meeting(runs, [wide])) == [0, 1, 2] and meeting(runs, [wide])[1] == []
    low = Precondition(because="low", metric="accuracy", at_most=0.2)
    assert names(meeting(runs, [wide, low])) == [0]


def test_it_may_apply_to_some_of_the_runs_only(runs):
    high = Precondition(because="high", metric="accuracy", at_least=0.9, runs="supervised/a/seed1")
    assert names(meeting(runs, [high])) == [0, 2]


def test_what_was_not_recorded_cannot_be_met(runs):
    with pytest.raises(NotRunError, match="no metric 'loss'"):
        meeting(runs, [Precondition(because="fits", metric="loss", at_most=1)])


@pytest.mark.parametrize("fields", [{}, {"metric": "a", "setting": "b", "at_least": 1}, {"metric": "a"}])
def test_it_names_one_number_and_a_bound(fields):
    with pytest.raises(ValueError, match="give"):
        Precondition(because="so", **fields)
