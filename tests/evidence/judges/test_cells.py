from __future__ import annotations

import pytest
from pydantic import ValidationError

from interplay.evidence.judges import judge_test
from interplay.protocols.run_tests import ValueTest


def value_test(row="Fully supervised", **fields):
    where = {"table": "metrics24/table3", "row": row, "column": "CIFAR-10"} | fields
    return ValueTest(kind="value", runs="supervised/*", metric="accuracy", scale=100, **where)


def runs_of(make, accuracies):
    return [
        make(f"supervised/cifar10/plain/seed{i}", seed=i, metrics={"accuracy": a}) for i, a in enumerate(accuracies)
    ]


@pytest.mark.parametrize(
    "accuracies, ruling, leaning",
    [
        ((0.9535,), "undecided", "holds"),
        ((0.9235,), "undecided", "fails"),
        ((0.9535, 0.9536), "holds", None),
        ((0.9530, 0.9561, 0.9508), "undecided", None),  # agrees, but the interval is wider than the margin
        ((0.95350, 0.95355, 0.95348), "holds", None),
        ((0.9330, 0.9341, 0.9328), "fails", None),
        ((0.9535, 0.9535, 0.9535), "holds", None),
        ((0.95854, 0.95854, 0.95854), "holds", None),  # the margin, and the rounding of the second digit
        ((0.95856, 0.95856, 0.95856), "fails", None),
    ],
)
def test_value_without_a_printed_spread(make, published, accuracies, ruling, leaning):
    outcome = judge_test(value_test(margin=0.5), runs_of(make, accuracies), published)
    assert (outcome.ruling, outcome.leaning) == (ruling, leaning), outcome.sentence
    assert ("seeds of ours would decide" in outcome.sentence) == (ruling == "undecided" and len(accuracies) > 1)


@pytest.mark.parametrize(
    "accuracies, ruling",
    [
        ((0.0490,), "holds"),  # 4.90±0.04: one run, by the printed spread
        ((0.0530,), "undecided"),  # well beyond, but one seed convicts nobody
        ((0.0491, 0.0488, 0.0492), "holds"),
        ((0.0541, 0.0542, 0.0543), "fails"),
        ((0.0511, 0.0512, 0.0513), "undecided"),
    ],
)
def test_value_with_a_printed_spread(make, published, accuracies, ruling):
    test = value_test(table="metrics24/table2", row="FreeMatch", column="CIFAR-10/40", margin=0.23)
    outcome = judge_test(test, runs_of(make, accuracies), published)
    assert outcome.ruling == ruling, outcome.sentence
    assert outcome.leaning == ("fails" if accuracies == (0.0530,) else None)


def test_the_margin_is_half_of_the_effect_and_more_is_underpowered_by_design(make, published):
    records = runs_of(make, (0.95350, 0.95355, 0.95348))
    outcome = judge_test(value_test(effect=0.22), records, published)
    assert outcome.ruling == "holds" and outcome.degree.threshold == pytest.approx(0.11)
    wide = judge_test(value_test(effect=0.22, margin=0.5), records, published)
    assert wide.ruling == "undecided" and "underpowered by design" in wide.sentence and "seeds would" in wide.sentence
    with pytest.raises(ValidationError, match="which difference would matter"):
        value_test()


def test_the_degree_is_the_difference_with_its_interval(make, published):
    degree = judge_test(value_test(margin=0.5), runs_of(make, (0.9530, 0.9541, 0.9528)), published).degree
    assert degree.low < degree.effect < degree.high and degree.effect == pytest.approx(-0.02)
    assert (degree.threshold, degree.runs) == (0.5, 3) and 0.0005 < degree.variation < 0.001


def test_a_blank_cell_is_not_run(make, published):
    test = value_test(table="metrics24/table1", row="Food101", column="1", margin=1)
    outcome = judge_test(test, runs_of(make, (0.8, 0.8, 0.8)), published)
    assert outcome.ruling == "not run" and "blank" in outcome.sentence


EXACT = ValueTest(
    kind="value",
    runs="compression/cifar10/f_minus/architecture",
    metric="dimension_l2",
    exact=True,
    table="compression25/table3.2",
    row="f- on CIFAR-10",
    column="2",
)


@pytest.mark.parametrize("size, ruling", [(288.0, "holds"), (289.0, "fails"), (float("nan"), "not run")])
def test_an_exact_value_needs_no_spread(make, published, size, ruling):
    record = make("compression/cifar10/f_minus/architecture", metrics={"dimension_l2": size})
    outcome = judge_test(EXACT, [record], published)
    assert outcome.ruling == ruling
    assert (f"{size:g}" in outcome.sentence and "3x3x32" in outcome.sentence) == (ruling != "not run")


def test_an_exact_value_is_that_of_the_printed_digits(make, published):
    accuracy = EXACT.model_copy(
        update={"metric": "a", "scale": 100.0, "table": "compression25/table3.1", "column": "Test accuracy"}
    )
    for value, ruling in ((0.6263, "holds"), (0.6272, "fails")):
        record = make("compression/cifar10/f_minus/architecture", metrics={"a": value})
        assert judge_test(accuracy, [record], published).ruling == ruling
