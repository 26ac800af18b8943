from __future__ import annotations

from math import nan

import pytest

from interplay.evidence.judges import judge_test
from interplay.protocols.claims import AgreementTest, ContrastTest

CONTRAST = ContrastTest(kind="contrast", runs=("pruning/*",), larger="mir", smaller="chance")
AGREEMENT = AgreementTest(kind="agreement", runs="pruning/*", first="mir", second="chance")


def runs(make, mir, chance):
    return [
        make(f"pruning/cifar10/global-0.9/seed{seed}", seed=seed, metrics={"mir": one, "chance": other})
        for seed, (one, other) in enumerate(zip(mir, chance, strict=True))
    ]


@pytest.mark.parametrize(
    "mir, ruling",
    [
        ((0.52, 0.71, 0.60), "holds"),  # the runs lie apart, their differences do not
        ((0.48, 0.68, 0.57), "fails"),
        ((0.52, 0.60, 0.71), "undecided"),
        ((0.51,), "undecided"),
        ((0.51, nan, 0.6), "not run"),
    ],
)
def test_contrast_is_paired(make, published, mir, ruling):
    outcome = judge_test(CONTRAST, runs(make, mir, (0.5, 0.7, 0.585)[: len(mir)]), published)
    assert outcome.ruling == ruling, outcome.sentence


def test_contrast_by_a_margin(make, published):
    records = runs(make, (0.62, 0.81, 0.70), (0.5, 0.7, 0.585))
    for by, ruling in ((0.1, "holds"), (0.115, "undecided"), (0.2, "fails")):
        outcome = judge_test(CONTRAST.model_copy(update={"by": by}), records, published)
        assert outcome.ruling == ruling and outcome.numbers["difference"] == pytest.approx(0.115)


@pytest.mark.parametrize(
    "mir, chance, ruling",
    [
        ((0.1, -0.2, 0.3), (0.5, -0.1, 0.2), "holds"),
        ((0.1, -0.2, 0.3), (0.5, 0.1, 0.2), "undecided"),
        ((0.1, -0.2, 0.3), (-0.5, 0.1, 0.2), "fails"),
        ((0.1, 0.0, 0.3), (0.5, 0.1, 0.2), "undecided"),
        ((0.1, nan, 0.3), (0.5, 0.1, 0.2), "undecided"),
    ],
)
def test_agreement_of_signs(make, published, mir, chance, ruling):
    assert judge_test(AGREEMENT, runs(make, mir, chance), published).ruling == ruling


def test_a_metric_that_was_not_recorded(make, published):
    records = [make("pruning/a/seed0", metrics={"mir": 0.1})]
    for test in (CONTRAST, AGREEMENT):
        assert "'chance'" in judge_test(test, records, published).sentence
