"""Moments of a run that other courses tell, and the runs that the claims in the repository mean something on."""

from __future__ import annotations

from math import isnan

import pytest
from pydantic import TypeAdapter

from interplay.evidence.outcomes import NotRunError
from interplay.evidence.preconditions import meeting
from interplay.evidence.readings import course_of, number_of
from interplay.protocols.claim_files import load_claims
from interplay.protocols.readings import FirstRecorded, Metric

NAN = float("nan")


@pytest.fixture
def grokking(make):
    """Full on train at step 10 with chance on test; right on test at step 60; goes on to 100. MIR is lowest at 70."""
    return make(
        "grokking/modular-addition/seed0",
        protocol={"modulus": 50},
        trajectory={
            "step": [0.0, 10.0, 30.0, 60.0, 70.0, 100.0],
            "train_accuracy": [0.0, 1.0, 1.0, 1.0, 1.0, 1.0],
            "test_accuracy": [0.02, 0.03, 0.4, 0.99, 1.0, 1.0],
            "mir": [NAN, 0.7, 0.6, 0.4, 0.3, 0.35],
        },
    )


def metric(**fields):
    return TypeAdapter(Metric).validate_python(fields)


def test_the_value_of_a_course_where_another_reaches_a_bound(grokking):
    fitted = {"series": "train_accuracy", "at_least": 0.99}
    assert number_of(grokking, metric(value="test_accuracy", when=fitted)) == 0.03
    # Chance is one in fifty, which the protocol tells: one and a half times chance.
    assert number_of(grokking, metric(value="test_accuracy", when=fitted, times="modulus")) == pytest.approx(1.5)
    low = metric(value="mir", when={"series": "mir", "at_most": 0.5})
    assert number_of(grokking, low) == 0.4
    never = metric(value="test_accuracy", when={"series": "mir", "at_least": 0.9})
    assert isnan(number_of(grokking, never))


def test_the_value_of_a_course_where_another_is_lowest(grokking, make):
    assert number_of(grokking, metric(value="test_accuracy", when={"lowest": "mir"})) == 1.0
    assert number_of(grokking, metric(value="step", when={"lowest": "mir"})) == 70.0
    empty = make("grokking/x", trajectory={"step": [0.0, 1.0], "mir": [NAN, NAN]})
    assert isnan(number_of(empty, metric(value="step", when={"lowest": "mir"})))


def test_the_share_of_the_steps_that_comes_after(grokking):
    assert number_of(grokking, metric(left_after={"series": "test_accuracy", "at_least": 0.99})) == pytest.approx(0.4)
    assert number_of(grokking, metric(left_after={"series": "test_accuracy", "at_least": 2})) == 0.0


def test_the_first_of_some_columns_that_was_recorded(grokking):
    assert course_of(grokking, FirstRecorded(first_of=("new", "mir")))[1] == 0.7
    assert course_of(grokking, FirstRecorded(first_of=("mir", "test_accuracy")))[1] == 0.7
    with pytest.raises(NotRunError, match="new"):
        course_of(grokking, FirstRecorded(first_of=("new", "newer")))


@pytest.fixture
def claims(config):
    return {claim.id: claim for claim in load_claims(config / "claims")}


def test_entropy_below_collapse_means_nothing_with_fewer_features_than_classes(claims, make):
    claim = claims["supervised_feature_entropy_below_collapse_cifar100"]
    trained = {"step": [0.0, 9.0], "train_loss": [4.6, 0.1]}
    wide, narrow = (
        make("supervised/cifar100/plain/x", settings={"num_classes": 100, "num_features": width}, trajectory=trained)
        for width in (512, 64)
    )
    assert meeting([wide], claim.valid_if)[0] == [wide]
    assert meeting([narrow], claim.valid_if)[0] == []


@pytest.mark.parametrize("test_at_train, end, met", [(0.02, 1.0, True), (0.2, 1.0, False), (0.02, 0.5, False)])
def test_two_phases_are_asked_of_runs_that_really_grokked(claims, make, test_at_train, end, met):
    record = make(
        "grokking/modular-addition/x",
        protocol={"modulus": 50},
        trajectory={
            "step": [0.0, 1.0, 2.0],
            "train_accuracy": [0.0, 1.0, 1.0],
            "test_accuracy": [0.0, test_at_train, end],
        },
    )
    claim = claims["grokking_mir_rises_then_falls"]
    assert bool(meeting([record], claim.valid_if)[0]) == met


def test_paths_between_networks_that_did_not_move_are_not_asked(claims, make):
    near, apart = (
        make(f"connectivity/cifar10/{k}", metrics={"accuracy_ends": 0.9, "distance": value})
        for k, value in enumerate((0.01, 0.4))
    )
    for name in ("connectivity_connected_cifar10", "connectivity_mir_unchanged_cifar10"):
        assert meeting([near, apart], claims[name].valid_if)[0] == [apart]
