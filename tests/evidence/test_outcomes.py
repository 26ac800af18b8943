from __future__ import annotations

import pytest

from interplay.evidence.outcomes import (
    NotRunError,
    column_of,
    metric_of,
    over_runs,
    select,
    select_all,
    setting_of,
)
from interplay.evidence.trajectories import Sight

SHOWN, UNCLEAR, ABSENT = (
    Sight(state, {"tau": tau}) for state, tau in (("shown", 0.9), ("unclear", 0.2), ("absent", -0.5))
)


@pytest.mark.parametrize(
    "sights, ruling",
    [
        ([SHOWN], "holds"),
        ([SHOWN, SHOWN, SHOWN], "holds"),
        ([SHOWN, SHOWN, UNCLEAR], "undecided"),
        ([UNCLEAR], "undecided"),
        ([SHOWN, SHOWN, ABSENT], "undecided"),
        ([SHOWN, ABSENT], "undecided"),
        ([SHOWN, ABSENT, ABSENT], "fails"),
        ([UNCLEAR, ABSENT, ABSENT], "fails"),
        ([ABSENT], "fails"),
    ],
)
def test_rule_for_several_runs(sights, ruling):
    outcome = over_runs("mir rising", sights)
    assert outcome.ruling == ruling
    assert outcome.numbers["runs"] == len(sights)
    assert f"of {len(sights)} run" in outcome.sentence


def test_numbers_are_medians_with_their_extremes():
    numbers = over_runs("mir rising", [SHOWN, UNCLEAR, ABSENT]).numbers
    assert (numbers["tau"], numbers["tau_least"], numbers["tau_most"]) == (0.2, -0.5, 0.9)
    assert (numbers["shown"], numbers["absent"]) == (1, 1)


def test_selection_by_glob(make):
    records = [make("supervised/cifar10/plain/seed1"), make("supervised/cifar10/plain/seed0"), make("grokking/a/seed0")]
    assert [record.name[-5:] for record in select(records, "supervised/cifar10/plain/*")] == ["seed0", "seed1"]
    assert len(select(records, "*/seed0")) == 2
    with pytest.raises(NotRunError, match=r"theory/\*"):
        select(records, "theory/*")


def test_what_is_not_recorded_is_named_with_what_is(make):
    record = make("theory/x", metrics={"accuracy": 1.0}, trajectory={"step": [0.0]})
    assert metric_of(record, "accuracy") == 1.0 and column_of(record, "step") == [0.0]
    with pytest.raises(NotRunError, match="accuracy"):
        metric_of(record, "loss")
    with pytest.raises(NotRunError, match="step"):
        column_of(record, "mir")


def test_several_globs_give_each_run_once_and_must_all_match(make):
    records = [make("supervised/a/seed1"), make("supervised/a/seed0"), make("supervised/b/seed0")]
    found = select_all(records, ["supervised/a/*", "supervised/*/seed0"])
    assert [record.name for record in found] == ["supervised/a/seed0", "supervised/a/seed1", "supervised/b/seed0"]
    with pytest.raises(NotRunError, match=r"supervised/c/\*"):
        select_all(records, ["supervised/a/*", "supervised/c/*"])


def test_settings_must_be_numbers(make):
    record = make("pruning/a", settings={"sparsity": 1, "scope": "global", "kept": True, "weight": None})
    assert setting_of(record, "sparsity") == 1.0
    for name in ("scope", "kept", "weight", "rate"):
        with pytest.raises(NotRunError, match=name):
            setting_of(record, name)
