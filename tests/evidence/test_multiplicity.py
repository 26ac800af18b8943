from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interplay.evidence import multiplicity
from interplay.evidence.multiplicity import limits, not_surviving

Statement = multiplicity.Tested


def statements_with(*ps, documents=("metrics24",), decided=None):
    return [Statement(documents, p is not None and p < 0.05 if decided is None else decided, p) for p in ps]


def test_the_limit_is_benjamini_and_hochbergs():
    ps = np.random.default_rng(0).beta(0.4, 2, 60)
    (limit, count) = limits(statements_with(*ps))["metrics24"]
    assert count == 60
    assert [p <= limit for p in ps] == [q <= 0.05 for q in stats.false_discovery_control(ps)]


def test_alone_it_stands_and_among_many_that_show_nothing_it_does_not():
    assert not_surviving(statements_with(0.04)) == [""]
    said = not_surviving(statements_with(0.04, *[0.5] * 9))
    assert said[0] == "Decided alone (p = 0.04), not among the 10 statements of metrics24 that were tested."
    assert said[1:] == [""] * 9
    assert not_surviving(statements_with(0.0001, 0.04, *[0.5] * 8))[0] == ""


def test_decisions_among_decisions_stand():
    assert not_surviving(statements_with(*[0.04] * 10)) == [""] * 10


def test_what_has_no_p_is_untouched_and_does_not_count():
    statements = [*statements_with(0.04), *statements_with(None, None, decided=True), *statements_with(float("nan"))]
    assert not_surviving(statements) == [""] * 4 and limits(statements)["metrics24"] == (0.05, 1)


@pytest.mark.parametrize("order", [("metrics24", "interplay24"), ("interplay24", "metrics24")])
def test_a_statement_of_two_documents_has_to_survive_in_both(order):
    both = Statement(order, True, 0.04)
    noise = statements_with(*[0.5] * 9, documents=("interplay24",))
    assert not_surviving([both]) == [""]
    assert "of interplay24" in not_surviving([both, *noise])[0]
    assert not_surviving([Statement(("metrics24",), True, 0.04), *noise])[0] == ""


def test_of_false_statements_hardly_any_stands():
    """Of twenty that are false, at least one is decided in two cases of three, and stands in one of twenty."""
    rng = np.random.default_rng(1)
    draws = [statements_with(*rng.random(20)) for _ in range(400)]
    alone = np.mean([any(one.decided for one in draw) for draw in draws])
    stands = [any(one.decided and not said for one, said in zip(d, not_surviving(d), strict=True)) for d in draws]
    assert alone > 0.55 and np.mean(stands) < 0.05 + 3 * 0.011
