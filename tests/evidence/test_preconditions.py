from __future__ import annotations

import pytest

from interplay.evidence.outcomes import NotRunError
from interplay.evidence.preconditions import meeting
from interplay.protocols.claim_files import find_claim, load_claims, selectors
from interplay.protocols.claims import AveragePrecondition, GroupPrecondition, Precondition


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


@pytest.fixture
def learners(make):
    """Runs of two methods and a third in two settings; unlabelled images help in the first alone."""
    means = {("x", "with"): 0.3, ("x", "without"): 0.5, ("y", "with"): 0.5, ("y", "without"): 0.5}
    return [
        make(f"learn/{setting}/{method}/seed{seed}", seed=seed, metrics={"error": mean + 0.1 * (seed - 0.5)})
        for (setting, method), mean in {**means, ("x", "third"): 0.9, ("y", "third"): 0.1}.items()
        for seed in (0, 1)
    ]


HELPS = GroupPrecondition(because="they help", metric="error", runs="learn/*/with/*", below="learn/*/without/*")


def test_settings_in_which_one_method_is_not_below_another_are_left_out_whole(learners):
    kept, (reason,) = meeting(learners, [HELPS])
    assert {record.name.split("/")[1] for record in kept} == {"x"} and len(kept) == 6
    assert reason.startswith("they help; 1 of 2 settings did not (mean error of learn/*/with/*")
    assert reason.endswith("0.5 against 0.5 in y)"), "equal is not below"
    assert meeting(kept, [HELPS]) == (kept, [])


def test_a_setting_without_both_methods_does_not_tell(learners):
    part = [record for record in learners if "y/without" not in record.name]
    assert {record.name.split("/")[1] for record in meeting(part, [HELPS])[0]} == {"x"}
    with pytest.raises(NotRunError, match="no setting has runs of both"):
        meeting([record for record in learners if "/third/" in record.name], [HELPS])


def test_a_claim_reads_the_runs_that_its_precondition_compares(config):
    claim = find_claim(load_claims(config / "claims"), "semi_supervised_max_mi_beats_freematch_cifar10_40")
    folders = {selector.split("/")[-2] for selector in selectors(claim)}
    assert folders == {"max_mi", "freematch", "fixmatch", "labelled_only"}


LEARNS = AveragePrecondition(because="it learns", runs="learn/*", larger="after", smaller="before")


def test_an_average_is_of_data_sets_with_equal_weight_and_leaves_out_all_runs_or_none(make):
    def runs(a, b):
        rows = [(name, *one) for name, values in (("a", a), ("b", b)) for one in enumerate(values)]
        return [
            make(f"learn/{name}/seed{seed}", dataset=name, seed=seed, metrics={"before": 0.5, "after": after})
            for name, seed, after in rows
        ]

    kept, reasons = meeting(runs([0.4, 0.4, 0.4], [0.7]), [LEARNS])
    assert len(kept) == 4 and reasons == [], "over data sets it is above, over runs it would not be"
    kept, reasons = meeting(runs([0.4], [0.55, 0.55]), [LEARNS])
    assert kept == []
    assert reasons == ["it learns; it was not so (mean after over 2 data sets 0.475, to be above before, 0.5)"]
    with pytest.raises(NotRunError, match="no record matches learn"):
        meeting([make("other/a/seed0")], [LEARNS])
