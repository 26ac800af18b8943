from __future__ import annotations

import numpy as np
import pytest

from interplay.evidence.judges import judge_test
from interplay.protocols.quantities import Crossing, InDepth
from interplay.protocols.series_tests import SoonerTest, TurnTest

RUNS = "compression/cifar10/f_plus/seed*"
T = np.linspace(0, 1, 31)


def runs(make, *trajectories, dataset="cifar10", network="f_plus"):
    return [
        make(
            f"compression/{dataset}/{network}/seed{seed}",
            seed=seed,
            dataset=dataset,
            trajectory={"step": (30 * T).tolist()} | {name: np.asarray(v).tolist() for name, v in columns.items()},
        )
        for seed, columns in enumerate(trajectories)
    ]


TURN = TurnTest(kind="turn", runs=RUNS, series="loss", earliest=5, latest=15)


@pytest.mark.parametrize(
    "lowest, ruling", [((10, 9, 10), "holds"), ((25, 28, 26), "fails"), ((10, 25), "undecided"), ((10,), "undecided")]
)
def test_turn(make, published, lowest, ruling):
    records = runs(make, *({"loss": (30 * T - at) ** 2} for at in lowest))
    assert judge_test(TURN, records, published).ruling == ruling


SOONER = SoonerTest(
    kind="sooner",
    runs=RUNS,
    first=Crossing(series=InDepth(columns="c", statistic="correlation"), at_most=-0.98),
    second=Crossing(series="accuracy", at_least=0.995),
    factor=2,
    since=0.02,
)


def layers(law_at, right_at):
    steps = 30 * T
    second = np.where(steps >= law_at, 4.0, 7.9)
    return {"c_l1": np.full(31, 8.0), "c_l2": second, "c_l3": np.full(31, 2.0), "accuracy": (steps >= right_at) * 1.0}


@pytest.mark.parametrize(
    "courses, ruling",
    [
        (((3, 20), (3, 19), (4, 99)), "holds"),
        (((18, 20), (17, 19), (18, 19)), "fails"),
        (((3, 20), (18, 20)), "undecided"),
        (((99, 99),), "undecided"),
    ],
)
def test_sooner(make, published, courses, ruling):
    outcome = judge_test(SOONER, runs(make, *(layers(*course) for course in courses)), published)
    assert outcome.ruling == ruling, outcome.sentence
