"""Best columns of a printed table against a number of its rows."""

from __future__ import annotations

from itertools import permutations

import pytest
import scipy

from interplay.errors import InterplayError
from interplay.evidence.judges import judge_test
from interplay.evidence.judges.printed_association import best_columns
from interplay.evidence.published import Published, PublishedTable
from interplay.protocols.printed_tests import PublishedAssociationTest


def table_of(rows, columns=("0", "0.5", "1"), **more):
    return PublishedTable(
        id="note/table1",
        printed_as="1",
        where="1",
        shows="x",
        quantity="x",
        unit="x",
        spread="x",
        row_levels=("x",),
        column_levels=("x",),
        columns=columns,
        rows=rows,
        **more,
    )


def judged(table, numbers, **fields):
    test = {"kind": "published_association", "table": table.id, "numbers": numbers, "sign": "negative"}
    test = PublishedAssociationTest.model_validate(test | {"lower_is_better": False} | fields)
    return judge_test(test, [], Published({table.id: table}, {}))


FALLING = {"a": "1 2 3", "b": "1 2 3", "c": "1 3 2", "d": "1 3 2", "e": "3 2 1", "f": "3 2 1"}
CLASSES = {"a": 10, "b": 20, "c": 30, "d": 40, "e": 50, "f": 60}


def test_the_p_value_is_that_of_all_orders(published):
    outcome = judged(table_of(FALLING), CLASSES)
    best, classes = [1.0, 1.0, 0.5, 0.5, 0.0, 0.0], list(CLASSES.values())
    observed = scipy.stats.spearmanr(classes, best).statistic
    orders = [scipy.stats.spearmanr(classes, order).statistic for order in permutations(best)]
    assert outcome.numbers["rho"] == pytest.approx(observed)
    assert outcome.numbers["p"] == pytest.approx(sum(one <= observed + 1e-9 for one in orders) / len(orders))
    assert outcome.ruling == "holds"


def test_the_reverse_fails_and_a_weak_one_is_undecided():
    rising = dict(zip(FALLING, reversed(FALLING.values()), strict=True))
    assert judged(table_of(rising), CLASSES).ruling == "fails"
    assert judged(table_of(rising), CLASSES, sign="positive").ruling == "holds"
    mixed = FALLING | {"a": "3 2 1", "f": "1 3 2"}
    assert judged(table_of(mixed), CLASSES).ruling == "undecided"


def test_ties_are_read_as_asked():
    table = table_of({"a": "3 2 3"})
    found = {ties: best_columns(table, "a", ties=ties) for ties in ("mean", "lowest", "highest", "left out")}
    assert found == {"mean": (0.5,), "lowest": (0.0,), "highest": (1.0,), "left out": (None,)}
    outcome = judged(table_of(FALLING | {"c": "3 3 2"}), CLASSES, ties="left out")
    assert outcome.numbers["rows"] == 5 and "rows with ties (c) left out" in outcome.sentence


def test_a_row_that_lacks_a_cell_is_read_in_every_way_and_the_worst_counts():
    table = table_of({"a": "1 3 missing"}, notes={"a": "two of three"})
    assert best_columns(table, "a") == (1.0, 0.5)
    rows = FALLING | {"e": "3 2 missing"}
    lacking = judged(table_of(rows, notes={"e": "two of three"}), CLASSES)
    ways = [judged(table_of(FALLING | {"e": text}), CLASSES).numbers["p"] for text in ("3 2 1", "1 3 2")]
    assert lacking.numbers["p"] == pytest.approx(max(ways))


def test_the_printed_row_that_lacks_a_cell_may_stand_in_two_ways(published):
    table = published.table("metrics24/table1")
    assert best_columns(table, "Food101") == (0.6, 0.5)
    assert best_columns(table, "OxfordPets", ties="lowest") == (0.1,)
    assert best_columns(table, "OxfordPets", ties="highest") == (0.6,)
    assert best_columns(table, "EuroSAT") == (0.9,)


def test_what_is_not_in_the_table_is_one_line():
    with pytest.raises(InterplayError, match="has no row 'z'"):
        judged(table_of(FALLING), CLASSES | {"z": 1})
    with pytest.raises(InterplayError, match="columns are not numbers: x, y, z"):
        judged(table_of(FALLING, columns=("x", "y", "z")), CLASSES)
    few = judged(table_of(dict.fromkeys("abcd", "3 3 1")), dict.fromkeys("abcd", 1), ties="left out")
    assert few.ruling == "not run"
