from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.evidence.judges import judge_test
from interplay.evidence.published import Published, PublishedTable
from interplay.protocols.claims import PublishedMarginTest, PublishedOrderingTest, PublishedRankTest


def table_of(rows, columns=("a", "b", "c")):
    table = PublishedTable(
        id="note/table1",
        printed_as="Table 1",
        where="1",
        shows="x",
        quantity="x",
        unit="percent",
        spread="none",
        row_levels=("x",),
        column_levels=("x",),
        columns=columns,
        rows=rows,
        notes={name: "a dash" for name, cells in rows.items() if "missing" in cells},
    )
    return Published({table.id: table}, {})


TABLE = table_of({"ours": "5.0 6.0 7.0", "close": "4.0 6.0 6.5", "far": "1.0 missing 2.0"})


def ordering(published, **fields):
    test = {"kind": "published_ordering", "table": "note/table1", "lower_is_better": False} | fields
    return judge_test(PublishedOrderingTest(**test), [], published)


def rank(published, **fields):
    test = {"kind": "published_rank", "table": "note/table1", "lower_is_better": False} | fields
    return judge_test(PublishedRankTest(**test), [], published)


def margin(published, value, **fields):
    test = {"kind": "published_margin", "table": "note/table1", "lower_is_better": False, "margin": value} | fields
    return judge_test(PublishedMarginTest(**test), [], published)


def test_a_tie_neither_wins_nor_contradicts_and_missing_cells_are_passed_over():
    assert ordering(TABLE, better="ours", worse="far").ruling == "holds"
    outcome = ordering(TABLE, better="ours", worse="*")
    assert outcome.ruling == "undecided" and "no spread is printed" in outcome.sentence
    assert outcome.numbers == {"comparisons": 5, "held": 4, "failed": 0, "too close": 1}
    assert "too close to tell in row close, column b: 6.0 against 6.0" in outcome.sentence
    assert ordering(TABLE, better="ours", worse="*", quantifier="most").ruling == "holds"
    assert ordering(TABLE, better="ours", worse="*", among=["a", "c"]).ruling == "holds"


def test_ordering_the_other_way_round():
    assert ordering(TABLE, better="far", worse="ours", lower_is_better=True).ruling == "holds"
    assert ordering(TABLE, better="ours", worse="far", lower_is_better=True).ruling == "wrong as printed"
    assert ordering(TABLE, better="c", worse="a", compare="columns").ruling == "holds"
    assert ordering(TABLE, better="a", worse="c", compare="columns").ruling == "wrong as printed"


def test_half_is_not_most():
    table = table_of({"ours": "5.0 6.0", "theirs": "4.0 7.0"}, ("a", "b"))
    assert ordering(table, better="ours", worse="theirs", quantifier="most").ruling == "wrong as printed"


def test_rank_with_ties_and_missing_cells():
    assert rank(TABLE, members=["ours"]).ruling == "holds"
    assert rank(TABLE, members=["close"]).ruling == "wrong as printed"
    assert rank(TABLE, members=["close"], first=2).ruling == "holds"
    assert rank(TABLE, members=["close"], among=["b"]).ruling == "holds"
    assert rank(TABLE, members=["close", "far"], first=2).ruling == "holds"
    outcome = rank(TABLE, members=["far"], first=2, among=["a", "b"])
    assert outcome.numbers["comparisons"] == 1 and "number 3 behind 5.0 at ours, 4.0 at close" in outcome.sentence


def test_rank_of_columns():
    assert rank(TABLE, compare="columns", members=["c"]).ruling == "holds"
    assert rank(TABLE, compare="columns", members=["a", "b"]).ruling == "wrong as printed"
    assert rank(TABLE, compare="columns", members=["a"], lower_is_better=True).ruling == "holds"


def test_margin_to_the_digits_printed():
    assert margin(TABLE, 5.0, better="ours", worse="*").ruling == "holds"
    assert margin(TABLE, 4.9, better="ours", worse="*").ruling == "wrong as printed"
    assert margin(TABLE, 1.0, better="ours", worse="close", among=["a"]).ruling == "holds"
    assert margin(TABLE, 0.5, better="ours", worse="close", among=["a"]).ruling == "wrong as printed"


def test_only_missing_cells_is_not_run():
    assert ordering(TABLE, better="ours", worse="far", among=["b"]).ruling == "not run"
    assert rank(TABLE, members=["far"], among=["b"]).ruling == "not run"
    assert margin(TABLE, 1, better="ours", worse="far", among=["b"]).ruling == "not run"


@pytest.mark.parametrize(
    "call",
    [
        lambda: ordering(TABLE, better="nobody", worse="*"),
        lambda: ordering(TABLE, better="ours", worse="nobody"),
        lambda: ordering(TABLE, better="ours", worse="far", among=["z"]),
        lambda: rank(TABLE, members=["nobody"]),
        lambda: ordering(TABLE, better="ours", worse="far", table="note/table2"),
    ],
)
def test_a_name_that_the_table_lacks_is_an_error(call):
    with pytest.raises(InterplayError, match="note/table"):
        call()


def test_the_printed_spreads_leave_open_whether_freematch_is_beaten(published):
    test = {"table": "metrics24/table2", "worse": "FreeMatch", "lower_is_better": True}
    max_mi = ordering(published, better="FreeMatch + MAX MI", **test)
    assert max_mi.ruling == "undecided" and max_mi.numbers["failed"] == 0
    assert "STL-10/40: 16.61±1.19 against 15.56±0.55" in max_mi.sentence
    assert ordering(published, better="FreeMatch + MIN HD", **test).ruling == "undecided"


@pytest.mark.parametrize(
    "theirs, ruling",
    [
        ("16.61±1.19", "undecided"),  # t = 1.4
        ("15.56±0.55", "undecided"),  # equal
        ("14.60±1.00", "undecided"),  # the reverse, within the spreads
        ("18.00±0.60", "holds"),
        ("13.00±0.60", "wrong as printed"),
    ],
)
def test_printed_spreads_decide_what_a_lead_is_worth(theirs, ruling):
    table = table_of({"ours": "15.56±0.55", "theirs": theirs}, ("a",))
    outcome = ordering(table, better="ours", worse="theirs", lower_is_better=True)
    assert outcome.ruling == ruling and "by their printed spreads, 3 runs each assumed" in outcome.sentence
    both = rank(table, members=["ours"], lower_is_better=True)
    assert both.ruling == ruling
