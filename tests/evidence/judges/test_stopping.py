from __future__ import annotations

from math import nan

import pytest

from interplay.evidence.judges import judge_test
from interplay.protocols.claims import StoppingTest

STEPS = [float(step) for step in range(0, 101, 5)]
ALONE = StoppingTest(kind="stopping", runs=("supervised/*",), criterion="stopping_mir", patience=0.1, within=0.01)
AGAINST = ALONE.model_copy(update={"against": "stopping_loss"})


def peak_at(step):
    """A criterion that is best at a step; its negative falls to its least there."""
    return [-abs(own - step) / 100 for own in STEPS]


def accuracy(settled):
    """Accuracy that has risen by `settled` and then stays."""
    return [min(1.0, own / settled) * 0.9 for own in STEPS]


def runs(make, mir_best, settled, loss_best=None, configurations=6, seeds=2):
    """`mir_best`, `settled` and `loss_best` give steps for each configuration."""
    return [
        make(
            f"supervised/cifar10/temperature-{index}/seed{seed}",
            seed=seed,
            settings={"temperature": index, "split": "test"},
            trajectory={
                "step": STEPS,
                "stopping_mir": peak_at(mir_best[index % len(mir_best)]),
                "stopping_loss": [-v for v in peak_at((loss_best or mir_best)[index % len(loss_best or mir_best)])],
                "stopped_accuracy": accuracy(settled[index % len(settled)]),
            },
        )
        for index in range(configurations)
        for seed in range(seeds)
    ]


@pytest.mark.parametrize(
    "mir_best, settled, ruling",
    [
        ([50, 60], [40, 45], "holds"),  # accuracy has settled before MIR is best
        ([20, 30], [80, 90], "fails"),  # most of the accuracy is still to come
        ([100], [40], "fails"),  # it never stops anything
        ([50, 60, 50, 60, 50, 20], [40, 45, 40, 45, 40, 80], "undecided"),  # one configuration in six loses much
    ],
)
def test_stopping_alone(make, published, mir_best, settled, ruling):
    outcome = judge_test(ALONE, runs(make, mir_best, settled), published)
    assert outcome.ruling == ruling, outcome.sentence


def test_its_numbers(make, published):
    numbers = judge_test(ALONE, runs(make, [50], [100]), published).numbers
    assert numbers["stopped"] == 12 and numbers["iterations_saved"] == pytest.approx(0.4)
    assert numbers["accuracy_lost"] == pytest.approx(0.45)
    assert "against" not in judge_test(ALONE, runs(make, [50], [100]), published).sentence


@pytest.mark.parametrize(
    "mir_best, loss_best, settled, ruling",
    [
        ([50, 60], [50, 60], [40, 45], "holds"),  # the same
        ([50, 60], [70, 75], [40, 45], "holds"),  # as accurate, and earlier
        ([20, 30], [70, 75], [80, 90], "fails"),  # earlier, but at the cost of accuracy
        ([80, 85], [50, 55], [40, 45], "fails"),  # as accurate, but later
        ([100], [100], [40], "undecided"),  # neither stops: nothing to compare
        ([50, 60, 50, 60, 50, 20], [50, 60], [40, 45, 40, 45, 40, 80], "undecided"),
    ],
)
def test_stopping_against_the_loss(make, published, mir_best, loss_best, settled, ruling):
    outcome = judge_test(AGAINST, runs(make, mir_best, settled, loss_best), published)
    assert outcome.ruling == ruling, outcome.sentence
    assert "stopping_loss stops" in outcome.sentence


def test_too_few_and_what_is_missing(make, published):
    few = judge_test(ALONE, runs(make, [50], [40], configurations=4, seeds=5), published)
    assert few.ruling == "undecided" and "fewer than" in few.sentence
    records = runs(make, [50], [40])
    lost = records[0].model_copy(update={"trajectory": records[0].trajectory | {"stopping_mir": [nan] * len(STEPS)}})
    assert "never finite" in judge_test(ALONE, [lost, *records[1:]], published).sentence
    bare = [record.model_copy(update={"trajectory": {"step": STEPS}}) for record in records]
    assert judge_test(ALONE, bare, published).ruling == "not run"
    assert judge_test(AGAINST, [], published).ruling == "not run"
