"""Claims that noise bears out are told from those that it does not."""

from __future__ import annotations

import numpy as np
import pytest

from interplay.evidence.control_tables import render_controls
from interplay.evidence.controls import dealt_within, exchanged, put_to_controls, random_walk, shuffled
from interplay.evidence.levels_at_hand import Level
from interplay.protocols.claims import Claim
from interplay.protocols.controls import Control, load_controls

RUNS = "supervised/cifar10/plain/*"
WALK = Control(description="noise", surrogate="random_walk", draws=20)
DEALT = Control(description="chance", surrogate="shuffled", draws=20)


def claim_of(name, test, **fields):
    said_in = [{"document": "metrics24", "where": "VI-A"}]
    return Claim.model_validate(
        {"id": name, "said_in": said_in, "says": "It is so.", "needs": [], "test": test} | fields
    )


RISES = claim_of("rises", {"kind": "trend", "runs": RUNS, "series": "mir", "direction": "rising"})
ANYWHERE = claim_of("anywhere", {"kind": "stays", "runs": RUNS, "series": ["mir"], "at_least": -1e6})
EXCUSED = ANYWHERE.model_copy(update={"id": "excused", "passes": {"walk": "it says nothing on purpose"}})


def test_a_walk_keeps_steps_starts_and_gaps_and_moves_as_far_as_the_course(supervised):
    (record,) = supervised(seeds=(0,))
    gappy = record.model_copy(
        update={"trajectory": record.trajectory | {"mir": [float("nan"), *record.trajectory["mir"][1:]]}}
    )
    walks = [random_walk([gappy], seed)[0].trajectory for seed in range(200)]
    assert all(walk["step"] == record.trajectory["step"] for walk in walks)
    assert all(walk["hdr"][0] == record.trajectory["hdr"][0] for walk in walks)
    assert all(np.isnan(walk["mir"][0]) and np.isfinite(walk["mir"][1:]).all() for walk in walks)
    steps = np.concatenate([np.diff(walk["hdr"]) for walk in walks])
    wanted = np.sqrt(np.mean(np.diff(record.trajectory["hdr"]) ** 2))
    assert np.std(steps) == pytest.approx(wanted, rel=0.05) and abs(np.mean(steps)) < wanted / 10


def test_dealing_out_keeps_the_values_and_breaks_what_links_them(make):
    runs = [make(f"supervised/a/seed{k}", seed=k, metrics={"x": float(k), "y": float(k)}) for k in range(8)]
    dealt = shuffled(runs, 3)
    for name in ("x", "y"):
        assert sorted(record.metrics[name] for record in dealt) == list(range(8))
    assert [record.metrics["x"] for record in dealt] != [record.metrics["y"] for record in dealt]
    assert [record.settings for record in dealt] == [record.settings for record in runs]


def test_exchanging_two_metrics_happens_in_about_half_of_the_runs(make):
    runs = [make(f"supervised/a/seed{k}", seed=k, metrics={"x": 1.0, "y": 0.0, "z": 5.0}) for k in range(200)]
    changed = [record.metrics["x"] == 0 for record in exchanged(runs, "x", "y", 0)]
    assert 70 < sum(changed) < 130


def test_what_noise_bears_out_is_vacuous_unless_it_says_why(supervised, published):
    level = Level("smoke", "smoke", "offline", supervised())
    results = put_to_controls([RISES, ANYWHERE, EXCUSED], {"walk": WALK, "dealt": DEALT}, level, {}, published)
    by_claim = {(result.claim, result.control): result for result in results}
    assert not by_claim["rises", "walk"].passed and by_claim["rises", "walk"].share <= 0.2
    assert by_claim["anywhere", "walk"].passed and by_claim["anywhere", "walk"].share == 1.0
    assert by_claim["rises", "dealt"].share is None  # nothing in it compares runs
    said = render_controls(results, {"walk": WALK, "dealt": DEALT})
    vacuous, _, excused = said.partition("come out with a reason")
    assert "anywhere (walk, 100%)" in vacuous and "excused" not in vacuous.partition("vacuous:")[2]
    assert "excused (walk, 100%): it says nothing on purpose" in excused.replace("\n    ", " ")


def test_a_control_that_is_a_run_is_judged_like_any_other(supervised, published):
    level = Level("smoke", "smoke", "offline", supervised())
    still = [
        record.model_copy(update={"trajectory": record.trajectory | {"mir": [0.3] * len(record.trajectory["mir"])}})
        for record in supervised()
    ]
    control = Control(description="untrained", set=("supervised.iterations=1",))
    (alone,) = put_to_controls(
        [RISES], {"untrained": control}, level, {"untrained": Level("u", "smoke", "offline", still)}, published
    )
    assert alone.share == 0.0 and not alone.passed
    assert put_to_controls([RISES], {"untrained": control}, level, {}, published) == []


def test_the_controls_of_the_repository_are_valid(config):
    assert {"untrained", "permuted_labels", "random_walk", "shuffled"} <= set(load_controls(config))


def test_dealing_out_within_a_run_keeps_its_values_and_leaves_others_alone(make):
    run = make("x/a/seed0", metrics={"y_0.1": 1.0, "y_0.2": 2.0, "y_1": 3.0, "z": 4.0})
    dealt = [dealt_within([run], ["y_0.[1-9]", "y_1"], seed)[0].metrics for seed in range(60)]
    assert all(one["z"] == 4.0 and sorted(one.values()) == [1.0, 2.0, 3.0, 4.0] for one in dealt)
    assert len({(one["y_0.1"], one["y_0.2"]) for one in dealt}) == 6
