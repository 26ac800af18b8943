from __future__ import annotations

from math import nan

import pytest

from interplay.evidence.judges import judge_test
from interplay.protocols.run_tests import FlatTest, ResponseTest

RUNS = ("temperature/cifar10/*",)
RISING = ResponseTest(kind="response", runs=RUNS, setting="temperature", metric="silhouette", direction="rising")
FALLING = RISING.model_copy(update={"direction": "falling"})
FLAT = FlatTest(kind="flat", runs=RUNS, setting="temperature", metric="silhouette", within=0.05)


@pytest.fixture
def levels(make):
    """`levels({temperature: [value of seed 0, ...]})` gives records."""

    def records(values):
        return [
            make(
                f"temperature/cifar10/t{level:g}/seed{seed}",
                seed=seed,
                settings={"temperature": level},
                metrics={"silhouette": value},
            )
            for level, own in values.items()
            for seed, value in enumerate(own)
        ]

    return records


CLEAR = {1: [0.10, 0.12], 3: [0.20, 0.22], 10: [0.30, 0.31]}


def test_a_clear_response_is_reproduced_and_its_opposite_deviates(levels, published):
    outcome = judge_test(RISING, levels(CLEAR), published)
    assert outcome.ruling == "holds" and outcome.numbers["p"] == pytest.approx(1 / 36)
    assert "0.11 at 1, 0.21 at 3, 0.305 at 10" in outcome.sentence
    assert judge_test(FALLING, levels(CLEAR), published).ruling == "fails"
    backwards = {level: [1 - value for value in own] for level, own in CLEAR.items()}
    assert judge_test(RISING, levels(backwards), published).ruling == "fails"
    assert judge_test(FALLING, levels(backwards), published).ruling == "holds"


def test_seeds_that_lie_apart_do_not_hide_a_response(levels, published):
    """Within each seed the metric rises; between the seeds lies more than the response."""
    apart = {level: [own[0], own[1] + 0.15] for level, own in CLEAR.items()}
    assert judge_test(RISING, levels(apart), published).ruling == "holds"


def test_one_seed_of_three_levels_can_never_tell(levels, published):
    single = {level: own[:1] for level, own in CLEAR.items()}
    outcome = judge_test(RISING, levels(single), published)
    assert outcome.ruling == "undecided" and outcome.numbers["smallest_p"] == pytest.approx(1 / 6)


def test_no_response_deviates_only_with_enough_runs(levels, published):
    up_and_down = {level: [0.2 + 0.1 * ((level + seed) % 2) for seed in range(8)] for level in range(1, 6)}
    assert judge_test(RISING, levels(up_and_down), published).ruling == "fails"
    few = {1: [0.2, 0.3], 3: [0.3, 0.2], 10: [0.2, 0.3]}
    assert judge_test(RISING, levels(few), published).ruling == "undecided"


def test_a_metric_that_never_changes_does_not_respond(levels, published):
    constant = {level: [0.2] * 9 for level in CLEAR}
    assert judge_test(RISING, levels(constant), published).ruling == "fails"


def test_what_is_missing_is_not_run(levels, make, published):
    lost = levels({1: [0.1], 3: [nan]})
    for test in (RISING, FLAT):
        assert "not finite" in judge_test(test, lost, published).sentence
        assert "one value only, 1" in judge_test(test, levels({1: [0.1, 0.2]}), published).sentence
        bare = [make("temperature/cifar10/t1/seed0", metrics={"silhouette": 0.1}, settings={"scope": "global"})]
        outcome = judge_test(test, bare, published)
        assert outcome.ruling == "not run" and "no numeric setting 'temperature'" in outcome.sentence
        assert judge_test(test, [], published).ruling == "not run"


def test_every_selector_must_match(levels, published):
    test = FLAT.model_copy(update={"runs": (*RUNS, "temperature/cifar100/*")})
    outcome = judge_test(test, levels(CLEAR), published)
    assert outcome.ruling == "not run" and "cifar100" in outcome.sentence


@pytest.mark.parametrize(
    "values, ruling",
    [
        ({1: [0.500, 0.505], 3: [0.502, 0.506], 10: [0.510, 0.512]}, "holds"),
        ({1: [0.500, 0.505], 3: [0.502, 0.506], 10: [0.610, 0.612]}, "fails"),
        ({1: [0.500, 0.505], 3: [0.502, 0.506], 10: [0.400, 0.405]}, "fails"),
        ({1: [0.40, 0.60], 3: [0.42, 0.58], 10: [0.45, 0.55]}, "undecided"),  # no difference, but too noisy to say
        ({1: [0.500, 0.505], 3: [0.502, 0.506], 10: [0.552, 0.556]}, "undecided"),  # on the edge
        ({1: [0.5], 3: [0.5], 10: [0.5]}, "undecided"),
        ({1: [0.5, 0.5], 3: [0.5, 0.5]}, "holds"),
    ],
)
def test_equivalence_needs_narrow_intervals(levels, published, values, ruling):
    outcome = judge_test(FLAT, levels(values), published)
    assert outcome.ruling == ruling, outcome.sentence


def test_the_farthest_pair_is_told(levels, published):
    values = {1: [0.50, 0.51], 3: [0.40, 0.41], 10: [0.60, 0.61]}
    outcome = judge_test(FLAT, levels(values), published)
    assert "from 3 to 10 it changes by +0.2" in outcome.sentence and outcome.numbers["range"] == pytest.approx(0.2)
