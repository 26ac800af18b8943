from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.evidence.stopping import SIGN, stop

STEPS = [0.0, 1.0, 2.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0]
LOSS = [2.0, 1.9, 1.5, 1.0, 0.8, 0.9, 0.85, 0.7, 0.6]
ACCURACY = [0.1, 0.1, 0.3, 0.5, 0.7, 0.72, 0.74, 0.8, 0.9]


def run(make, values, criterion="stopping_loss", steps=STEPS, accuracies=ACCURACY):
    return make("supervised/a/seed0", trajectory={"step": steps, criterion: values, "stopped_accuracy": accuracies})


def test_it_stops_once_the_best_is_old_and_keeps_the_best(make):
    """The loss is best at 20, and 30 steps without anything better have passed at 60, not at 40."""
    found = stop(run(make, LOSS), "stopping_loss", 0.3)
    assert (found.step_kept, found.step_stopped, found.iterations_saved) == (20, 60, pytest.approx(0.4))
    assert found.accuracy_lost == pytest.approx(0.2)


def test_more_patience_waits_for_the_second_fall(make):
    found = stop(run(make, LOSS), "stopping_loss", 0.5)
    assert (found.step_kept, found.step_stopped, found.iterations_saved, found.accuracy_lost) == (100, 100, 0, 0)


@pytest.mark.parametrize("criterion", ["stopping_mir", "stopping_hdr"])
def test_direction_of_each_criterion(make, criterion):
    values = [-SIGN[criterion] * value for value in LOSS]
    assert stop(run(make, values, criterion), criterion, 0.3).step_kept == 20
    assert stop(run(make, [-value for value in values], criterion), criterion, 0.3).step_kept == 0


def test_among_equals_the_first_is_kept_and_nan_is_never_best(make):
    found = stop(run(make, [nan, 1.0, nan, 1.0, 1.0, nan, inf, 1.0, 1.0]), "stopping_loss", 0.3)
    assert (found.step_kept, found.step_stopped) == (1, 40)
    with pytest.raises(InterplayError, match="never finite"):
        stop(run(make, [nan] * 9), "stopping_loss", 0.3)


def test_what_stops_training_may_also_be_best_at_the_start(make):
    found = stop(run(make, [value * -1 for value in LOSS]), "stopping_loss", 0.1)
    assert (found.step_kept, found.step_stopped) == (0, 10) and found.accuracy_lost == pytest.approx(0.8)


def test_a_missing_column_is_named(make):
    with pytest.raises(InterplayError, match="'stopping_mir'"):
        stop(run(make, LOSS), "stopping_mir", 0.1)


@settings(max_examples=60)
@given(st.lists(st.floats(-5, 5), min_size=9, max_size=9), st.floats(0.01, 0.99))
def test_against_the_rule_read_backwards(make, values, patience):
    """A run went on past a step exactly if some value within the patience before it was better than all earlier."""
    found = stop(run(make, values), "stopping_loss", patience)
    seen = [(step, value) for step, value in zip(STEPS, values, strict=True) if step <= found.step_stopped]
    assert found.step_kept == min(seen, key=lambda pair: (pair[1], pair[0]))[0]
    for end, (step, _) in enumerate(seen, start=1):
        best = min(seen[:end], key=lambda pair: (pair[1], pair[0]))[0]
        assert (step - best >= patience * 100) == (step == found.step_stopped and found.step_stopped < 100) or (
            step == 100
        )
    assert found.iterations_saved == pytest.approx(1 - found.step_stopped / 100)
