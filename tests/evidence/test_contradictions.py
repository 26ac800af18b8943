from __future__ import annotations

import pytest

from interplay.evidence.contradictions import contradictions
from interplay.evidence.levels_at_hand import Level
from interplay.evidence.verdicts import judge
from interplay.protocols.claims import Claim

BOUND = {"kind": "bound", "runs": "supervised/*", "metric": "loss", "at_most": 0.5}


def claim_of(**fields):
    said_in = [{"document": "metrics24", "where": "VI-A"}]
    standard = {"id": "low", "said_in": said_in, "says": "It is low.", "needs": [], "test": BOUND}
    return Claim.model_validate(standard | fields)


def level(make, name, losses, tier="smoke"):
    values = enumerate(losses)
    records = [
        make(f"supervised/seed{k}", seed=k, tier=tier, metrics={"loss": loss, "fit": loss}) for k, loss in values
    ]
    return Level(name, tier, "offline", records)


@pytest.mark.parametrize(
    "smoke, paper, found",
    [
        ((0.1, 0.11, 0.12), (0.9, 0.91, 0.92), ["low: holds on smoke, does not on paper"]),
        ((0.9, 0.91, 0.92), (0.1, 0.11, 0.12), ["low: holds on paper, does not on smoke"]),
        ((0.1, 0.11, 0.12), (0.1, 0.11, 0.12), []),
        ((0.1, 0.11, 0.12), (), []),
        ((0.1, 0.11, 0.12), (0.9,), ["low: holds on smoke, does not on paper"]),  # one run leans, and convicts nobody
    ],
)
def test_levels_that_disagree_are_told(make, published, smoke, paper, found):
    levels = [level(make, "smoke", smoke), level(make, "paper", paper, tier="paper")]
    assert [str(one) for one in contradictions(judge([claim_of()], levels, published))] == found


def test_a_precondition_that_is_not_met_explains_it(make, published):
    claim = claim_of(valid_if=[{"because": "the network fits", "metric": "fit", "at_most": 0.5}])
    levels = [level(make, "smoke", (0.9, 0.91, 0.92)), level(make, "paper", (0.1, 0.11, 0.12), tier="paper")]
    verdicts = judge([claim], levels, published)
    assert contradictions(verdicts) == []
    assert verdicts[0].ladder[-1].word == "not representative" and "fit 0.9" in verdicts[0].ladder[-1].sentence
