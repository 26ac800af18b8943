from __future__ import annotations

import pytest

from interplay.evidence.over_runs import over_runs
from interplay.evidence.shapes import Sight

CLEAR = 0.3
SHOWN, LUCKY, FAINT = (Sight(True, 0.8, p, {"tau": 0.8}) for p in (0.01, 0.15, 0.3))
ABSENT, OTHER = (Sight(False, strength, 0.9, {"tau": strength}) for strength in (-0.5, -0.52))
SHORT = Sight(None, numbers={"points": 3.0})


@pytest.mark.parametrize(
    "sights, ruling, leaning",
    [
        ([SHOWN], "holds", None),
        ([SHOWN, SHOWN, SHOWN], "holds", None),
        ([LUCKY], "undecided", "holds"),  # p of .15
        ([LUCKY, LUCKY], "holds", None),  # .15 squared
        ([FAINT, FAINT, FAINT], "undecided", None),  # .3 cubed is below 5 %, but none of them shows anything
        ([SHOWN, SHOWN, SHORT], "undecided", None),
        ([SHOWN, SHOWN, ABSENT], "undecided", None),
        ([ABSENT, OTHER], "fails", None),
        ([ABSENT], "undecided", "fails"),  # one seed convicts nobody
    ],
)
def test_rule_for_several_runs(sights, ruling, leaning):
    outcome = over_runs("mir rising", sights, CLEAR, len(sights))
    assert (outcome.ruling, outcome.leaning) == (ruling, leaning)
    assert outcome.numbers["runs"] == outcome.degree.runs == len(sights)
    assert f"of {len(sights)} run" in outcome.sentence


def test_runs_of_one_seed_are_one_seed():
    assert over_runs("mir rising", [ABSENT, OTHER], CLEAR, 1).ruling == "undecided"


def test_numbers_are_medians_with_their_extremes_and_the_degree_their_mean():
    outcome = over_runs("mir rising", [SHOWN, ABSENT, OTHER], CLEAR, 3)
    assert (outcome.numbers["tau"], outcome.numbers["tau_least"], outcome.numbers["tau_most"]) == (-0.5, -0.52, 0.8)
    assert (outcome.numbers["shown"], outcome.numbers["not shown"]) == (1, 2)
    assert outcome.degree.effect == pytest.approx(-0.22 / 3) and outcome.degree.threshold == CLEAR
    assert outcome.degree.low < outcome.degree.effect < outcome.degree.high


def test_p_of_n_runs_is_the_largest_to_the_power_n():
    assert over_runs("mir rising", [SHOWN, LUCKY], CLEAR, 2).degree.p == pytest.approx(0.15**2)
